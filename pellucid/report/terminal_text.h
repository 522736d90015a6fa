// SPDX-License-Identifier: Apache-2.0
// What terminal output is made of: cells (a grapheme with its columns and colour), lines of cells,
// bars.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pellucid/report/colour.h"
#include "pellucid/report/terminal.h"
#include "pellucid/text/units.h"

namespace pellucid::report {

/// A colour of the ramp; level 0: none. muted: text that the model did not see, notes.
struct Paint {
  bool positive = true;
  int level = 0;
  bool muted = false;
  friend bool operator==(const Paint&, const Paint&) = default;
};

/// The escape code that turns a paint on; empty when there is nothing to turn on. "\x1b[0m" turns
/// it off.
std::string paint_code(const TerminalStyle& style, const Paint& paint);
std::string painted(const TerminalStyle& style, const Paint& paint, std::string_view text);

struct Cell {
  std::string bytes;
  int width = 1;  ///< columns
  Paint paint;
  bool blank = false;  ///< vanishes at the end of a line and is never coloured
  bool line_end = false;
  bool may_break = false;  ///< a line may start here
};

/// Paint of a unit, by its index among the units given to text_cells.
using UnitPaint = std::function<Paint(std::size_t unit)>;

/// The text of one segment with its units painted. Without colours a unit of level >= 5 becomes
/// [unit +++].
std::vector<Cell> text_cells(std::string_view text, const Units& units, int segment,
                             const TerminalStyle& style, const UnitPaint& paint);
/// Cells of a plain text; controls are escaped.
std::vector<Cell> plain_cells(std::string_view text, const Paint& paint = {});

/// Lines of at most `width` columns, without line ends; never empty. Colours are closed on every
/// line.
std::vector<std::string> wrap(const std::vector<Cell>& cells, int width,
                              const TerminalStyle& style);

/// Set after such a text when something else follows on the line.
inline constexpr std::string_view kLeftToRightMark = "\xe2\x80\x8e";
/// True when the text has letters that run from right to left.
bool has_right_to_left(std::string_view text);

/// A printable text cut or filled with blanks to exactly `width` columns.
std::string fitted(std::string_view text, int width, bool to_the_right = false);

/// A bar of `share` (-1..1) in `width` columns. centred: the axis stands in the middle, else at the
/// left.
std::string bar(double share, int width, bool centred, const TerminalStyle& style);

}  // namespace pellucid::report
