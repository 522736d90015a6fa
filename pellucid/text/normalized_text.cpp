// SPDX-License-Identifier: Apache-2.0
#include "pellucid/text/normalized_text.h"

namespace pellucid {

NormalizedText::NormalizedText(std::u32string_view text, std::int64_t begin)
    : characters(text), origins(text.size()), start(static_cast<std::int32_t>(begin)) {
  std::int32_t position = start;
  for (Origin& origin : origins) {
    origin = {position, position + 1};
    ++position;
  }
}

void NormalizedText::push_back(char32_t character, Origin origin) {
  characters.push_back(character);
  origins.push_back(origin);
}

void NormalizedText::append(const NormalizedText& other, std::size_t begin, std::size_t end) {
  characters.append(other.characters, begin, end - begin);
  origins.insert(origins.end(), other.origins.begin() + static_cast<std::ptrdiff_t>(begin),
                 other.origins.begin() + static_cast<std::ptrdiff_t>(end));
}

void NormalizedText::clear() {
  characters.clear();
  origins.clear();
}

void NormalizedText::reserve(std::size_t size) {
  characters.reserve(size);
  origins.reserve(size);
}

void NormalizedText::resize(std::size_t size) {
  characters.resize(size);
  origins.resize(size);
}

Span NormalizedText::span(std::size_t begin, std::size_t end) const {
  if (begin >= end) return {};
  return {origins[begin].start, origins[end - 1].end};
}

void NormalizedText::prepend(std::u32string_view prefix) {
  if (empty()) return;
  if (prefix.empty())
    origins[0] = origin_before(0);  // as the library does, whose first character
                                    // is always an inserted one
  characters.insert(0, prefix);
  origins.insert(origins.begin(), prefix.size(), origins[0]);
}

void transform(NormalizedText& text, const std::vector<Change>& changes) {
  NormalizedText result;
  result.start = text.start;
  result.reserve(changes.size());
  std::size_t source = 0;
  for (const Change& change : changes) {
    if (change.change > 0) {
      result.push_back(change.character, text.origin_before(source));
    } else {
      result.push_back(change.character, text.origins[source]);
      source += 1 + static_cast<std::size_t>(-change.change);
    }
  }
  text = std::move(result);
}

}  // namespace pellucid
