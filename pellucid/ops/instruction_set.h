// SPDX-License-Identifier: Apache-2.0
// Limits the vector instructions in use, for tests and to find out what a machine without some of
// them would answer. Results are equal to rounding.
#pragma once

#include <string_view>

namespace pellucid {

enum class InstructionSet { sse4, avx2, avx512 };

/// Throws UsageError naming the values.
InstructionSet parse_instruction_set(std::string_view name);

/// Nothing newer than `most` is used by kernels and products. To be called before the first op;
/// throws Error afterwards, and on processors other than x86.
void limit_instruction_set(InstructionSet most);

/// The same as the environment variable PELLUCID_INSTRUCTION_SET says, if it is set.
void limit_instruction_set_from_environment();

}  // namespace pellucid
