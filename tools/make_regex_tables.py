#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes pellucid/text/regex/class_tables.cpp: the character classes, scripts and case pairs of regular expressions in the
`tokenizers` library (Oniguruma, Unicode 16).

Each class is the library's own answer: a pre-tokenizer that cuts the text of all code points by the class. Names of
scripts come from fontTools. So results depend on no version of Unicode in PCRE2 or ICU.

Usage: make_regex_tables.py > pellucid/text/regex/class_tables.cpp      (needs tokenizers 0.22.2 and fonttools)
"""
from fontTools import unicodedata as names_of_scripts
from tokenizers import Regex, pre_tokenizers

CODES = [code for code in range(0x110000) if not 0xD800 <= code < 0xE000]
TEXT = "".join(map(chr, CODES))
CATEGORIES = "Lu Ll Lt Lm Lo Mn Mc Me Nd Nl No Pc Pd Ps Pe Pi Pf Po Sm Sc Sk So Zs Zl Zp Cc Cf Co".split()
PROPERTIES = """Alphabetic Uppercase Lowercase White_Space Emoji Emoji_Presentation Emoji_Modifier Emoji_Modifier_Base
Emoji_Component Extended_Pictographic Ideographic Unified_Ideograph Math Hex_Digit ASCII_Hex_Digit ID_Start ID_Continue
XID_Start XID_Continue Dash Diacritic Quotation_Mark Terminal_Punctuation Variation_Selector
Default_Ignorable_Code_Point Grapheme_Extend Regional_Indicator Alnum Blank Graph Print Word""".split()
BRACKETS = "alnum alpha blank cntrl digit graph lower print punct space upper xdigit word".split()


def codes_of(pattern, text=TEXT, codes=CODES):
    """The code points of `text` that the pattern takes."""
    split = pre_tokenizers.Split(Regex(f"(?:{pattern})+"), "removed", invert=True)
    return [codes[i] for _, (begin, end) in split.pre_tokenize_str(text) for i in range(begin, end)]


def ranges_of(codes):
    ranges = []
    for code in sorted(codes):
        if ranges and ranges[-1][1] == code - 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    return ranges


def partition(classes):
    """[first, last, index] for disjoint sets of code points."""
    return sorted([first, last, i] for i, codes in enumerate(classes) for first, last in ranges_of(codes))


def as_difference(codes, categories):
    """A set as a mask of categories and the code points to switch."""
    codes, mask, whole = set(codes), 0, set()
    for i, category in enumerate(categories):
        if 2 * len(codes & category) > len(category):
            mask |= 1 << i
            whole |= category
    return mask, ranges_of(codes ^ whole)


def case_orbits():
    """Code points that a pattern takes for one another when case is ignored; sequences that one code point stands for."""
    cased = sorted(set(codes_of(r"\p{Cased}")) | {c for c in CODES if chr(c).casefold() != chr(c)})
    apart = [code for c in cased for code in (c, 0)]  # so that no two make a sequence
    text = "".join(map(chr, apart))
    orbits, sequences, seen = [], [], set()
    for code in cased:
        literal = "(?i:\\x{%X})" % code
        folded = chr(code).casefold()
        if len(folded) > 1:
            found = pre_tokenizers.Split(Regex(literal), "isolated").pre_tokenize_str(folded)
            assert [piece for piece, _ in found] == [folded], hex(code)
            sequences.append((folded, code))
        if code in seen:
            continue
        orbit = codes_of(literal, text, apart)
        seen |= set(orbit)
        if len(orbit) > 1:
            orbits.append(orbit)
    return orbits, sequences


def fold_ranges(orbits):
    """[first, last, step, difference] of the code points that are not the first choice of their orbit."""
    pairs = []
    for orbit in orbits:
        folded = [chr(code).casefold() for code in orbit]
        target = next((ord(f) for f in folded if len(f) == 1 and ord(f) in orbit and folded.count(f) > 1), None)
        target = target or max(orbit)
        pairs += [(code, target - code) for code in orbit if code != target]
    ranges = []
    for code, difference in sorted(pairs):
        if ranges:
            last = ranges[-1]
            step = code - last[1]
            if last[3] == difference and step in (1, 2) and last[2] in (0, step):
                last[1], last[2] = code, step
                continue
        ranges.append([code, code, 0, difference])
    return [[first, last, step or 1, difference] for first, last, step, difference in ranges]


def rows(values, form, width=100):
    lines, line = [], "   "
    for value in values:
        item = " " + form(value) + ","
        if len(line) + len(item) > width:
            lines.append(line)
            line = "   "
        line += item
    return "\n".join(lines + [line])


def array(declaration, count, values, form):
    print(f"const {declaration}[] = {{\n{rows(values, form)}\n}};\nconst std::size_t {count} = {len(values)};\n")


def main():
    categories = [set(codes_of(r"\p{%s}" % name)) for name in CATEGORIES]
    names = sorted((code, name) for code, name in names_of_scripts.Scripts.NAMES.items())
    scripts = []
    for code, name in names:
        try:
            scripts.append((code, name, codes_of(r"\p{%s}" % name)))
        except Exception:  # a script that is younger than Unicode 16
            continue
    sets, members = [], []
    patterns = [(name, r"\p{%s}" % name) for name in PROPERTIES] + [("[:%s:]" % b, "[[:%s:]]" % b) for b in BRACKETS]
    for name, pattern in patterns:
        mask, difference = as_difference(codes_of(pattern), categories)
        sets.append((name.replace("_", "").lower(), mask, len(members), len(difference)))
        members += difference
    orbits, sequences = case_orbits()
    print("""// SPDX-License-Identifier: Apache-2.0
// Generated by tools/make_regex_tables.py from the answers of the tokenizers library 0.22.2 (Oniguruma, Unicode 16).
// clang-format off
#include "pellucid/text/regex/class_tables.h"

namespace pellucid {
""")
    hexadecimal = lambda r: "{" + ",".join(["0x%X" % r[0], "0x%X" % r[1]] + [str(x) for x in r[2:]]) + "}"
    array("char* const kCategoryNames", "kCategoryCount", CATEGORIES, '"{}"'.format)
    array("PartRange kCategoryRanges", "kCategoryRangeCount", partition(categories), hexadecimal)
    array("ScriptName kScriptNames", "kScriptCount", scripts,
          lambda s: '{"%s","%s"}' % (s[0].lower(), s[1].replace("_", "").lower()))
    array("PartRange kScriptRanges", "kScriptRangeCount", partition([s[2] for s in scripts]), hexadecimal)
    array("NamedSet kNamedSets", "kNamedSetCount", sets, lambda s: '{"%s",0x%X,%d,%d}' % s)
    array("CodeRange kNamedSetRanges", "kNamedSetRangeCount", members, hexadecimal)
    array("FoldRange kFoldRanges", "kFoldRangeCount", fold_ranges(orbits), hexadecimal)
    array("FoldSequence kFoldSequences", "kFoldSequenceCount", sorted(sequences),
          lambda s: '{U"%s",0x%X}' % ("".join("\\U%08X" % ord(c) for c in s[0]), s[1]))
    print("}  // namespace pellucid")


main()
