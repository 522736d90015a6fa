// SPDX-License-Identifier: Apache-2.0
#include "pellucid/text/pattern.h"

#include "pellucid/text/unicode.h"

namespace pellucid {

Pattern::Pattern(const Fields& fields) {
  const Fields pattern = fields.object("pattern");
  const std::vector<std::string> names = pattern.names();
  if (names.size() != 1) fields.fail_field("pattern", R"({"String": ...} or {"Regex": ...})");
  if (names[0] != "String") {
    regex_.emplace(pattern.string("Regex"), pattern.place());
    return;
  }
  literal_ = decode_utf8(pattern.string("String"), pattern.place());
  // An empty string is found where an empty expression matches.
  if (literal_.empty()) regex_.emplace("", pattern.place());
}

void Pattern::find(std::u32string_view text, std::vector<Found>& found) const {
  if (text.empty()) return;  // nothing is found in it, not even what matches nothing
  if (regex_) return regex_->find(text, found);
  std::size_t done = 0;
  for (;;) {
    const std::size_t at = text.find(literal_, done);
    if (at == std::u32string_view::npos) break;
    if (done < at) found.push_back({done, at, false});
    done = at + literal_.size();
    found.push_back({at, done, true});
  }
  if (done < text.size()) found.push_back({done, text.size(), false});
}

}  // namespace pellucid
