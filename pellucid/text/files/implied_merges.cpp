// SPDX-License-Identifier: Apache-2.0
#include "pellucid/text/files/implied_merges.h"

#include <algorithm>

#include "pellucid/text/unicode.h"

namespace pellucid {
namespace {

bool is_boundary(std::string_view text, std::size_t at) {
  return (static_cast<unsigned char>(text[at]) & 0xC0) != 0x80;
}

/// Appends the splits of a token, by the ids of left and right.
void append_splits(const Vocabulary& vocabulary, std::int32_t id, std::vector<Merge>& merges) {
  const std::string_view token = vocabulary.token(id).value();
  const auto first = static_cast<std::ptrdiff_t>(merges.size());
  vocabulary.for_each_prefix(token, [&](std::int32_t left, std::size_t length) {
    if (length == token.size() || !is_boundary(token, length)) return;
    if (const auto right = vocabulary.id(token.substr(length))) {
      merges.push_back({left, *right, id});
    }
  });
  std::sort(merges.begin() + first, merges.end(), [](const Merge& a, const Merge& b) {
    return a.left != b.left ? a.left < b.left : a.right < b.right;
  });
}

}  // namespace

std::vector<Merge> merges_by_rank(const Vocabulary& vocabulary) {
  std::vector<Merge> merges;
  merges.reserve(static_cast<std::size_t>(vocabulary.size()) * 5 / 2);
  for (const std::int32_t id : vocabulary.ids()) append_splits(vocabulary, id, merges);
  return merges;
}

std::vector<Merge> merges_by_score(const Vocabulary& vocabulary, const std::vector<float>& scores) {
  std::vector<Merge> merges = merges_by_rank(vocabulary);
  std::vector<std::int64_t> lengths(scores.size());  // in characters
  for (const std::int32_t id : vocabulary.ids()) {
    lengths[static_cast<std::size_t>(id)] = count_characters(vocabulary.token(id).value());
  }
  const auto at = [](const auto& values, std::int32_t id) {
    return values[static_cast<std::size_t>(id)];
  };
  std::stable_sort(merges.begin(), merges.end(), [&](const Merge& a, const Merge& b) {
    const float score_a = at(scores, a.result);
    const float score_b = at(scores, b.result);
    if (score_a != score_b) return score_a > score_b;
    if (at(lengths, a.left) != at(lengths, b.left))
      return at(lengths, a.left) > at(lengths, b.left);
    return at(lengths, a.right) > at(lengths, b.right);
  });
  return merges;
}

}  // namespace pellucid
