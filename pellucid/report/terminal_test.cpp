// SPDX-License-Identifier: Apache-2.0
#include "pellucid/report/terminal.h"

#include <gtest/gtest.h>

#include <map>
#include <regex>

#include "pellucid/report/characters.h"
#include "pellucid/report/samples_test.h"
#include "pellucid/report/terminal_text.h"

namespace pellucid {
namespace {

using Colours = TerminalStyle::Colours;

TerminalStyle style_of(Colours colours, int width, bool utf8 = true, bool dark = true) {
  TerminalStyle style;
  style.colours = colours;
  style.width = width;
  style.utf8 = utf8;
  style.dark = dark;
  return style;
}

TerminalStyle detected(ColourChoice choice, bool is_terminal,
                       std::map<std::string, std::string> variables, int width = 0) {
  return TerminalStyle::from(choice, Theme::automatic, is_terminal, width,
                             [&](const char* name) -> const char* {
                               const auto found = variables.find(name);
                               return found == variables.end() ? nullptr : found->second.c_str();
                             });
}

std::string without_codes(const std::string& text) {
  return std::regex_replace(text, std::regex("\x1b\\[[0-9;]*m"), "");
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::size_t begin = 0;
  for (std::size_t end; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1) {
    lines.push_back(text.substr(begin, end - begin));
  }
  return lines;
}

TEST(TerminalStyle, ColoursFollowTheEnvironment) {
  const auto colours = [](ColourChoice choice, bool is_terminal,
                          std::map<std::string, std::string> variables) {
    return detected(choice, is_terminal, std::move(variables)).colours;
  };
  const auto automatic = ColourChoice::automatic;
  EXPECT_EQ(colours(automatic, true, {{"TERM", "xterm"}}), Colours::ansi16);
  EXPECT_EQ(colours(automatic, true, {{"TERM", "xterm-256color"}}), Colours::ansi256);
  EXPECT_EQ(colours(automatic, true, {{"TERM", "xterm-256color"}, {"COLORTERM", "truecolor"}}),
            Colours::truecolor);
  EXPECT_EQ(colours(automatic, true, {{"COLORTERM", "24bit"}}), Colours::truecolor);
  EXPECT_EQ(colours(automatic, true, {{"TERM", "dumb"}, {"COLORTERM", "24bit"}}), Colours::none);
  EXPECT_EQ(colours(automatic, true, {{"NO_COLOR", "1"}, {"FORCE_COLOR", "1"}}), Colours::none);
  EXPECT_EQ(colours(automatic, true, {{"NO_COLOR", ""}}), Colours::ansi16);
  EXPECT_EQ(colours(automatic, false, {{"TERM", "xterm"}}), Colours::none);
  EXPECT_EQ(colours(automatic, false, {{"CLICOLOR_FORCE", "1"}}), Colours::ansi16);
  EXPECT_EQ(colours(automatic, false, {{"FORCE_COLOR", "1"}, {"COLORTERM", "truecolor"}}),
            Colours::truecolor);
  EXPECT_EQ(colours(automatic, false, {{"FORCE_COLOR", "0"}}), Colours::none);
  EXPECT_EQ(colours(ColourChoice::never, true, {{"FORCE_COLOR", "1"}}), Colours::none);
  EXPECT_EQ(colours(ColourChoice::always, false, {{"NO_COLOR", "1"}, {"TERM", "dumb"}}),
            Colours::ansi16);
}

TEST(TerminalStyle, WidthThemeAndCharacters) {
  const auto automatic = ColourChoice::automatic;
  EXPECT_EQ(detected(automatic, true, {}).width, 80);
  EXPECT_EQ(detected(automatic, true, {}, 132).width, 132);
  EXPECT_EQ(detected(automatic, true, {{"COLUMNS", "50"}}, 132).width, 50);
  EXPECT_EQ(detected(automatic, true, {{"COLUMNS", "wide"}}, 132).width, 132);
  EXPECT_TRUE(detected(automatic, true, {}).dark);
  EXPECT_FALSE(detected(automatic, true, {{"COLORFGBG", "0;15"}}).dark);
  EXPECT_FALSE(detected(automatic, true, {{"COLORFGBG", "0;default;7"}}).dark);
  EXPECT_TRUE(detected(automatic, true, {{"COLORFGBG", "15;0"}}).dark);
  EXPECT_TRUE(detected(automatic, true, {{"COLORFGBG", "15;8"}}).dark);
  EXPECT_TRUE(detected(automatic, true, {{"LANG", "en_GB.UTF-8"}}).utf8);
  EXPECT_FALSE(detected(automatic, true, {{"LANG", "en_GB.UTF-8"}, {"LC_ALL", "C"}}).utf8);
  EXPECT_FALSE(detected(automatic, true, {}).utf8);
}

TEST(Terminal, PlainOneText) {
  EXPECT_EQ(to_terminal(report::samples::afraid(), style_of(Colours::none, 80, false)),
            R"(fear 0.725   integrated-gradients, 32 steps, gap 0.0003

I [love -] this, but I am [afraid +++].

 afraid  +0.830                      |####################
 love    -0.312              ########|
 am      +0.063                      |##
 but     +0.042                      |#
 I       -0.037                     #|
 this    +0.021                      |#
 .       -0.016                      |
 I       -0.012                      |
 ... 1 more (--top all)
)");
}

TEST(Terminal, PlainNarrow) {
  EXPECT_EQ(to_terminal(report::samples::review(), style_of(Colours::none, 40)),
            R"(fear 0.975
  integrated-gradients, 32 steps, gap
  0.0003

There were many aspects of the film I
liked,
but it was [frightening +++] and gross
in parts. My parents [hated -] it.

 frightening  +0.953          │████████
 hated        -0.236        ██│
 gross        -0.106         █│
 film         +0.099          │▉
 parents      -0.063         ▐│
 it           -0.056         ▐│
 it           +0.049          │▍
 was          +0.038          │▍
 ... 16 more (--top all)
)");
}

TEST(Terminal, Colours16) {
  const std::string out = to_terminal(report::samples::afraid(), style_of(Colours::ansi16, 80));
  EXPECT_NE(out.find("I \x1b[97;44mlove\x1b[0m this, but I am \x1b[1;30;43mafraid\x1b[0m.\n"),
            std::string::npos)
      << out;
}

TEST(Terminal, Colours256) {
  const std::string out =
      to_terminal(report::samples::afraid(), style_of(Colours::ansi256, 80, true, false));
  EXPECT_NE(out.find("\x1b[38;5;234;48;5;208mafraid\x1b[0m"), std::string::npos) << out;
}

TEST(Terminal, Truecolor) {
  const std::string out =
      to_terminal(report::samples::afraid(), style_of(Colours::truecolor, 80, true, false));
  EXPECT_NE(out.find("\x1b[38;2;26;28;32;48;2;240;145;58mafraid\x1b[0m.\n"), std::string::npos)
      << out;
  const std::string dark = to_terminal(report::samples::afraid(), style_of(Colours::truecolor, 80));
  EXPECT_NE(dark.find("\x1b[38;2;236;238;242;48;2;161;87;15mafraid\x1b[0m.\n"), std::string::npos)
      << dark;
}

TEST(Terminal, EveryLineFitsAndClosesItsColours) {
  const std::vector<Explanation> samples{
      report::samples::afraid(), report::samples::afraid_all_classes(),
      report::samples::review(), report::samples::review(false),
      report::samples::pair(),   report::samples::chinese(),
      report::samples::arabic(), report::samples::hostile()};
  for (const Explanation& sample : samples) {
    for (const int width : {40, 80, 133}) {
      for (const Colours colours :
           {Colours::none, Colours::ansi16, Colours::ansi256, Colours::truecolor}) {
        const std::string out = to_terminal(sample, style_of(colours, width));
        EXPECT_EQ(out.back(), '\n');
        for (const std::string& line : lines_of(out)) {
          EXPECT_LE(report::columns(without_codes(line)), width) << line;
          const auto last = line.rfind('\x1b');
          EXPECT_TRUE(last == std::string::npos || line.substr(last, 4) == "\x1b[0m") << line;
          EXPECT_TRUE(line.empty() || line.back() != ' ') << line;
        }
      }
    }
  }
}

TEST(Terminal, ColoursAreOffBeforeBlanks) {
  Explanation explanation = report::samples::afraid();
  explanation.units.units[0].span->end = 11;  // one unit over "I love this"
  const std::string out = to_terminal(explanation, style_of(Colours::truecolor, 80));
  EXPECT_FALSE(std::regex_search(out, std::regex("\x1b\\[38[^m]*m[^\x1b]* [^\x1b]*\x1b\\[0m")))
      << out;
}

TEST(Terminal, WithoutColoursThereIsNoEscape) {  // NO_COLOR, a pipe
  const TerminalStyle style =
      detected(ColourChoice::automatic, false, {{"NO_COLOR", "1"}, {"TERM", "xterm-256color"}});
  for (const Explanation& sample : {report::samples::afraid_all_classes(),
                                    report::samples::hostile(), report::samples::arabic()}) {
    EXPECT_EQ(to_terminal(sample, style).find('\x1b'), std::string::npos);
  }
}

TEST(Terminal, ATextCannotDriveTheTerminal) {
  for (const Colours colours : {Colours::none, Colours::truecolor}) {
    const std::string out =
        without_codes(to_terminal(report::samples::hostile(), style_of(colours, 80)));
    for (const report::Character& c : report::characters(out)) {
      EXPECT_TRUE(c.valid);
      EXPECT_TRUE(c.value == '\n' ||
                  (!report::is_control(c.value) && !report::is_bidi_control(c.value)));
    }
    EXPECT_NE(out.find("\\x1b"), std::string::npos);
    EXPECT_NE(out.find("\\u202e"), std::string::npos);
    EXPECT_NE(out.find("\\x9b"), std::string::npos);
  }
}

TEST(Terminal, ChineseWrapsByColumns) {
  const std::string out = to_terminal(report::samples::chinese(), style_of(Colours::none, 40));
  EXPECT_NE(out.find("\n这部电[影 +][让 +++]"), std::string::npos) << out;
  for (const std::string& line : lines_of(out)) EXPECT_LE(report::columns(line), 40);
}

TEST(Terminal, SeveralTargetsMakeATable) {
  const std::string wide =
      to_terminal(report::samples::afraid_all_classes(), style_of(Colours::none, 100));
  EXPECT_NE(wide.find("class     prob.   for"), std::string::npos) << wide;
  EXPECT_NE(wide.find("love      0.269   love +0.451"), std::string::npos) << wide;
  const std::string narrow =
      to_terminal(report::samples::afraid_all_classes(), style_of(Colours::none, 40));
  EXPECT_NE(narrow.find("love 0.269   gap 0.0003\n  for      love +0.451"), std::string::npos)
      << narrow;
}

TEST(Terminal, ManyTargetsAreCut) {
  Explanation explanation = report::samples::afraid_all_classes();
  for (int i = 0; i < 4; ++i) explanation.targets.push_back(explanation.targets.front());
  EXPECT_NE(to_terminal(explanation, style_of(Colours::none, 80)).find("\n2 more: --format json\n"),
            std::string::npos);
}

TEST(Terminal, UnsignedScoresHaveNoSign) {
  const std::string out = to_terminal(report::samples::review(false), style_of(Colours::none, 80));
  EXPECT_NE(out.find("frightening  0.953"), std::string::npos) << out;
  EXPECT_EQ(out.find("+0."), std::string::npos);
  EXPECT_NE(out.find("[hated +]"), std::string::npos);
}

TEST(Terminal, DefectiveExplanationsStillDraw) {
  Explanation explanation = report::samples::afraid();
  explanation.targets.front().scores.resize(3);
  explanation.units.units[0].span = Span{-5, 4000};
  EXPECT_NE(to_terminal(explanation, style_of(Colours::truecolor, 80)), "");
  explanation.targets.clear();
  EXPECT_EQ(to_terminal(explanation, style_of(Colours::none, 80)),
            "I love this, but I am afraid.\n");
  explanation.text.clear();
  EXPECT_EQ(to_terminal(explanation, style_of(Colours::none, 80)), "\n");
}

TEST(Terminal, Predictions) {
  const TerminalStyle style = style_of(Colours::none, 40, false);
  EXPECT_EQ(to_terminal(report::samples::afraid().prediction, style),
            R"(fear 0.725
 fear       0.725  |###############
 love       0.269  |#####
 joy        0.002  |
 surprise   0.001  |
 anger      0.001  |
 sadness    0.001  |
)");
  EXPECT_EQ(to_terminal(Prediction(RegressionPrediction{{1.42}, {}}), style), "value 0 1.42\n");
  EXPECT_EQ(
      to_terminal(Prediction(TokensPrediction{{{"LOC", 0.98, {0, 5}, "Paris", {1}}}, {}}), style),
      "LOC  Paris  0.980\n");
  EXPECT_EQ(
      to_terminal(Prediction(AnswerPrediction{{{"Emmanuel Macron", {0, 15}, 0.97}}, {}}), style),
      "Emmanuel Macron 0.970\n");
  EXPECT_EQ(to_terminal(Prediction(AnswerPrediction{}), style), "no answer\n");
  EXPECT_EQ(to_terminal(Prediction(MaskedPrediction{{{{"capital", 1, 0.99}}}}), style),
            " capital   0.990  |#####################\n");
  EXPECT_EQ(
      to_terminal(Prediction(MultiLabelPrediction{0, {2, -4}, {0.91, 0.02}, {"joy", "fear"}, {0}}),
                  style),
      "joy\n joy    0.910  |######################\n fear   0.020  |\n");
}

TEST(Characters, ColumnsAndGraphemes) {
  EXPECT_EQ(report::columns("abc"), 3);
  EXPECT_EQ(report::columns("电影"), 4);
  EXPECT_EQ(report::columns("e\xcc\x81"), 1);
  EXPECT_EQ(report::columns("\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa7"),
            2);  // woman, joiner, girl
  EXPECT_EQ(report::columns("\xed\x95\x9c\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab"),
            4);  // one syllable, two ways
  EXPECT_EQ(report::beginning("  a \n b\tc  ", 100), "a b c ");
  EXPECT_EQ(report::beginning("abcdef", 3), "abc...");
  EXPECT_EQ(report::beginning("abe\xcc\x81", 3), "ab...");
  EXPECT_EQ(report::printable("a\xff\x1b\xe2\x80\xae"), "a\\xff\\x1b\\u202e");
}

TEST(Wrap, LongWordsAreBrokenWithTheirColour) {
  const TerminalStyle style = style_of(Colours::ansi16, 20);
  const auto lines =
      report::wrap(report::plain_cells("abcdefghijkl m", report::Paint{true, 20, false}), 5, style);
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_EQ(lines[0], "\x1b[1;30;43mabcde\x1b[0m");
  EXPECT_EQ(lines[2], "\x1b[1;30;43mkl\x1b[0m \x1b[1;30;43mm\x1b[0m");
}

}  // namespace
}  // namespace pellucid
