// SPDX-License-Identifier: Apache-2.0
// Mixtures of experts: each row goes to few of the experts, and their answers are summed with the
// weights of a router.  Shazeer et al. 2017, arXiv 1701.06538; Jiang et al. 2024, arXiv 2401.04088
#pragma once

#include <cstdint>
#include <span>

#include "pellucid/autodiff/tape.h"

namespace pellucid {

/// The `count` largest of each row, the others 0; of equal ones the first.
/// p: [rows, experts], each row sums to 1   y: as p; renormalise: each row sums to 1 again
/// saves: y, the sums.  VJP: the choice is constant
Variable largest(const Variable& p, std::int64_t count, bool renormalise);

/// y[rows[i]] = sum[rows[i]] + weights[rows[i]][column] part[i], other rows as in sum.
/// sum: [n, width], overwritten when no one else holds it   part: [rows.size(), width]
/// weights: [n, any]   rows: each in [0, n), ascending
/// saves: part, weights.  VJP: to all three
Variable add_weighted_rows(Variable sum, const Variable& part, const Variable& weights,
                           std::int64_t column, std::span<const std::int64_t> rows);

}  // namespace pellucid
