// SPDX-License-Identifier: Apache-2.0
#include "pellucid/nn/rope.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>
#include <numeric>

#include "pellucid/base/error.h"

namespace pellucid {
namespace {

constexpr double kLargest = 1e12;

/// 1 for no stretching.
double yarn_amplitude(double factor, double scale) {
  return factor <= 1 ? 1 : 0.1 * scale * std::log(factor) + 1;
}

std::vector<double> divisors(const JsonObject& scaling, const char* key, std::size_t pairs) {
  const std::vector<double> values = scaling.numbers(key);
  check(values.size() == pairs, "{}: \"rope_scaling.{}\" has {} numbers, expected {}",
        scaling.name(), key, values.size(), pairs);
  return values;
}

}  // namespace

Rope Rope::read(const ModelConfig& config, const RopeOptions& options,
                const std::vector<std::string>& kinds) {
  static const std::map<std::string, Scaling> kScalings{
      {"default", Scaling::none}, {"linear", Scaling::linear},     {"dynamic", Scaling::dynamic},
      {"yarn", Scaling::yarn},    {"longrope", Scaling::longrope}, {"llama3", Scaling::llama3}};
  Rope rope(options);
  const auto scaling = config.fields.optional_object("rope_scaling");
  if (!scaling) return rope;
  std::vector<std::string> known = kinds;
  for (const auto& [name, kind] : kScalings) {
    if (kinds.empty()) known.push_back(name);
  }
  const bool today = scaling->has("rope_type");  // "type" is its old name
  if (today) scaling->ignore({"type"});
  rope.scaling_ = kScalings.at(scaling->choice(today ? "rope_type" : "type", known));
  switch (rope.scaling_) {
    case Scaling::none:
      break;
    case Scaling::linear:
    case Scaling::dynamic:
      rope.factor_ = scaling->number("factor", 1e-6, kLargest);
      rope.original_ = options.max_positions;
      break;
    case Scaling::yarn:
      rope.read_yarn(*scaling);
      break;
    case Scaling::longrope:
      rope.read_longrope(config, *scaling);
      break;
    case Scaling::llama3:
      rope.read_llama3(*scaling);
      break;
  }
  return rope;
}

/// Dimensions that turn often within the original length keep their frequency, those that turn
/// less than once are stretched, with a ramp between.
void Rope::read_yarn(const JsonObject& scaling) {
  factor_ = scaling.number("factor", 1e-6, kLargest);
  const auto original = static_cast<double>(
      scaling.optional_integer("original_max_position_embeddings", 1, kMaxVocabulary)
          .value_or(options_.max_positions));
  const double scale = scaling.optional_number("mscale").value_or(0);
  const double scale_all = scaling.optional_number("mscale_all_dim").value_or(0);
  amplitude_ = yarn_amplitude(factor_, 1);
  if (scale != 0 && scale_all != 0) {
    amplitude_ = yarn_amplitude(factor_, scale) / yarn_amplitude(factor_, scale_all);
  }
  amplitude_ = scaling.optional_number("attention_factor").value_or(amplitude_);
  const auto turns = [&](const char* key, double usual) {
    const double value = scaling.optional_number(key, 0, kLargest).value_or(0);
    return value == 0 ? usual : value;
  };
  const auto dimension = [&](double count) {
    return static_cast<double>(options_.dimensions) *
           std::log(original / (count * 2 * std::numbers::pi)) / (2 * std::log(options_.theta));
  };
  double low = dimension(turns("beta_fast", 32)), high = dimension(turns("beta_slow", 1));
  if (scaling.optional_boolean("truncate").value_or(true)) {
    low = std::floor(low);
    high = std::ceil(high);
  }
  low = std::max(low, 0.0);
  high = std::min(high, static_cast<double>(options_.dimensions - 1));
  if (low == high) high += 0.001;
  scaled_ = plain(options_.theta);
  for (std::size_t i = 0; i < scaled_.size(); ++i) {
    const double ramp = std::clamp((static_cast<double>(i) - low) / (high - low), 0.0, 1.0);
    scaled_[i] *= ramp / factor_ + 1 - ramp;
  }
}

void Rope::read_longrope(const ModelConfig& config, const JsonObject& scaling) {
  const auto pairs = static_cast<std::size_t>(options_.dimensions / 2);
  short_ = divisors(scaling, "short_factor", pairs);
  long_ = divisors(scaling, "long_factor", pairs);
  const auto original =
      config.fields.optional_integer("original_max_position_embeddings", 1, kMaxVocabulary);
  original_ = original.value_or(options_.max_positions);
  const auto given = scaling.optional_number("attention_factor");
  if (original) {
    factor_ = static_cast<double>(options_.max_positions) / static_cast<double>(original_);
    scaling.ignore({"factor"});
  } else if (!given) {
    factor_ = scaling.number("factor", 1e-6, kLargest);
  } else {
    scaling.ignore({"factor"});
  }
  if (factor_ > 1) {
    amplitude_ = std::sqrt(1 + std::log(factor_) / std::log(static_cast<double>(original_)));
  }
  amplitude_ = given.value_or(amplitude_);
}

/// Long waves are stretched, short ones kept, with a smooth transition.
void Rope::read_llama3(const JsonObject& scaling) {
  factor_ = scaling.number("factor", 1e-6, kLargest);
  const double low = scaling.number("low_freq_factor", 1e-6, kLargest);
  const double high = scaling.number("high_freq_factor", 1e-6, kLargest);
  const auto original =
      static_cast<double>(scaling.integer("original_max_position_embeddings", 1, kMaxVocabulary));
  scaled_ = plain(options_.theta);
  for (double& frequency : scaled_) {
    const double wave = 2 * std::numbers::pi / frequency;
    if (wave > original / low) {
      frequency /= factor_;
    } else if (wave >= original / high) {
      const double smooth = (original / wave - low) / (high - low);
      frequency *= (1 - smooth) / factor_ + smooth;
    }
  }
}

std::vector<double> Rope::plain(double theta) const {
  std::vector<double> result(static_cast<std::size_t>(options_.dimensions / 2));
  for (std::size_t i = 0; i < result.size(); ++i) {
    result[i] =
        std::pow(theta, -2 * static_cast<double>(i) / static_cast<double>(options_.dimensions));
  }
  return result;
}

std::vector<double> Rope::frequencies(std::int64_t length) const {
  if (!scaled_.empty()) return scaled_;
  double theta = options_.theta;
  if (scaling_ == Scaling::dynamic && length > original_) {
    const auto dimensions = static_cast<double>(options_.dimensions);
    const double stretch =
        factor_ * static_cast<double>(length) / static_cast<double>(original_) - (factor_ - 1);
    theta *= std::pow(stretch, dimensions / (dimensions - 2));
  }
  std::vector<double> result = plain(theta);
  const std::vector<double>& divisor = length > original_ ? long_ : short_;
  for (std::size_t i = 0; i < result.size(); ++i) {
    if (scaling_ == Scaling::linear) result[i] /= factor_;
    if (scaling_ == Scaling::longrope) result[i] /= divisor[i];
  }
  return result;
}

RotaryAngles Rope::angles(const Batch& batch) const {
  std::vector<std::int64_t> rows(static_cast<std::size_t>(batch.tokens()));
  std::iota(rows.begin(), rows.end(), 0);
  return angles(batch, rows);
}

RotaryAngles Rope::angles(const Batch& batch, std::span<const std::int64_t> rows) const {
  const std::int64_t pairs = options_.dimensions / 2;
  const Shape shape{static_cast<std::int64_t>(rows.size()), pairs};
  RotaryAngles angles{Tensor::uninitialized(shape), Tensor::uninitialized(shape)};
  std::vector<double> turning;
  std::size_t sequence = 0;
  for (std::int64_t i = 0; i < shape[0]; ++i) {
    const std::int64_t row = rows[static_cast<std::size_t>(i)];
    const bool first = turning.empty();
    const std::size_t before = sequence;
    while (row >= batch.offsets[sequence + 1]) ++sequence;
    if (first || sequence != before) turning = frequencies(batch.contexts[sequence]);
    const double position = batch.positions[static_cast<std::size_t>(row)];
    for (std::int64_t pair = 0; pair < pairs; ++pair) {
      const double angle = position * turning[static_cast<std::size_t>(pair)];
      angles.cosines.row(i)[pair] = static_cast<float>(std::cos(angle) * amplitude_);
      angles.sines.row(i)[pair] = static_cast<float>(std::sin(angle) * amplitude_);
    }
  }
  return angles;
}

}  // namespace pellucid
