// SPDX-License-Identifier: Apache-2.0
#include "pellucid/attributions/sampling.h"

#include <algorithm>

#include "pellucid/base/error.h"

namespace pellucid {
namespace {

constexpr std::int64_t kFirstRound = 64;
constexpr std::int64_t kRound = 32;
constexpr std::int64_t kPatience = 16;  // times the usual draws, to reach a tolerance

/// Largest error of every target against its largest score.
bool settled(const Solution& solution, double tolerance) {
  for (std::size_t t = 0; t < solution.errors.size(); ++t) {
    double score = 0;
    for (const double value : solution.scores[t]) score = std::max(score, std::abs(value));
    for (const double error : solution.errors[t]) {
      if (!(error <= tolerance * score)) return false;  // NaN: not known yet
    }
  }
  return true;
}

}  // namespace

void Budget::check(std::int64_t least) const {
  check_usage(!samples || *samples >= 1, "samples is {}, expected 1 or more", samples.value_or(0));
  check_usage(!evaluations || *evaluations >= least, "evaluations is {}, expected {} or more",
              evaluations.value_or(0), least);
  check_usage(!tolerance || (*tolerance >= 0 && *tolerance <= 1),
              "tolerance is {}, expected 0 to 1", tolerance.value_or(0));
}

std::int64_t Budget::draws(std::int64_t usual, std::int64_t rows) const {
  if (!evaluations) {
    return samples.value_or(tolerance ? kPatience * std::max(usual, kFirstRound) : usual);
  }
  const std::int64_t affordable = (*evaluations - 2) / std::max<std::int64_t>(rows, 1);
  check_usage(affordable >= 1, "evaluations is {}, expected {} or more: one draw runs {} variants",
              *evaluations, rows + 2, rows);
  return samples ? std::min(*samples, affordable) : affordable;
}

bool Budget::allows_all(std::size_t players, std::int64_t usual) const {
  if (players > 30) return false;
  const std::int64_t all = std::int64_t{1} << players;
  if (evaluations) return all <= *evaluations;
  return all <= usual;
}

Solution in_rounds(const Budget& budget, std::int64_t draws,
                   const std::function<Solution(std::int64_t begin, std::int64_t end)>& more) {
  if (!budget.tolerance || draws == 0) return more(0, draws);
  Solution solution;
  std::int64_t drawn = 0;
  while (drawn < draws) {
    const std::int64_t end = std::min(draws, drawn == 0 ? kFirstRound : drawn + kRound);
    solution = more(drawn, end);
    drawn = end;
    if (drawn >= kFirstRound && settled(solution, *budget.tolerance)) return solution;
  }
  solution.converged = false;
  solution.warnings.push_back(fmt::format(
      "after {} draws the errors are over {} of the largest score: --evaluations allows more",
      drawn, *budget.tolerance));
  return solution;
}

}  // namespace pellucid
