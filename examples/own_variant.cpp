// SPDX-License-Identifier: Apache-2.0
// A variant of BERT of one's own (docs/adding-a-model.md): names and numbers, no code. This one
// describes the bundled model and must answer as that does.
#include <pellucid/io/checkpoint.h>
#include <pellucid/io/config.h>
#include <pellucid/models/bert.h>
#include <pellucid/pellucid.h>

#include <iostream>

const pellucid::BertVariant variant{
    .model_type = "mine",
    .prefix = "bert.",  // what the base model's tensors begin with, if they do
    .heads = {.sequence = {.dense = "pooler.dense",
                           .dense_of_base = true,
                           .activation = pellucid::Activation::tanh,
                           .output = "classifier"},
              .masked = {.dense = "cls.predictions.transform.dense",
                         .norm = "cls.predictions.transform.LayerNorm",
                         .output = "cls.predictions.decoder",
                         .bias = "cls.predictions.bias"}},
    .names = {.prefix = "encoder.layer.",
              .query = "attention.self.query",
              .key = "attention.self.key",
              .value = "attention.self.value",
              .project = "attention.output.dense",
              .attention_norm = "attention.output.LayerNorm",
              .up = "intermediate.dense",
              .down = "output.dense",
              .mlp_norm = "output.LayerNorm"},
    .position_types = true,
};

int main() {
  const auto bundled = pellucid::Model::bundled();
  const std::string folder = bundled.folder().string();
  const auto config = pellucid::ModelConfig::read(folder);
  auto checkpoint = pellucid::Checkpoint::open(folder);
  auto network = pellucid::make_bert_variant(variant, pellucid::HeadKind::sequence_classification,
                                             config, checkpoint);
  const auto model = pellucid::Model::from_parts(
      "mine", std::move(network), pellucid::Tokenizer::load(folder), bundled.labels());

  const std::string text = "I love this, but I am afraid.";
  std::cout << pellucid::to_terminal(pellucid::explain(model, text));
  const auto answer = [&](const pellucid::Model& asked) {
    return std::get<pellucid::ClassPrediction>(pellucid::predict(asked, {.text = text})).logits;
  };
  return answer(model) == answer(bundled) ? 0 : 1;
}
