// SPDX-License-Identifier: Apache-2.0
#include "pellucid/evaluator/evaluator.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "pellucid/base/error.h"

namespace pellucid {
namespace {

/// rows = from + alpha (to - from)
void interpolate(const Path& path, double alpha, float* rows) {
  const auto share = static_cast<float>(alpha);
  const float* from = path.from.data();
  const float* to = path.to.data();
  for (std::int64_t i = 0; i < path.from.size(); ++i) rows[i] = from[i] + share * (to[i] - from[i]);
}

}  // namespace

GradientSum::GradientSum(std::int64_t targets, std::int64_t tokens, std::int64_t hidden)
    : targets_(targets),
      tokens_(tokens),
      hidden_(hidden),
      sum_(static_cast<std::size_t>(targets * tokens * hidden)) {}

void GradientSum::add(double weight, const GradientView& gradients) {
  double* sum = sum_.data();
  for (std::int64_t target = 0; target < targets_; ++target) {
    const float* added = gradients.row(target, 0);
    for (std::int64_t i = 0; i < tokens_ * hidden_; ++i) *sum++ += weight * double{added[i]};
  }
}

void GradientSum::add(const GradientSum& other) {
  for (std::size_t i = 0; i < sum_.size(); ++i) sum_[i] += other.sum_[i];
}

std::span<const double> GradientSum::row(std::int64_t target, std::int64_t token) const {
  return {sum_.data() + (target * tokens_ + token) * hidden_, static_cast<std::size_t>(hidden_)};
}

Evaluator::Evaluator(Model model, const Encoding& encoding, const Units& units, Sequence input,
                     std::vector<Target> targets, Executor& executor, std::uint64_t seed)
    : model_(std::move(model)),
      encoding_(encoding),
      units_(units),
      input_(std::move(input)),
      targets_(std::move(targets)),
      executor_(executor),
      seed_(seed) {}

void Evaluator::run() {
  const std::vector<Work> works = std::exchange(queue_, {});
  executor_.run(works);
  kept_.clear();
}

void Evaluator::set_answer(std::vector<double> values, std::span<const float> logits) {
  values_ = std::move(values);
  logits_.assign(logits.begin(), logits.end());
  if (logits.empty()) return;
  const auto [low, high] = std::minmax_element(logits.begin(), logits.end());
  logit_range_ = double{*high} - double{*low};
}

void Evaluator::set_text(std::string text, std::optional<std::string> pair) {
  text_ = std::move(text);
  pair_ = std::move(pair);
}

Units Evaluator::units_of_kind(Unit kind) const {
  return make_units(kind, encoding_, text_, pair_ ? &*pair_ : nullptr);
}

double Evaluator::spread(std::int64_t target) const {
  const Output output = targets_[static_cast<std::size_t>(target)].output;
  const bool probability =
      output == Output::probability || output == Output::probability_difference;
  return probability ? 1.0 : logit_range_;
}

void Evaluator::warn(std::string warning) {
  if (std::find(warnings_.begin(), warnings_.end(), warning) == warnings_.end()) {
    warnings_.push_back(std::move(warning));
  }
}

Tensor Evaluator::embeddings() const { return model_.network().embed(input_.ids); }

void Evaluator::ask_values(const Path& path, std::vector<double> alphas, Values& answers) {
  answers.assign(alphas.size(), {});
  Work work;
  work.probes = static_cast<std::int64_t>(alphas.size());
  work.input = [this](std::int64_t) -> const Sequence& { return input_; };
  work.targets = &targets_;
  work.tap = path.tap;
  work.fill = [path, alphas](std::int64_t probe, float* rows) {
    interpolate(path, alphas[static_cast<std::size_t>(probe)], rows);
  };
  work.deliver = [&answers](std::int64_t probe, const Answers& found) {
    answers[static_cast<std::size_t>(probe)].assign(found.values.begin(), found.values.end());
  };
  forwards_ += work.probes;
  queue_.push_back(std::move(work));
}

void Evaluator::ask_gradients(const Path& path, std::vector<double> alphas, Fold fold) {
  const auto points = static_cast<std::int64_t>(alphas.size());
  ask_gradients(
      path.tap, points,
      [path, alphas = std::move(alphas)](std::int64_t point, float* rows) {
        interpolate(path, alphas[static_cast<std::size_t>(point)], rows);
      },
      std::move(fold));
}

void Evaluator::ask_gradients(const std::string& tap, std::int64_t points, Fill fill, Fold fold) {
  Work work;
  work.probes = points;
  work.input = [this](std::int64_t) -> const Sequence& { return input_; };
  work.targets = &targets_;
  work.gradients = true;
  work.tap = tap;
  work.fill = std::move(fill);
  work.deliver = [fold = std::move(fold)](std::int64_t probe, const Answers& found) {
    fold(static_cast<std::size_t>(probe), found.values, *found.gradients);
  };
  forwards_ += work.probes;
  vjps_ += work.probes;
  queue_.push_back(std::move(work));
}

void Evaluator::ask_gradients(const std::string& tap, Fold fold) {
  ask_gradients(tap, 1, nullptr, std::move(fold));
}

void Evaluator::ask_own(std::int64_t probes, const Cost& cost, Compute compute) {
  Work work;
  work.probes = probes;
  work.input = [this](std::int64_t) -> const Sequence& { return input_; };
  work.targets = &targets_;
  work.compute = std::move(compute);
  work.floats = cost.floats;
  work.deliver = [](std::int64_t, const Answers&) {};
  forwards_ += probes * cost.forwards;
  vjps_ += probes * cost.vjps;
  queue_.push_back(std::move(work));
}

std::vector<std::int64_t> Evaluator::read_positions(std::int64_t target) const {
  const auto& own = targets_[static_cast<std::size_t>(target)].positions;
  if (!own.empty()) return own;
  if (model_.network().shape().pooled()) {
    const std::int64_t position = model_.network().pooled_position(input_.ids);
    if (position >= 0) return {position};
  }
  std::vector<std::int64_t> all(input_.ids.size());
  std::iota(all.begin(), all.end(), 0);
  return all;
}

std::optional<std::int32_t> Evaluator::replacement_id(const Replacement& replacement) {
  const Tokenizer& tokenizer = model_.tokenizer();
  const auto instead = [this](std::optional<std::int32_t> id, const char* wanted,
                              const char* used) {
    if (id) warn(fmt::format("the tokenizer has no {} token: {} is used instead", wanted, used));
    return id;
  };
  switch (replacement.kind) {
    case Replacement::Kind::pad:
      if (const auto id = tokenizer.pad_id()) return id;
      if (const auto id = instead(tokenizer.unk_id(), "pad", "unk")) return id;
      if (const auto id = instead(tokenizer.eos_id(), "pad", "eos")) return id;
      warn("the tokenizer has no pad, unk or eos token: the zero vector is used instead");
      return std::nullopt;
    case Replacement::Kind::mask:
      if (const auto id = tokenizer.mask_id()) return id;
      if (const auto id = instead(tokenizer.unk_id(), "mask", "unk")) return id;
      return replacement_id({.kind = Replacement::Kind::pad});
    case Replacement::Kind::unk:
      check_usage(tokenizer.unk_id().has_value(),
                  "replacement unk: the tokenizer has no unk token");
      return tokenizer.unk_id();
    case Replacement::Kind::token: {
      const auto id = tokenizer.id(replacement.token);
      check_usage(id.has_value(), "replacement \"{}\" is no token of the vocabulary",
                  replacement.token);
      return id;
    }
    case Replacement::Kind::zero:
    case Replacement::Kind::mean:
    case Replacement::Kind::erase:
    case Replacement::Kind::ids:
    case Replacement::Kind::attention:
    case Replacement::Kind::model:
    case Replacement::Kind::usual:
      return std::nullopt;
  }
  return std::nullopt;
}

/// [1, width] for replacements that are no token.
Tensor Evaluator::replacement_row(const Replacement& replacement) const {
  const std::int64_t width = model_.network().shape().width("embeddings");
  if (replacement.kind != Replacement::Kind::mean) return Tensor::zeros({1, width});
  return model_.mean_embedding();
}

void Evaluator::set_baseline_places(std::vector<std::int32_t> positions,
                                    std::vector<std::int32_t> types) {
  baseline_positions_ = std::move(positions);
  baseline_types_ = std::move(types);
}

/// The baseline as ids, for activations that depend on all of the input.
Sequence Evaluator::baseline_input(const Replacement& baseline) {
  Sequence input = input_;
  if (!baseline_positions_.empty()) input.positions = baseline_positions_;
  if (!baseline_types_.empty()) input.types = baseline_types_;
  if (baseline.kind == Replacement::Kind::ids) {
    input.ids = baseline.ids;
    return input;
  }
  const std::optional<std::int32_t> id = replacement_id(baseline);
  check_usage(id.has_value(), "baseline {}: layers behind the embeddings need a token",
              baseline.name());
  for (std::size_t token = 0; token < encoding_.tokens.size(); ++token) {
    if (!encoding_.tokens[token].special) input.ids[token] = *id;
  }
  return input;
}

/// What the network has at the tap on each of the inputs, [tokens, width].
std::vector<Tensor> Evaluator::activations(const std::vector<Sequence>& inputs,
                                           const std::string& tap) {
  std::vector<Tensor> found(inputs.size());
  Work work;
  work.probes = static_cast<std::int64_t>(inputs.size());
  work.targets = &targets_;
  work.tap = tap;
  work.activation = true;
  work.input = [&inputs](std::int64_t probe) -> const Sequence& {
    return inputs[static_cast<std::size_t>(probe)];
  };
  work.deliver = [this, &found](std::int64_t probe, const Answers& answers) {
    const auto size = static_cast<std::int64_t>(answers.activation.size());
    found[static_cast<std::size_t>(probe)] =
        Tensor::from(answers.activation, {tokens(), size / tokens()});
  };
  forwards_ += work.probes;
  executor_.run(std::span<const Work>(&work, 1));
  return found;
}

Path Evaluator::path_from_zero(const std::string& tap) {
  Path path;
  path.tap = tap;
  path.to = tap == "embeddings" ? embeddings() : activations({input_}, tap).front();
  path.from = Tensor::zeros(path.to.shape());
  return path;
}

Path Evaluator::straight_path(const Replacement& baseline, const std::string& tap) {
  check_usage(baseline.kind != Replacement::Kind::erase,
              "baseline delete: a path needs a baseline of the same length");
  check_usage(baseline.kind != Replacement::Kind::attention &&
                  baseline.kind != Replacement::Kind::model &&
                  baseline.kind != Replacement::Kind::usual,
              "baseline {}: a path needs vectors to start from", baseline.name());
  check_usage(baseline.kind != Replacement::Kind::ids || baseline.ids.size() == input_.ids.size(),
              "baseline of {} ids for an input of {} tokens", baseline.ids.size(),
              input_.ids.size());
  if (tap != "embeddings") {
    const std::vector<Tensor> ends = activations({baseline_input(baseline), input_}, tap);
    return {tap, ends[0], ends[1]};
  }
  Path path;
  path.to = embeddings();
  if (baseline.kind == Replacement::Kind::ids) {
    path.from = model_.network().embed(baseline.ids);
    return path;
  }
  path.from = path.to.clone();
  const std::optional<std::int32_t> id = replacement_id(baseline);
  const Tensor row = id ? model_.network().embed(std::span<const std::int32_t>(&*id, 1))
                        : replacement_row(baseline);
  for (std::size_t token = 0; token < encoding_.tokens.size(); ++token) {
    if (encoding_.tokens[token].special && !baseline.everywhere) continue;
    std::copy_n(row.data(), row.size(), path.from.row(static_cast<std::int64_t>(token)));
  }
  return path;
}

}  // namespace pellucid
