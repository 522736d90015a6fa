// SPDX-License-Identifier: Apache-2.0
#include "pellucid/text/model_data.h"

namespace pellucid {

bool add_merge_line(std::string_view line, MergeTexts& merges) {
  const std::size_t space = line.find(' ');
  if (space == std::string_view::npos || line.find(' ', space + 1) != std::string_view::npos) {
    return false;
  }
  merges.add(line.substr(0, space), line.substr(space + 1));
  return true;
}

}  // namespace pellucid
