# SPDX-License-Identifier: Apache-2.0
"""One piece of work in another library, in a process of its own: peer.py CASE FOLDER.

Prints one JSON object: "seconds" of each timed run after one to warm up, "batch" sizes tried and the best,
"memory" (peak resident bytes), and the library's own completeness gap where it states one. FOLDER is the random
model of pellucid_bench --write-model, so that both sides do the same work on the same numbers.
"""
import argparse
import json
import resource
import sys
import time

import torch
from transformers import BertForSequenceClassification, BertTokenizerFast

WORDS = 30522


def text_of(tokens, seed=0):
    """The text that benchmarks/base_model.cpp makes."""
    return " ".join(f"w{5 + (i * 7919 + seed * 104729) % (WORDS - 5)}" for i in range(tokens - 2))


def short_texts(count):
    return [text_of(12 + (i * 7) % 17, i) for i in range(count)]


class Work:
    def __init__(self, folder):
        self.model = BertForSequenceClassification.from_pretrained(folder).eval()
        self.tokenizer = BertTokenizerFast(f"{folder}/vocab.txt", do_lower_case=True)
        self.gap = None

    # transformers-interpret

    def transformers_interpret(self, tokens, steps, batch):
        from transformers_interpret import SequenceClassificationExplainer

        explainer = SequenceClassificationExplainer(self.model, self.tokenizer)
        options = {} if batch is None else {"internal_batch_size": batch}
        explainer(text_of(tokens), n_steps=steps, **options)
        self.gap = abs(float(explainer.attributions.delta))

    # captum

    def captum_ig(self, text, steps, batch, target=0):
        from captum.attr import LayerIntegratedGradients

        ids = self.tokenizer(text, return_tensors="pt")["input_ids"]
        start = ids.clone()
        start[0, 1:-1] = self.tokenizer.pad_token_id
        method = LayerIntegratedGradients(lambda x: self.model(x).logits.softmax(-1), self.model.bert.embeddings)
        _, delta = method.attribute(ids, start, target=target, n_steps=steps, internal_batch_size=batch,
                                    return_convergence_delta=True)
        self.gap = abs(float(delta))

    def captum_saliency(self, text):
        ids = self.tokenizer(text, return_tensors="pt")["input_ids"]
        embedded = self.model.bert.embeddings.word_embeddings(ids).detach().requires_grad_()
        self.model(inputs_embeds=embedded).logits.softmax(-1)[0, 0].backward()
        return embedded.grad

    def captum_occlusion(self, tokens, batch):
        from captum.attr import FeatureAblation

        ids = self.tokenizer(text_of(tokens), return_tensors="pt")["input_ids"]
        words = torch.arange(ids.shape[1]).clamp(1, ids.shape[1] - 2).unsqueeze(0)  # special tokens go with a word
        FeatureAblation(lambda x: self.model(x).logits.softmax(-1)).attribute(
            ids, baselines=self.tokenizer.mask_token_id, target=0, feature_mask=words - 1,
            perturbations_per_eval=batch or 1)

    def interpreto_occlusion(self, tokens, batch):
        from interpreto import Granularity, Occlusion

        method = Occlusion(self.model, self.tokenizer, batch_size=batch or 4, granularity=Granularity.TOKEN)
        method.explain(text_of(tokens))

    # PyTorch

    def forward(self, batch):
        ids = self.tokenizer([text_of(128, seed) for seed in range(32)], return_tensors="pt")["input_ids"]
        with torch.no_grad():
            for part in ids.split(batch or 32):
                self.model(part)


CASES = {
    "transformers-interpret, 20 tokens": ((None, 10, 25), lambda w, b: w.transformers_interpret(20, 50, b)),
    "transformers-interpret, 128 tokens": ((None, 5), lambda w, b: w.transformers_interpret(128, 50, b)),
    "transformers-interpret, 512 tokens": ((1, 2), lambda w, b: w.transformers_interpret(512, 50, b)),
    "captum IG, 20 tokens": ((None, 10, 25), lambda w, b: w.captum_ig(text_of(20), 50, b)),
    "captum IG, 128 tokens": ((None, 5), lambda w, b: w.captum_ig(text_of(128), 50, b)),
    "captum IG, 512 tokens": ((1, 2), lambda w, b: w.captum_ig(text_of(512), 50, b)),
    "forward, 32 x 128 tokens": ((32, 8), lambda w, b: w.forward(b)),
    "captum occlusion, 126 words": ((None, 8), lambda w, b: w.captum_occlusion(128, b)),
    "interpreto occlusion, 126 words": ((None, 8), lambda w, b: w.interpreto_occlusion(128, b)),
    "captum saliency, 100 short texts one by one": (
        (None,), lambda w, b: [w.captum_saliency(text) for text in short_texts(100)]),
    "captum IG of 8 steps, 30 short texts one by one": (
        (None,), lambda w, b: [w.captum_ig(text, 8, None) for text in short_texts(30)]),
}


def seconds_of(work):
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("case", choices=CASES)
    parser.add_argument("folder")
    parser.add_argument("--batch", type=int, help="batch size; 0: the library's default")
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--bf16", action="store_true", help="under bfloat16 autocast")
    options = parser.parse_args()
    torch.manual_seed(0)
    work = Work(options.folder)
    sizes, run = CASES[options.case]
    if options.batch is not None:
        sizes = (options.batch or None,)
    times = {}
    with torch.autocast("cpu", torch.bfloat16, enabled=options.bf16):
        run(work, sizes[-1])  # to warm up
        for size in sizes:
            times[size] = min(seconds_of(lambda: run(work, size)) for _ in range(options.repeats))
    best = min(times, key=times.get)
    json.dump({"default": times[sizes[0]], "best": times[best], "best_batch": best,
               "memory": 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, "gap": work.gap}, sys.stdout)


if __name__ == "__main__":
    main()
