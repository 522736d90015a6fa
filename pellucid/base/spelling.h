// SPDX-License-Identifier: Apache-2.0
// Suggestions for misspelt names, and foreign text made fit for a one-line message.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pellucid {

/// The known name nearest to `word` by edits (insert, delete, replace, swap of neighbours; letter
/// case and -/_ do not count), the first of equals; "" when none is within a third of its length.
std::string nearest(std::string_view word, const std::vector<std::string>& known);

/// `; did you mean "x"?`, or "" when nothing is near.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& known);

/// The text in double quotes, on one line and of bounded length, whatever it holds: control
/// characters and bytes that are not UTF-8 are escaped, what is too long is cut.
std::string quote(std::string_view text);

}  // namespace pellucid
