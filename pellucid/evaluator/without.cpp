// SPDX-License-Identifier: Apache-2.0
// Evaluator::ask_without: variants of the input in which units are replaced.
#include <algorithm>

#include "pellucid/base/error.h"
#include "pellucid/evaluator/evaluator.h"
#include "pellucid/evaluator/proposer.h"

namespace pellucid {
namespace {

using Kind = Replacement::Kind;

/// Vectors in place of the word embedding, which no token has.
bool is_vector(const Replacement& replacement, std::optional<std::int32_t> id) {
  const bool tokens = replacement.kind == Kind::erase || replacement.kind == Kind::attention ||
                      replacement.kind == Kind::ids || replacement.kind == Kind::model;
  return !tokens && !id;
}

}  // namespace

Replacement Evaluator::resolved(const Replacement& replacement) const {
  if (replacement.kind != Kind::usual) return replacement;
  if (!model_.network().causal()) return {.kind = Kind::mask};
  const bool tokens = units_.kind == Unit::token || units_.kind == Unit::all_tokens;
  return {.kind = tokens || !input_.reads.empty() ? Kind::mean : Kind::erase};
}

void Evaluator::ask_without(const std::vector<std::vector<bool>>& kept, const Replacement& wanted,
                            Values& answers, std::vector<std::vector<float>>* logits) {
  const Replacement replacement = resolved(wanted);
  check_usage(replacement.kind != Kind::ids || replacement.ids.size() == input_.ids.size(),
              "replacement of {} ids for an input of {} tokens", replacement.ids.size(),
              input_.ids.size());
  const std::optional<std::int32_t> id = replacement_id(replacement);
  check_usage(!replacement.collapse || id,
              "collapse: replacement {} is no token that could stand for a whole unit",
              replacement.name());
  std::vector<Sequence> inputs;
  if (replacement.kind == Kind::model) {
    std::vector<std::vector<bool>> left;
    for (const std::vector<bool>& units : kept) left.push_back(stays(units));
    inputs = Proposer::load(model_, replacement.proposer)
                 ->draw(input_, left, [this](std::uint32_t probe) {
                   return draws(Stream::replacement_tokens, probe);
                 });
    for (Sequence& input : inputs) keep_positions(input);
  } else {
    for (const std::vector<bool>& units : kept) inputs.push_back(variant(units, replacement, id));
  }
  std::function<void(std::int64_t, float*)> fill;
  if (is_vector(replacement, id)) {
    auto real = std::make_shared<const Tensor>(embeddings());
    auto row = std::make_shared<const Tensor>(replacement_row(replacement));
    auto masks = std::make_shared<const std::vector<std::vector<bool>>>(kept);
    fill = [this, real, row, masks](std::int64_t probe, float* rows) {
      std::copy_n(real->data(), real->size(), rows);
      const std::vector<bool> left = stays((*masks)[static_cast<std::size_t>(probe)]);
      for (std::size_t token = 0; token < left.size(); ++token) {
        if (left[token]) continue;
        std::copy_n(row->data(), row->size(),
                    rows + static_cast<std::int64_t>(token) * row->size());
      }
    };
  }
  ask_inputs(std::move(inputs), answers, logits, std::move(fill));
}

void Evaluator::ask_ids(const std::vector<std::vector<std::int32_t>>& ids, Values& answers,
                        std::vector<std::vector<float>>* logits) {
  std::vector<Sequence> inputs;
  for (const std::vector<std::int32_t>& row : ids) {
    inputs.push_back(input_);
    inputs.back().ids = row;
    keep_positions(inputs.back());
  }
  ask_inputs(std::move(inputs), answers, logits, nullptr);
}

void Evaluator::ask_inputs(std::vector<Sequence> inputs, Values& answers,
                           std::vector<std::vector<float>>* logits,
                           std::function<void(std::int64_t, float*)> fill) {
  answers.assign(inputs.size(), {});
  if (logits != nullptr) logits->assign(inputs.size(), {});
  auto held = std::make_shared<const std::vector<Sequence>>(std::move(inputs));
  Work work;
  work.probes = static_cast<std::int64_t>(held->size());
  work.targets = &targets_;
  work.fill = std::move(fill);
  work.input = [held](std::int64_t probe) -> const Sequence& {
    return (*held)[static_cast<std::size_t>(probe)];
  };
  work.deliver = [&answers, logits](std::int64_t probe, const Answers& found) {
    const auto index = static_cast<std::size_t>(probe);
    answers[index].assign(found.values.begin(), found.values.end());
    if (logits != nullptr) (*logits)[index].assign(found.logits.begin(), found.logits.end());
  };
  forwards_ += work.probes;
  queue_.push_back(std::move(work));
}

std::string Evaluator::shown(const Replacement& wanted) {
  const Replacement replacement = resolved(wanted);
  if (replacement.kind == Kind::erase) return "";
  const std::optional<std::int32_t> id = replacement_id(replacement);
  return id ? model_.tokenizer().token(*id).value_or("") : replacement.name();
}

/// Positions are those of the real input, also where the network counts them by the ids.
void Evaluator::keep_positions(Sequence& input) const {
  const std::vector<std::int32_t> positions = model_.network().positions(input_.ids);
  if (input.positions.empty() && model_.network().positions(input.ids) != positions) {
    input.positions = positions;
  }
}

/// Tokens that are in no unit that is replaced, [tokens].
std::vector<bool> Evaluator::stays(const std::vector<bool>& kept) const {
  std::vector<bool> stays(input_.ids.size(), true);
  for (std::size_t unit = 0; unit < kept.size(); ++unit) {
    if (kept[unit]) continue;
    for (const std::int64_t token : units_.units[unit].tokens) {
      stays[static_cast<std::size_t>(token)] = false;
    }
  }
  return stays;
}

Sequence Evaluator::variant(const std::vector<bool>& kept, const Replacement& replacement,
                            std::optional<std::int32_t> id) const {
  const std::vector<bool> left = stays(kept);
  if (replacement.kind == Kind::erase) return shortened(left);
  if (replacement.kind == Kind::attention) return unattended(left);
  if (replacement.collapse) return collapsed(kept, *id);
  Sequence input = input_;
  for (std::size_t token = 0; token < left.size(); ++token) {
    if (left[token]) continue;
    if (replacement.kind == Kind::ids) input.ids[token] = replacement.ids[token];
    if (id) input.ids[token] = *id;
  }
  keep_positions(input);
  return input;
}

/// Tokens of removed units are left out; positions close up, token types stay.
Sequence Evaluator::shortened(const std::vector<bool>& stays) const {
  check_usage(input_.reads.empty(),
              "replacement delete: targets at positions need a replacement that keeps the length");
  Sequence input;
  for (std::size_t token = 0; token < stays.size(); ++token) {
    if (!stays[token]) continue;
    input.ids.push_back(input_.ids[token]);
    if (!input_.types.empty()) input.types.push_back(input_.types[token]);
  }
  if (!input.ids.empty()) return input;
  // An empty context, where the tokenizer puts no special tokens around it.
  const std::optional<std::int32_t> empty = model_.tokenizer().eos_id();
  check(empty.has_value(),
        "replacement delete: nothing is left of the input, and the tokenizer has no eos token to "
        "stand for an empty one");
  input.ids.push_back(*empty);
  return input;
}

/// The first token of a removed unit gives way to `id`, its others are left out.
Sequence Evaluator::collapsed(const std::vector<bool>& kept, std::int32_t id) const {
  check_usage(input_.reads.empty(),
              "collapse: targets at positions need a replacement that keeps the length");
  std::vector<bool> left(input_.ids.size(), true);
  std::vector<std::int32_t> ids = input_.ids;
  for (std::size_t unit = 0; unit < kept.size(); ++unit) {
    const std::vector<std::int64_t>& tokens = units_.units[unit].tokens;
    if (kept[unit] || tokens.empty()) continue;
    for (const std::int64_t token : tokens) left[static_cast<std::size_t>(token)] = false;
    left[static_cast<std::size_t>(tokens.front())] = true;
    ids[static_cast<std::size_t>(tokens.front())] = id;
  }
  Sequence input = shortened(left);
  std::size_t place = 0;
  for (std::size_t token = 0; token < left.size(); ++token) {
    if (left[token]) input.ids[place++] = ids[token];
  }
  return input;
}

/// Nobody attends to tokens of removed units; the others keep their positions.
Sequence Evaluator::unattended(const std::vector<bool>& stays) const {
  const Network& network = model_.network();
  const bool keeps = network.shape().keeps_masked;  // the network takes hidden tokens along
  const std::int64_t read = network.pooled_position(input_.ids);
  check_usage(
      !network.shape().pooled() || keeps || read < 0 || stays[static_cast<std::size_t>(read)],
      "replacement attention: the model's head reads token {}, which is replaced", read);
  const std::vector<std::int32_t> positions =
      input_.positions.empty() ? network.positions(input_.ids) : input_.positions;
  Sequence input;
  input.context = input_.context > 0
                      ? input_.context
                      : std::int64_t{*std::max_element(positions.begin(), positions.end())} + 1;
  std::vector<std::int64_t> places(stays.size(), -1);
  for (std::size_t token = 0; token < stays.size(); ++token) {
    if (!stays[token] && !keeps) continue;
    places[token] = input.size();
    if (keeps) input.hidden.push_back(stays[token] ? 0 : 1);
    input.ids.push_back(input_.ids[token]);
    input.columns.push_back(static_cast<std::int32_t>(token));
    input.positions.push_back(positions[token]);
    if (!input_.types.empty()) input.types.push_back(input_.types[token]);
  }
  check_usage(!input.ids.empty(), "replacement attention: nothing is left to attend to");
  for (const std::int64_t position : input_.reads) {
    check_usage(places[static_cast<std::size_t>(position)] >= 0,
                "replacement attention: the target reads token {}, which is replaced", position);
    input.reads.push_back(places[static_cast<std::size_t>(position)]);
  }
  return input;
}

}  // namespace pellucid
