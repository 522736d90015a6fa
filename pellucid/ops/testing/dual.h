// SPDX-License-Identifier: Apache-2.0
// Dual numbers: value + slope e with e^2 = 0. A formula run on them yields its derivative along the
// slopes of its inputs, exact but for rounding in double: J v without step sizes.
#pragma once

#include <cmath>

namespace pellucid::testing {

struct Dual {
  double value = 0, slope = 0;

  Dual() = default;
  Dual(double v, double s = 0) : value(v), slope(s) {}  // NOLINT: constants mix with duals
};

inline Dual operator+(Dual a, Dual b) { return {a.value + b.value, a.slope + b.slope}; }
inline Dual operator-(Dual a, Dual b) { return {a.value - b.value, a.slope - b.slope}; }
inline Dual operator-(Dual a) { return {-a.value, -a.slope}; }
inline Dual operator*(Dual a, Dual b) {
  return {a.value * b.value, a.slope * b.value + a.value * b.slope};
}
inline Dual operator/(Dual a, Dual b) {
  const double quotient = a.value / b.value;
  return {quotient, (a.slope - quotient * b.slope) / b.value};
}
inline Dual& operator+=(Dual& a, Dual b) { return a = a + b; }
inline bool operator<(Dual a, Dual b) { return a.value < b.value; }

inline Dual exp(Dual x) {
  const double e = std::exp(x.value);
  return {e, e * x.slope};
}
inline Dual log(Dual x) { return {std::log(x.value), x.slope / x.value}; }
inline Dual sqrt(Dual x) {
  const double root = std::sqrt(x.value);
  return {root, x.slope / (2 * root)};
}
inline Dual tanh(Dual x) {
  const double t = std::tanh(x.value);
  return {t, (1 - t * t) * x.slope};
}
inline Dual erf(Dual x) {
  const double slope = 1.1283791670955126 * std::exp(-x.value * x.value);  // 2 / sqrt(pi)
  return {std::erf(x.value), slope * x.slope};
}

inline double value_of(double x) { return x; }
inline double value_of(Dual x) { return x.value; }

}  // namespace pellucid::testing
