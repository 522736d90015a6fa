// SPDX-License-Identifier: Apache-2.0
#include "pellucid/text/normalized_text.h"

namespace pellucid {

NormalizedText::NormalizedText(std::u32string_view text, std::int64_t start)
    : characters(text), origins(text.size()) {
  auto position = static_cast<std::int32_t>(start);
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

Span NormalizedText::span(std::size_t begin, std::size_t end) const {
  if (begin >= end) return {};
  return {origins[begin].start, origins[end - 1].end};
}

}  // namespace pellucid
