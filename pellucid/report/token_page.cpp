// SPDX-License-Identifier: Apache-2.0
#include "pellucid/report/token_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <sstream>
#include <vector>

#include "pellucid/base/version.h"
#include "pellucid/report/characters.h"
#include "pellucid/report/html_page.h"
#include "pellucid/report/html_parts.h"
#include "pellucid/report/html_text.h"
#include "pellucid/report/numbers.h"

namespace pellucid {
namespace {

using report::html_isolated;
using report::html_text;

constexpr std::size_t kShortTable = 60;  // rows up to which the table stands open

/// Tokens that share characters (the bytes of an emoji) are shown as one.
struct Cell {
  std::vector<std::size_t> tokens;  // positions in the window
  std::int64_t begin = 0;           // edges of the shown text
  std::int64_t end = 0;
  int segment = 0;
  int word = 0;   // of the segment, counted by changes
  int place = 0;  // among the cells of its word
};

std::string count_of(std::int64_t count, std::string_view what) {
  return fmt::format("{} {}{}", report::count_text(count), what, count == 1 ? "" : "s");
}

bool is_content(const Token& token) { return !token.special && !token.padding; }

using Texts = std::array<report::ShownText, 2>;

/// The unknown token in place of something else: "[UNK]" in the text is not unknown.
bool is_unknown(const Token& token, const Tokenizer& tokenizer, const Texts& texts) {
  if (!is_content(token) || tokenizer.unk_id() != token.id) return false;
  const report::ShownText& text = texts[token.segment == 1 ? 1 : 0];
  return text.html(text.edge(token.span.start), text.edge(token.span.end)) != html_text(token.text);
}

/// One window of one text or of a pair.
class WindowPanel {
 public:
  WindowPanel(const Tokenizer& tokenizer, const Texts& texts, bool pair, const Encoding& window,
              bool whole)
      : tokenizer_(tokenizer), texts_(texts), pair_(pair), window_(window), whole_(whole) {
    cell_of_.resize(window.tokens.size());
    for (std::size_t i = 0; i < window.tokens.size(); ++i) place(i);
  }

  /// title: of the window; hidden when there is only one.
  std::string html(const std::string& title, bool several) const {
    return fmt::format(
        "<div class=\"panel\" role=\"group\" aria-label=\"{0}\">\n<h3{1}>{0}</h3>\n{2}{3}{4}"
        "</div>\n",
        title, several ? "" : " class=\"vh\"", texts(), without_characters(), table(!several));
  }

 private:
  void place(std::size_t i) {
    const Token& token = window_.tokens[i];
    const auto segment = static_cast<std::size_t>(token.segment == 1 ? 1 : 0);
    const bool visible = is_content(token) && !token.span.empty();
    Cell* last = last_[segment] ? &cells_[*last_[segment]] : nullptr;
    const std::int64_t at = last ? last->end : 0;
    const std::int64_t begin = visible ? std::max(at, texts_[segment].edge(token.span.start)) : at;
    const std::int64_t end = visible ? std::max(begin, texts_[segment].edge(token.span.end)) : at;
    if (last && visible && begin == end) {
      last->tokens.push_back(i);
      cell_of_[i] = *last_[segment];
      return;
    }
    Cell cell{{i}, begin, end, token.segment, 0, 0};
    if (begin < end && last) {
      const bool same = window_.tokens[last->tokens.front()].word == token.word;
      cell.word = last->word + (same ? 0 : 1);
      cell.place = same ? last->place + 1 : 0;
    }
    cell_of_[i] = cells_.size();
    if (begin < end) last_[segment] = cells_.size();
    cells_.push_back(std::move(cell));
  }

  /// Colour by word, shade by place in the word; underlines for what the vocabulary does not have
  /// and for special tokens that stand in the text.
  std::string classes(const Cell& cell) const {
    std::string names =
        fmt::format("u {}{}", cell.word % 2 == 0 ? 'p' : 'n', 5 + cell.place % 2 * 5);
    const Token& token = window_.tokens[cell.tokens.front()];
    if (is_unknown(token, tokenizer_, texts_)) return names + " sn";
    return tokenizer_.is_special(token.id) ? names + " sp" : names;
  }

  static std::string facts(const Token& token) {
    std::string text = fmt::format("{}  id {}", report::beginning(token.text, 60), token.id);
    if (token.word && is_content(token)) text += fmt::format(" \u00b7 word {}", *token.word);
    if (is_content(token)) {
      text += fmt::format(" \u00b7 characters {}\u2013{}", token.span.start, token.span.end);
    }
    if (token.special) text += " \u00b7 special";
    if (token.type != 0) text += fmt::format(" \u00b7 type {}", token.type);
    return text;
  }

  std::string span_of(std::size_t index, const std::string& names, const std::string& html) const {
    std::string title;
    for (const std::size_t token : cells_[index].tokens) {
      title += (title.empty() ? "" : "   ") + facts(window_.tokens[token]);
    }
    return fmt::format("<span class=\"{}\" data-i=\"{}\" title=\"{}\">{}</span>", names, index,
                       report::html_attribute(title), html);
  }

  /// Characters that belong to no token of the window but have letters are muted: they were cut.
  std::string between(const report::ShownText& shown, std::int64_t begin, std::int64_t end) const {
    const std::string html = shown.html(begin, end);
    if (html.find_first_not_of(" \t\n") == std::string::npos) return html;
    return "<span class=\"unseen\">" + html + "</span>";
  }

  std::string text_html(int segment) const {
    const report::ShownText& shown = texts_[static_cast<std::size_t>(segment)];
    std::string out = fmt::format("<p class=\"text\" dir=\"auto\" data-segment=\"{}\">", segment);
    std::int64_t at = whole_ ? 0 : -1;  // -1: a further window begins with its first token
    for (std::size_t i = 0; i < cells_.size(); ++i) {
      const Cell& cell = cells_[i];
      if (cell.segment != segment || cell.begin == cell.end) continue;
      if (at >= 0) out += between(shown, at, cell.begin);
      out += span_of(i, classes(cell), shown.html(cell.begin, cell.end));
      at = cell.end;
    }
    if (whole_) out += between(shown, at, shown.size());
    return out + "</p>\n";
  }

  std::string texts() const {
    if (!pair_) return text_html(0);
    return fmt::format(
        "<div class=\"pair\">\n<div><h3>First text</h3>{}</div>\n<div><h3>Second text</h3>{}</div>"
        "\n</div>\n",
        text_html(0), text_html(1));
  }

  /// What the template put there, and what the normalizer left nothing of.
  std::string without_characters() const {
    std::string special;
    std::string other;
    for (std::size_t i = 0; i < cells_.size(); ++i) {
      if (cells_[i].begin != cells_[i].end) continue;
      const Token& token = window_.tokens[cells_[i].tokens.front()];
      (is_content(token) ? other : special) += span_of(i, "u", html_isolated(token.text)) + " ";
    }
    const auto line = [](const char* name, const std::string& tokens) {
      if (tokens.empty()) return std::string();
      return fmt::format("<p class=\"special\">{}: {}</p>\n", name, tokens);
    };
    return line("Special tokens", special) + line("Without characters", other);
  }

  std::string table(bool open) const {
    std::string rows;
    for (std::size_t i = 0; i < window_.tokens.size(); ++i) {
      const Token& token = window_.tokens[i];
      const std::string word =
          token.word && is_content(token) ? fmt::format("{}", *token.word) : "\u2013";
      const std::string characters =
          is_content(token) ? fmt::format("{}\u2013{}", token.span.start, token.span.end)
                            : "\u2013";
      rows += fmt::format(
          "<tr data-i=\"{}\"><td>{}</td><td>{}</td><td class=\"r\">{}</td><td class=\"r\">{}</td>"
          "<td class=\"r\">{}</td><td class=\"r\">{}</td></tr>\n",
          cell_of_[i], i, html_isolated(report::beginning(token.text, 80)), token.id, characters,
          word, token.type);
    }
    return fmt::format(
        "<details{}><summary>{}</summary>\n<table class=\"words\"><caption class=\"vh\">Tokens in "
        "the order that the model sees</caption><thead><tr><th scope=\"col\">No.</th><th "
        "scope=\"col\">Token</th><th scope=\"col\" class=\"r\">Id</th><th scope=\"col\" "
        "class=\"r\">Characters</th><th scope=\"col\" class=\"r\">Word</th><th scope=\"col\" "
        "class=\"r\">Type</th></tr></thead><tbody>\n{}</tbody></table>\n</details>\n",
        open && window_.tokens.size() <= kShortTable ? " open" : "",
        count_of(static_cast<std::int64_t>(window_.tokens.size()), "token"), rows);
  }

  const Tokenizer& tokenizer_;
  const Texts& texts_;
  bool pair_;
  const Encoding& window_;
  bool whole_;  // the first window shows all of the text, further ones their part
  std::vector<Cell> cells_;
  std::vector<std::size_t> cell_of_;                     // [tokens]
  std::array<std::optional<std::size_t>, 2> last_ = {};  // cell with characters, of each text
};

/// "12 tokens  2 special  43 characters  4.3 characters a token"
std::string heading(std::int64_t number, const Encoding& encoding, const Tokenizer& tokenizer,
                    const Texts& texts) {
  const std::int64_t characters = texts[0].size() + texts[1].size();
  std::int64_t content = 0;
  std::int64_t unknown = 0;
  for (const Token& token : encoding.tokens) {
    content += is_content(token) ? 1 : 0;
    unknown += is_unknown(token, tokenizer, texts) ? 1 : 0;
  }
  const auto all = static_cast<std::int64_t>(encoding.tokens.size());
  std::string out = number > 0 ? fmt::format("<span>{}</span> ", number) : "";
  out += fmt::format("<b>{}</b>", count_of(all, "token"));
  const auto add = [&out](const std::string& text) { out += " <span>" + text + "</span>"; };
  if (all > content) add(report::count_text(all - content) + " special");
  if (unknown > 0) add(report::count_text(unknown) + " unknown");
  add(count_of(characters, "character"));
  if (encoding.truncated > 0) {
    add(count_of(encoding.truncated, "token") + " cut off");
  } else if (content > 0) {
    add(report::short_number(static_cast<double>(characters) / static_cast<double>(content)) +
        " characters a token");
  }
  return "<h2>" + out + "</h2>\n";
}

}  // namespace

TokenPage::TokenPage(const Tokenizer& tokenizer, std::string name, bool numbered,
                     HtmlOptions options)
    : tokenizer_(tokenizer),
      name_(std::move(name)),
      numbered_(numbered),
      options_(std::move(options)) {}

std::string TokenPage::head() const {
  report::PageHead head;
  head.title = "Tokens";
  head.subtitle =
      fmt::format("{}: {}, {} in the vocabulary.", html_isolated(name_),
                  html_text(tokenizer_.kind()), count_of(tokenizer_.vocabulary_size(), "token"));
  head.version = version();
  std::ostringstream out;
  report::write_page_head(out, head, options_);
  return out.str();
}

std::string TokenPage::section(std::string_view text, const std::optional<std::string>& pair,
                               const Encoding& encoding) {
  ++count_;
  const Texts texts{report::ShownText(text), report::ShownText(pair.value_or(""))};
  std::string out = fmt::format("<section class=\"case only tokens\" id=\"e{}\">\n", count_) +
                    heading(numbered_ ? count_ : 0, encoding, tokenizer_, texts);
  const std::size_t windows = 1 + encoding.overflowing.size();
  for (std::size_t i = 0; i < windows; ++i) {
    const Encoding& window = i == 0 ? encoding : encoding.overflowing[i - 1];
    const WindowPanel panel(tokenizer_, texts, pair.has_value(), window, i == 0);
    out += panel.html(fmt::format("Window {} of {}", i + 1, windows), windows > 1);
  }
  return out + "</section>\n";
}

std::string TokenPage::tail() const {
  std::ostringstream out;
  report::write_page_tail(
      out, version(),
      "Colours change from word to word of the tokenizer, shades from token to token. Underlined: "
      "special tokens in the text, and dotted what the vocabulary does not have.");
  return out.str();
}

}  // namespace pellucid
