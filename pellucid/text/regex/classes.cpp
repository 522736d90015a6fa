// SPDX-License-Identifier: Apache-2.0
#include "pellucid/text/regex/classes.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "pellucid/text/regex/class_tables.h"

namespace pellucid {
namespace {

using Alias = std::pair<std::string_view, std::string_view>;

// Long names of the categories, one letter or two.
constexpr std::array<Alias, 39> kCategoryAliases = {{
    {"letter", "l"},
    {"casedletter", "lc"},
    {"uppercaseletter", "lu"},
    {"lowercaseletter", "ll"},
    {"titlecaseletter", "lt"},
    {"modifierletter", "lm"},
    {"otherletter", "lo"},
    {"mark", "m"},
    {"combiningmark", "m"},
    {"nonspacingmark", "mn"},
    {"spacingmark", "mc"},
    {"enclosingmark", "me"},
    {"number", "n"},
    {"decimalnumber", "nd"},
    {"letternumber", "nl"},
    {"othernumber", "no"},
    {"punctuation", "p"},
    {"punct", "p"},
    {"connectorpunctuation", "pc"},
    {"dashpunctuation", "pd"},
    {"openpunctuation", "ps"},
    {"closepunctuation", "pe"},
    {"initialpunctuation", "pi"},
    {"finalpunctuation", "pf"},
    {"otherpunctuation", "po"},
    {"symbol", "s"},
    {"mathsymbol", "sm"},
    {"currencysymbol", "sc"},
    {"modifiersymbol", "sk"},
    {"othersymbol", "so"},
    {"separator", "z"},
    {"spaceseparator", "zs"},
    {"lineseparator", "zl"},
    {"paragraphseparator", "zp"},
    {"control", "cc"},
    {"format", "cf"},
    {"privateuse", "co"},
    {"digit", "nd"},
    {"cntrl", "cc"},
}};
constexpr std::array<Alias, 10> kPropertyAliases = {{
    {"alpha", "alphabetic"},
    {"upper", "uppercase"},
    {"lower", "lowercase"},
    {"space", "whitespace"},
    {"wspace", "whitespace"},
    {"xdigit", "asciihexdigit"},
    {"ideo", "ideographic"},
    {"uideo", "unifiedideograph"},
    {"extpict", "extendedpictographic"},
    {"ahex", "asciihexdigit"},
}};

template <std::size_t kCount>
std::string_view resolve(const std::array<Alias, kCount>& aliases, std::string_view name) {
  for (const auto& [alias, meaning] : aliases) {
    if (alias == name) return meaning;
  }
  return name;
}

char to_lower_ascii(char character) {
  return character >= 'A' && character <= 'Z' ? static_cast<char>(character + 32) : character;
}

CharacterSet categories(std::uint32_t mask) {
  CharacterSet result;
  for (std::size_t i = 0; i < kCategoryRangeCount; ++i) {
    const ValueRange& range = kCategoryRanges[i];
    if (mask >> range.value & 1) result.add(range.first, range.last);
  }
  return result;
}

/// Mask of the categories that begin with the letters: "l" all letters, "lu" one; 0: none.
std::uint32_t category_mask(std::string_view name) {
  if (name.empty() || name.size() > 2) return 0;
  if (name == "lc") return category_mask("lu") | category_mask("ll") | category_mask("lt");
  std::uint32_t mask = 0;
  for (std::size_t i = 0; i < kCategoryCount; ++i) {
    const char* category = kCategoryNames[i];
    if (to_lower_ascii(category[0]) == name[0] && (name.size() == 1 || category[1] == name[1])) {
      mask |= std::uint32_t{1} << i;
    }
  }
  return mask;
}

std::optional<CharacterSet> named_set(std::string_view name) {
  const NamedSet* end = kNamedSets + kNamedSetCount;
  const NamedSet* found =
      std::find_if(kNamedSets, end, [name](const NamedSet& set) { return set.name == name; });
  if (found == end) return std::nullopt;
  const CharacterSet whole = categories(found->categories);
  CharacterSet switched;
  for (std::size_t i = 0; i < found->count; ++i) {
    const CodeRange& range = kNamedSetRanges[found->begin + i];
    switched.add(range.first, range.last);
  }
  return (whole & switched.complement()) | (switched & whole.complement());
}

std::optional<CharacterSet> script(std::string_view name) {
  for (std::size_t i = 0; i < kScriptCount; ++i) {
    if (name != kScriptNames[i].code && name != kScriptNames[i].name) continue;
    CharacterSet result;
    for (std::size_t k = 0; k < kScriptRangeCount; ++k) {
      if (kScriptRanges[k].value == i) result.add(kScriptRanges[k].first, kScriptRanges[k].last);
    }
    return result;
  }
  return std::nullopt;
}

}  // namespace

std::optional<CharacterSet> property_set(std::string_view name) {
  std::string key;
  for (const char character : name) {
    if (character != ' ' && character != '_' && character != '-') key += to_lower_ascii(character);
  }
  if (key == "any") return CharacterSet::all();
  if (key == "ascii") return CharacterSet(0, 0x7F);
  const auto assigned = [] { return categories(~std::uint32_t{0}); };
  if (key == "assigned") return assigned() | CharacterSet(0xD800, 0xDFFF);
  if (key == "cn" || key == "unassigned") {
    return (assigned() | CharacterSet(0xD800, 0xDFFF)).complement();
  }
  if (key == "c" || key == "other") {
    return categories(category_mask("c")) | assigned().complement();
  }
  const std::uint32_t mask = category_mask(resolve(kCategoryAliases, key));
  if (mask != 0) return categories(mask);
  if (const auto set = named_set(resolve(kPropertyAliases, key))) return set;
  return script(key);
}

std::optional<CharacterSet> bracket_set(std::string_view name) {
  if (name == "ascii") return CharacterSet(0, 0x7F);
  return named_set("[:" + std::string(name) + ":]");
}

}  // namespace pellucid
