// SPDX-License-Identifier: Apache-2.0
#include "pellucid/tasks/inspect.h"

#include <algorithm>

#include "pellucid/autodiff/tape.h"
#include "pellucid/base/error.h"
#include "pellucid/generation/generate.h"
#include "pellucid/tasks/inspect_packing.h"

namespace pellucid {
namespace {

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

void check_decoder_ids(const NetworkShape& shape, const InspectCase& input) {
  check(input.position_ids.empty() || !shape.has_decoder(),
        "position_ids: an encoder-decoder takes none");
  const InspectRows& rows = input.decoder_input_ids;
  if (rows.empty()) return;
  check(shape.has_decoder(), "decoder_input_ids: the model has one stack of layers, not two");
  check(rows.size() == input.input_ids.size(),
        "decoder_input_ids: {} rows, expected {} as in input_ids", rows.size(),
        input.input_ids.size());
  check(!rows.front().empty(), "decoder_input_ids: is empty");
  for (std::size_t row = 0; row < rows.size(); ++row) {
    check(
        rows[row].size() == rows.front().size(),
        "decoder_input_ids: row {} has {} ids, row 0 has {}: fill up, what follows changes nothing "
        "before it",
        row, rows[row].size(), rows.front().size());
  }
  check_range("decoder_input_ids", rows, shape.decoder_vocabulary, "ids");
  check(!shape.positions_bounded || std::ssize(rows.front()) <= shape.max_positions,
        "decoder_input_ids: {} ids in a row, but the model takes at most {}", rows.front().size(),
        shape.max_positions);
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
  check_decoder_ids(shape, input);
  if (!shape.positions_bounded) return;
  check_range("position_ids", input.position_ids, shape.position_ids(), "positions");
  check(!input.position_ids.empty() || static_cast<std::int64_t>(length) <= shape.max_positions,
        "input_ids: {} ids in a row, but the model takes at most {}", length, shape.max_positions);
}

/// One of the stacks of layers: what its tensors are called, at which taps they are, and where its
/// rows stand.
struct InspectedStack {
  std::string name, tap, embeddings;  ///< "decoder_", "decoder.", "decoder-embeddings"
  std::int64_t layers, attentions, heads;
  const InspectGrid* grid;

  std::string hidden_tap(std::int64_t index) const {
    if (index > 0) return fmt::format("{}layer.{}.hidden", tap, index - 1);
    return name == "decoder_" ? "decoder-embedding-block" : "embedding-block";
  }
  std::string attention_tap(std::int64_t layer, std::string_view kind = "attentions") const {
    return fmt::format("{}layer.{}.{}", tap, layer, kind);
  }
};

std::vector<InspectedStack> stacks(const NetworkShape& shape, const InspectPacking& packing) {
  const std::int64_t attentions = shape.attentions > 0 ? shape.attentions : shape.layers;
  if (!shape.has_decoder()) {
    return {{"", "", "embeddings", shape.layers, attentions, shape.heads, &packing.tokens()}};
  }
  return {{"encoder_", "encoder.", "embeddings", shape.layers, attentions, shape.heads,
           &packing.tokens()},
          {"decoder_", "decoder.", "decoder-embeddings", shape.decoder_layers, shape.decoder_layers,
           shape.decoder_heads, &packing.decoder()}};
}

/// Row and column of the output that an index of a target means.
std::pair<std::int64_t, std::int64_t> output_place(const NetworkShape& shape,
                                                   const InspectPacking& packing,
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
  const InspectGrid& outputs = packing.outputs();
  const std::int64_t row = in_range(index[0], outputs.rows(), "row");
  if (shape.pooled()) return {row, in_range(index[1], shape.outputs, "class")};
  const std::int64_t token = outputs.packed(row, in_range(index[1], outputs.length(), "position"));
  if (answers) return {token, target.output == "start_logits" ? 0 : 1};
  if (replaced) return {token, 0};
  return {token, in_range(index[2], shape.outputs, "class")};
}

/// d targets / d outputs, [targets * rows, outputs]
Tensor target_cotangents(const NetworkShape& shape, const InspectCase& input,
                         const InspectPacking& packing, const Tensor& output) {
  const auto count = static_cast<std::int64_t>(input.gradients.size());
  Tensor cotangents = Tensor::zeros({count * output.rows(), output.width()});
  for (std::int64_t i = 0; i < count; ++i) {
    const InspectTarget& target = input.gradients[static_cast<std::size_t>(i)];
    for (const auto& index : target.indices) {
      const auto [row, column] = output_place(shape, packing, target, index);
      cotangents.row(i * output.rows() + row)[column] += 1;
    }
  }
  return cotangents;
}

/// "grad.J", or of two stacks "grad.J.encoder" and "grad.J.decoder".
void save_gradients(const NetworkShape& shape, const InspectCase& input,
                    const InspectPacking& packing, const Variable& output, const Tap& tap,
                    Tape& tape, std::vector<NamedTensor>& results) {
  const std::vector<InspectedStack> sides = stacks(shape, packing);
  std::vector<Variable> leaves;
  for (const InspectedStack& side : sides) leaves.push_back(tap.leaf(side.embeddings));
  const std::vector<Tensor> gradients =
      tape.pull_back(output, target_cotangents(shape, input, packing, output.value), leaves);
  for (std::size_t i = 0; i < input.gradients.size(); ++i) {
    for (std::size_t s = 0; s < sides.size(); ++s) {
      const std::int64_t rows = leaves[s].rows(), first = static_cast<std::int64_t>(i) * rows;
      const std::string side = sides[s].name.empty() ? "" : "." + sides[s].name;
      results.push_back({fmt::format("grad.{}{}", i, side.substr(0, side.find('_'))),
                         sides[s].grid->unpacked(gradients[s].row_slice(first, first + rows))});
    }
  }
}

void save_logits(const NetworkShape& shape, const InspectGrid& grid, const Tensor& output,
                 std::vector<NamedTensor>& results) {
  if (shape.head == HeadKind::none) return;
  const Shape flat{grid.rows(), grid.length()};
  if (shape.pooled()) {
    results.push_back({"logits", output});
  } else if (shape.head == HeadKind::question_answering) {
    results.push_back({"start_logits", grid.unpacked(output.data(), 2, 0, 1).reshaped(flat)});
    results.push_back({"end_logits", grid.unpacked(output.data(), 2, 1, 1).reshaped(flat)});
  } else if (shape.head == HeadKind::replaced_token_detection) {
    results.push_back({"logits", grid.unpacked(output).reshaped(flat)});
  } else {
    results.push_back({"logits", grid.unpacked(output)});
  }
}

void save_stack(const InspectedStack& stack, const InspectPacking& packing,
                const InspectOptions& options, const Tap& tap, std::vector<NamedTensor>& results) {
  for (std::int64_t i = 0; options.hidden_states && i <= stack.layers; ++i) {
    results.push_back({fmt::format("{}hidden_states.{}", stack.name, i),
                       stack.grid->unpacked(tap.value(stack.hidden_tap(i)))});
  }
  for (std::int64_t i = 0; options.attentions && i < stack.attentions; ++i) {
    const Tensor& own = tap.value(stack.attention_tap(i));
    results.push_back({fmt::format("{}attentions.{}", stack.name, i),
                       stack.grid->unpacked_attentions(own, stack.heads, *stack.grid)});
    if (stack.name != "decoder_") continue;
    const Tensor& cross = tap.value(stack.attention_tap(i, "cross-attentions"));
    results.push_back({fmt::format("cross_attentions.{}", i),
                       stack.grid->unpacked_attentions(cross, stack.heads, packing.tokens())});
  }
  if (options.embeddings) {
    results.push_back(
        {stack.name + "embeddings", stack.grid->unpacked(tap.value(stack.embeddings))});
  }
}

void read_stack(const InspectedStack& stack, const InspectOptions& options, Tap& tap) {
  for (std::int64_t i = 0; options.hidden_states && i <= stack.layers; ++i) {
    tap.read(stack.hidden_tap(i));
  }
  for (std::int64_t i = 0; options.attentions && i < stack.attentions; ++i) {
    tap.read(stack.attention_tap(i));
    if (stack.name == "decoder_") tap.read(stack.attention_tap(i, "cross-attentions"));
  }
  if (options.embeddings) tap.read(stack.embeddings);
}

/// Ids that follow each row, and their log-probabilities.
void save_continuations(const Network& network, const std::vector<Sequence>& sequences,
                        std::int64_t count, std::vector<NamedTensor>& results) {
  Tensor ids = Tensor::zeros({std::ssize(sequences), count});
  Tensor log_probabilities = Tensor::zeros({std::ssize(sequences), count});
  for (std::size_t row = 0; row < sequences.size(); ++row) {
    const Generated generated = generate(network, sequences[row], {.max_new_tokens = count});
    const auto place = static_cast<std::int64_t>(row);
    std::copy(generated.ids.begin(), generated.ids.end(), ids.row(place));
    std::copy(generated.log_probabilities.begin(), generated.log_probabilities.end(),
              log_probabilities.row(place));
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
  const InspectPacking packing(network, input, options.generate > 0);
  const std::vector<InspectedStack> sides = stacks(shape, packing);
  Tape tape;
  Tap tap;
  for (const InspectedStack& stack : sides) {
    read_stack(stack, options, tap);
    if (!input.gradients.empty()) tap.differentiate(stack.embeddings, tape);
  }
  if (options.pooled) tap.read("pooled");
  const Variable output = network(packing.batch(), tap);

  std::vector<NamedTensor> results;
  if (options.logits) save_logits(shape, packing.outputs(), output.value, results);
  for (const InspectedStack& stack : sides) save_stack(stack, packing, options, tap, results);
  if (options.pooled) results.push_back({"pooled", tap.value("pooled")});
  if (!input.gradients.empty()) {
    save_gradients(shape, input, packing, output, tap, tape, results);
  }
  if (options.generate > 0) {
    save_continuations(network, packing.sequences(), options.generate, results);
  }
  return results;
}

}  // namespace pellucid
