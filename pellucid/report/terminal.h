// SPDX-License-Identifier: Apache-2.0
// Explanations and predictions for a terminal: coloured text wrapped to the width, bars, tables.
// Whatever a text holds, it cannot drive the terminal: controls, escape codes and bidi overrides
// are shown as \x1b, \u202e.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "pellucid/attributions/explanation.h"
#include "pellucid/evaluator/prediction.h"
#include "pellucid/report/theme.h"

namespace pellucid {

enum class ColourChoice { automatic, always, never };  ///< --color auto|always|never

struct TerminalStyle {
  enum class Colours { none, ansi16, ansi256, truecolor };
  Colours colours = Colours::none;
  int width = 80;  ///< columns
  bool dark = true;
  bool utf8 = true;      ///< bars of block characters, else of #
  std::int64_t top = 8;  ///< strongest units (classes, candidates) listed; 0: all

  /// From the environment (NO_COLOR, FORCE_COLOR, CLICOLOR_FORCE, TERM, COLORTERM, COLUMNS,
  /// COLORFGBG, LC_ALL ...) and the file descriptor that is written to.
  static TerminalStyle detect(ColourChoice choice, int file_descriptor,
                              Theme theme = Theme::automatic);
  /// The same from given facts. variable(name): value, or nullptr. terminal_width: 0 when unknown.
  static TerminalStyle from(ColourChoice choice, Theme theme, bool is_terminal, int terminal_width,
                            const std::function<const char*(const char*)>& variable);
};

/// Headline, coloured text and strongest units; a table for several targets. Ends with a line end.
std::string to_terminal(const Explanation& explanation, const TerminalStyle& style = {});

/// The answer, then the alternatives with bars.
std::string to_terminal(const Prediction& prediction, const TerminalStyle& style = {});

}  // namespace pellucid
