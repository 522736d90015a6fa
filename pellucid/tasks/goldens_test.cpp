// SPDX-License-Identifier: Apache-2.0
// Every recorded case of every family (tests/goldens; more in ../shared) through inspect(): logits,
// hidden states, attentions and input gradients within the recorded f32 noise of the reference
// library times a factor of 8.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>

#include "pellucid/base/json.h"
#include "pellucid/io/checkpoint.h"
#include "pellucid/io/config.h"
#include "pellucid/io/safetensors.h"
#include "pellucid/tasks/inspect.h"

namespace pellucid {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr double kNoiseFactor = 8;
constexpr double kEpsilon = 4e-6;  // of the largest value

std::vector<std::string> folders() {
  const fs::path source(PELLUCID_SOURCE_DIR);
  std::map<std::string, std::string> found;  // by name: each case once
  for (const auto& root : {source / "tests/goldens/models", source / "tests/goldens/encoders",
                           source / "tests/goldens/seq2seq", source / "../shared/golden/models"}) {
    if (!fs::exists(root)) continue;
    for (const auto& entry : fs::directory_iterator(root)) {
      if (!fs::exists(entry.path() / "config.json")) continue;
      if (!fs::exists(entry.path() / "golden.safetensors")) continue;
      if (!is_supported(ModelConfig::read(entry.path().string()).model_type)) continue;
      found.emplace(entry.path().filename().string(), entry.path().string());
    }
  }
  std::vector<std::string> result;
  for (const auto& [name, path] : found) result.push_back(path);
  return result;
}

InspectRows rows_of(const SafetensorsFile& file, const std::string& name) {
  InspectRows rows;
  const TensorView* tensor = file.find(name);
  if (tensor == nullptr) return rows;
  const auto values = tensor->integers();
  const auto length = static_cast<std::size_t>(tensor->shape[1]);
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i % length == 0) rows.emplace_back();
    rows.back().push_back(static_cast<std::int32_t>(values[i]));
  }
  return rows;
}

InspectCase read_case(const SafetensorsFile& file, const std::string& name, const Json& facts) {
  InspectCase input;
  input.input_ids = rows_of(file, name + "/input_ids");
  input.attention_mask = rows_of(file, name + "/attention_mask");
  input.token_type_ids = rows_of(file, name + "/token_type_ids");
  input.position_ids = rows_of(file, name + "/position_ids");
  input.decoder_input_ids = rows_of(file, name + "/decoder_input_ids");
  for (const Json& target : facts["targets"]) {
    InspectTarget one{target["output"].get<std::string>(), {}};
    for (const Json& index : target["indices"]) {
      one.indices.push_back(index.get<std::vector<std::int64_t>>());
    }
    input.gradients.push_back(std::move(one));
  }
  return input;
}

/// The mask that a number of a tensor falls under: [batch, length, ...], [batch, heads, query, key]
/// or, as XLNet's word embeddings have it, [length, batch, width].
class Layout {
 public:
  Layout(const std::string& tensor, const std::vector<std::int64_t>& shape, const InspectRows& mask)
      : shape_(shape), mask_(mask), attentions_(tensor.find("attentions") != std::string::npos) {
    const auto batch = std::ssize(mask), length = std::ssize(mask.front());
    const bool two = shape.size() >= 2;
    transposed_ = tensor.starts_with("grad") && shape[0] == length && shape[1] == batch &&
                  shape[0] != shape[1] && !(shape[0] == batch && shape[1] == length);
    by_token_ = two && shape[0] == batch && shape[1] == length;
  }

  /// The place of golden number i in a tensor [batch, length, ...]; -1: it means nothing.
  std::int64_t place(std::int64_t i) const {
    if (attentions_) {
      const std::int64_t row = i / shape_[3];
      return shown(row / (shape_[1] * shape_[2]), row % shape_[2]) ? i : -1;
    }
    if (transposed_) {
      const std::int64_t row = i / shape_[2];
      const std::int64_t column = row / shape_[1], b = row % shape_[1];
      return shown(b, column) ? (b * shape_[0] + column) * shape_[2] + i % shape_[2] : -1;
    }
    if (!by_token_) return i;
    const std::int64_t width = shape_.size() > 2 ? shape_[2] : 1;
    return shown(i / width / shape_[1], i / width % shape_[1]) ? i : -1;
  }

 private:
  bool shown(std::int64_t row, std::int64_t column) const {
    return mask_[static_cast<std::size_t>(row)][static_cast<std::size_t>(column)] != 0;
  }

  std::vector<std::int64_t> shape_;
  const InspectRows& mask_;
  bool attentions_, transposed_, by_token_;
};

/// A decoder has no mask: all of its rows count.
InspectRows mask_of(const std::string& tensor, const std::vector<std::int64_t>& shape,
                    const InspectCase& input) {
  const bool of_decoder = tensor.starts_with("decoder_") || tensor.starts_with("cross_") ||
                          tensor.ends_with(".decoder") ||
                          (tensor == "logits" && !input.decoder_input_ids.empty());
  if (!of_decoder) return input.attention_mask;
  const bool attentions = tensor.find("attentions") != std::string::npos;
  const auto length = static_cast<std::size_t>(shape[attentions ? 2 : 1]);
  return InspectRows(static_cast<std::size_t>(shape[0]), std::vector<std::int32_t>(length, 1));
}

void compare(const std::string& name, const TensorView& golden, const Tensor& found,
             const Json& facts, const InspectRows& mask) {
  const auto values = golden.floats();
  ASSERT_EQ(static_cast<std::int64_t>(values.size()), found.size()) << name;
  const double tolerance =
      kNoiseFactor * facts["noise"].get<double>() + kEpsilon * facts["scale"].get<double>() + 1e-8;
  const Layout layout(name.substr(name.find('/') + 1), golden.shape, mask);
  for (std::int64_t i = 0; i < found.size(); ++i) {
    const std::int64_t place = layout.place(i);
    if (place < 0) continue;
    ASSERT_NEAR(values[static_cast<std::size_t>(i)], found.data()[place], tolerance)
        << name << " at " << i;
  }
}

class InspectGolden : public testing::TestWithParam<std::string> {
 protected:
  InspectGolden()
      : config_(ModelConfig::read(GetParam())),
        checkpoint_(Checkpoint::open(GetParam())),
        network_(make_network(named_head(config_), config_, checkpoint_)) {}

  ModelConfig config_;
  Checkpoint checkpoint_;
  std::unique_ptr<const Network> network_;
};

TEST_P(InspectGolden, EveryTensorOfEveryInput) {
  const auto file = SafetensorsFile::open(GetParam() + "/golden.safetensors");
  const Json all = read_json_file(GetParam() + "/golden.json", 1 << 24);
  for (const auto& [name, facts] : all["inputs"].items()) {
    const InspectCase input = read_case(file, name, facts);
    InspectOptions options;
    options.hidden_states = options.attentions = true;
    std::map<std::string, Tensor> found;
    for (auto& named : inspect(*network_, input, options)) found[named.name] = named.tensor;
    // Once more as methods run it: only the rows that the head reads.
    for (auto& named : inspect(*network_, input, {})) {
      found["pruned " + named.name] = named.tensor;
    }
    for (const auto& [tensor, limits] : facts["tensors"].items()) {
      const TensorView* golden = file.find(name + "/" + tensor);
      ASSERT_NE(golden, nullptr) << name << "/" << tensor;
      ASSERT_TRUE(found.contains(tensor)) << name << "/" << tensor;
      const InspectRows mask = mask_of(tensor, golden->shape, input);
      compare(name + "/" + tensor, *golden, found[tensor], limits, mask);
      if (!found.contains("pruned " + tensor)) continue;
      compare(name + "/" + tensor, *golden, found["pruned " + tensor], limits, mask);
    }
  }
}

/// Nothing in the files is left over; nor is an option unknown, in those that the library wrote.
TEST_P(InspectGolden, EveryTensorAndOptionIsRead) {
  EXPECT_EQ(checkpoint_.unused(), std::vector<std::string>());
  const bool of_library = GetParam().find("goldens/encoders") != std::string::npos ||
                          GetParam().find("goldens/seq2seq") != std::string::npos;
  if (!of_library) return;
  EXPECT_EQ(config_.warnings(), std::vector<std::string>());
}

INSTANTIATE_TEST_SUITE_P(Folders, InspectGolden, testing::ValuesIn(folders()),
                         [](const auto& place) {
                           std::string name = fs::path(place.param).filename();
                           for (char& c : name) {
                             if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
                           }
                           return name;
                         });

}  // namespace
}  // namespace pellucid
