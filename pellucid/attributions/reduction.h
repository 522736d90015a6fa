// SPDX-License-Identifier: Apache-2.0
// From vectors to numbers and from tokens to units.  A: the vector attribution of a token,
// [hidden].
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "pellucid/text/units.h"

namespace pellucid {

/// dot: sum A_h (signed, additive)   l2: sqrt(sum A_h^2)   l1: sum |A_h|   mean_abs: l1 / hidden
enum class Reduce { dot, l2, l1, mean_abs };
/// Over the tokens of a unit. signed_max: the largest magnitude with its sign, the first one on
/// ties.
enum class Aggregate { sum, mean, max, min, signed_max, first, last, l1, l2 };
/// l2: phi / |phi|   max: phi / max |phi|   sum: phi / sum |phi|.  All zeros stay zeros.
enum class Normalize { none, l2, max, sum };

std::string_view name(Reduce reduce);
std::string_view name(Aggregate aggregate);
std::string_view name(Normalize normalize);
Reduce parse_reduce(std::string_view name);
Aggregate parse_aggregate(std::string_view name);
Normalize parse_normalize(std::string_view name);

/// Only sums of signed sums keep completeness.
inline bool is_signed(Reduce reduce) { return reduce == Reduce::dot; }

double reduce(Reduce how, std::span<const double> vector);
/// scores of tokens [tokens] -> of units [units]; NaN for units without tokens.
std::vector<double> aggregate(Aggregate how, const Units& units, std::span<const double> tokens);
/// NaN entries are left out and stay.
void normalize(Normalize how, std::vector<double>& scores);

}  // namespace pellucid
