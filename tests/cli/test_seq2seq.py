# SPDX-License-Identifier: Apache-2.0
"""Encoder-decoders as a user meets them: what is refused, and with which words; what generation begins with."""
import json
import pathlib
import shutil
import tempfile
import unittest

from program import SOURCE, read_safetensors, run

MODELS = SOURCE / "tests/goldens/seq2seq"


class Inspect(unittest.TestCase):
    def inspect(self, model, case, *flags):
        with tempfile.TemporaryDirectory() as work:
            ids, out = pathlib.Path(work) / "cases.jsonl", pathlib.Path(work) / "out.safetensors"
            ids.write_text(json.dumps({"name": "a", **case}))
            done = run("inspect", MODELS / model, "--ids", ids, "-o", out, *flags)
            return done, read_safetensors(out) if done.returncode == 0 else {}

    def test_refused_inputs(self):
        ids = [9, 4, 7, 2]
        for model, case, words in [
            ("marian-odd", {"input_ids": ids}, "decoder_input_ids: are missing"),
            ("t5-gated", {"input_ids": ids, "decoder_input_ids": [0, 99]}, "decoder_input_ids: 99 at row 0, position 1"),
            ("t5-gated", {"input_ids": ids, "decoder_input_ids": [[0], [0]]}, "decoder_input_ids: 2 rows, expected 1"),
            ("bart-depths", {"input_ids": ids, "decoder_input_ids": [3] * 13}, "at most 12"),
            ("bart-depths", {"input_ids": ids, "position_ids": [0, 1, 2, 3]}, "position_ids: an encoder-decoder takes none"),
            ("bart-classes", {"input_ids": [9, 4, 7]}, "the input has no end token (id 2)"),
            ("t5-tokens", {"input_ids": ids, "decoder_input_ids": [0]}, "one stack of layers"),
        ]:
            with self.subTest(f"{model} {case}"):
                done, _ = self.inspect(model, case)
                self.assertEqual(done.returncode, 1)
                self.assertIn(words, done.stderr)
                self.assertEqual(len(done.stderr.strip().splitlines()), 1)

    def test_generation_begins_with_the_start_token(self):
        begun, first = self.inspect("marian-odd", {"input_ids": [9, 4, 7, 2]}, "--generate", "4")
        self.assertEqual(begun.returncode, 0, begun.stderr)
        self.assertEqual(first["a/logits"][0], [1, 1, 17])
        tokens = [int(value) for value in first["a/generated"][1]]
        given = {"input_ids": [9, 4, 7, 2], "decoder_input_ids": [16, tokens[0]]}
        _, rest = self.inspect("marian-odd", given, "--generate", "3")
        self.assertEqual([int(value) for value in rest["a/generated"][1]], tokens[1:])

    def test_embeddings_of_both_sides(self):
        done, found = self.inspect("bart-depths", {"input_ids": [9, 4, 2], "decoder_input_ids": [9, 4]}, "--save", "embeddings")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(found["a/encoder_embeddings"][0], [1, 3, 6])
        self.assertEqual(list(found["a/decoder_embeddings"][1]), list(found["a/encoder_embeddings"][1])[:12])


class Configuration(unittest.TestCase):
    def load(self, model, **changes):
        with tempfile.TemporaryDirectory() as work:
            folder = pathlib.Path(work) / "model"
            shutil.copytree(MODELS / model, folder)
            config = json.loads((folder / "config.json").read_text())
            (folder / "config.json").write_text(json.dumps({**config, **changes}))
            return run("info", folder)

    def test_refused_options(self):
        for model, changes in [
            ("bart-depths", {"normalize_before": True}), ("mbart-shifts", {"add_final_layer_norm": False}),
            ("marian-odd", {"static_position_embeddings": False}), ("bart-depths", {"tie_encoder_decoder": True}),
            ("t5-gated", {"feed_forward_proj": "gated-what"}), ("t5-gated", {"dense_act_fn": "what"}),
            ("t5-gated", {"relative_attention_num_buckets": 2}), ("t5-gated", {"relative_attention_max_distance": 1}),
            ("bart-depths", {"encoder_attention_heads": 4}), ("t5-gated", {"is_decoder": True}),
            ("pegasus-odd", {"architectures": ["PegasusForSequenceClassification"]}),
            ("bart-depths", {"architectures": ["BartForCausalLM"]}),
        ]:
            with self.subTest(f"{model} {changes}"):
                done = self.load(model, **changes)
                self.assertEqual(done.returncode, 1, done.stdout)
                key = next(iter(changes))
                self.assertIn("head of this kind" if key == "architectures" else key, done.stderr)

    def test_options_that_say_what_the_family_is(self):
        for model, changes in [("mbart-shifts", {"normalize_before": True, "add_final_layer_norm": True}),
                               ("marian-odd", {"static_position_embeddings": True, "normalize_embedding": False})]:
            done = self.load(model, **changes)
            self.assertEqual(done.returncode, 0, done.stderr)


if __name__ == "__main__":
    unittest.main()
