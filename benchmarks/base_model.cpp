// SPDX-License-Identifier: Apache-2.0
#include "benchmarks/base_model.h"

#include <fmt/format.h>
#include <unistd.h>

#include <fstream>
#include <utility>
#include <vector>

#include "pellucid/base/error.h"

namespace pellucid::bench {
namespace {

struct NamedShape {
  std::string name;
  std::vector<std::int64_t> shape;
  float offset = 0;  // of the random values: 1 for gains
};

std::vector<NamedShape> tensors() {
  std::vector<NamedShape> all;
  const auto linear = [&](const std::string& name, std::int64_t outputs, std::int64_t inputs) {
    all.push_back({name + ".weight", {outputs, inputs}});
    all.push_back({name + ".bias", {outputs}});
  };
  const auto norm = [&](const std::string& name) {
    all.push_back({name + ".LayerNorm.weight", {kHidden}, 1});
    all.push_back({name + ".LayerNorm.bias", {kHidden}});
  };
  all.push_back({"bert.embeddings.word_embeddings.weight", {kVocabulary, kHidden}});
  all.push_back({"bert.embeddings.position_embeddings.weight", {kPositions, kHidden}});
  all.push_back({"bert.embeddings.token_type_embeddings.weight", {2, kHidden}});
  norm("bert.embeddings");
  for (std::int64_t layer = 0; layer < kLayers; ++layer) {
    const std::string prefix = fmt::format("bert.encoder.layer.{}.", layer);
    for (const char* name : {"query", "key", "value"}) {
      linear(prefix + "attention.self." + name, kHidden, kHidden);
    }
    linear(prefix + "attention.output.dense", kHidden, kHidden);
    norm(prefix + "attention.output");
    linear(prefix + "intermediate.dense", kIntermediate, kHidden);
    linear(prefix + "output.dense", kHidden, kIntermediate);
    norm(prefix + "output");
  }
  linear("bert.pooler.dense", kHidden, kHidden);
  linear("classifier", kLabels, kHidden);
  return all;
}

std::int64_t elements(const NamedShape& tensor) {
  std::int64_t count = 1;
  for (const std::int64_t dimension : tensor.shape) count *= dimension;
  return count;
}

/// Uniform with the deviation 0.02 of a fresh BERT.
std::vector<float> values(const NamedShape& tensor, std::uint32_t& state) {
  std::vector<float> random(static_cast<std::size_t>(elements(tensor)));
  for (float& value : random) {
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    value = tensor.offset + (static_cast<float>(state >> 8) * 0x1p-24F - 0.5F) * 0.0693F;
  }
  return random;
}

void write_weights(const std::filesystem::path& path) {
  std::string header = "{";
  std::int64_t offset = 0;
  const std::vector<NamedShape> all = tensors();
  for (const NamedShape& tensor : all) {
    const std::int64_t end = offset + 4 * elements(tensor);
    const std::string shape = tensor.shape.size() == 1
                                  ? fmt::format("{}", tensor.shape[0])
                                  : fmt::format("{},{}", tensor.shape[0], tensor.shape[1]);
    header += fmt::format(R"({}"{}":{{"dtype":"F32","shape":[{}],"data_offsets":[{},{}]}})",
                          offset == 0 ? "" : ",", tensor.name, shape, offset, end);
    offset = end;
  }
  header += "}";
  header.resize((header.size() + 7) / 8 * 8, ' ');
  std::ofstream file(path, std::ios::binary);
  const std::uint64_t length = header.size();
  file.write(reinterpret_cast<const char*>(&length), sizeof length);
  file << header;
  std::uint32_t state = 2463534242U;
  for (const NamedShape& tensor : all) {
    const std::vector<float> random = values(tensor, state);
    file.write(reinterpret_cast<const char*>(random.data()),
               static_cast<std::streamsize>(random.size() * sizeof(float)));
  }
  file.close();
  check(file.good(), "{}: cannot be written", path.string());
}

}  // namespace

void write_model(const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  write_weights(folder / "model.safetensors");
  std::string labels;
  for (std::int64_t i = 0; i < kLabels; ++i) {
    labels += fmt::format(R"({}"{}":"label {}")", i == 0 ? "" : ",", i, i);
  }
  std::ofstream(folder / "config.json") << fmt::format(
      R"({{"architectures":["BertForSequenceClassification"],"model_type":"bert","hidden_size":{},)"
      R"("num_hidden_layers":{},"num_attention_heads":{},"intermediate_size":{},"vocab_size":{},)"
      R"("max_position_embeddings":{},"type_vocab_size":2,"layer_norm_eps":1e-12,)"
      R"("hidden_act":"gelu","problem_type":"single_label_classification","id2label":{{{}}}}})",
      kHidden, kLayers, kHeads, kIntermediate, kVocabulary, kPositions, labels);
  std::ofstream words(folder / "vocab.txt");
  words << "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n";
  for (std::int64_t i = 5; i < kVocabulary; ++i) words << "w" << i << "\n";
}

TemporaryModel::TemporaryModel()
    : folder_(std::filesystem::temp_directory_path() / fmt::format("pellucid-bench-{}", getpid())) {
  write_model(folder_);
}

TemporaryModel::~TemporaryModel() {
  std::error_code ignored;  // a folder for temporary files: the system clears it too
  std::filesystem::remove_all(folder_, ignored);
}

std::string text_of(std::int64_t tokens, std::uint32_t seed) {
  std::string text;
  for (std::int64_t i = 0; i < tokens - 2; ++i) {
    const std::int64_t word = 5 + (i * 7919 + seed * 104729LL) % (kVocabulary - 5);
    text += fmt::format("{}w{}", i == 0 ? "" : " ", word);
  }
  return text;
}

double forward_flops(std::int64_t tokens) {
  const auto n = static_cast<double>(tokens);
  constexpr double h = kHidden, wide = kIntermediate;
  const double layer = 2 * n * (4 * h * h + 2 * h * wide) + 4 * n * n * h;
  const double last = 2 * n * 2 * h * h + 2 * (2 * h * h + 2 * h * wide) + 4 * n * h;
  return (kLayers - 1) * layer + last + 2 * (h * h + h * kLabels);
}

double vjp_flops(std::int64_t tokens) {
  const auto n = static_cast<double>(tokens);
  const double attention = (kLayers - 1) * 4 * n * n * kHidden + 4 * n * kHidden;
  return forward_flops(tokens) + attention;
}

}  // namespace pellucid::bench
