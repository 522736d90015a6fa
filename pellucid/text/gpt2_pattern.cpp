// SPDX-License-Identifier: Apache-2.0
#include "pellucid/text/gpt2_pattern.h"

#include <array>

#include "pellucid/text/regex/classes.h"
#include "pellucid/text/regex/regex.h"

namespace pellucid {
namespace {

enum class Kind : std::uint8_t { other, letter, number, space };

class Kinds {
 public:
  static const Kinds& instance() {
    static const Kinds kinds;
    return kinds;
  }
  Kind operator[](char32_t character) const {
    return character < 0x80 ? ascii_[character] : of_number_[numbers_[character]];
  }

 private:
  Kinds()
      : numbers_({property_set("L").value(), property_set("N").value(),
                  property_set("White_Space").value()}) {
    for (std::size_t set = 0; set < 3; ++set) {
      for (const std::uint16_t number : numbers_.of_set(set)) {
        of_number_[number] = static_cast<Kind>(set + 1);
      }
    }
    for (char32_t c = 0; c < 0x80; ++c) ascii_[c] = of_number_[numbers_[c]];
  }

  CharacterNumbers numbers_;
  std::array<Kind, 4> of_number_{};  // the sets are disjoint: three numbers and the rest
  std::array<Kind, 0x80> ascii_{};
};

/// Length of 's 't 're 've 'm 'll 'd at the beginning, or 0.
std::size_t contraction(std::u32string_view text) {
  if (text.size() < 2 || text[0] != U'\'') return 0;
  const char32_t first = text[1];
  if (first == U's' || first == U't' || first == U'm' || first == U'd') return 2;
  if (text.size() < 3) return 0;
  const bool two = (first == U'r' && text[2] == U'e') || (first == U'v' && text[2] == U'e') ||
                   (first == U'l' && text[2] == U'l');
  return two ? 3 : 0;
}

}  // namespace

void cut_gpt2(std::u32string_view text, const Piece& piece, std::vector<Piece>& pieces) {
  const Kinds& kinds = Kinds::instance();
  const auto end_of_run = [&](std::size_t at, Kind kind) {
    while (at < piece.end && kinds[text[at]] == kind) ++at;
    return at;
  };
  for (std::size_t at = piece.begin; at < piece.end;) {
    std::size_t end = at + contraction(text.substr(at, piece.end - at));
    if (end == at) {
      const bool skips = text[at] == U' ' && at + 1 < piece.end;
      const Kind kind = kinds[text[skips ? at + 1 : at]];
      if (kind != Kind::space) {
        end = end_of_run(at + (skips ? 2 : 1), kind);
      } else {
        // White space leaves its last character to the word that follows, unless it is alone.
        end = end_of_run(at + 1, Kind::space);
        if (end < piece.end && end - at > 1) --end;
      }
    }
    pieces.push_back({at, end});
    at = end;
  }
}

}  // namespace pellucid
