// SPDX-License-Identifier: Apache-2.0
// --evaluations N: model rows in all, that of the real input and that of the baseline included.
// Bounds every method alike, so that methods compare at equal cost.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>

#include "pellucid/attributions/explanation.h"
#include "pellucid/base/error.h"

namespace pellucid {

using RowBudget = std::optional<std::int64_t>;  ///< none: no bound

inline constexpr double kMostEvaluations = 1e12;
inline constexpr std::int64_t kMostSamples = 1000000000;

/// A number of draws or steps as results show it: not at all where the text decides (`open`).
inline std::optional<Parameter> shown_count(const std::optional<std::int64_t>& asked,
                                            std::int64_t otherwise, bool open) {
  if (!asked && open) return std::nullopt;
  return Parameter(asked.value_or(otherwise));
}

/// How many steps of `each` rows fit beside `fixed` rows: `asked`, or with a budget what is left of
/// it, at most `asked` if that was said and not only a default.
inline std::int64_t affordable(std::string_view method, const RowBudget& budget, std::int64_t fixed,
                               std::int64_t each, std::optional<std::int64_t> asked,
                               std::int64_t otherwise) {
  if (!budget) return asked.value_or(otherwise);
  const std::int64_t fits = (*budget - fixed) / each;
  check_usage(*budget >= fixed + each, "evaluations is {}, but {} needs {} or more", *budget,
              method, fixed + each);
  return asked ? std::min(*asked, fits) : fits;
}

/// For methods that cannot do with less than `needed`.
inline void check_budget(std::string_view method, const RowBudget& budget, std::int64_t needed) {
  check_usage(!budget || *budget >= needed, "evaluations is {}, but {} needs {}", *budget, method,
              needed);
}

}  // namespace pellucid
