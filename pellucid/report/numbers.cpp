// SPDX-License-Identifier: Apache-2.0
#include "pellucid/report/numbers.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace pellucid::report {
namespace {

/// "3e-07" -> "3e-7".
std::string without_exponent_zeros(std::string text) {
  const auto e = text.find('e');
  if (e == std::string::npos) return text;
  auto digit = e + 2;
  while (digit + 1 < text.size() && text[digit] == '0') text.erase(digit, 1);
  if (text[e + 1] == '+') text.erase(e + 1, 1);
  return text;
}

}  // namespace

ScoreFormat ScoreFormat::of(double largest, bool with_sign) {
  ScoreFormat format;
  format.with_sign = with_sign;
  if (!(largest > 0) || !std::isfinite(largest)) return format;
  const int magnitude = static_cast<int>(std::floor(std::log10(largest)));
  format.scientific = magnitude < -4 || magnitude > 6;
  format.decimals = format.scientific ? 2 : std::clamp(2 - magnitude, 0, 6);
  return format;
}

std::string ScoreFormat::operator()(double score) const {
  if (!std::isfinite(score)) return "-";
  std::string text = scientific ? without_exponent_zeros(fmt::format("{:.{}e}", score, decimals))
                                : fmt::format("{:.{}f}", score, decimals);
  if (text.find_first_of("123456789") == std::string::npos || score == 0) {
    return text.front() == '-' ? text.substr(1) : text;  // a zero has no sign
  }
  if (with_sign && score > 0) text.insert(text.begin(), '+');
  return text;
}

double largest_magnitude(std::span<const double> values) {
  double largest = 0;
  for (const double value : values) {
    if (std::isfinite(value)) largest = std::max(largest, std::abs(value));
  }
  return largest;
}

std::string short_number(double value) {
  if (!std::isfinite(value)) return "-";
  if (std::abs(value) >= 1000 && std::abs(value) < 1e6) return fmt::format("{:.0f}", value);
  return without_exponent_zeros(fmt::format("{:.3g}", value));
}

std::string probability_text(double value) {
  if (!std::isfinite(value)) return "-";
  if (value > 0 && value < 0.0005) return "<0.001";
  if (value < 1 && value >= 0.9995) return ">0.999";
  return fmt::format("{:.3f}", value);
}

std::string duration_text(double seconds) {
  if (!std::isfinite(seconds) || seconds < 0) return "-";
  if (seconds < 0.9995) return fmt::format("{} ms", short_number(seconds * 1000));
  if (seconds < 60) return fmt::format("{} s", short_number(seconds));
  const auto whole = static_cast<std::int64_t>(std::llround(seconds));
  return fmt::format("{} min {} s", whole / 60, whole % 60);
}

std::string count_text(std::int64_t count) {
  std::string text = fmt::format("{}", count);
  const std::size_t first = text.front() == '-' ? 1 : 0;
  for (std::size_t at = text.size(); at > first + 3;) text.insert(at -= 3, 1, ',');
  return text;
}

}  // namespace pellucid::report
