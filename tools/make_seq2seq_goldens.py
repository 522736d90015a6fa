#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes tests/goldens/seq2seq: tiny encoder-decoders with odd sizes and options, and what the reference library answers.

usage: make_seq2seq_goldens.py OUT_DIR [NAME...]

Needs torch and transformers 4.57.6. The files are as those of make_encoder_goldens.py, with encoder_, decoder_ and
cross_ tensors and gradients for both sides. Inputs: `plain`, without decoder ids where the model makes them; `rpad`,
right-padded; `gaps`, whose mask hides tokens in the middle. Models that generate have in golden.json what the library
generates, with and without beams.
"""
import json
import os
import zlib

import torch
import transformers
from safetensors.torch import save_file

import make_encoder_goldens as encoders

BART = dict(vocab_size=17, d_model=6, encoder_layers=2, decoder_layers=2, encoder_attention_heads=2,
            decoder_attention_heads=2, encoder_ffn_dim=8, decoder_ffn_dim=7, max_position_embeddings=12,
            pad_token_id=1, bos_token_id=0, eos_token_id=2, decoder_start_token_id=2, forced_eos_token_id=None)
MARIAN = dict(BART, pad_token_id=16, decoder_start_token_id=16, eos_token_id=2, decoder_vocab_size=17)
PEGASUS = dict(BART, pad_token_id=0, decoder_start_token_id=0, bos_token_id=None)
T5 = dict(vocab_size=17, d_model=6, d_kv=4, d_ff=8, num_heads=3, num_layers=2, num_decoder_layers=2,
          relative_attention_num_buckets=8, relative_attention_max_distance=9, pad_token_id=0, eos_token_id=2,
          decoder_start_token_id=0)

# name: class, options
CASES = {
    "bart-depths": ("BartForConditionalGeneration", dict(BART, encoder_layers=1, decoder_layers=3, scale_embedding=True,
                                                         decoder_attention_heads=3, activation_function="silu")),
    "bart-untied": ("BartForConditionalGeneration", dict(BART, tie_word_embeddings=False, decoder_start_token_id=5)),
    "bart-classes": ("BartForSequenceClassification", dict(BART, scale_embedding=True, num_labels=4, decoder_layers=1)),
    "bart-question": ("BartForQuestionAnswering", dict(BART, num_labels=2, activation_function="relu")),
    "bart-model": ("BartModel", dict(BART, encoder_layers=1)),
    "mbart-shifts": ("MBartForConditionalGeneration", dict(BART, decoder_start_token_id=None)),
    "mbart-classes": ("MBartForSequenceClassification", dict(BART, activation_function="gelu_new", num_labels=1)),
    "mbart-question": ("MBartForQuestionAnswering", dict(BART, scale_embedding=True, num_labels=2)),
    "marian-unshared": ("MarianMTModel", dict(MARIAN, share_encoder_decoder_embeddings=False)),
    "marian-untied": ("MarianMTModel", dict(MARIAN, tie_word_embeddings=False, activation_function="swish")),
    "marian-odd": ("MarianMTModel", dict(MARIAN, d_model=7, encoder_attention_heads=1, decoder_attention_heads=7,
                                         scale_embedding=True)),
    "pegasus-odd": ("PegasusForConditionalGeneration", dict(PEGASUS, d_model=9, encoder_attention_heads=3,
                                                            decoder_attention_heads=1, encoder_layers=3)),
    "pegasus-scaled": ("PegasusForConditionalGeneration", dict(PEGASUS, scale_embedding=True, decoder_layers=1,
                                                               activation_function="relu")),
    "t5-gated": ("T5ForConditionalGeneration", dict(T5, feed_forward_proj="gated-silu", num_decoder_layers=1,
                                                    relative_attention_num_buckets=7, layer_norm_epsilon=1e-3)),
    "t5-override": ("T5ForConditionalGeneration", dict(T5, feed_forward_proj="relu", dense_act_fn="gelu",
                                                       is_gated_act=True, tie_word_embeddings=False)),
    "t5-far": ("T5ForConditionalGeneration", dict(T5, relative_attention_num_buckets=6, num_decoder_layers=3,
                                                  relative_attention_max_distance=5, feed_forward_proj="tanh")),
    "t5-tokens": ("T5ForTokenClassification", dict(T5, num_heads=1, num_decoder_layers=1)),
    "t5-question": ("T5ForQuestionAnswering", dict(T5, num_labels=2, feed_forward_proj="gated-gelu")),
    "t5-encoder": ("T5EncoderModel", dict(T5, num_layers=3)),
    "t5-model": ("T5Model", dict(T5, num_layers=1)),
    "mt5-classes": ("MT5ForSequenceClassification", dict(T5, num_labels=2)),
    "mt5-tied": ("MT5ForConditionalGeneration", dict(T5, tie_word_embeddings=True, num_layers=1)),
}
MAKE_DECODER_IDS = ("bart", "mbart")  # whatever the head


def generates(cls):
    return "Generation" in cls or cls == "MarianMTModel"


def has_decoder(cls):
    return not cls.endswith(("TokenClassification", "EncoderModel"))


def draw(model, config, generator):
    """Weights of a size at which every part shows in the result."""
    sinusoids = {parameter: parameter.data for parameter in model.parameters() if not parameter.requires_grad}
    encoders.draw(model, generator)
    for parameter, values in sinusoids.items():
        parameter.data = values  # Marian's files do not hold them
    for name, parameter in model.named_parameters():
        if not parameter.requires_grad:
            continue
        if "embed" in name or "shared" in name or "relative" in name:
            small = getattr(config, "scale_embedding", False)
            parameter.data = (0.25 if small else 0.6) * torch.randn(parameter.shape, generator=generator)
        elif name.endswith((".q.weight", ".k.weight")):
            parameter.data *= 0.6
    for name, buffer in model.named_buffers():
        if name.endswith("final_logits_bias"):
            buffer.copy_(0.2 * torch.randn(buffer.shape, generator=generator))


def make_inputs(cls, config, generator):
    inputs = {}
    made = config.model_type in MAKE_DECODER_IDS or not generates(cls) and cls not in ("T5Model",)
    for name, rows in {"plain": [5], "rpad": [6, 4], "gaps": [8, 8]}.items():
        width = max(rows)
        ids = torch.randint(6, min(config.vocab_size, 16), (len(rows), width), generator=generator)
        mask = torch.ones_like(ids)
        for row, length in enumerate(rows):
            ids[row, length - 1] = config.eos_token_id
            ids[row, length:], mask[row, length:] = config.pad_token_id, 0
        if name == "gaps":
            mask[0, 2], mask[0, 5], mask[1, 3] = 0, 0, 0
            ids[1, 3], ids[1, 5] = config.pad_token_id, config.pad_token_id  # hidden and not
        inputs[name] = {"input_ids": ids, "attention_mask": mask}
        pools_or_answers = not generates(cls) and not cls.endswith("Model")
        if has_decoder(cls) and not pools_or_answers and not (made and name == "plain"):
            decoder_ids = torch.randint(3, 16, (len(rows), 4 + len(rows)), generator=generator)
            decoder_ids[:, 0] = config.decoder_start_token_id or 3
            inputs[name]["decoder_input_ids"] = decoder_ids
    return inputs


def run(model, cls, inputs, targets):
    base = model
    for name in ("model", "transformer"):
        base = getattr(base, name, base)
    words, hooks = [], []

    def keep(_, __, output):
        words.append(output.detach().requires_grad_(True))
        return words[-1]

    modules = [base.encoder.embed_tokens] + ([base.decoder.embed_tokens] if has_decoder(cls) else [])
    for module in {id(module): module for module in modules}.values():
        hooks.append(module.register_forward_hook(keep))
    extra = {"use_cache": False} if has_decoder(cls) else {}
    outputs = model(**inputs, **extra, output_hidden_states=True, output_attentions=True)
    for hook in hooks:
        hook.remove()
    tensors = {name: getattr(outputs, name) for name in ("logits", "start_logits", "end_logits") if name in outputs}
    for kind in ("hidden_states", "attentions"):
        for side in ("", "encoder_", "decoder_", "cross_"):
            for i, state in enumerate(outputs.get(side + kind) or ()):
                tensors[f"{side}{kind}.{i}"] = state
    for number, target in enumerate(targets):
        total = sum(tensors[target["output"]][tuple(index)] for index in target["indices"])
        for side, gradient in zip((".encoder", ".decoder"), torch.autograd.grad(total, words, retain_graph=True)):
            tensors[f"grad.{number}" + (side if has_decoder(cls) else "")] = gradient
    return {name: tensor.detach().double() for name, tensor in tensors.items()}


def make_targets(cls, config, inputs):
    if not generates(cls):
        return encoders.make_targets(cls, None, inputs) if config.num_labels > 1 else [
            {"output": "logits", "indices": [[row, 0] for row in range(len(inputs["input_ids"]))]}]
    rows = range(len(inputs["input_ids"]))
    length = inputs.get("decoder_input_ids", inputs["input_ids"]).shape[1]
    return [{"output": "logits", "indices": [[row, place, 3 + row] for row in rows]} for place in (length - 1, 1)]


def shown(name, tensor, inputs):
    """Zero where a mask hides a row. A decoder has none."""
    of_decoder = name.startswith(("decoder_", "cross_")) or name.endswith(".decoder")
    if of_decoder or name == "logits" and "decoder_input_ids" in inputs:
        return tensor
    return encoders.shown(name.removeprefix("encoder_"), tensor, inputs["attention_mask"])


def generate(model, config, inputs):
    """What the library says to the first row of `plain`."""
    results = []
    start = config.decoder_start_token_id if config.decoder_start_token_id is not None else config.bos_token_id
    for beams, stops, penalty, first in ((1, False, 1.0, None), (3, True, 1.0, None), (2, True, 2.0, None),
                                         (1, True, 1.0, 7), (3, True, 1.0, 9)):
        options = transformers.GenerationConfig(
            max_new_tokens=7, num_beams=beams, use_cache=False, length_penalty=penalty, pad_token_id=config.pad_token_id,
            eos_token_id=config.eos_token_id if stops else None, decoder_start_token_id=start,
            forced_bos_token_id=first, forced_eos_token_id=first and config.eos_token_id)
        model.generation_config = options
        tokens = model.generate(inputs["input_ids"][:1], generation_config=options)[0, 1:].tolist()
        results.append({"input_ids": inputs["input_ids"][0].tolist(), "beams": beams, "length_penalty": penalty,
                        "stop_ids": [config.eos_token_id] if stops else [], "first_id": first,
                        "last_id": first and config.eos_token_id, "tokens": tokens})
    return results


def make(folder, cls, options):
    generator = torch.Generator().manual_seed(zlib.crc32(os.path.basename(folder).encode()))
    kind = getattr(transformers, cls)
    config = kind.config_class(**{"num_labels": 3, **options}, attn_implementation="eager")
    model = kind(config).eval()
    draw(model, config, generator)
    model.tie_weights()
    os.makedirs(folder, exist_ok=True)
    model.save_pretrained(folder, safe_serialization=True)
    if os.path.exists(os.path.join(folder, "generation_config.json")):
        os.remove(os.path.join(folder, "generation_config.json"))
    golden, facts = {}, {}
    all_inputs = make_inputs(cls, config, generator)
    generated = generate(model, config, all_inputs["plain"]) if generates(cls) else []
    for name, inputs in all_inputs.items():
        targets = make_targets(cls, config, inputs)
        narrow = run(model.float(), cls, inputs, targets)
        torch.set_default_dtype(torch.float64)
        with encoders.AllDouble():
            wide = run(model.double(), cls, inputs, targets)
        torch.set_default_dtype(torch.float32)
        facts[name] = {"targets": targets, "tensors": {}}
        for key, value in inputs.items():
            golden[f"{name}/{key}"] = value.to(torch.int32)
        for key, value in wide.items():
            exact = shown(key, value, inputs)
            noise = (shown(key, narrow[key], inputs) - exact).abs().max()
            facts[name]["tensors"][key] = {"noise": float(noise), "scale": float(exact.abs().max())}
            golden[f"{name}/{key}"] = exact.float().contiguous()
        model.float()
    save_file(golden, os.path.join(folder, "golden.safetensors"))
    with open(os.path.join(folder, "golden.json"), "w") as file:
        json.dump({"library": f"transformers {transformers.__version__}", "inputs": facts, "generated": generated}, file)


if __name__ == "__main__":
    encoders.main(CASES, make)
