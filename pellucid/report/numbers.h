// SPDX-License-Identifier: Apache-2.0
// Numbers as people read them: three significant digits, one number of decimals for a whole column.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace pellucid::report {

/// How to write the scores of one target: the largest one gets three significant digits, the others
/// as many decimals.
struct ScoreFormat {
  int decimals = 3;
  bool scientific = false;  ///< for columns whose largest number is under 0.0001 or over 1,000,000
  bool with_sign = true;

  static ScoreFormat of(double largest, bool with_sign);
  /// "+0.953"; a number that is not finite is "-".
  std::string operator()(double score) const;
};

/// Largest magnitude of the finite numbers; 0 when there is none.
double largest_magnitude(std::span<const double> values);
/// Three significant digits without needless zeros: "0.0003", "12.5", "3e-7".
std::string short_number(double value);
/// Three decimals; "<0.001" and ">0.999" rather than a rounded 0 or 1.
std::string probability_text(double value);
/// "12 ms", "1.2 s", "3 min 5 s".
std::string duration_text(double seconds);
/// Thousands apart: "1,124".
std::string count_text(std::int64_t count);

}  // namespace pellucid::report
