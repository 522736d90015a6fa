#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Attention, attention rollout, attention x gradient and value zeroing of the small models in
tests/goldens, by torch and transformers (attention "eager"): tests/goldens/attributions/attention.json.
Every softmax over keys is recorded while the model runs, and its gradient taken by autograd. A value
is taken away by zeroing the column of probabilities that it is multiplied with."""
import json
import sys
from pathlib import Path

import torch
import transformers

FOLDER = Path(__file__).resolve().parent.parent / "tests" / "goldens"
LENGTH = 9


def recorded(model, zeroed=(None, None), **inputs):
    """Outputs of the model and of its softmaxes over keys, in order. zeroed: a layer and a key."""
    found = []
    depth = [0]  # one softmax may call another
    original = torch.softmax, torch.nn.functional.softmax, torch.Tensor.softmax

    def wrap(function):
        def softmax(x, *arguments, **keywords):
            depth[0] += 1
            p = function(x, *arguments, **keywords)
            depth[0] -= 1
            if depth[0] == 0 and p.dim() == 4 and p.shape[-1] == LENGTH:
                if p.requires_grad:
                    p.retain_grad()
                found.append(p)
                if len(found) - 1 == zeroed[0]:
                    p = p.clone()
                    p[..., zeroed[1]] = 0
            return p
        return softmax

    torch.softmax, torch.nn.functional.softmax, torch.Tensor.softmax = map(wrap, original)
    try:
        output = model(**inputs)
    finally:
        torch.softmax, torch.nn.functional.softmax, torch.Tensor.softmax = original
    return output, found


def zeroing(model, ids, layers):
    """[layer][token][key without its value]: 1 - cosine, what is under 1e-5 zero, rows sum to 1."""
    model = model.double()
    clean = model(input_ids=ids, output_hidden_states=True).hidden_states
    if len(clean) != layers + 1 or clean[0].shape[1] != LENGTH:
        return None
    matrices = []
    for layer in range(layers):
        change = torch.zeros(LENGTH, LENGTH, dtype=torch.float64)
        for key in range(LENGTH):
            output, _ = recorded(model, (layer, key), input_ids=ids, output_hidden_states=True)
            change[:, key] = 1 - torch.nn.functional.cosine_similarity(
                clean[layer + 1][0], output.hidden_states[layer + 1][0], dim=-1)
        change[change < 1e-5] = 0
        total = change.sum(-1, keepdim=True)
        matrices.append(torch.where(total == 0, torch.eye(LENGTH).double(), change / total))
    return [[[float(f"{v:.6g}") for v in row] for row in m.tolist()] for m in matrices]


def case(folder):
    config = transformers.AutoConfig.from_pretrained(folder)
    name = (config.architectures or [""])[0]
    kind = getattr(transformers, name, None)
    if kind is None or name.endswith(("Model", "ForPreTraining")) and "LMHead" not in name:
        return None
    model = kind.from_pretrained(folder, attn_implementation="eager", torch_dtype=torch.float32)
    model.eval()
    torch.manual_seed(len(folder.name))
    ids = torch.randint(5, config.vocab_size, (1, LENGTH))
    handle = model.get_input_embeddings().register_forward_hook(
        lambda module, inputs, rows: rows.detach().requires_grad_())
    output, attention = recorded(model, input_ids=ids)
    handle.remove()
    logits = output.start_logits[..., None] if "start_logits" in output else output.logits
    if "start_logits" in output:
        logits = torch.stack([output.start_logits, output.end_logits], -1)
    pooled = logits.dim() == 2
    row, index = (0, min(1, logits.shape[-1] - 1)) if pooled else (5, 1)
    (logits[0, index] if pooled else logits[0, row, index]).backward()
    relevance = rollout = torch.eye(LENGTH)
    for p in attention:
        grad = torch.zeros_like(p) if p.grad is None else p.grad
        mean = p[0].detach().mean(0)
        rollout = (0.5 * mean + 0.5 * torch.eye(LENGTH)) @ rollout
        relevance = relevance + (p[0].detach() * grad[0]).clamp(min=0).mean(0) @ relevance
    rows = {"attention": attention[-1][0].detach().mean(0), "rollout": rollout,
            "relevance": relevance}
    value = float(logits[0, index] if pooled else logits[0, row, index])
    with torch.no_grad():
        zeroed = zeroing(model, ids, len(attention))
    return {"model": folder.name, "ids": ids[0].tolist(), "pooled": pooled, "position": row,
            "index": index, "value": value,
            "layers": len(attention),
            **{key: [[float(f"{v:.6g}") for v in line] for line in value.tolist()]
               for key, value in rows.items()},
            "zeroing": zeroed}


def main():
    cases = []
    for folder in sorted([*(FOLDER / "models").iterdir(), *(FOLDER / "encoders").iterdir()]):
        if not (folder / "config.json").exists() or not (folder / "model.safetensors").exists():
            continue
        try:
            made = case(folder)
        except Exception as error:
            print(folder.name, repr(error)[:200], file=sys.stderr)
            continue
        if made:
            cases.append(made)
    target = FOLDER / "attributions" / "attention.json"
    target.parent.mkdir(exist_ok=True)
    versions = {"torch": torch.__version__, "transformers": transformers.__version__}
    lines = ",\n".join(json.dumps(c) for c in cases)
    target.write_text('{"versions": ' + json.dumps(versions) + ', "cases": [\n' + lines + "\n]}\n")
    print(len(cases), "cases", target.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
