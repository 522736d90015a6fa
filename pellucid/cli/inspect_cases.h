// SPDX-License-Identifier: Apache-2.0
// Cases of `pellucid inspect` as they are written: lines of JSON, targets on the command line.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "pellucid/tasks/inspect.h"

namespace pellucid::cli {

struct NamedCase {
  std::string name;  ///< empty: not given
  InspectCase input;
};

/// {"name", "input_ids", "attention_mask", "token_type_ids", "position_ids", "decoder_input_ids",
/// "gradients"}; a list of lists is a batch. Throws Error naming the field.
NamedCase read_case(std::string_view line);

/// "logits[CLASS]", "logits[POSITION,CLASS]", "start_logits[POSITION]": the same for every row.
struct GradientFlag {
  std::string output;
  std::vector<std::int64_t> index;
};
/// Throws UsageError.
GradientFlag parse_gradient(const std::string& text);
InspectTarget for_rows(const GradientFlag& flag, std::size_t rows);

}  // namespace pellucid::cli
