// SPDX-License-Identifier: Apache-2.0
// Every scale but the raw logit is a function of one number, the margin m of a class:
//   softmax   m = z_c - log sum_{j != c} exp z_j    sigmoid   m = z_c (one logit: m_1 = z, m_0 =
//   -z) probability s(m)    log-probability -softplus(-m)    log-odds m
// because softmax of one class against all others is a sigmoid of its log-odds. So nothing
// overflows or cancels, and the gradient is f'(m) * dm/dz with dm/dz = e_c - softmax of the others.
#include "pellucid/evaluator/target.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include "pellucid/base/error.h"
#include "pellucid/base/spelling.h"

namespace pellucid {
namespace {

constexpr std::array<std::pair<Output, std::string_view>, 5> kOutputs{{
    {Output::logit, "logit"},
    {Output::probability, "probability"},
    {Output::log_probability, "log-probability"},
    {Output::log_odds, "log-odds"},
    {Output::probability_difference, "probability-difference"},
}};

/// log sum exp over all classes but one; -infinity when none is left.
double log_sum_exp(std::span<const float> logits, std::size_t without) {
  double largest = -std::numeric_limits<double>::infinity();
  for (std::size_t j = 0; j < logits.size(); ++j) {
    if (j != without) largest = std::max(largest, static_cast<double>(logits[j]));
  }
  if (!std::isfinite(largest)) return largest;
  double sum = 0;
  for (std::size_t j = 0; j < logits.size(); ++j) {
    if (j != without) sum += std::exp(logits[j] - largest);
  }
  return largest + std::log(sum);
}

double softplus(double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))); }

/// A linear or log-odds reading of one class in one row, and what its gradient needs.
struct Margin {
  double value = 0;
  double sign = 1;     ///< d value / d z of the class itself
  double others = 0;   ///< log sum exp over the other classes, when `against_others`
  std::size_t at = 0;  ///< the class's logit
  bool against_others = false;
};

Margin margin(const Target& target, std::int64_t index, std::span<const float> logits) {
  Margin m;
  m.at = static_cast<std::size_t>(index);
  if (target.link == Link::sigmoid && logits.size() == 1) {
    check(index == 0 || index == 1, "target \"{}\": class {} of a head with one logit",
          target.label, index);
    m.at = 0;
    m.sign = index == 1 ? 1 : -1;
  }
  check(m.at < logits.size(), "target \"{}\": class {}, but the head has {}", target.label, index,
        logits.size());
  m.value = m.sign * logits[m.at];
  if (target.link == Link::softmax && target.output != Output::logit) {
    m.against_others = true;
    m.others = log_sum_exp(logits, m.at);
    m.value -= m.others;
  }
  return m;
}

/// The scale of a target as a function of the margin, and its derivative.
double scaled(Output output, double m) {
  switch (output) {
    case Output::probability:
    case Output::probability_difference:
      return sigmoid(m);
    case Output::log_probability:
      return -softplus(-m);
    case Output::logit:
    case Output::log_odds:
      break;
  }
  return m;
}

double slope(Output output, double m) {
  switch (output) {
    case Output::probability:
    case Output::probability_difference:
      return sigmoid(m) * sigmoid(-m);
    case Output::log_probability:
      return sigmoid(-m);
    case Output::logit:
    case Output::log_odds:
      break;
  }
  return 1;
}

/// gradient += weight * d (scaled margin of class `index`) / d logits
void add_gradient(const Target& target, std::int64_t index, std::span<const float> logits,
                  double weight, std::vector<double>& gradient) {
  const Margin m = margin(target, index, logits);
  weight *= slope(target.output, m.value);
  gradient[m.at] += weight * m.sign;
  if (!m.against_others) return;
  for (std::size_t j = 0; j < logits.size(); ++j) {
    if (j != m.at) gradient[j] -= weight * std::exp(logits[j] - m.others);
  }
}

/// Number of rows; checks that target and logits fit together.
std::int64_t row_count(const Target& target, std::span<const float> logits, std::int64_t classes) {
  check(target.index.has_value(), "target \"{}\" has no class", target.label);
  check_usage(target.link != Link::identity || target.output == Output::logit,
              "output {}: \"{}\" is a plain value without a probability, expected output logit",
              name(target.output), target.label);
  check_usage(target.output != Output::probability_difference || target.contrast,
              "output probability-difference: target \"{}\" is one class, expected A-B",
              target.label);
  const auto rows = std::max<std::int64_t>(1, static_cast<std::int64_t>(target.positions.size()));
  check(static_cast<std::int64_t>(logits.size()) == rows * classes,
        "target \"{}\": {} logits, expected {} rows of {}", target.label, logits.size(), rows,
        classes);
  return rows;
}

std::span<const float> row_of(std::span<const float> logits, std::int64_t row,
                              std::int64_t classes) {
  return logits.subspan(static_cast<std::size_t>(row * classes), static_cast<std::size_t>(classes));
}

}  // namespace

std::string_view name(Output output) {
  for (const auto& [value, text] : kOutputs) {
    if (value == output) return text;
  }
  return "";
}

Output parse_output(std::string_view name) {
  std::vector<std::string> known;
  for (const auto& [value, text] : kOutputs) {
    if (text == name) return value;
    known.emplace_back(text);
  }
  fail_usage(
      "output {} is unknown, expected logit, probability, log-probability, log-odds or "
      "probability-difference{}",
      quote(name), did_you_mean(name, known));
}

double Target::value(std::span<const float> logits, std::int64_t classes) const {
  const std::int64_t rows = row_count(*this, logits, classes);
  double sum = 0;
  for (std::int64_t i = 0; i < rows; ++i) {
    const auto row = row_of(logits, i, classes);
    sum += scaled(output, margin(*this, *index, row).value);
    if (contrast) sum -= scaled(output, margin(*this, *contrast, row).value);
  }
  return sum / static_cast<double>(rows);
}

void Target::gradient(std::span<const float> logits, std::int64_t classes,
                      std::span<float> gradient) const {
  const std::int64_t rows = row_count(*this, logits, classes);
  const double weight = 1.0 / static_cast<double>(rows);
  std::vector<double> sum(static_cast<std::size_t>(classes));
  for (std::int64_t i = 0; i < rows; ++i) {
    const auto row = row_of(logits, i, classes);
    std::fill(sum.begin(), sum.end(), 0.0);
    add_gradient(*this, *index, row, weight, sum);
    if (contrast) add_gradient(*this, *contrast, row, -weight, sum);
    std::transform(sum.begin(), sum.end(), gradient.begin() + i * classes,
                   [](double x) { return static_cast<float>(x); });
  }
}

std::vector<double> softmax(std::span<const float> logits) {
  if (logits.empty()) return {};
  const double largest = *std::max_element(logits.begin(), logits.end());
  std::vector<double> probabilities(logits.size());
  double sum = 0;
  for (std::size_t j = 0; j < logits.size(); ++j) {
    sum += probabilities[j] = std::exp(logits[j] - largest);
  }
  for (double& p : probabilities) p /= sum;
  return probabilities;
}

double sigmoid(double x) {
  if (x >= 0) return 1 / (1 + std::exp(-x));
  const double e = std::exp(x);
  return e / (1 + e);
}

}  // namespace pellucid
