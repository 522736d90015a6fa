#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes tests/goldens/models/dec-*: tiny random decoders of each family with what the reference
library (transformers 4.57.6, torch, "eager" attention) answers: logits, hidden states, attention
probabilities and gradients at the word embeddings, for a right- and a left-padded batch.

usage: make_decoder_goldens.py OUT [NAME...]

Each model runs twice, in float64 (library code that asks for float32 gets float64) and in float32.
The float64 values are stored, `noise` is the largest difference, `scale` the largest value.
Weights are numbers of float16, so that the files can be small.
"""
import copy
import inspect
import json
import math
import pathlib
import sys

import torch
import transformers
from safetensors.torch import save_file
from torch.overrides import TorchFunctionMode
from transformers import AutoConfig

COMMON = dict(pad_token_id=0, bos_token_id=1, eos_token_id=2)
SIZES = dict(hidden_size=12, num_attention_heads=3, num_hidden_layers=2, intermediate_size=10,
             vocab_size=19, max_position_embeddings=12, **COMMON)
GROUPED = dict(SIZES, num_attention_heads=6, num_key_value_heads=2, head_dim=4)
GPT = dict(n_embd=12, n_head=3, n_layer=2, n_positions=12, vocab_size=19, **COMMON)
FALCON = dict(SIZES, ffn_hidden_size=10)
LONG = {"rope_type": "longrope", "factor": 3.0, "short_factor": [1.0, 1.5], "long_factor": [2.0, 3.0]}
CASES = {
    "gpt2-inverse": ("gpt2", "GPT2LMHeadModel", dict(GPT, scale_attn_by_inverse_layer_idx=True)),
    "gpt2-question": ("gpt2", "GPT2ForQuestionAnswering", GPT),
    "gpt_neo": ("gpt_neo", "GPTNeoForTokenClassification",
                dict(hidden_size=12, num_heads=3, num_layers=2, intermediate_size=10, vocab_size=19,
                     max_position_embeddings=12, window_size=3,
                     attention_types=[[["global"], 1], [["local"], 1]], **COMMON)),
    "gpt_neox-sequential": ("gpt_neox", "GPTNeoXForCausalLM",
                            dict(SIZES, rotary_pct=0.5, use_parallel_residual=False)),
    "gptj": ("gptj", "GPTJForCausalLM", dict(GPT, rotary_dim=2)),
    "opt-post": ("opt", "OPTForCausalLM",
                 dict(SIZES, ffn_dim=10, do_layer_norm_before=False, word_embed_proj_dim=8)),
    "opt-classes": ("opt", "OPTForSequenceClassification",
                    dict(SIZES, ffn_dim=10, enable_bias=False, word_embed_proj_dim=8)),
    "bloom-residual": ("bloom", "BloomForCausalLM",
                       dict(hidden_size=12, n_head=3, n_layer=2, vocab_size=19,
                            apply_residual_connection_post_layernorm=True, **COMMON)),
    "falcon-one-key": ("falcon", "FalconForCausalLM", dict(FALCON, multi_query=True)),
    "falcon-groups": ("falcon", "FalconForTokenClassification",
                      dict(FALCON, num_attention_heads=6, num_kv_heads=2,
                           new_decoder_architecture=True)),
    "falcon-alibi": ("falcon", "FalconForCausalLM",
                     dict(FALCON, multi_query=False, parallel_attn=False, alibi=True, bias=True)),
    "phi-norms": ("phi", "PhiForCausalLM", dict(SIZES, qk_layernorm=True, partial_rotary_factor=0.5)),
    "phi3-longrope": ("phi3", "Phi3ForCausalLM",
                      dict(SIZES, original_max_position_embeddings=6, sliding_window=4,
                           rope_scaling={"type": "longrope", "short_factor": [1.0, 1.5],
                                         "long_factor": [2.0, 3.0]})),
    "stablelm-parallel": ("stablelm", "StableLmForCausalLM",
                          dict(SIZES, num_key_value_heads=3, partial_rotary_factor=0.5,
                               use_parallel_residual=True)),
    "llama-dynamic": ("llama", "LlamaForCausalLM",
                      dict(GROUPED, max_position_embeddings=5, attention_bias=True, mlp_bias=True,
                           rope_scaling={"rope_type": "dynamic", "factor": 2.0})),
    "llama-yarn": ("llama", "LlamaForSequenceClassification",
                   dict(GROUPED, rope_scaling={"rope_type": "yarn", "factor": 4.0, "beta_fast": 2.0,
                                               "truncate": False})),
    "llama-llama3": ("llama", "LlamaForCausalLM",
                     dict(GROUPED, max_position_embeddings=64, rope_theta=100.0,
                          rope_scaling={"rope_type": "llama3", "factor": 4.0, "low_freq_factor": 1.0,
                                        "high_freq_factor": 3.0,
                                        "original_max_position_embeddings": 32})),
    "llama-longrope": ("llama", "LlamaForQuestionAnswering",
                       dict(GROUPED, max_position_embeddings=5, rope_scaling=LONG)),
    "mistral": ("mistral", "MistralForCausalLM", dict(GROUPED, sliding_window=3)),
    "mixtral": ("mixtral", "MixtralForCausalLM",
                dict(GROUPED, num_local_experts=3, num_experts_per_tok=2)),
    "qwen2-windows": ("qwen2", "Qwen2ForCausalLM",
                      dict(GROUPED, use_sliding_window=True, sliding_window=3, max_window_layers=1)),
    "qwen2_moe": ("qwen2_moe", "Qwen2MoeForCausalLM",
                  dict(SIZES, num_key_value_heads=1, num_experts=3, num_experts_per_tok=2,
                       moe_intermediate_size=6, shared_expert_intermediate_size=8,
                       mlp_only_layers=[1])),
    "qwen3": ("qwen3", "Qwen3ForCausalLM", GROUPED),
    "gemma": ("gemma", "GemmaForCausalLM", GROUPED),
    "gemma2": ("gemma2", "Gemma2ForCausalLM",
               dict(GROUPED, sliding_window=3, query_pre_attn_scalar=7, attn_logit_softcapping=2.0,
                    final_logit_softcapping=3.0)),
    "gemma3_text": ("gemma3_text", "Gemma3ForCausalLM",
                    dict(GROUPED, sliding_window=3, query_pre_attn_scalar=7,
                         sliding_window_pattern=2,
                         rope_scaling={"rope_type": "linear", "factor": 4.0})),
    "olmo2": ("olmo2", "Olmo2ForCausalLM", GROUPED),
}
LENGTHS = (7, 4)


class Double(TorchFunctionMode):
    """What asks for float32 gets float64."""

    def __torch_function__(self, function, types, args=(), kwargs=None):
        wide = lambda value: torch.float64 if value is torch.float32 else value
        if function is torch.Tensor.float:
            function = torch.Tensor.double
        return function(*map(wide, args), **{k: wide(v) for k, v in (kwargs or {}).items()})


def build(model_class, config, weights=None):
    model = getattr(transformers, model_class)._from_config(copy.deepcopy(config),
                                                            attn_implementation="eager")
    if weights is not None:
        model.load_state_dict(weights)
        model.tie_weights()
    return model.eval()


def draw(model, seed):
    """Weights of a size that keeps all outputs lively."""
    generator = torch.Generator().manual_seed(seed)
    offset = 0.0 if model.config.model_type.startswith("gemma") else 1.0
    for name, weight in model.named_parameters():
        values = torch.randn(weight.shape, generator=generator)
        if weight.ndim == 1:
            is_gain = name.endswith("weight")
            values = offset * is_gain + (0.2 if is_gain else 0.1) * values
        else:
            values = values * (0.5 if "emb" in name or "wte" in name else 1 / math.sqrt(weight.shape[1]))
        weight.data = values.half().float()
    model.tie_weights()


def batches(model):
    ids = torch.tensor([[5, 9, 3, 16, 7, 11, 4], [8, 6, 13, 10, 0, 0, 0]])
    mask = (torch.arange(max(LENGTHS)) < torch.tensor(LENGTHS)[:, None]).long()
    left = {"input_ids": ids.clone(), "attention_mask": mask.flip(1)}
    for row, length in enumerate(LENGTHS):
        left["input_ids"][row] = ids[row].roll(max(LENGTHS) - length)
    if "position_ids" in inspect.signature(model.forward).parameters:
        left["position_ids"] = (left["attention_mask"].cumsum(1) - 1).clamp(min=0)
    return {"rpad": {"input_ids": ids, "attention_mask": mask}, "lpad": left}


def run(model, batch):
    """All outputs by name, and the two targets whose gradients are among them."""
    point = []
    hook = model.get_input_embeddings().register_forward_hook(
        lambda module, inputs, output: point.append(output.detach().requires_grad_()) or point[0])
    answer = model(**batch, output_hidden_states=True, output_attentions=True)
    hook.remove()
    tensors = {k: v for k, v in answer.items() if k in ("logits", "start_logits", "end_logits")}
    outputs = sorted(tensors, reverse=True)
    for kind in ("hidden_states", "attentions"):
        tensors.update({f"{kind}.{i}": v for i, v in enumerate(answer[kind])})
    last = [int(row.nonzero().max()) for row in batch["attention_mask"]]
    targets = []
    for k in range(2):
        output = outputs[k % len(outputs)]
        rank = tensors[output].ndim
        if output == "logits" and rank == 2:
            indices = [[row, k] for row in range(len(last))]
        else:
            indices = [[row, place - k] + [k + 1] * (rank == 3) for row, place in enumerate(last)]
        if output == "logits" and rank == 3:
            indices = [[row, place, min(k + 1, tensors[output].shape[2] - 1)]
                       for row, place, _ in indices]
        value = sum(tensors[output][tuple(index)] for index in indices)
        tensors[f"grad.{k}"] = torch.autograd.grad(value, point[0], retain_graph=True)[0]
        targets.append({"output": output, "indices": indices})
    return {k: v.detach().double() for k, v in tensors.items()}, targets


def hide(name, value, mask):
    """Zeros where the mask hides what a row is about."""
    if name.startswith("attentions"):
        return value * mask[:, None, :, None]
    if value.ndim == 3:
        return value * mask[:, :, None]
    return value * mask if name in ("start_logits", "end_logits") else value


def write(name, out):
    model_type, model_class, options = CASES[name]
    folder = out / f"dec-{name}"
    folder.mkdir(parents=True, exist_ok=True)
    labels = 2 if "Question" in model_class else 3
    config = AutoConfig.for_model(model_type, num_labels=labels, **options)
    narrow = build(model_class, config)
    draw(narrow, seed=sum(map(ord, name)))
    stored = {k: v.half().contiguous() for k, v in narrow.state_dict().items()}
    if config.tie_word_embeddings and "ForCausalLM" in model_class or "LMHead" in model_class:
        stored.pop("lm_head.weight", None)
    save_file(stored, folder / "model.safetensors")
    text = narrow.config.to_diff_dict() | {"architectures": [model_class], "dtype": "float16"}
    (folder / "config.json").write_text(json.dumps(text) + "\n")
    torch.set_default_dtype(torch.float64)
    with Double():
        wide = build(model_class, config).double()
        wide.load_state_dict({k: v.double() for k, v in narrow.state_dict().items()})
        wide.tie_weights()
    torch.set_default_dtype(torch.float32)
    golden, facts = {}, {}
    for batch_name, batch in batches(narrow).items():
        torch.set_default_dtype(torch.float64)
        with Double():
            exact, targets = run(wide, batch)
        torch.set_default_dtype(torch.float32)
        rounded, _ = run(narrow, batch)
        mask = batch["attention_mask"].double()
        facts[batch_name] = {"targets": targets, "tensors": {}}
        for key, value in batch.items():
            golden[f"{batch_name}/{key}"] = value.int()
        for key in exact:
            a, b = hide(key, exact[key], mask), hide(key, rounded[key], mask)
            if key.startswith("attentions") and batch_name == "lpad":
                continue
            golden[f"{batch_name}/{key}"] = a.float().contiguous()
            facts[batch_name]["tensors"][key] = {"noise": float(f"{float((a - b).abs().max()):.3g}"),
                                                 "scale": float(f"{float(a.abs().max()):.3g}")}
    save_file(golden, folder / "golden.safetensors")
    text = {"model_type": model_type, "class": model_class, "inputs": facts}
    (folder / "golden.json").write_text(json.dumps(text, separators=(",", ":")) + "\n")


def main():
    if len(sys.argv) < 2:
        sys.exit("usage: make_decoder_goldens.py OUT [NAME...]")
    transformers.logging.set_verbosity_error()
    torch.set_num_threads(1)
    for name in sys.argv[2:] or CASES:
        write(name, pathlib.Path(sys.argv[1]))
        print(name, flush=True)


if __name__ == "__main__":
    main()
