#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes tests/goldens/encoders: tiny encoders with odd sizes and options, and what the reference library answers.

usage: make_encoder_goldens.py OUT_DIR [NAME...]

Needs torch and transformers 4.57.6. Each case has its own seed, so the output is the same every time. golden.safetensors
holds, for each input, the tensors of a float64 run as "INPUT/TENSOR"; golden.json their size and how far a float32 run
is off. Inputs: `plain`; `rpad`, right-padded; `gaps`, whose mask hides tokens in the middle. What is masked is zero.
"""
import json
import math
import os
import sys
import warnings
import zlib

os.environ["PYTORCH_JIT"] = "0"
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
warnings.filterwarnings("ignore")

import torch  # noqa: E402
import transformers  # noqa: E402
from safetensors.torch import save_file  # noqa: E402
from torch.overrides import TorchFunctionMode  # noqa: E402


class AllDouble(TorchFunctionMode):
    """Where the library asks for float32 it gets float64."""

    def __torch_function__(self, function, types, arguments=(), named=None):
        def wider(value):
            return torch.float64 if value is torch.float32 else value
        if function is torch.Tensor.float:
            function = torch.Tensor.double
        return function(*map(wider, arguments), **{key: wider(value) for key, value in (named or {}).items()})


BERT = dict(vocab_size=13, hidden_size=6, num_hidden_layers=2, num_attention_heads=2, intermediate_size=8,
            max_position_embeddings=12)
DISTIL = dict(vocab_size=13, dim=6, n_layers=2, n_heads=2, hidden_dim=8, max_position_embeddings=12)
XLNET = dict(vocab_size=13, d_model=6, n_layer=2, n_head=2, d_inner=8)
MOBILE = dict(BERT, embedding_size=5, intra_bottleneck_size=4, num_feedforward_networks=3)
MODERN = dict(BERT, hidden_size=8)
DEBERTA = dict(BERT, relative_attention=True, position_biased_input=False, type_vocab_size=0)
V2 = dict(DEBERTA, position_buckets=4, share_att_key=True, norm_rel_ebd="layer_norm", pos_att_type="p2c|c2p")

# name: class, options
CASES = {
    "bert-model": ("BertModel", dict(BERT, type_vocab_size=3)),
    "bert-mlm-untied": ("BertForMaskedLM", dict(BERT, tie_word_embeddings=False, hidden_act="silu")),
    "bert-relative_key": ("BertForSequenceClassification", dict(BERT, position_embedding_type="relative_key")),
    "bert-relative_key_query": ("BertForTokenClassification", dict(BERT, position_embedding_type="relative_key_query")),
    "distilbert-mlm": ("DistilBertForMaskedLM", dict(DISTIL, activation="relu")),
    "distilbert-tokencls": ("DistilBertForTokenClassification", dict(DISTIL, sinusoidal_pos_embds=True)),
    "roberta-pad5": ("RobertaForSequenceClassification", dict(BERT, pad_token_id=5, type_vocab_size=2,
                                                              layer_norm_eps=1e-3, max_position_embeddings=14)),
    "roberta-relative": ("RobertaForQuestionAnswering", dict(BERT, pad_token_id=1, position_embedding_type="relative_key_query",
                                                             num_labels=2)),
    "xlm-roberta-mlm": ("XLMRobertaForMaskedLM", dict(BERT, hidden_act="relu")),
    "camembert-tokencls": ("CamembertForTokenClassification", dict(BERT, type_vocab_size=1)),
    "electra-mlm": ("ElectraForMaskedLM", dict(BERT, embedding_size=7, hidden_act="relu")),
    "electra-mlm-untied": ("ElectraForMaskedLM", dict(BERT, embedding_size=6, tie_word_embeddings=False)),
    "electra-discriminator-relu": ("ElectraForPreTraining", dict(BERT, embedding_size=7, hidden_act="relu")),
    "electra-relative": ("ElectraForQuestionAnswering", dict(BERT, embedding_size=5, num_labels=2,
                                                             position_embedding_type="relative_key")),
    "albert-mlm": ("AlbertForMaskedLM", dict(BERT, embedding_size=7, num_hidden_groups=2)),
    "albert-tokencls-groups": ("AlbertForTokenClassification", dict(BERT, embedding_size=6, num_hidden_layers=5,
                                                                    num_hidden_groups=2, inner_group_num=2)),
    "albert-relative": ("AlbertForSequenceClassification", dict(BERT, embedding_size=7, type_vocab_size=1,
                                                                position_embedding_type="relative_key_query")),
    "mpnet-mlm": ("MPNetForMaskedLM", dict(BERT, relative_attention_num_buckets=37, max_position_embeddings=14)),
    "mpnet-qa": ("MPNetForQuestionAnswering", dict(BERT, num_labels=2, max_position_embeddings=14)),
    "squeezebert-mlm": ("SqueezeBertForMaskedLM", dict(BERT, embedding_size=6, layer_norm_eps=1e-2, q_groups=2,
                                                       k_groups=3, v_groups=1, post_attention_groups=6,
                                                       intermediate_groups=2, output_groups=2)),
    "mobilebert-mlm": ("MobileBertForMaskedLM", dict(MOBILE, normalization_type="layer_norm", layer_norm_eps=1e-3)),
    "mobilebert-thin": ("MobileBertForTokenClassification", dict(MOBILE, use_bottleneck_attention=True,
                                                                 trigram_input=False, hidden_act="gelu")),
    "mobilebert-wide": ("MobileBertForSequenceClassification", dict(MOBILE, use_bottleneck=False,
                                                                    num_feedforward_networks=1, embedding_size=6,
                                                                    classifier_activation=False)),
    "mobilebert-unshared": ("MobileBertForQuestionAnswering", dict(MOBILE, intra_bottleneck_size=6, num_labels=2,
                                                                   key_query_shared_bottleneck=False)),
    "modernbert-biases": ("ModernBertForSequenceClassification", dict(
        MODERN, attention_bias=True, mlp_bias=True, norm_bias=True, classifier_bias=True, classifier_pooling="mean",
        num_hidden_layers=5, global_attn_every_n_layers=2, local_attention=3, classifier_activation="relu")),
    "modernbert-tokencls": ("ModernBertForTokenClassification", dict(
        MODERN, local_attention=4, local_rope_theta=None, global_rope_theta=77.0, hidden_activation="silu")),
    "modernbert-mlm-untied": ("ModernBertForMaskedLM", dict(MODERN, decoder_bias=False, tie_word_embeddings=False,
                                                            local_attention=5)),
    "deberta-positions": ("DebertaForTokenClassification", dict(
        DEBERTA, position_biased_input=True, type_vocab_size=2, embedding_size=7, pos_att_type=["c2p"],
        max_relative_positions=4)),
    "deberta-p2c": ("DebertaForQuestionAnswering", dict(DEBERTA, pos_att_type="p2c", num_labels=2)),
    "deberta-absolute": ("DebertaForSequenceClassification", dict(
        DEBERTA, relative_attention=False, position_biased_input=True, pos_att_type=["c2p", "p2c"],
        pooler_hidden_act="tanh")),
    "deberta-mlm": ("DebertaForMaskedLM", dict(DEBERTA, pos_att_type="c2p|p2c", embedding_size=7)),
    "deberta-mlm-new": ("DebertaForMaskedLM", dict(DEBERTA, pos_att_type="c2p|p2c", legacy=False,
                                                    tie_word_embeddings=False)),
    "deberta-v2-own-keys": ("DebertaV2ForSequenceClassification", dict(V2, share_att_key=False, norm_rel_ebd="none",
                                                                       position_buckets=-1)),
    "deberta-v2-c2p": ("DebertaV2ForQuestionAnswering", dict(V2, pos_att_type=["c2p"], num_labels=2,
                                                             max_relative_positions=6, position_biased_input=True)),
    "deberta-v2-conv5": ("DebertaV2ForTokenClassification", dict(V2, conv_kernel_size=5, type_vocab_size=3,
                                                                 embedding_size=7, num_hidden_layers=1)),
    "deberta-v2-mlm": ("DebertaV2ForMaskedLM", dict(V2, position_buckets=6, conv_kernel_size=3, conv_act="gelu")),
    "deberta-v2-none": ("DebertaV2Model", dict(V2, relative_attention=False, position_biased_input=True)),
    "xlnet-lm": ("XLNetLMHeadModel", dict(XLNET, ff_activation="relu", clamp_len=3)),
    "xlnet-tokencls": ("XLNetForTokenClassification", dict(XLNET, layer_norm_eps=1e-3)),
    "xlnet-qa": ("XLNetForQuestionAnsweringSimple", dict(XLNET, num_labels=2)),
    "xlnet-first": ("XLNetForSequenceClassification", dict(XLNET, summary_type="first", summary_use_proj=False,
                                                           summary_activation="relu")),
    "xlnet-mean": ("XLNetForSequenceClassification", dict(XLNET, summary_type="mean", summary_activation=None)),
}


def draw(model, generator):
    """Weights of a size at which every part shows in the result."""
    for name, parameter in model.named_parameters():
        noise = torch.randn(parameter.shape, generator=generator)
        if parameter.dim() < 2:
            is_gain = "norm" in name.lower() and name.endswith("weight")
            parameter.data = 1 + 0.2 * noise if is_gain else 0.1 * noise
        elif "embedding" in name or "word_emb" in name:
            parameter.data = 0.6 * noise
        else:
            parameter.data = noise / math.sqrt(parameter.shape[0] if "rel_attn" in name else parameter[0].numel())


def make_inputs(config, generator, takes_types):
    pad = config.pad_token_id if config.pad_token_id is not None else 0
    lengths = {"plain": [5], "rpad": [6, 4], "gaps": [8, 8]}
    inputs = {}
    for name, rows in lengths.items():
        width = max(rows)
        ids = torch.randint(6, config.vocab_size, (len(rows), width), generator=generator)
        mask = torch.ones_like(ids)
        for row, length in enumerate(rows):
            ids[row, length:], mask[row, length:] = pad, 0
        if name == "gaps":
            mask[0, 2], mask[0, 5], mask[1, 3] = 0, 0, 0
            ids[1, 3], ids[1, 5] = pad, pad  # padding in the middle, hidden and not
        one = {"input_ids": ids, "attention_mask": mask}
        if takes_types:
            count = getattr(config, "type_vocab_size", 2) or 1
            one["token_type_ids"] = torch.randint(0, count, ids.shape, generator=generator)
        inputs[name] = one
    return inputs


def run(model, inputs, targets):
    embedding = model.get_input_embeddings()
    kept = {}

    def keep(_, __, output):
        kept["words"] = output.detach().requires_grad_(True)
        return kept["words"]

    hook = embedding.register_forward_hook(keep)
    outputs = model(**inputs, output_hidden_states=True, output_attentions=True)
    hook.remove()
    tensors = {name: getattr(outputs, name) for name in ("logits", "start_logits", "end_logits") if name in outputs}
    tensors.update({f"hidden_states.{i}": state for i, state in enumerate(outputs.hidden_states)})
    if model.config.model_type != "squeezebert":  # gives scores, not probabilities
        tensors.update({f"attentions.{i}": state for i, state in enumerate(flat(outputs.attentions))})
    for number, target in enumerate(targets):
        total = sum(tensors[target["output"]][tuple(index)] for index in target["indices"])
        gradient, = torch.autograd.grad(total, kept["words"], retain_graph=True)
        if model.config.model_type == "xlnet":
            gradient = gradient.transpose(0, 1)
        tensors[f"grad.{number}"] = gradient
    return {name: tensor.detach().double() for name, tensor in tensors.items()}


def flat(attentions):
    for entry in attentions:
        yield from flat(entry) if isinstance(entry, tuple) else (entry,)


def make_targets(cls, model, inputs):
    mask = inputs["attention_mask"]
    last = [int(torch.nonzero(row)[-1]) for row in mask]
    rows = range(len(mask))
    if "SequenceClassification" in cls:
        return [{"output": "logits", "indices": [[row, 1] for row in rows]}]
    if "QuestionAnswering" in cls:
        return [{"output": "start_logits", "indices": [[row, 1] for row in rows]},
                {"output": "end_logits", "indices": [[row, last[row]] for row in rows]}]
    if cls == "ElectraForPreTraining":
        return [{"output": "logits", "indices": [[row, last[row]] for row in rows]}]
    if cls.endswith("Model") and "LMHead" not in cls:
        return []
    return [{"output": "logits", "indices": [[row, last[row], 1] for row in rows]}]


def shown(name, tensor, mask):
    """Zero where a mask hides a row."""
    if name.startswith("attentions"):
        return tensor * mask[:, None, :, None]
    if tensor.dim() >= 2 and tensor.shape[:2] == mask.shape:
        return tensor * mask.reshape(mask.shape + (1,) * (tensor.dim() - 2))
    return tensor


def make(folder, cls, options):
    generator = torch.Generator().manual_seed(zlib.crc32(os.path.basename(folder).encode()))
    kind = getattr(transformers, cls)
    config = kind.config_class(**{"num_labels": 3, **options}, attn_implementation="eager")
    if config.pad_token_id is None or config.pad_token_id >= config.vocab_size:
        config.pad_token_id = 0
    if getattr(config, "model_type") == "modernbert":
        for key in ("bos_token_id", "eos_token_id", "cls_token_id", "sep_token_id"):
            setattr(config, key, 1)
        config.reference_compile = False
    model = kind(config).eval()
    draw(model, generator)
    if options.get("tie_word_embeddings", True):
        model.tie_weights()
    takes_types = "token_type_ids" in kind.forward.__code__.co_varnames and getattr(config, "type_vocab_size", 2) > 0
    takes_types = takes_types and config.model_type != "mpnet"
    os.makedirs(folder, exist_ok=True)
    model.save_pretrained(folder, safe_serialization=True)
    for extra in ("generation_config.json",):
        if os.path.exists(os.path.join(folder, extra)):
            os.remove(os.path.join(folder, extra))
    golden, facts = {}, {}
    for name, inputs in make_inputs(config, generator, takes_types).items():
        targets = make_targets(cls, model, inputs)
        narrow = run(model.float(), inputs, targets)
        torch.set_default_dtype(torch.float64)
        with AllDouble():
            wide = run(model.double(), inputs, targets)
        torch.set_default_dtype(torch.float32)
        facts[name] = {"targets": targets, "tensors": {}}
        for key, value in inputs.items():
            golden[f"{name}/{key}"] = value.to(torch.int32)
        for key, value in wide.items():
            exact = shown(key, value, inputs["attention_mask"])
            noise = (shown(key, narrow[key], inputs["attention_mask"]) - exact).abs().max()
            facts[name]["tensors"][key] = {"noise": float(noise), "scale": float(exact.abs().max())}
            golden[f"{name}/{key}"] = exact.float().contiguous()
        model.float()
    save_file(golden, os.path.join(folder, "golden.safetensors"))
    with open(os.path.join(folder, "golden.json"), "w") as file:
        json.dump({"library": f"transformers {transformers.__version__}", "inputs": facts}, file)


def main(cases, make_one):
    out, names = sys.argv[1], sys.argv[2:] or cases
    for name in names:
        try:
            make_one(os.path.join(out, name), *cases[name])
        except Exception as problem:  # noqa: BLE001: shown, and the other cases are still made
            print(f"{name}: {type(problem).__name__}: {problem}", file=sys.stderr)


if __name__ == "__main__":
    main(CASES, make)
