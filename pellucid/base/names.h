// SPDX-License-Identifier: Apache-2.0
// Enumerations and the names that users write for them.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pellucid/base/error.h"
#include "pellucid/base/spelling.h"

namespace pellucid {

template <class Enum, std::size_t N>
using Names = std::array<std::pair<Enum, std::string_view>, N>;

template <class Enum, std::size_t N>
std::string_view find_name(const Names<Enum, N>& names, Enum value) {
  for (const auto& [known, name] : names) {
    if (known == value) return name;
  }
  fail("no name for value {}", static_cast<int>(value));
}

/// Throws UsageError "unknown WHAT "NAME" (expected ...)" with the nearest spelling.
template <class Enum, std::size_t N>
Enum parse_name(const Names<Enum, N>& names, std::string_view what, std::string_view text) {
  std::vector<std::string> known;
  std::string list;
  for (const auto& [value, name] : names) {
    if (name == text) return value;
    known.emplace_back(name);
    list += (list.empty() ? "" : ", ") + known.back();
  }
  fail_usage("unknown {} {} (expected {}{})", what, quote(text), list, did_you_mean(text, known));
}

}  // namespace pellucid
