// SPDX-License-Identifier: Apache-2.0
// Pattern: {"String": ...} or {"Regex": ...} of Split and Replace.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pellucid/text/fields.h"
#include "pellucid/text/regex/regex.h"

namespace pellucid {

class Pattern {
 public:
  /// From the field "pattern".
  explicit Pattern(const Fields& fields);
  explicit Pattern(Regex regex) : regex_(std::move(regex)) {}

  /// Appends the parts of the text, see Regex::find.
  void find(std::u32string_view text, std::vector<Found>& found) const;

 private:
  std::u32string literal_;
  std::optional<Regex> regex_;  // none: the literal, which is not empty
};

}  // namespace pellucid
