// SPDX-License-Identifier: Apache-2.0
#include "pellucid/report/html_page.h"

#include <fmt/format.h>

#include <ostream>

#include "pellucid/base/sha256.h"
#include "pellucid/report/characters.h"
#include "pellucid/report/colour.h"
#include "pellucid/report/html_text.h"
#include "pellucid/report/page_assets.h"

namespace pellucid::report {
namespace {

/// Print is always light: the dark rules are for screens only.
std::string page_css(Theme theme) {
  std::string css(assets::page_css);
  css.append("\n").append(palette_css(kLight));
  if (theme == Theme::light) return css + ":root{color-scheme:light}\n";
  css += theme == Theme::dark ? "@media screen{:root{color-scheme:dark}\n"
                              : "@media screen and (prefers-color-scheme:dark){\n";
  return css + palette_css(kDark) + "}\n";
}

/// Whatever it holds, the comment cannot end before its end: there is no ">" in it.
std::string comment(const std::string& version, const std::string& command) {
  return fmt::format("<!-- pellucid {} {} -->\n", html_text(printable(version)),
                     html_text(printable(command)));
}

}  // namespace

void write_page_head(std::ostream& out, const PageHead& head, const HtmlOptions& options) {
  const std::string& title = options.title.empty() ? head.title : options.title;
  const std::string css = page_css(options.theme);
  const std::string language =
      options.language.empty() ? "" : fmt::format(" lang=\"{}\"", html_attribute(options.language));
  out << "<!doctype html>\n"
      << comment(head.version, options.command) << "<html" << language
      << "><head><meta charset=\"utf-8\">\n"
      << "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src '"
      << content_hash(css) << "'; script-src '" << content_hash(assets::page_js)
      << "'; img-src data:; base-uri 'none'; form-action 'none'\">\n"
      << "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
      << "<meta name=\"referrer\" content=\"no-referrer\">\n"
      << "<title>" << html_attribute(title) << "</title>\n"
      << "<style>" << css << "</style></head>\n<body><main"
      << (head.broad ? " class=\"broad\"" : "") << ">\n"
      << "<header><h1 dir=\"auto\">" << html_text(title) << "</h1><p class=\"sub\">"
      << head.subtitle << "</p></header>\n";
}

void write_page_tail(std::ostream& out, std::string_view version, std::string_view note) {
  out << "</main>\n<footer><p>Made by pellucid " << html_text(version) << ". " << html_text(note)
      << "</p></footer>\n"
      << "<div id=\"tip\" aria-hidden=\"true\"></div>\n<script>" << assets::page_js
      << "</script></body></html>\n";
}

}  // namespace pellucid::report
