// SPDX-License-Identifier: Apache-2.0
#include "pellucid/evaluator/replacement.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "pellucid/base/error.h"

namespace pellucid {
namespace {

constexpr std::array<std::pair<std::string_view, Replacement::Kind>, 10> kNames{{
    {"pad", Replacement::Kind::pad},
    {"mask", Replacement::Kind::mask},
    {"unk", Replacement::Kind::unk},
    {"zero", Replacement::Kind::zero},
    {"mean", Replacement::Kind::mean},
    {"delete", Replacement::Kind::erase},
    {"empty", Replacement::Kind::erase},
    {"attention", Replacement::Kind::attention},
    {"model", Replacement::Kind::model},
    {"auto", Replacement::Kind::usual},
}};

constexpr std::string_view kAllZero = "all-zero";

/// "101,0,102" as numbers; empty unless the text is a list of them with at least one comma.
std::vector<std::int32_t> parse_ids(std::string_view text) {
  std::vector<std::int32_t> ids;
  if (text.find(',') == std::string_view::npos) return ids;
  const char* place = text.data();
  const char* end = text.data() + text.size();
  while (true) {
    std::int32_t id = 0;
    const auto [rest, problem] = std::from_chars(place, end, id);
    if (problem != std::errc() || id < 0) return {};
    ids.push_back(id);
    if (rest == end) return ids;
    if (*rest != ',') return {};
    place = rest + 1;
  }
}

}  // namespace

Replacement Replacement::parse(std::string_view text) {
  check_usage(
      !text.empty(),
      "a replacement is empty (expected pad, mask, unk, zero, mean, delete, attention, model, "
      "auto, a token or ID,ID,...)");
  const auto known = std::find_if(kNames.begin(), kNames.end(),
                                  [&](const auto& entry) { return entry.first == text; });
  Replacement replacement;
  if (text == kAllZero) return {.kind = Kind::zero, .everywhere = true};
  if (known != kNames.end()) {
    replacement.kind = known->second;
    return replacement;
  }
  replacement.ids = parse_ids(text);
  replacement.kind = replacement.ids.empty() ? Kind::token : Kind::ids;
  if (replacement.ids.empty()) replacement.token = text;
  return replacement;
}

std::string Replacement::name() const {
  if (kind == Kind::zero && everywhere) return std::string(kAllZero);
  if (kind == Kind::token) return token;
  if (kind == Kind::ids) return fmt::format("{}", fmt::join(ids, ","));
  return std::string(std::find_if(kNames.begin(), kNames.end(), [this](const auto& entry) {
                       return entry.second == kind;
                     })->first);
}

}  // namespace pellucid
