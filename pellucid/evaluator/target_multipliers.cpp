// SPDX-License-Identifier: Apache-2.0
// Rules of DeepLift for what stands behind the logits z. With e = exp(z - c), c one for both
// inputs, S = sum e and r = 1 / S:
//   probability      p = e_c r: product, exp and reciprocal    sigmoid: rescaled
//   log-probability  z_c - log S: exp and logarithm rescaled   log-odds: the same over the others
#include <algorithm>
#include <cmath>
#include <vector>

#include "pellucid/base/error.h"
#include "pellucid/evaluator/target.h"

namespace pellucid {
namespace {

/// (f - base_f) / (x - base_x), or the derivative where both are one.
double quotient(double f, double base_f, double x, double base_x, double derivative) {
  return std::abs(x - base_x) < 1e-6 ? derivative : (f - base_f) / (x - base_x);
}

double log_sigmoid(double x) { return std::min(x, 0.0) - std::log1p(std::exp(-std::abs(x))); }

/// One row of both inputs.
struct Rows {
  std::span<const float> z, base;
  std::vector<double> e, base_e, slope;  // slope: (e - e') / (z - z')

  Rows(std::span<const float> real, std::span<const float> baseline) : z(real), base(baseline) {
    const double c = std::max(double{*std::max_element(z.begin(), z.end())},
                              double{*std::max_element(base.begin(), base.end())});
    for (std::size_t j = 0; j < z.size(); ++j) {
      e.push_back(std::exp(double{z[j]} - c));
      base_e.push_back(std::exp(double{base[j]} - c));
      const double apart = double{z[j]} - double{base[j]};
      slope.push_back(apart == 0  ? e[j]
                      : apart > 0 ? e[j] * -std::expm1(-apart) / apart
                                  : base_e[j] * std::expm1(apart) / apart);
    }
  }
};

void add_probability(const Rows& rows, std::size_t at, double weight, std::vector<double>& m) {
  double sum = 0, base_sum = 0;
  for (std::size_t j = 0; j < m.size(); ++j) {
    sum += rows.e[j];
    base_sum += rows.base_e[j];
  }
  const double shared = (rows.e[at] + rows.base_e[at]) / 2 / (sum * base_sum);
  for (std::size_t j = 0; j < m.size(); ++j) m[j] -= weight * shared * rows.slope[j];
  m[at] += weight * (1 / sum + 1 / base_sum) / 2 * rows.slope[at];
}

/// z_c less the logarithm of the sum over all, or over all others.
void add_logarithm(const Rows& rows, std::size_t at, bool others, double weight,
                   std::vector<double>& m) {
  double sum = 0, base_sum = 0;
  for (std::size_t j = 0; j < m.size(); ++j) {
    if (others && j == at) continue;
    sum += rows.e[j];
    base_sum += rows.base_e[j];
  }
  m[at] += weight;
  if (sum == 0 || base_sum == 0) return;
  const double apart = sum - base_sum;
  const double share =
      std::abs(apart) < 1e-9 * sum ? 1 / sum : (std::log(sum) - std::log(base_sum)) / apart;
  for (std::size_t j = 0; j < m.size(); ++j) {
    if (!others || j != at) m[j] -= weight * share * rows.slope[j];
  }
}

void add_class(const Target& target, std::int64_t index, const Rows& rows, double weight,
               std::vector<double>& m) {
  const bool single = target.link == Link::sigmoid && rows.z.size() == 1;
  const auto at = static_cast<std::size_t>(single ? 0 : index);
  const double sign = single && index == 0 ? -1 : 1;
  const double x = sign * double{rows.z[at]}, base_x = sign * double{rows.base[at]};
  if (target.output == Output::logit ||
      (target.link != Link::softmax && target.output == Output::log_odds)) {
    m[at] += weight * sign;
    return;
  }
  const bool logarithm =
      target.output == Output::log_probability || target.output == Output::log_odds;
  if (target.link == Link::softmax) {
    if (logarithm) {
      add_logarithm(rows, at, target.output == Output::log_odds, weight, m);
    } else {
      add_probability(rows, at, weight, m);
    }
    return;
  }
  m[at] += weight * sign *
           (logarithm ? quotient(log_sigmoid(x), log_sigmoid(base_x), x, base_x, sigmoid(-x))
                      : quotient(sigmoid(x), sigmoid(base_x), x, base_x, sigmoid(x) * sigmoid(-x)));
}

}  // namespace

void Target::multipliers(std::span<const float> logits, std::span<const float> base,
                         std::int64_t classes, std::span<float> multipliers) const {
  value(logits, classes);  // refuses what does not fit
  const auto width = static_cast<std::size_t>(classes);
  const std::size_t count = std::max<std::size_t>(1, positions.size());
  for (std::size_t row = 0; row < count; ++row) {
    const Rows rows(logits.subspan(row * width, width), base.subspan(row * width, width));
    std::vector<double> m(width);
    const double weight = 1 / static_cast<double>(count);
    add_class(*this, *index, rows, weight, m);
    if (contrast) add_class(*this, *contrast, rows, -weight, m);
    std::transform(m.begin(), m.end(),
                   multipliers.begin() + static_cast<std::ptrdiff_t>(row * width),
                   [](double x) { return static_cast<float>(x); });
  }
}

}  // namespace pellucid
