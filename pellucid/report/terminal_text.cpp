// SPDX-License-Identifier: Apache-2.0
#include "pellucid/report/terminal_text.h"

#include <fmt/format.h>
#include <unicode/uchar.h>

#include <algorithm>
#include <cmath>

#include "pellucid/report/characters.h"

namespace pellucid::report {
namespace {

constexpr std::string_view kReset = "\x1b[0m";
constexpr int kDarkGrey = 234;  // #1c1c1c and #eeeeee of the grey ramp: the text colours of 256
constexpr int kLightGrey = 255;
constexpr int kMarkLevel = 5;  // a quarter of the largest score

/// Nearest colour of the 6 x 6 x 6 cube (numbers 16..231).
int nearest_of_cube(Colour colour) {
  constexpr std::uint8_t kSteps[] = {0, 95, 135, 175, 215, 255};
  int best = 16;
  double least = 1e9;
  for (int i = 0; i < 216; ++i) {
    const Colour candidate{kSteps[i / 36], kSteps[i / 6 % 6], kSteps[i % 6]};
    const double d = distance(colour, candidate);
    if (d < least) {
      least = d;
      best = 16 + i;
    }
  }
  return best;
}

std::string ansi16_code(const Paint& paint) {
  if (paint.level < 7) return "";
  return fmt::format("\x1b[{}{}m", paint.level >= 14 ? "1;" : "",
                     paint.positive ? "30;43" : "97;44");
}

/// Grapheme by grapheme; `unit_of[i]` is the unit of character i or -1.
struct CellBuilder {
  std::string_view text;
  std::vector<Character> all;
  std::vector<bool> graphemes, lines;

  explicit CellBuilder(std::string_view value)
      : text(value),
        all(characters(value)),
        graphemes(grapheme_starts(value, all)),
        lines(line_starts(value, all)) {}

  std::size_t grapheme_end(std::size_t i) const {
    ++i;
    while (i < all.size() && !graphemes[i]) ++i;
    return i;
  }

  Cell cell(std::size_t begin, std::size_t end, const Paint& paint) const {
    Cell cell;
    cell.width = 0;
    cell.paint = paint;
    cell.may_break = lines[begin];
    const Character& first = all[begin];
    if (first.valid && (first.value == '\n' || first.value == 0x2028 || first.value == 0x2029)) {
      cell.line_end = cell.blank = true;
    } else if (first.valid && first.value == '\r' && end - begin == 2) {  // CR LF is one grapheme
      cell.line_end = cell.blank = true;
    } else if (first.valid && first.value == '\t') {
      cell.bytes = "    ";
      cell.width = 4;
      cell.blank = true;
    } else {
      const std::size_t last = all[end - 1].byte + all[end - 1].size;
      cell.bytes = printable(text.substr(first.byte, last - first.byte));
      cell.width = columns(cell.bytes);
      cell.blank = cell.bytes == " ";
    }
    if (cell.blank) cell.paint = {};
    return cell;
  }
};

std::string strength_mark(const Paint& paint) {
  const auto count = static_cast<std::size_t>(std::min(3, paint.level / kMarkLevel));
  return std::string(count, paint.positive ? '+' : '-');
}

/// Brackets around the unit whose cells are [begin, end).
void add_mark(std::vector<Cell>& cells, std::size_t begin, std::size_t end, const Paint& paint) {
  if (begin == end || paint.level < kMarkLevel) return;
  cells[begin].bytes.insert(0, 1, '[');
  ++cells[begin].width;
  const std::string mark = fmt::format(" {}]", strength_mark(paint));
  cells[end - 1].bytes += mark;
  cells[end - 1].width += static_cast<int>(mark.size());
}

}  // namespace

std::string paint_code(const TerminalStyle& style, const Paint& paint) {
  using Colours = TerminalStyle::Colours;
  if (style.colours == Colours::none) return "";
  if (paint.muted) return "\x1b[2m";
  if (paint.level == 0) return "";
  if (style.colours == Colours::ansi16) return ansi16_code(paint);
  const Palette& palette = style.dark ? kDark : kLight;
  const Colour ground = shade(palette, paint.positive, paint.level);
  if (style.colours == Colours::ansi256) {
    return fmt::format("\x1b[38;5;{};48;5;{}m", style.dark ? kLightGrey : kDarkGrey,
                       nearest_of_cube(ground));
  }
  return fmt::format("\x1b[38;2;{};{};{};48;2;{};{};{}m", palette.text.red, palette.text.green,
                     palette.text.blue, ground.red, ground.green, ground.blue);
}

std::string painted(const TerminalStyle& style, const Paint& paint, std::string_view text) {
  const std::string code = paint_code(style, paint);
  return code.empty() ? std::string(text) : code + std::string(text) + std::string(kReset);
}

std::vector<Cell> text_cells(std::string_view text, const Units& units, int segment,
                             const TerminalStyle& style, const UnitPaint& paint) {
  const CellBuilder builder(text);
  const auto size = builder.all.size();
  std::vector<std::int64_t> unit_of(size, -1);
  for (std::size_t u = 0; u < units.units.size(); ++u) {
    const TextUnit& unit = units.units[u];
    if (!unit.span || unit.segment != segment) continue;
    const auto end =
        std::min(size, static_cast<std::size_t>(std::max<std::int64_t>(unit.span->end, 0)));
    for (auto i = static_cast<std::size_t>(std::max<std::int64_t>(unit.span->start, 0)); i < end;
         ++i) {
      unit_of[i] = static_cast<std::int64_t>(u);
    }
  }
  const bool marks = style.colours == TerminalStyle::Colours::none;
  std::vector<Cell> cells;
  std::int64_t current = -1;
  std::size_t begin = 0;
  const auto finish = [&] {
    if (marks && current >= 0)
      add_mark(cells, begin, cells.size(), paint(static_cast<std::size_t>(current)));
  };
  for (std::size_t i = 0; i < size;) {
    const std::size_t end = builder.grapheme_end(i);
    if (unit_of[i] != current) {
      finish();
      current = unit_of[i];
      begin = cells.size();
    }
    cells.push_back(
        builder.cell(i, end, current < 0 ? Paint{} : paint(static_cast<std::size_t>(current))));
    i = end;
  }
  finish();
  return cells;
}

std::vector<Cell> plain_cells(std::string_view text, const Paint& paint) {
  const CellBuilder builder(text);
  std::vector<Cell> cells;
  for (std::size_t i = 0; i < builder.all.size();) {
    const std::size_t end = builder.grapheme_end(i);
    cells.push_back(builder.cell(i, end, paint));
    i = end;
  }
  return cells;
}

namespace {

/// The cells of one line as text: runs of one paint, closed before blanks and at the end.
std::string line_text(const std::vector<Cell>& cells, std::size_t begin, std::size_t end,
                      const TerminalStyle& style) {
  while (end > begin && cells[end - 1].blank) --end;
  std::string line;
  for (std::size_t i = begin; i < end;) {
    std::string run;
    const Paint paint = cells[i].paint;
    for (; i < end && cells[i].paint == paint; ++i) run += cells[i].bytes;
    line += painted(style, paint, run);
  }
  return line;
}

}  // namespace

std::vector<std::string> wrap(const std::vector<Cell>& cells, int width,
                              const TerminalStyle& style) {
  std::vector<std::string> lines;
  std::size_t begin = 0;
  std::size_t place = 0;  // the last place at which the line may end
  int used = 0;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const Cell& cell = cells[i];
    if (cell.line_end) {
      lines.push_back(line_text(cells, begin, i, style));
      begin = place = i + 1;
      used = 0;
      continue;
    }
    if (cell.may_break) place = i;
    if (used + cell.width > width && !cell.blank && i > begin) {
      if (place <= begin) place = i;  // one word longer than the line: broken here
      lines.push_back(line_text(cells, begin, place, style));
      begin = place;
      used = 0;
      for (std::size_t j = begin; j < i; ++j) used += cells[j].width;
    }
    used += cell.width;
  }
  if (begin < cells.size() || lines.empty())
    lines.push_back(line_text(cells, begin, cells.size(), style));
  return lines;
}

bool has_right_to_left(std::string_view text) {
  for (const Character& c : characters(text)) {
    const auto direction = u_charDirection(static_cast<UChar32>(c.value));
    if (direction == U_RIGHT_TO_LEFT || direction == U_RIGHT_TO_LEFT_ARABIC) return true;
  }
  return false;
}

std::string fitted(std::string_view text, int width, bool to_the_right) {
  const std::vector<Cell> cells = plain_cells(text);
  const int total = columns(printable(text));
  std::string result;
  int used = 0;
  const int room =
      total > width ? width - 1 : width;  // one column for the sign that something is missing
  for (const Cell& cell : cells) {
    const int cell_width = cell.line_end ? 1 : cell.width;
    if (used + cell_width > room) break;
    result += cell.line_end ? " " : cell.bytes;
    used += cell_width;
  }
  if (total > width) {
    result += "~";
    ++used;
  }
  if (has_right_to_left(text)) result += kLeftToRightMark;  // what follows stays in its own column
  const std::string blanks(static_cast<std::size_t>(std::max(0, width - used)), ' ');
  return to_the_right ? blanks + result : result + blanks;
}

namespace {

std::string bar_colour(const TerminalStyle& style, bool positive) {
  using Colours = TerminalStyle::Colours;
  if (style.colours == Colours::none) return "";
  if (style.colours == Colours::ansi16) return positive ? "\x1b[33m" : "\x1b[34m";
  const Palette& palette = style.dark ? kDark : kLight;
  const Colour c = positive ? palette.positive : palette.negative;
  if (style.colours == Colours::ansi256) return fmt::format("\x1b[38;5;{}m", nearest_of_cube(c));
  return fmt::format("\x1b[38;2;{};{};{}m", c.red, c.green, c.blue);
}

/// U+2588 is the whole block, U+2589 .. U+258F seven eighths .. one eighth, all from the left.
std::string left_block(int eighths) {
  return fmt::format("\xe2\x96{}", static_cast<char>(0x90 - eighths));
}

std::string repeated(std::string_view piece, int count) {
  std::string result;
  for (int i = 0; i < count; ++i) result += piece;
  return result;
}

struct Half {
  std::string bytes;
  int width = 0;
};

/// A bar that grows to the right.
Half right_bar(double share, int width, bool utf8) {
  if (!utf8) {
    const int cells = static_cast<int>(std::lround(share * width));
    return {std::string(static_cast<std::size_t>(cells), '#'), cells};
  }
  const int eighths = static_cast<int>(std::lround(share * width * 8));
  const int rest = eighths % 8;
  return {repeated(left_block(8), eighths / 8) + (rest > 0 ? left_block(rest) : ""),
          eighths / 8 + (rest > 0 ? 1 : 0)};
}

/// A bar that grows to the left. There are no blocks of eighths from the right: with colours the
/// missing part is a block in reverse video, without them the bar ends at the half (U+2590).
Half left_bar(double share, int width, const TerminalStyle& style) {
  if (!style.utf8) return right_bar(share, width, false);
  if (style.colours == TerminalStyle::Colours::none) {
    const int halves = static_cast<int>(std::lround(share * width * 2));
    return {(halves % 2 == 1 ? "\xe2\x96\x90" : "") + repeated(left_block(8), halves / 2),
            (halves + 1) / 2};
  }
  const int eighths = static_cast<int>(std::lround(share * width * 8));
  const int rest = eighths % 8;
  const std::string edge = rest > 0 ? "\x1b[7m" + left_block(8 - rest) + "\x1b[27m" : "";
  return {edge + repeated(left_block(8), eighths / 8), eighths / 8 + (rest > 0 ? 1 : 0)};
}

}  // namespace

std::string bar(double share, int width, bool centred, const TerminalStyle& style) {
  const bool positive = share >= 0;
  const double length = std::isfinite(share) ? std::min(1.0, std::abs(share)) : 0;
  const std::string axis = style.utf8 ? "\xe2\x94\x82" : "|";
  const auto coloured = [&](const std::string& bytes) {
    const std::string code = bar_colour(style, positive);
    return bytes.empty() || code.empty() ? bytes : code + bytes + std::string(kReset);
  };
  if (!centred) return axis + coloured(right_bar(length, width - 1, style.utf8).bytes);
  const int half = (width - 1) / 2;
  if (positive) {
    return std::string(static_cast<std::size_t>(half), ' ') + axis +
           coloured(right_bar(length, half, style.utf8).bytes);
  }
  const Half left = left_bar(length, half, style);
  return std::string(static_cast<std::size_t>(half - left.width), ' ') + coloured(left.bytes) +
         axis;
}

}  // namespace pellucid::report
