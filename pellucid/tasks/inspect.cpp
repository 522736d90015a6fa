// SPDX-License-Identifier: Apache-2.0
#include "pellucid/tasks/inspect.h"

#include <algorithm>
#include <optional>

#include "pellucid/autodiff/tape.h"
#include "pellucid/base/error.h"
#include "pellucid/generation/generate.h"

namespace pellucid {
namespace {

std::string hidden_tap(std::int64_t index) {
  return index == 0 ? "embedding-block" : fmt::format("layer.{}.hidden", index - 1);
}

std::string attention_tap(std::int64_t layer) { return fmt::format("layer.{}.attentions", layer); }

void check_shape(const char* field, const InspectRows& rows, const InspectRows& ids) {
  if (rows.empty()) return;
  check(rows.size() == ids.size(), "{}: {} rows, expected {} as in input_ids", field, rows.size(),
        ids.size());
  for (std::size_t row = 0; row < rows.size(); ++row) {
    check(rows[row].size() == ids[row].size(),
          "{}: row {} has {} entries, expected {} as in input_ids", field, row, rows[row].size(),
          ids[row].size());
  }
}

/// Every entry in [0, limit).
void check_range(const char* field, const InspectRows& rows, std::int64_t limit, const char* what) {
  for (std::size_t row = 0; row < rows.size(); ++row) {
    for (std::size_t position = 0; position < rows[row].size(); ++position) {
      const std::int32_t entry = rows[row][position];
      check(0 <= entry && entry < limit,
            "{}: {} at row {}, position {}, but the model has {} from 0 to {}", field, entry, row,
            position, what, limit - 1);
    }
  }
}

void check_case(const NetworkShape& shape, const InspectCase& input) {
  check(!input.input_ids.empty() && !input.input_ids.front().empty(), "input_ids: is empty");
  const std::size_t length = input.input_ids.front().size();
  for (std::size_t row = 0; row < input.input_ids.size(); ++row) {
    check(input.input_ids[row].size() == length,
          "input_ids: row {} has {} ids, row 0 has {}: fill up and give attention_mask", row,
          input.input_ids[row].size(), length);
  }
  check_shape("attention_mask", input.attention_mask, input.input_ids);
  check_shape("token_type_ids", input.token_type_ids, input.input_ids);
  check_shape("position_ids", input.position_ids, input.input_ids);
  check_range("input_ids", input.input_ids, shape.vocabulary, "ids");
  check_range("attention_mask", input.attention_mask, 2, "masks");
  check_range("token_type_ids", input.token_type_ids, std::max<std::int64_t>(shape.types, 1),
              "token types");
  if (!shape.positions_bounded) return;
  check_range("position_ids", input.position_ids, shape.position_ids(), "positions");
  check(!input.position_ids.empty() || static_cast<std::int64_t>(length) <= shape.max_positions,
        "input_ids: {} ids in a row, but the model takes at most {}", length, shape.max_positions);
}

/// Length of the longest row, by which rotary scalings go: the largest position, masked or not.
std::int64_t longest_context(const InspectCase& input) {
  auto longest = static_cast<std::int64_t>(input.input_ids.front().size());
  if (input.position_ids.empty()) return longest;
  longest = 0;
  for (const auto& row : input.position_ids) {
    for (const std::int32_t position : row) {
      longest = std::max(longest, std::int64_t{position} + 1);
    }
  }
  return longest;
}

/// The batch without what is masked (unless the network reads that too), and the way back to
/// [batch, length].
class Packing {
 public:
  Packing(const Network& network, const InspectCase& input)
      : rows_(static_cast<std::int64_t>(input.input_ids.size())),
        length_(static_cast<std::int64_t>(input.input_ids.front().size())),
        context_(longest_context(input)) {
    for (std::size_t row = 0; row < input.input_ids.size(); ++row) add_row(network, input, row);
  }

  const Batch& batch() const { return batch_; }
  std::int64_t rows() const { return rows_; }
  std::int64_t length() const { return length_; }

  /// The packed row of a position; throws Error if it is masked.
  std::int64_t packed(std::int64_t row, std::int64_t position) const {
    const auto begin = columns_.begin() + batch_.offsets[static_cast<std::size_t>(row)];
    const auto end = columns_.begin() + batch_.offsets[static_cast<std::size_t>(row) + 1];
    const auto found = std::lower_bound(begin, end, position);
    check(found != end && *found == position &&
              shown_[static_cast<std::size_t>(found - columns_.begin())],
          "position {} of row {} is masked", position, row);
    return found - columns_.begin();
  }

  /// values: [tokens, ...], of which `width` numbers from `first` on are taken of each row
  /// -> [batch, length, width]
  Tensor unpacked(const float* values, std::int64_t stride, std::int64_t first,
                  std::int64_t width) const {
    Tensor result = Tensor::zeros({rows_, length_, width});
    for (std::int64_t row = 0; row < rows_; ++row) {
      for (std::int64_t token = begin(row); token < begin(row + 1); ++token) {
        if (!shown_[static_cast<std::size_t>(token)]) continue;
        const float* source = values + token * stride + first;
        std::copy(source, source + width, result.row(row * length_ + column(token)));
      }
    }
    return result;
  }
  Tensor unpacked(const Tensor& values) const {
    return unpacked(values.data(), values.width(), 0, values.width());
  }

  /// flat: for each sequence [heads, tokens, tokens] -> [batch, heads, length, length]
  Tensor unpacked_attentions(const Tensor& flat, std::int64_t heads) const {
    Tensor result = Tensor::zeros({rows_, heads, length_, length_});
    const float* source = flat.data();
    for (std::int64_t row = 0; row < rows_; ++row) {
      for (std::int64_t head = 0; head < heads; ++head) {
        for (std::int64_t query = begin(row); query < begin(row + 1); ++query) {
          if (!shown_[static_cast<std::size_t>(query)]) {
            source += begin(row + 1) - begin(row);
            continue;
          }
          float* target = result.row((row * heads + head) * length_ + column(query));
          for (std::int64_t key = begin(row); key < begin(row + 1); ++key) {
            target[column(key)] = *source++;
          }
        }
      }
    }
    return result;
  }

 private:
  std::int64_t begin(std::int64_t row) const {
    return batch_.offsets[static_cast<std::size_t>(row)];
  }
  std::int64_t column(std::int64_t token) const {
    return columns_[static_cast<std::size_t>(token)];
  }

  static bool is_shown(const InspectCase& input, std::size_t row, std::size_t position) {
    return input.attention_mask.empty() || input.attention_mask[row][position] != 0;
  }

  void add_row(const Network& network, const InspectCase& input, std::size_t row) {
    const NetworkShape& shape = network.shape();
    // Tokens that stay keep their place.
    std::vector<std::int32_t> positions;
    if (!input.position_ids.empty()) {
      positions = input.position_ids[row];
    } else if (!shape.positions_skip_masked) {
      positions = network.positions(input.input_ids[row]);
    }
    Sequence sequence;
    sequence.context = context_;
    bool any = false;
    for (std::size_t position = 0; position < input.input_ids[row].size(); ++position) {
      const bool shown = is_shown(input, row, position);
      if (!shown && !shape.keeps_masked) continue;
      columns_.push_back(static_cast<std::int64_t>(position));
      shown_.push_back(shown);
      any = any || shown;
      if (shape.keeps_masked) sequence.hidden.push_back(shown ? 0 : 1);
      sequence.ids.push_back(input.input_ids[row][position]);
      if (!input.token_type_ids.empty()) {
        sequence.types.push_back(input.token_type_ids[row][position]);
      }
      sequence.columns.push_back(static_cast<std::int32_t>(position));
      if (!positions.empty()) sequence.positions.push_back(positions[position]);
    }
    check(any, "attention_mask: hides all of row {}", row);
    const std::int64_t read = network.pooled_position(input.input_ids[row]);
    check(!shape.pooled() || shape.keeps_masked || read < 0 ||
              is_shown(input, row, static_cast<std::size_t>(read)),
          "attention_mask: hides position {} of row {}, which the model's head reads", read, row);
    batch_.add(sequence);
  }

  std::int64_t rows_, length_, context_;
  Batch batch_;
  std::vector<std::int64_t> columns_;  // [tokens]
  std::vector<bool> shown_;            // [tokens]: not masked
};

/// Row and column of the output that an index of a target means.
std::pair<std::int64_t, std::int64_t> output_place(const NetworkShape& shape,
                                                   const Packing& packing,
                                                   const InspectTarget& target,
                                                   const std::vector<std::int64_t>& index) {
  const bool answers = shape.head == HeadKind::question_answering;
  const bool known = answers ? target.output == "start_logits" || target.output == "end_logits"
                             : target.output == "logits" && shape.head != HeadKind::none;
  check(known, "gradient of \"{}\": the model's outputs are {}", target.output,
        answers                        ? "start_logits and end_logits"
        : shape.head == HeadKind::none ? "none, it has no head"
                                       : "logits");
  const bool replaced = shape.head == HeadKind::replaced_token_detection;
  const std::size_t expected = shape.pooled() || answers || replaced ? 2 : 3;
  check(index.size() == expected, "gradient of {}: an index of {} numbers, expected {}",
        target.output, index.size(),
        shape.pooled()        ? "row and class"
        : answers || replaced ? "row and position"
                              : "row, position and class");
  const auto in_range = [&](std::int64_t value, std::int64_t limit, const char* what) {
    check(0 <= value && value < limit, "gradient of {}: {} {} is out of range (0 to {})",
          target.output, what, value, limit - 1);
    return value;
  };
  const std::int64_t row = in_range(index[0], packing.rows(), "row");
  if (shape.pooled()) return {row, in_range(index[1], shape.outputs, "class")};
  const std::int64_t token = packing.packed(row, in_range(index[1], packing.length(), "position"));
  if (answers) return {token, target.output == "start_logits" ? 0 : 1};
  if (replaced) return {token, 0};
  return {token, in_range(index[2], shape.outputs, "class")};
}

void save_gradients(const Network& network, const InspectCase& input, const Packing& packing,
                    const Variable& output, const Variable& leaf, Tape& tape,
                    std::vector<NamedTensor>& results) {
  const auto count = static_cast<std::int64_t>(input.gradients.size());
  const std::int64_t rows = output.rows();
  Tensor cotangent = Tensor::zeros({count * rows, output.width()});  // [targets * rows, outputs]
  for (std::int64_t i = 0; i < count; ++i) {
    const InspectTarget& target = input.gradients[static_cast<std::size_t>(i)];
    for (const auto& index : target.indices) {
      const auto [row, column] = output_place(network.shape(), packing, target, index);
      cotangent.row(i * rows + row)[column] += 1;
    }
  }
  const std::vector<Tensor> gradients =
      tape.pull_back(output, std::move(cotangent), std::span(&leaf, 1));
  const std::int64_t tokens = packing.batch().tokens();
  for (std::int64_t i = 0; i < count; ++i) {
    const Tensor rows_of_target = gradients.front().row_slice(i * tokens, (i + 1) * tokens);
    results.push_back({fmt::format("grad.{}", i), packing.unpacked(rows_of_target)});
  }
}

void save_logits(const NetworkShape& shape, const Packing& packing, const Tensor& output,
                 std::vector<NamedTensor>& results) {
  if (shape.head == HeadKind::none) return;
  if (shape.pooled()) {
    results.push_back({"logits", output});
  } else if (shape.head == HeadKind::question_answering) {
    const Shape flat{packing.rows(), packing.length()};
    results.push_back({"start_logits", packing.unpacked(output.data(), 2, 0, 1).reshaped(flat)});
    results.push_back({"end_logits", packing.unpacked(output.data(), 2, 1, 1).reshaped(flat)});
  } else if (shape.head == HeadKind::replaced_token_detection) {
    const Shape flat{packing.rows(), packing.length()};
    results.push_back({"logits", packing.unpacked(output).reshaped(flat)});
  } else {
    results.push_back({"logits", packing.unpacked(output)});
  }
}

/// Ids that follow each row, and their log-probabilities.
void save_continuations(const Network& network, const Batch& batch, std::int64_t count,
                        std::vector<NamedTensor>& results) {
  Tensor ids = Tensor::zeros({batch.sequences(), count});
  Tensor log_probabilities = Tensor::zeros({batch.sequences(), count});
  for (std::int64_t row = 0; row < batch.sequences(); ++row) {
    const std::int64_t begin = batch.offsets[static_cast<std::size_t>(row)];
    const std::int64_t end = batch.offsets[static_cast<std::size_t>(row) + 1];
    const auto prompt = std::span(batch.ids).subspan(static_cast<std::size_t>(begin),
                                                     static_cast<std::size_t>(end - begin));
    const Generated generated = generate(network, prompt, {.max_new_tokens = count});
    std::copy(generated.ids.begin(), generated.ids.end(), ids.row(row));
    std::copy(generated.log_probabilities.begin(), generated.log_probabilities.end(),
              log_probabilities.row(row));
  }
  results.push_back({"generated", ids});
  results.push_back({"log_probabilities", log_probabilities});
}

}  // namespace

std::vector<NamedTensor> inspect(const Network& network, const InspectCase& input,
                                 const InspectOptions& options) {
  const NetworkShape& shape = network.shape();
  check_usage(!options.pooled || shape.pooled(), "pooled: the model's head does not pool");
  check_case(shape, input);
  const Packing packing(network, input);
  Tape tape;
  Tap tap;
  for (std::int64_t i = 0; options.hidden_states && i <= shape.layers; ++i) {
    tap.read(hidden_tap(i));
  }
  const std::int64_t attentions = shape.attentions > 0 ? shape.attentions : shape.layers;
  for (std::int64_t i = 0; options.attentions && i < attentions; ++i) tap.read(attention_tap(i));
  if (options.embeddings) tap.read("embeddings");
  if (options.pooled) tap.read("pooled");
  if (!input.gradients.empty()) tap.differentiate("embeddings", tape);
  const Variable output = network(packing.batch(), tap);

  std::vector<NamedTensor> results;
  if (options.logits) save_logits(shape, packing, output.value, results);
  for (std::int64_t i = 0; options.hidden_states && i <= shape.layers; ++i) {
    results.push_back(
        {fmt::format("hidden_states.{}", i), packing.unpacked(tap.value(hidden_tap(i)))});
  }
  for (std::int64_t i = 0; options.attentions && i < attentions; ++i) {
    results.push_back({fmt::format("attentions.{}", i),
                       packing.unpacked_attentions(tap.value(attention_tap(i)), shape.heads)});
  }
  if (options.embeddings) {
    results.push_back({"embeddings", packing.unpacked(tap.value("embeddings"))});
  }
  if (options.pooled) results.push_back({"pooled", tap.value("pooled")});
  if (!input.gradients.empty()) {
    save_gradients(network, input, packing, output, tap.leaf("embeddings"), tape, results);
  }
  if (options.generate > 0) {
    save_continuations(network, packing.batch(), options.generate, results);
  }
  return results;
}

}  // namespace pellucid
