// SPDX-License-Identifier: Apache-2.0
#include "pellucid/text/grapheme.h"

#include <array>
#include <cstdint>
#include <initializer_list>

#include "pellucid/text/regex/classes.h"
#include "pellucid/text/regex/regex.h"

namespace pellucid {
namespace {

/// Grapheme_Cluster_Break; InCB=Linker is part of extend, InCB=Consonant of other.
enum class Break : std::uint8_t {
  other,
  control,
  carriage_return,
  line_feed,
  extend,
  linker,
  joiner,
  spacing_mark,
  prepend,
  hangul_l,
  hangul_v,
  hangul_t,
  hangul_lv,
  hangul_lvt,
  regional_indicator,
  pictographic,
  consonant,
};

CharacterSet set_of(std::initializer_list<CharacterSet::Range> ranges) {
  CharacterSet set;
  for (const CharacterSet::Range& range : ranges) set.add(range.first, range.last);
  return set;
}

CharacterSet without(const CharacterSet& set, const CharacterSet& other) {
  return set & other.complement();
}

CharacterSet property(const char* name) { return property_set(name).value(); }

/// Syllables of two jamo: every 28th of the block.
CharacterSet hangul_lv() {
  CharacterSet set;
  for (char32_t c = 0xAC00; c <= 0xD7A3; c += 28) set.add(c, c);
  return set;
}

/// One set for each Break from control on, disjoint.
std::vector<CharacterSet> break_sets() {
  const CharacterSet linkers = set_of({{0x94D, 0x94D},
                                       {0x9CD, 0x9CD},
                                       {0xACD, 0xACD},
                                       {0xB4D, 0xB4D},
                                       {0xC4D, 0xC4D},
                                       {0xD4D, 0xD4D}});
  const CharacterSet joiner(0x200D);
  const CharacterSet extend =
      without(property("grapheme_extend") | property("emoji_modifier"), linkers | joiner);
  const CharacterSet no_spacing_mark = set_of({{0x102B, 0x102C},
                                               {0x1038, 0x1038},
                                               {0x1062, 0x1064},
                                               {0x1067, 0x106D},
                                               {0x1083, 0x1083},
                                               {0x1087, 0x108C},
                                               {0x108F, 0x108F},
                                               {0x109A, 0x109C},
                                               {0x1A61, 0x1A61},
                                               {0x1A63, 0x1A64},
                                               {0xAA7B, 0xAA7B},
                                               {0xAA7D, 0xAA7D},
                                               {0x11720, 0x11721}}) |
                                       extend | linkers;
  const CharacterSet spacing_mark =
      without(property("mc") | set_of({{0xE33, 0xE33}, {0xEB3, 0xEB3}}), no_spacing_mark);
  const CharacterSet prepend = set_of({{0x600, 0x605},
                                       {0x6DD, 0x6DD},
                                       {0x70F, 0x70F},
                                       {0x890, 0x891},
                                       {0x8E2, 0x8E2},
                                       {0xD4E, 0xD4E},
                                       {0x110BD, 0x110BD},
                                       {0x110CD, 0x110CD},
                                       {0x111C2, 0x111C3},
                                       {0x113D1, 0x113D1},
                                       {0x1193F, 0x1193F},
                                       {0x11941, 0x11941},
                                       {0x11A3A, 0x11A3A},
                                       {0x11A84, 0x11A89},
                                       {0x11D46, 0x11D46},
                                       {0x11F02, 0x11F02}});
  const CharacterSet breaks = set_of({{U'\n', U'\n'}, {U'\r', U'\r'}});
  const CharacterSet control =
      without(property("cc") | property("cf") | property("zl") | property("zp") |
                  (property("cn") & property("default_ignorable_code_point")),
              breaks | joiner | extend | prepend);
  const CharacterSet v =
      set_of({{0x1160, 0x11A7}, {0xD7B0, 0xD7C6}, {0x16D63, 0x16D63}, {0x16D67, 0x16D6A}});
  const CharacterSet lv = hangul_lv();
  const CharacterSet consonants =
      set_of({{0x915, 0x939}, {0x958, 0x95F}, {0x978, 0x97F}, {0x995, 0x9A8}, {0x9AA, 0x9B0},
              {0x9B2, 0x9B2}, {0x9B6, 0x9B9}, {0x9DC, 0x9DD}, {0x9DF, 0x9DF}, {0x9F0, 0x9F1},
              {0xA95, 0xAA8}, {0xAAA, 0xAB0}, {0xAB2, 0xAB3}, {0xAB5, 0xAB9}, {0xAF9, 0xAF9},
              {0xB15, 0xB28}, {0xB2A, 0xB30}, {0xB32, 0xB33}, {0xB35, 0xB39}, {0xB5C, 0xB5D},
              {0xB5F, 0xB5F}, {0xB71, 0xB71}, {0xC15, 0xC28}, {0xC2A, 0xC39}, {0xC58, 0xC5A},
              {0xD15, 0xD3A}});
  return {control,
          CharacterSet(U'\r'),
          CharacterSet(U'\n'),
          extend,
          linkers,
          joiner,
          spacing_mark,
          prepend,
          set_of({{0x1100, 0x115F}, {0xA960, 0xA97C}}),
          without(v, extend),
          set_of({{0x11A8, 0x11FF}, {0xD7CB, 0xD7FB}}),
          lv,
          without(CharacterSet(0xAC00, 0xD7A3), lv),
          CharacterSet(0x1F1E6, 0x1F1FF),
          property("extended_pictographic"),
          consonants};
}

class Breaks {
 public:
  static const Breaks& instance() {
    static const Breaks breaks;
    return breaks;
  }
  Break operator[](char32_t character) const { return of_number_[numbers_[character]]; }

 private:
  Breaks() : Breaks(break_sets()) {}
  explicit Breaks(const std::vector<CharacterSet>& sets) : numbers_(sets) {
    for (std::size_t set = 0; set < sets.size(); ++set) {
      for (const std::uint16_t number : numbers_.of_set(set)) {
        of_number_[number] = static_cast<Break>(set + 1);
      }
    }
  }

  CharacterNumbers numbers_;
  std::array<Break, 64> of_number_{};
};

bool is_control(Break value) { return value >= Break::control && value <= Break::line_feed; }

bool joins_hangul(Break left, Break right) {
  switch (left) {
    case Break::hangul_l:
      return right == Break::hangul_l || right == Break::hangul_v || right == Break::hangul_lv ||
             right == Break::hangul_lvt;
    case Break::hangul_lv:
    case Break::hangul_v:
      return right == Break::hangul_v || right == Break::hangul_t;
    case Break::hangul_lvt:
    case Break::hangul_t:
      return right == Break::hangul_t;
    default:
      return false;
  }
}

/// What the cluster so far ends with, as far as rules look back.
struct Before {
  bool pictograph = false;  // a pictograph and extenders
  bool conjunct = false;    // a consonant, then extenders and linkers
  bool linked = false;      // ... with a linker among them
  bool lone_flag = false;   // an odd number of regional indicators

  void take(Break value) {
    const bool extends = value == Break::extend || value == Break::linker || value == Break::joiner;
    conjunct = value == Break::consonant || (conjunct && extends);
    linked = conjunct && value != Break::consonant && (linked || value == Break::linker);
    lone_flag = value == Break::regional_indicator && !lone_flag;
    // A joiner is taken last: what follows it looks back to the pictograph before.
    pictograph = value == Break::pictographic || (pictograph && extends);
  }
};

bool joins(Break left, Break right, const Before& before) {
  if (left == Break::carriage_return) return right == Break::line_feed;
  if (is_control(left) || is_control(right)) return false;
  if (right == Break::extend || right == Break::linker || right == Break::joiner ||
      right == Break::spacing_mark || left == Break::prepend) {
    return true;
  }
  if (joins_hangul(left, right)) return true;
  if (right == Break::consonant) return before.linked;
  if (right == Break::pictographic) return left == Break::joiner && before.pictograph;
  return right == Break::regional_indicator && left == right && before.lone_flag;
}

}  // namespace

std::size_t cluster_end(std::u32string_view text, std::size_t begin) {
  constexpr char32_t kFirstMark = 0x300;
  if (begin + 1 == text.size() ||
      (text[begin] < kFirstMark && text[begin + 1] < kFirstMark && text[begin] != U'\r')) {
    return begin + 1;
  }
  const Breaks& breaks = Breaks::instance();
  Break left = breaks[text[begin]];
  Before before;
  before.take(left);
  std::size_t end = begin + 1;
  for (; end < text.size(); ++end) {
    const Break right = breaks[text[end]];
    if (!joins(left, right, before)) break;
    before.take(right);
    left = right;
  }
  return end;
}

}  // namespace pellucid
