// SPDX-License-Identifier: Apache-2.0
#include "pellucid/text/files/implied_merges.h"

#include <algorithm>

#include "pellucid/text/unicode.h"

namespace pellucid {
namespace {

bool is_boundary(std::string_view text, std::size_t at) {
  return (static_cast<unsigned char>(text[at]) & 0xC0) != 0x80;
}

/// Sorts what one token splits into by the ids of left and right.
void sort_splits(std::vector<Merge>& merges) {
  for (auto begin = merges.begin(); begin != merges.end();) {
    const auto end = std::find_if(
        begin, merges.end(), [begin](const Merge& merge) { return merge.result != begin->result; });
    std::sort(begin, end, [](const Merge& a, const Merge& b) {
      return a.left != b.left ? a.left < b.left : a.right < b.right;
    });
    begin = end;
  }
}

}  // namespace

std::vector<Merge> merges_by_rank(const Vocabulary& vocabulary) {
  std::vector<Merge> splits;  // of every token into another one and a rest
  std::vector<std::string_view> rests;
  for (const std::int32_t id : vocabulary.ids()) {
    const std::string_view token = vocabulary.token(id).value();
    vocabulary.for_each_prefix(token, [&](std::int32_t left, std::size_t length) {
      if (length == token.size() || !is_boundary(token, length)) return;
      splits.push_back({left, 0, id});
      rests.push_back(token.substr(length));
    });
  }
  const std::vector<std::int32_t> rights = vocabulary.look_up(rests);
  std::size_t count = 0;
  for (std::size_t i = 0; i < splits.size(); ++i) {
    if (rights[i] == Vocabulary::kAbsent) continue;
    splits[count++] = {splits[i].left, rights[i], splits[i].result};
  }
  splits.resize(count);
  sort_splits(splits);
  return splits;
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
