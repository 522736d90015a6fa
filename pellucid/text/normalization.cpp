// SPDX-License-Identifier: Apache-2.0
#include "pellucid/text/normalization.h"

#include <unicode/uchar.h>
#include <unicode/unorm2.h>

#include <algorithm>
#include <array>
#include <optional>

#include "pellucid/base/error.h"

namespace pellucid {
namespace {

constexpr std::uint8_t kUnicodeVersion = 9;

struct OrderedChange : Change {
  std::uint8_t combining_class = 0;
};

bool is_assigned(char32_t character) {
  UVersionInfo age;
  u_charAge(static_cast<UChar32>(character), age);
  return age[0] != 0 && age[0] <= kUnicodeVersion;
}

std::uint8_t combining_class(char32_t character) {
  if (character < 0x300) return 0;
  const std::uint8_t value = u_getCombiningClass(static_cast<UChar32>(character));
  return value != 0 && is_assigned(character) ? value : std::uint8_t{0};
}

const UNormalizer2* normalizer(bool compatibility) {
  UErrorCode status = U_ZERO_ERROR;
  const UNormalizer2* result =
      compatibility ? unorm2_getNFKCInstance(&status) : unorm2_getNFCInstance(&status);
  check(U_SUCCESS(status), "ICU has no normalization data: {}", u_errorName(status));
  return result;
}

/// Full decomposition of each character, marks in canonical order.
std::vector<OrderedChange> decompose(const std::u32string& characters, bool compatibility) {
  const UNormalizer2* data = normalizer(compatibility);
  std::vector<OrderedChange> result;
  result.reserve(characters.size());
  std::size_t marks = 0;  // where the run of marks at the end begins
  const auto push = [&](char32_t character, std::int32_t change) {
    const std::uint8_t order = combining_class(character);
    if (order == 0) {
      const auto first = result.begin() + static_cast<std::ptrdiff_t>(marks);
      if (result.end() - first > 1) {
        std::stable_sort(first, result.end(),
                         [](const OrderedChange& left, const OrderedChange& right) {
                           return left.combining_class < right.combining_class;
                         });
      }
      marks = result.size() + 1;
    }
    result.push_back({{character, change}, order});
  };
  std::array<UChar, 64> buffer;
  for (const char32_t character : characters) {
    std::int32_t length = -1;
    if (character >= 0xA0) {
      UErrorCode status = U_ZERO_ERROR;
      length = unorm2_getDecomposition(data, static_cast<UChar32>(character), buffer.data(),
                                       static_cast<std::int32_t>(buffer.size()), &status);
      check(U_SUCCESS(status), "ICU cannot decompose U+{:04X}: {}",
            static_cast<std::uint32_t>(character), u_errorName(status));
    }
    if (length < 0 || !is_assigned(character)) {
      push(character, 0);
      continue;
    }
    for (std::int32_t i = 0, first = 1; i < length; first = 0) {
      UChar32 part = 0;
      U16_NEXT(buffer.data(), i, length, part);
      push(static_cast<char32_t>(part), first ? 0 : 1);
    }
  }
  push(U'\0', 0);  // orders the last marks
  result.pop_back();
  return result;
}

std::optional<char32_t> compose_pair(const UNormalizer2* data, char32_t first, char32_t second) {
  const UChar32 pair =
      unorm2_composePair(data, static_cast<UChar32>(first), static_cast<UChar32>(second));
  if (pair < 0 || !is_assigned(static_cast<char32_t>(pair))) return std::nullopt;
  return static_cast<char32_t>(pair);
}

/// Canonical composition of decomposed text, in place.
void compose(std::vector<OrderedChange>& changes) {
  const UNormalizer2* data = normalizer(false);
  constexpr std::size_t kNone = static_cast<std::size_t>(-1);
  std::size_t starter = kNone;  // in the result
  std::size_t size = 0;
  for (std::size_t i = 0; i < changes.size(); ++i) {
    const OrderedChange next = changes[i];
    if (starter != kNone) {
      const bool adjacent = size == starter + 1;
      const bool blocked = !adjacent && changes[size - 1].combining_class >= next.combining_class;
      const auto pair =
          blocked ? std::nullopt : compose_pair(data, changes[starter].character, next.character);
      if (pair) {
        changes[starter].character = *pair;
        changes[starter].change += next.change - 1;
        continue;
      }
    }
    if (next.combining_class == 0) starter = size;
    changes[size++] = next;
  }
  changes.resize(size);
}

}  // namespace

void normalize(NormalForm form, NormalizedText& text) {
  const bool compatibility = form == NormalForm::nfkc || form == NormalForm::nfkd;
  const bool composed = form == NormalForm::nfc || form == NormalForm::nfkc;
  const char32_t inert = compatibility ? 0xA0 : composed ? 0x300 : 0xC0;  // all below stay
  if (std::all_of(text.characters.begin(), text.characters.end(),
                  [inert](char32_t character) { return character < inert; })) {
    return;
  }
  std::vector<OrderedChange> changes = decompose(text.characters, compatibility);
  if (composed) compose(changes);
  transform(text, std::vector<Change>(changes.begin(), changes.end()));
}

}  // namespace pellucid
