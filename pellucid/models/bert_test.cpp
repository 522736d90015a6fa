// SPDX-License-Identifier: Apache-2.0
// BERT against values of the reference library (tests/goldens/models; more in ../shared): logits,
// hidden states, attentions and input gradients within the recorded f32 noise of that library times
// a factor of 8.
#include "pellucid/models/bert.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "pellucid/base/json.h"
#include "pellucid/base/parallel.h"
#include "pellucid/io/checkpoint.h"
#include "pellucid/io/config.h"
#include "pellucid/io/safetensors.h"
#include "pellucid/ops/product.h"

namespace pellucid {
namespace {

constexpr double kNoiseFactor = 8;
constexpr double kEpsilon = 4e-6;  // of the largest value

using Json = nlohmann::ordered_json;

std::vector<std::string> folders() {
  const std::filesystem::path source(PELLUCID_SOURCE_DIR);
  std::vector<std::string> found;
  for (const auto& root : {source / "tests/goldens/models", source / "../shared/golden/models"}) {
    if (!std::filesystem::exists(root)) continue;
    for (const auto& entry : std::filesystem::directory_iterator(root)) {
      const std::string name = entry.path().filename().string();
      if (name.starts_with("bert-")) found.push_back(entry.path().string());
    }
    if (!found.empty()) break;
  }
  return found;
}

/// One recorded input: a padded batch, run as packed sequences without the padding.
class GoldenInput {
 public:
  GoldenInput(const SafetensorsFile& file, const std::string& name) : file_(file), name_(name) {
    const auto ids = integers("input_ids");
    const auto mask = integers("attention_mask");
    const auto types = integers("token_type_ids");
    const auto& shape = file.find(name + "/input_ids")->shape;
    batch_size_ = shape[0];
    length_ = shape[1];
    for (std::int64_t b = 0; b < batch_size_; ++b) {
      Sequence sequence;
      for (std::int64_t i = 0; i < length_; ++i) {
        const auto place = static_cast<std::size_t>(b * length_ + i);
        if (mask[place] == 0) continue;
        sequence.ids.push_back(static_cast<std::int32_t>(ids[place]));
        sequence.types.push_back(static_cast<std::int32_t>(types[place]));
        sequence.positions.push_back(static_cast<std::int32_t>(i));
        rows_.push_back(b * length_ + i);
      }
      batch.add(sequence);
      lengths_.push_back(sequence.size());
    }
  }

  /// found: one row for each token kept; the golden has a row for each column of the padded batch.
  void compare_rows(const std::string& tensor, const Json& facts, const float* found) const {
    const TensorView* golden = file_.find(name_ + "/" + tensor);
    ASSERT_NE(golden, nullptr) << tensor;
    const auto values = golden->floats();
    const auto width = static_cast<std::int64_t>(values.size()) / (batch_size_ * length_);
    for (std::size_t row = 0; row < rows_.size(); ++row) {
      compare(tensor, facts, values.data() + rows_[row] * width,
              found + static_cast<std::int64_t>(row) * width, width);
    }
  }

  void compare_whole(const std::string& tensor, const Json& facts, const Tensor& found) const {
    const auto values = file_.find(name_ + "/" + tensor)->floats();
    ASSERT_EQ(static_cast<std::int64_t>(values.size()), found.size()) << tensor;
    compare(tensor, facts, values.data(), found.data(), found.size());
  }

  /// found: sequence by sequence [heads, T, T]; the golden is [batch, heads, length, length].
  void compare_attentions(const std::string& tensor, const Json& facts, const Tensor& found) const {
    const auto values = file_.find(name_ + "/" + tensor)->floats();
    const auto heads = static_cast<std::int64_t>(values.size()) / (batch_size_ * length_ * length_);
    const float* place = found.data();
    for (std::int64_t b = 0; b < batch_size_; ++b) {
      const std::int64_t size = lengths_[static_cast<std::size_t>(b)];
      for (std::int64_t row = 0; row < heads * size; ++row, place += size) {
        const std::int64_t head = row / size;
        const std::int64_t query = row % size;
        compare(tensor, facts, values.data() + ((b * heads + head) * length_ + query) * length_,
                place, size);
      }
    }
  }

  std::int64_t sequences() const { return batch_size_; }
  Batch batch;

 private:
  std::vector<std::int64_t> integers(const std::string& tensor) const {
    return file_.find(name_ + "/" + tensor)->integers();
  }

  void compare(const std::string& tensor, const Json& facts, const float* golden,
               const float* found, std::int64_t count) const {
    const double noise = facts["tensors"][tensor]["noise"];
    const double scale = facts["tensors"][tensor]["scale"];
    const double tolerance = kNoiseFactor * noise + kEpsilon * scale + 1e-8;
    for (std::int64_t i = 0; i < count; ++i) {
      ASSERT_NEAR(golden[i], found[i], tolerance) << name_ << "/" << tensor << " at " << i;
    }
  }

  const SafetensorsFile& file_;
  std::string name_;
  std::vector<std::int64_t> rows_;     // of the padded batch, for each token kept
  std::vector<std::int64_t> lengths_;  // tokens kept
  std::int64_t batch_size_ = 0;
  std::int64_t length_ = 0;
};

class BertGolden : public testing::TestWithParam<std::string> {
 protected:
  BertGolden()
      : config_(ModelConfig::read(GetParam())),
        checkpoint_(Checkpoint::open(GetParam())),
        network_(make_network(named_head(config_), config_, checkpoint_)),
        golden_(SafetensorsFile::open(GetParam() + "/golden.safetensors")),
        facts_(read_json_file(GetParam() + "/golden.json", 1 << 24)) {}

  bool tokens_read() const { return !network_->shape().pooled(); }

  void compare_logits(const GoldenInput& input, const Json& facts, const Tensor& logits) const {
    if (network_->shape().head == HeadKind::question_answering) {
      for (int side = 0; side < 2; ++side) {
        std::vector<float> column;
        for (std::int64_t row = 0; row < logits.rows(); ++row) {
          column.push_back(logits.row(row)[side]);
        }
        input.compare_rows(side == 0 ? "start_logits" : "end_logits", facts, column.data());
      }
    } else if (tokens_read()) {
      input.compare_rows("logits", facts, logits.data());
    } else {
      input.compare_whole("logits", facts, logits);
    }
  }

  /// The cotangent of a recorded target: one output of each sequence.
  Tensor cotangent(const Json& target, const GoldenInput& input, const Tensor& logits) const {
    Tensor result = Tensor::zeros({logits.rows(), logits.width()});
    const std::string output = target["output"];
    for (const auto& index : target["indices"]) {
      const std::int64_t b = index[0];
      if (!tokens_read()) {
        result.row(b)[index[1].get<std::int64_t>()] = 1;
        continue;
      }
      const std::int64_t first = input.batch.offsets[static_cast<std::size_t>(b)];
      const std::int64_t row = first + index[1].get<std::int64_t>();  // padding stands behind
      std::int64_t column = output == "end_logits" ? 1 : 0;
      if (index.size() > 2) column = index[2];
      result.row(row)[column] = 1;
    }
    return result;
  }

  ModelConfig config_;
  Checkpoint checkpoint_;
  std::unique_ptr<const Network> network_;
  SafetensorsFile golden_;
  Json facts_;
};

TEST_P(BertGolden, HiddenStatesAttentionsAndLogits) {
  for (const auto& [name, facts] : facts_["inputs"].items()) {
    const GoldenInput input(golden_, name);
    Tap tap;
    tap.read("embedding-block");
    for (std::int64_t layer = 0; layer < network_->shape().layers; ++layer) {
      tap.read(fmt::format("layer.{}.hidden", layer));
      tap.read(fmt::format("layer.{}.attentions", layer));
    }
    const Variable logits = (*network_)(input.batch, tap);
    compare_logits(input, facts, logits.value);
    input.compare_rows("hidden_states.0", facts, tap.value("embedding-block").data());
    for (std::int64_t layer = 0; layer < network_->shape().layers; ++layer) {
      input.compare_rows(fmt::format("hidden_states.{}", layer + 1), facts,
                         tap.value(fmt::format("layer.{}.hidden", layer)).data());
      const std::string attentions = fmt::format("attentions.{}", layer);
      if (!facts["tensors"].contains(attentions)) continue;
      input.compare_attentions(attentions, facts,
                               tap.value(fmt::format("layer.{}.attentions", layer)));
    }
  }
}

/// All recorded targets as K cotangents of one forward, which computes only the rows that the head
/// reads.
TEST_P(BertGolden, GradientsAtTheWordEmbeddings) {
  for (const auto& [name, facts] : facts_["inputs"].items()) {
    const GoldenInput input(golden_, name);
    Tape tape;
    Tap tap;
    tap.differentiate("embeddings", tape);
    const Variable logits = (*network_)(input.batch, tap);
    compare_logits(input, facts, logits.value);
    const auto& targets = facts["targets"];
    const auto count = static_cast<std::int64_t>(targets.size());
    Tensor cotangents = Tensor::zeros({count * logits.rows(), logits.width()});
    for (std::int64_t k = 0; k < count; ++k) {
      const Tensor one = cotangent(targets[static_cast<std::size_t>(k)], input, logits.value);
      std::copy_n(one.data(), one.size(), cotangents.row(k * logits.rows()));
    }
    const Variable leaf = tap.leaf("embeddings");
    const Tensor gradients = tape.pull_back(logits, cotangents, {&leaf, 1}).front();
    for (std::int64_t k = 0; k < count; ++k) {
      input.compare_rows(fmt::format("grad.{}", k), facts, gradients.row(k * leaf.rows()));
    }
  }
}

/// A packed batch of sequences of unequal length gives each the bits that it gets alone.
TEST_P(BertGolden, PackedSequencesEqualSingleOnes) {
  std::vector<Sequence> sequences;
  Batch packed;
  for (std::int32_t length = 1; length <= 16; ++length) {
    Sequence sequence;
    for (std::int32_t i = 0; i < length; ++i) sequence.ids.push_back((7 * length + 13 * i) % 91);
    packed.add(sequence);
    sequences.push_back(std::move(sequence));
  }
  Tap none;
  const Tensor all = (*network_)(packed, none).value;
  for (std::size_t s = 0; s < sequences.size(); ++s) {
    Batch single;
    single.add(sequences[s]);
    const Tensor alone = (*network_)(single, none).value;
    const std::int64_t first = tokens_read() ? packed.offsets[s] : static_cast<std::int64_t>(s);
    for (std::int64_t i = 0; i < alone.size(); ++i) {
      if (rows_are_independent()) {
        ASSERT_EQ(alone.data()[i], all.row(first)[i]) << "sequence " << s;
      } else {
        ASSERT_NEAR(alone.data()[i], all.row(first)[i], 1e-5) << "sequence " << s;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Folders, BertGolden, testing::ValuesIn(folders()), [](const auto& place) {
  std::string name = std::filesystem::path(place.param).filename();
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(BertGolden);

}  // namespace
}  // namespace pellucid
