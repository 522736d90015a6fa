// SPDX-License-Identifier: Apache-2.0
// All families against values of the reference library (tests/goldens; more in ../shared):
// logits, hidden states, attentions and input gradients within the recorded f32 noise of that
// library times a factor of 8.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "pellucid/base/json.h"
#include "pellucid/base/parallel.h"
#include "pellucid/io/checkpoint.h"
#include "pellucid/io/config.h"
#include "pellucid/io/safetensors.h"
#include "pellucid/models/network.h"
#include "pellucid/ops/product.h"

namespace pellucid {
namespace {

constexpr double kNoiseFactor = 8;
constexpr double kEpsilon = 4e-6;  // of the largest value

using Json = nlohmann::ordered_json;

/// Folders with config.json and golden.json, by name; the recorded models that ship go first.
std::vector<std::string> folders() {
  const std::filesystem::path source(PELLUCID_SOURCE_DIR);
  std::map<std::string, std::string> found;
  for (const auto& root : {source / "tests/goldens/models", source / "tests/goldens/encoders",
                           source / "tests/goldens/seq2seq", source / "../shared/golden/models"}) {
    if (!std::filesystem::exists(root)) continue;
    for (const auto& entry : std::filesystem::directory_iterator(root)) {
      if (!std::filesystem::exists(entry.path() / "golden.json") ||
          !std::filesystem::exists(entry.path() / "config.json")) {
        continue;
      }
      found.emplace(entry.path().filename().string(), entry.path().string());
    }
  }
  std::vector<std::string> paths;
  for (const auto& [name, path] : found) paths.push_back(path);
  return paths;
}

/// One recorded input: a padded batch, run as packed sequences without the padding.
class GoldenInput {
 public:
  GoldenInput(const SafetensorsFile& file, const Network& network, const std::string& name)
      : file_(file), name_(name) {
    const auto& shape = file.find(name + "/input_ids")->shape;
    batch_size_ = shape[0];
    length_ = shape[1];
    for (std::int64_t b = 0; b < batch_size_; ++b) batch.add(sequence(network, b));
  }

  /// found: one row for each token kept; the golden has a row for each column of the padded batch.
  void compare_rows(const std::string& tensor, const Json& facts, const float* found) const {
    const TensorView* golden = file_.find(name_ + "/" + tensor);
    ASSERT_NE(golden, nullptr) << tensor;
    const auto values = golden->floats();
    const auto width = static_cast<std::int64_t>(values.size()) / (batch_size_ * length_);
    const bool transposed = golden->shape[0] != batch_size_;  // as XLNet keeps its words
    for (std::size_t row = 0; row < rows_.size(); ++row) {
      if (!shown_[row]) continue;
      const std::int64_t b = rows_[row] / length_, column = rows_[row] % length_;
      const std::int64_t place = transposed ? column * batch_size_ + b : rows_[row];
      compare(tensor, facts, values.data() + place * width,
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
    std::int64_t first = 0;  // packed row of the sequence
    for (std::int64_t b = 0; b < batch_size_; ++b) {
      const std::int64_t size = lengths_[static_cast<std::size_t>(b)];
      for (std::int64_t row = 0; row < heads * size; ++row, place += size) {
        const std::int64_t head = row / size;
        const auto packed_row = static_cast<std::size_t>(first + row % size);
        if (!shown_[packed_row]) continue;
        const std::int64_t query = rows_[packed_row] % length_;
        for (std::int64_t key = 0; key < size; ++key) {
          const std::int64_t column = rows_[static_cast<std::size_t>(first + key)] % length_;
          compare(tensor, facts,
                  values.data() + ((b * heads + head) * length_ + query) * length_ + column,
                  place + key, 1);
        }
      }
      first += size;
    }
  }

  /// The packed row of a column of the padded batch.
  std::int64_t packed(std::int64_t b, std::int64_t column) const {
    return std::find(rows_.begin(), rows_.end(), b * length_ + column) - rows_.begin();
  }

  std::int64_t sequences() const { return batch_size_; }
  Batch batch;

 private:
  /// Row b without what is masked.
  Sequence sequence(const Network& network, std::int64_t b) {
    const auto ids = integers("input_ids"), mask = integers("attention_mask");
    const auto types = integers("token_type_ids"), positions = integers("position_ids");
    const NetworkShape& shape = network.shape();
    std::vector<std::int32_t> row_ids;
    for (std::int64_t i = 0; i < length_; ++i) {
      row_ids.push_back(static_cast<std::int32_t>(ids[static_cast<std::size_t>(b * length_ + i)]));
    }
    const std::vector<std::int32_t> usual = network.positions(row_ids);
    Sequence sequence;
    sequence.context = length_;
    if (!positions.empty()) {
      sequence.context = *std::max_element(positions.begin(), positions.end()) + 1;
    }
    const auto take = [](const std::vector<std::int64_t>& from, std::size_t place,
                         std::vector<std::int32_t>& to) {
      if (!from.empty()) to.push_back(static_cast<std::int32_t>(from[place]));
    };
    for (std::int64_t i = 0; i < length_; ++i) {
      const auto place = static_cast<std::size_t>(b * length_ + i);
      if (mask[place] == 0 && !shape.keeps_masked) continue;
      shown_.push_back(mask[place] != 0);
      if (shape.keeps_masked) sequence.hidden.push_back(mask[place] == 0 ? 1 : 0);
      take(ids, place, sequence.ids);
      take(types, place, sequence.types);
      take(positions, place, sequence.positions);
      if (positions.empty() && !shape.positions_skip_masked) {
        sequence.positions.push_back(usual[static_cast<std::size_t>(i)]);
      }
      sequence.columns.push_back(static_cast<std::int32_t>(i));
      rows_.push_back(b * length_ + i);
    }
    lengths_.push_back(sequence.size());
    return sequence;
  }

  std::vector<std::int64_t> integers(const std::string& tensor) const {
    const TensorView* found = file_.find(name_ + "/" + tensor);
    return found == nullptr ? std::vector<std::int64_t>() : found->integers();
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
  std::vector<bool> shown_;            // not masked, for each token kept
  std::vector<std::int64_t> lengths_;  // tokens kept
  std::int64_t batch_size_ = 0;
  std::int64_t length_ = 0;
};

/// Loaded once for all tests: most of their time goes into making kernels for new sizes.
const Network& cached_network(const std::string& folder, const ModelConfig& config) {
  static std::map<std::string, std::unique_ptr<const Network>> networks;
  auto& network = networks[folder];
  if (network == nullptr) {
    Checkpoint checkpoint = Checkpoint::open(folder);
    network = make_network(named_head(config), config, checkpoint);
  }
  return *network;
}

class GoldenNetwork : public testing::TestWithParam<std::string> {
 protected:
  GoldenNetwork()
      : config_(ModelConfig::read(GetParam())),
        golden_(SafetensorsFile::open(GetParam() + "/golden.safetensors")),
        facts_(read_json_file(GetParam() + "/golden.json", 1 << 24)) {}

  void SetUp() override {
    if (!is_supported(config_.model_type)) GTEST_SKIP() << config_.model_type << ": no such family";
    network_ = &cached_network(GetParam(), config_);
    if (network_->shape().has_decoder()) GTEST_SKIP() << "two stacks: the test cli.inspect_goldens";
  }

  bool tokens_read() const { return !network_->shape().pooled(); }

  void compare_logits(const GoldenInput& input, const Json& facts, const Tensor& logits) const {
    if (network_->shape().head == HeadKind::none) return;
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
      const auto& reads = input.batch.reads;
      const std::int64_t row =
          std::find(reads.begin(), reads.end(), input.packed(b, index[1])) - reads.begin();
      std::int64_t column = output == "end_logits" ? 1 : 0;
      if (index.size() > 2) column = index[2];
      result.row(row)[column] = 1;
    }
    return result;
  }

  void check_gradients(const GoldenInput& input, const Json& facts) const {
    Tape tape;
    Tap tap;
    tap.differentiate("embeddings", tape);
    const Variable logits = (*network_)(input.batch, tap);
    if (input.batch.reads_all() || !tokens_read()) compare_logits(input, facts, logits.value);
    const auto& targets = facts["targets"];
    const auto count = static_cast<std::int64_t>(targets.size());
    if (count == 0) return;
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

  ModelConfig config_;
  const Network* network_ = nullptr;
  SafetensorsFile golden_;
  Json facts_;
};

TEST_P(GoldenNetwork, HiddenStatesAttentionsAndLogits) {
  for (const auto& [name, facts] : facts_["inputs"].items()) {
    const GoldenInput input(golden_, *network_, name);
    Tap tap;
    tap.read("embedding-block");
    const std::int64_t layers = network_->shape().layers;
    const std::int64_t own = network_->shape().attentions, attentions = own > 0 ? own : layers;
    for (std::int64_t layer = 0; layer < layers; ++layer) {
      tap.read(fmt::format("layer.{}.hidden", layer));
    }
    for (std::int64_t layer = 0; layer < attentions; ++layer) {
      tap.read(fmt::format("layer.{}.attentions", layer));
    }
    const Variable logits = (*network_)(input.batch, tap);
    compare_logits(input, facts, logits.value);
    input.compare_rows("hidden_states.0", facts, tap.value("embedding-block").data());
    for (std::int64_t layer = 0; layer < layers; ++layer) {
      input.compare_rows(fmt::format("hidden_states.{}", layer + 1), facts,
                         tap.value(fmt::format("layer.{}.hidden", layer)).data());
    }
    for (std::int64_t layer = 0; layer < attentions; ++layer) {
      const std::string tensor = fmt::format("attentions.{}", layer);
      if (!facts["tensors"].contains(tensor)) continue;
      input.compare_attentions(tensor, facts, tap.value(fmt::format("layer.{}.attentions", layer)));
    }
  }
}

/// All recorded targets as K cotangents of one forward.
TEST_P(GoldenNetwork, GradientsAtTheWordEmbeddings) {
  for (const auto& [name, facts] : facts_["inputs"].items()) {
    check_gradients(GoldenInput(golden_, *network_, name), facts);
  }
}

/// The same where the last layer computes only the rows that the targets read.
TEST_P(GoldenNetwork, GradientsOfFewRows) {
  if (!tokens_read()) return;
  for (const auto& [name, facts] : facts_["inputs"].items()) {
    GoldenInput input(golden_, *network_, name);
    std::set<std::int64_t> rows;
    for (const auto& target : facts["targets"]) {
      for (const auto& index : target["indices"]) rows.insert(input.packed(index[0], index[1]));
    }
    Batch& batch = input.batch;
    batch.reads.assign(rows.begin(), rows.end());
    for (std::size_t s = 0; s < batch.read_offsets.size(); ++s) {
      const auto end = std::lower_bound(batch.reads.begin(), batch.reads.end(), batch.offsets[s]);
      batch.read_offsets[s] = end - batch.reads.begin();
    }
    check_gradients(input, facts);
  }
}

/// A packed batch of sequences of unequal length gives each the bits that it gets alone.
TEST_P(GoldenNetwork, PackedSequencesEqualSingleOnes) {
  std::vector<Sequence> sequences;
  Batch packed;
  for (const std::int32_t length : {1, 2, 3, 5, 8, 13, 16, 1}) {
    const NetworkShape& shape = network_->shape();
    if (shape.positions_bounded && length > shape.max_positions) continue;
    Sequence sequence;
    const auto words = static_cast<std::int32_t>(network_->shape().vocabulary);
    for (std::int32_t i = 0; i < length && i < network_->shape().max_positions; ++i)
      sequence.ids.push_back((7 * length + 13 * i) % words);
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

INSTANTIATE_TEST_SUITE_P(Folders, GoldenNetwork, testing::ValuesIn(folders()),
                         [](const auto& place) {
                           std::string name = std::filesystem::path(place.param).filename();
                           for (char& c : name) {
                             if (c == '-' || c == '.') c = '_';
                           }
                           return name;
                         });
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(GoldenNetwork);

}  // namespace
}  // namespace pellucid
