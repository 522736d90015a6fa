// SPDX-License-Identifier: Apache-2.0
// The results as a table, or as JSON for those who compare runs.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "benchmarks/peaks.h"

namespace pellucid::bench {

/// One measured piece of work. What does not apply is 0 and is not shown.
struct Result {
  std::string name;
  double seconds = 0;  ///< least of several runs
  double flops = 0;    ///< needed
  double peak = 0;     ///< GFLOP/s of f32 multiply-adds, measured just before and after
  std::vector<std::pair<std::string, double>> facts{};  ///< others, with the unit in the name
};

/// One line; a table's row.
std::string to_row(const Result& result);
std::string row_titles();
std::string to_json(const std::string& machine, const Peaks& peaks,
                    const std::vector<Result>& results);

}  // namespace pellucid::bench
