// SPDX-License-Identifier: Apache-2.0
#include "pellucid/ops/precision.h"

#include <cstdlib>
#include <utility>

#include "pellucid/base/error.h"
#include "pellucid/base/names.h"
#include "pellucid/ops/product.h"

namespace pellucid {
namespace {

constexpr Names<Precision, 4> kPrecisions{{{Precision::automatic, "auto"},
                                           {Precision::f32, "f32"},
                                           {Precision::bf16x3, "bf16x3"},
                                           {Precision::bf16, "bf16"}}};

thread_local Precision current = Precision::f32;

}  // namespace

std::string_view name(Precision precision) { return find_name(kPrecisions, precision); }

Precision parse_precision(std::string_view name) {
  return parse_name(kPrecisions, "precision", name);
}

Precision effective_precision(Precision wanted) {
  const Bf16Products offered = bf16_products();
  const char* variable = std::getenv("PELLUCID_PRECISION");
  if (wanted == Precision::automatic && variable != nullptr && *variable != '\0') {
    wanted = parse_precision(variable);
  }
  if (wanted == Precision::automatic) {
    return offered == Bf16Products::tiles ? Precision::bf16x3 : Precision::f32;
  }
  check_usage(wanted == Precision::f32 || offered != Bf16Products::none,
              "precision {} needs a processor with AVX512_BF16 or AMX, which this one has not; "
              "f32 runs everywhere",
              name(wanted));
  return wanted;
}

PrecisionScope::PrecisionScope(Precision precision) : before_(std::exchange(current, precision)) {}

PrecisionScope::~PrecisionScope() { current = before_; }

Precision current_precision() { return current; }

}  // namespace pellucid
