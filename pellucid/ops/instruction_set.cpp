// SPDX-License-Identifier: Apache-2.0
#include "pellucid/ops/instruction_set.h"

#include <hwy/highway.h>
#include <hwy/targets.h>

#include <cstdlib>

#include "pellucid/base/error.h"
#include "pellucid/base/names.h"
#include "pellucid/ops/product.h"

namespace pellucid {
namespace {

constexpr Names<InstructionSet, 3> kInstructionSets{{{InstructionSet::sse4, "sse4"},
                                                     {InstructionSet::avx2, "avx2"},
                                                     {InstructionSet::avx512, "avx512"}}};

}  // namespace

InstructionSet parse_instruction_set(std::string_view name) {
  return parse_name(kInstructionSets, "instruction set", name);
}

void limit_instruction_set(InstructionSet most) {
  limit_products(most);
#if HWY_ARCH_X86
  // Highway numbers its targets from the newest on: what is newer has smaller bits.
  const std::int64_t target = most == InstructionSet::sse4   ? HWY_SSE4
                              : most == InstructionSet::avx2 ? HWY_AVX2
                                                             : HWY_AVX3;
  hwy::DisableTargets(target - 1);
#else
  fail("the instruction set can be limited on x86 only");
#endif
}

void limit_instruction_set_from_environment() {
  const char* wanted = std::getenv("PELLUCID_INSTRUCTION_SET");
  if (wanted != nullptr && *wanted != '\0') limit_instruction_set(parse_instruction_set(wanted));
}

}  // namespace pellucid
