// SPDX-License-Identifier: Apache-2.0
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdlib>
#include <string>

#include "pellucid/report/terminal.h"

namespace pellucid {
namespace {

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

int number_or(const std::string& text, int fallback) {
  int value = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  return result.ec == std::errc() && result.ptr == text.data() + text.size() ? value : fallback;
}

/// COLORFGBG is "foreground;background" (sometimes with a word between): 7 and 9..15 are light
/// grounds.
bool light_background(const std::string& colorfgbg) {
  const auto separator = colorfgbg.rfind(';');
  if (separator == std::string::npos) return false;
  const int background = number_or(colorfgbg.substr(separator + 1), 0);
  return background == 7 || background > 8;
}

}  // namespace

TerminalStyle TerminalStyle::from(ColourChoice choice, Theme theme, bool is_terminal,
                                  int terminal_width,
                                  const std::function<const char*(const char*)>& variable) {
  const auto read = [&](const char* name) {
    const char* value = variable(name);
    return std::string(value == nullptr ? "" : value);
  };
  const auto forced = [&](const char* name) { return !read(name).empty() && read(name) != "0"; };

  TerminalStyle style;
  const std::string term = read("TERM");
  const std::string colorterm = lower(read("COLORTERM"));
  const bool plain = !read("NO_COLOR").empty() || term == "dumb" ||
                     (!is_terminal && !forced("FORCE_COLOR") && !forced("CLICOLOR_FORCE"));
  if (choice == ColourChoice::never || (choice == ColourChoice::automatic && plain)) {
    style.colours = Colours::none;
  } else if (colorterm == "truecolor" || colorterm == "24bit") {
    style.colours = Colours::truecolor;
  } else {
    style.colours = term.find("256color") != std::string::npos ? Colours::ansi256 : Colours::ansi16;
  }
  style.dark =
      theme == Theme::dark || (theme == Theme::automatic && !light_background(read("COLORFGBG")));

  style.width = number_or(read("COLUMNS"), 0);
  if (style.width <= 0) style.width = terminal_width > 0 ? terminal_width : 80;
  style.width = std::clamp(style.width, 20, 10000);

  std::string locale = read("LC_ALL");
  if (locale.empty()) locale = read("LC_CTYPE");
  if (locale.empty()) locale = read("LANG");
  locale = lower(locale);
  style.utf8 =
      locale.find("utf-8") != std::string::npos || locale.find("utf8") != std::string::npos;
  return style;
}

TerminalStyle TerminalStyle::detect(ColourChoice choice, int file_descriptor, Theme theme) {
  winsize size{};
  const bool known = ioctl(file_descriptor, TIOCGWINSZ, &size) == 0;
  return from(choice, theme, isatty(file_descriptor) == 1, known ? size.ws_col : 0,
              [](const char* name) { return std::getenv(name); });
}

}  // namespace pellucid
