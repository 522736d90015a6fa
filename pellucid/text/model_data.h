// SPDX-License-Identifier: Apache-2.0
// What a tokenizer's model learned: its vocabulary, and the merges (BPE) or scores (Unigram) over
// it. These are most of a file and have no JSON values of their own.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pellucid/text/vocabulary.h"

namespace pellucid {

/// Two neighbouring tokens that become one; the place in the list is the rank.
struct Merge {
  std::int32_t left = 0;
  std::int32_t right = 0;
  std::int32_t result = 0;
};

/// Merges as files write them, before the vocabulary gives them ids.
class MergeTexts {
 public:
  void add(std::string_view left, std::string_view right) {
    entries_.push_back({characters_.size(), static_cast<std::uint32_t>(left.size()),
                        static_cast<std::uint32_t>(right.size())});
    characters_.append(left);
    characters_.append(right);
  }
  std::size_t size() const { return entries_.size(); }
  std::pair<std::string_view, std::string_view> operator[](std::size_t index) const {
    const Entry& entry = entries_[index];
    const std::string_view all = characters_;
    return {all.substr(entry.offset, entry.left),
            all.substr(entry.offset + entry.left, entry.right)};
  }
  /// Left and right together.
  std::string_view joined(std::size_t index) const {
    const Entry& entry = entries_[index];
    return std::string_view(characters_).substr(entry.offset, entry.left + entry.right);
  }

 private:
  struct Entry {
    std::size_t offset;
    std::uint32_t left;  // bytes
    std::uint32_t right;
  };
  std::string characters_;
  std::vector<Entry> entries_;
};

struct ModelData {
  Vocabulary vocabulary;       ///< built
  std::vector<double> scores;  ///< Unigram: by id, which is the place in the list
  MergeTexts merge_texts;      ///< BPE: merges as texts ...
  std::vector<Merge> merges;   ///< ... or as ids, from files that imply them
};

/// Adds a merge written as "left right": exactly one space. False otherwise.
bool add_merge_line(std::string_view line, MergeTexts& merges);

}  // namespace pellucid
