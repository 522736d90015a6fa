// SPDX-License-Identifier: Apache-2.0
#include "pellucid/report/html.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <sstream>

#include "pellucid/base/error.h"
#include "pellucid/base/sha256.h"
#include "pellucid/report/html_parts.h"
#include "pellucid/report/html_text.h"
#include "pellucid/report/json.h"
#include "pellucid/report/samples_test.h"

namespace pellucid {
namespace {

namespace samples = report::samples;

std::map<std::string, std::vector<Explanation>> sample_pages() {
  Explanation crlf = samples::of_text("One\r\ntwo\tthree  four", {0.5, -0.2});
  Explanation empty = samples::of_text("", {0.0});
  Explanation unseen = samples::review();
  unseen.units.units.back().tokens.clear();
  unseen.targets.front().scores.back() = std::nan("");
  unseen.targets.front().standard_errors.assign(unseen.targets.front().scores.size(), 0.004);
  unseen.warnings = {"12 of 36 tokens were dropped (limit 24); --long windows explains all"};
  std::map<std::string, std::vector<Explanation>> pages{
      {"one", {samples::afraid()}},
      {"all", {samples::afraid_all_classes()}},
      {"review", {samples::review()}},
      {"unsigned", {samples::review(false)}},
      {"pair", {samples::pair()}},
      {"hostile", {samples::hostile()}},
      {"chinese", {samples::chinese()}},
      {"arabic", {samples::arabic()}},
      {"crlf", {crlf}},
      {"unseen", {unseen}},
      {"batch",
       {samples::afraid_all_classes(), samples::review(), samples::arabic(), samples::hostile()}}};
  return pages;
}

std::string between(const std::string& text, const std::string& before, const std::string& after) {
  const auto begin = text.find(before) + before.size();
  return text.substr(begin, text.find(after, begin) - begin);
}

/// Checks that elements close in order, that attributes are quoted and that no id stands twice.
/// Returns the tags seen.
std::vector<std::string> check_structure(const std::string& page) {
  const std::set<std::string> empty_elements{"meta", "input", "br"};
  std::vector<std::string> open, seen;
  std::set<std::string> ids;
  for (std::size_t at = page.find('<'); at != std::string::npos; at = page.find('<', at)) {
    if (page.compare(at, 4, "<!--") == 0) {
      at = page.find("-->", at);
      continue;
    }
    const std::size_t end = page.find('>', at);
    std::string tag = page.substr(at + 1, end - at - 1);
    at = end;
    if (tag == "!doctype html") continue;
    if (tag[0] == '/') {
      EXPECT_FALSE(open.empty());
      EXPECT_EQ(open.empty() ? "" : open.back(), tag.substr(1))
          << page.substr(at > 200 ? at - 200 : 0, 220);
      if (!open.empty()) open.pop_back();
      continue;
    }
    static const std::regex shape(R"re(([a-zA-Z0-9]+)((?: [a-zA-Z0-9-]+(?:="[^"<>]*")?)*)/?)re");
    std::smatch parts;
    EXPECT_TRUE(std::regex_match(tag, parts, shape)) << tag;
    const std::string name = parts[1];
    seen.push_back(tag);
    std::smatch id;
    if (std::regex_search(tag, id, std::regex(" id=\"([^\"]*)\""))) {
      EXPECT_TRUE(ids.insert(id[1]).second) << "twice: id " << id[1];
    }
    if (tag.back() != '/' && empty_elements.count(name) == 0) open.push_back(name);
    if (name == "script" || name == "style") at = page.find("</" + name + ">", at);
  }
  EXPECT_TRUE(open.empty());
  return seen;
}

TEST(Html, EveryPageIsWellFormed) {
  for (const auto& [name, explanations] : sample_pages()) {
    SCOPED_TRACE(name);
    const std::string page = to_html(explanations);
    int headings = 0;
    for (const std::string& tag : check_structure(page)) {
      EXPECT_FALSE(std::regex_search(std::regex_replace(tag, std::regex("\"[^\"]*\""), "\"\""),
                                     std::regex(" (style|on[a-z]+|src|srcset|action)=")))
          << tag;
      headings += tag.rfind("h1", 0) == 0;
    }
    EXPECT_EQ(headings, 1);
    EXPECT_EQ(page.rfind("<!doctype html>\n<!-- pellucid ", 0), 0u);
    EXPECT_EQ(page.find("http://"),
              page.find("http://www.w3.org/2000/svg"));  // a name space, not a resource
    EXPECT_EQ(page.find("https:"), std::string::npos);
  }
}

TEST(Html, ThePolicyHoldsTheHashesOfStyleAndScript) {
  for (const Theme theme : {Theme::automatic, Theme::light, Theme::dark}) {
    HtmlOptions options;
    options.theme = theme;
    const std::string page = to_html(samples::afraid_all_classes(), options);
    const std::string style = between(page, "<style>", "</style>");
    const std::string script = between(page, "</div>\n<script>", "</script></body>");
    EXPECT_NE(page.find("style-src '" + content_hash(style) + "'; script-src '" +
                        content_hash(script) + "'"),
              std::string::npos);
    EXPECT_LT(script.size(), 15000u);
    EXPECT_EQ(style.find("prefers-color-scheme") != std::string::npos, theme == Theme::automatic);
  }
}

TEST(Html, HostileStringsStayText) {
  HtmlOptions options;
  options.command = "explain --text '--><script>alert(4)</script>'\n--model x";
  options.language = "en\" onload=\"alert(5)";
  const std::string page = to_html(samples::hostile(), options);
  std::size_t scripts = 0;
  for (const std::string& tag : check_structure(page)) {
    scripts += tag.rfind("script", 0) == 0;
    EXPECT_NE(tag.substr(0, 3), "img");
    EXPECT_FALSE(std::regex_search(tag, std::regex("href=\"[^#]"))) << tag;
  }
  EXPECT_EQ(scripts, 2u);  // the data and the page's own
  for (const char* forbidden : {"\x1b", "\x07", "onload=\"alert", "]]>", "<!-- ]]"}) {
    EXPECT_EQ(page.find(forbidden), std::string::npos) << forbidden;
  }
  EXPECT_EQ(page.find('\0'), std::string::npos);
  EXPECT_NE(page.find("\\x00<span"), std::string::npos);
  const auto data =
      nlohmann::json::parse(between(page, "<script type=\"application/json\">", "</script>"));
  EXPECT_EQ(data["targets"][0]["scores"].size(), samples::hostile().units.units.size());
}

TEST(Html, EscapesByPlace) {
  EXPECT_EQ(report::html_text("a<b>&\"'\r\n\x01\x7f\xff"), "a&lt;b&gt;&amp;\"'\n\\x01\\x7f\\xff");
  EXPECT_EQ(report::html_text("a\rb"), "a\\x0db");
  EXPECT_EQ(report::html_attribute("a\"'<\n\xe2\x80\xae"), "a&quot;&#39;&lt;\\x0a\\u202e");
  EXPECT_EQ(report::html_number("-1.5e-7"), "\u22121.5e\u22127");
}

TEST(Html, UnitsNeverSplitAGrapheme) {
  Explanation explanation = samples::afraid();
  explanation.text = "ne\xcc\x81t x";  // n, e + acute, t
  explanation.units.units.resize(2);
  explanation.units.units[0].span = Span{0, 2};
  explanation.units.units[1].span = Span{2, 4};
  const std::string html = report::coloured_text(explanation, explanation.targets.front(), 0);
  EXPECT_NE(html.find(">ne\xcc\x81</span>"), std::string::npos) << html;
  EXPECT_NE(html.find(">t</span> x</p>"), std::string::npos) << html;
}

TEST(Html, DataCutsTheShownText) {
  Explanation explanation = samples::of_text("\x01\xf0\x9f\x98\x80 a", {0.5});
  const auto data = nlohmann::json::parse(report::case_data(explanation, {0}, {}));
  EXPECT_EQ(data["units"].back(),
            nlohmann::json({7, 8, 0}));  // \x01 is four characters, the emoji two
}

TEST(Html, MoreThanEightTargets) {
  Explanation explanation = samples::afraid_all_classes();
  for (int i = 0; i < 6; ++i) explanation.targets.push_back(explanation.targets[i]);
  const std::string page = to_html(explanation);
  check_structure(page);
  EXPECT_NE(page.find("class=\"r7\""), std::string::npos);
  EXPECT_EQ(page.find("class=\"r8\""), std::string::npos);
}

TEST(Html, DefectiveExplanationsStillDraw) {
  Explanation explanation = samples::afraid();
  explanation.targets.front().scores.resize(3);
  explanation.targets.front().token_scores.resize(2);
  explanation.units.units[0].span = Span{-5, 4000};
  explanation.prediction = ClassPrediction{};
  check_structure(to_html(explanation));
  explanation.targets.clear();
  check_structure(to_html(explanation));
  check_structure(to_html(std::vector<Explanation>{}));
}

TEST(Html, OtherAnswersHaveTheirTables) {
  Explanation explanation = samples::afraid();
  for (const Prediction& prediction : std::vector<Prediction>{
           RegressionPrediction{{1.42}, {}}, AnswerPrediction{{{"<love>", {2, 6}, 0.9}}, 0.01},
           TokensPrediction{{{"<LOC>", 0.9, {2, 6}, "<love>", {1}}}, {}},
           MaskedPrediction{{{{"<love>", 3, 0.9}}}},
           MultiLabelPrediction{0, {2, -4}, {0.91, 0.02}, {"<joy>", "fear"}, {0}}}) {
    explanation.prediction = prediction;
    check_structure(to_html(explanation));
  }
}

TEST(Html, SizeStaysSmall) {
  std::string text;
  for (int i = 0; i < 100; ++i) text += "word" + std::to_string(i) + " ";
  const auto small = to_html(samples::of_text("a", {0.5})).size();
  const auto large = to_html(samples::of_text(text, {0.523, -0.231, 0.0123})).size();
  EXPECT_LT(small, 32000u);
  EXPECT_LT(large - small, 14000u);
}

TEST(Html, SavedAtomically) {
  const auto folder =
      std::filesystem::temp_directory_path() / ("pellucid_html_test_" + std::to_string(getpid()));
  std::filesystem::create_directory(folder);
  save_html(samples::afraid(), folder / "why.html");
  std::ifstream file(folder / "why.html");
  std::stringstream content;
  content << file.rdbuf();
  EXPECT_EQ(content.str(), to_html(samples::afraid()));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder), {}), 1);
  EXPECT_THROW(save_html(samples::afraid(), folder / "none" / "why.html"), Error);
  std::filesystem::remove_all(folder);
}

/// Opens all sample pages in Chromium. PELLUCID_PAGES=FOLDER keeps pages and screenshots.
TEST(Html, PagesHoldInABrowser) {
  const std::filesystem::path script = PELLUCID_SOURCE_DIR "/tests/browser/check_pages.py";
  const char* keep = std::getenv("PELLUCID_PAGES");
  const std::filesystem::path folder = keep ? std::filesystem::path(keep)
                                            : std::filesystem::temp_directory_path() /
                                                  ("pellucid_pages_" + std::to_string(getpid()));
  std::filesystem::create_directories(folder);
  for (const auto& [name, explanations] : sample_pages()) {
    save_html(explanations, folder / (name + ".html"));
    std::ofstream lines(folder / (name + ".jsonl"));
    for (const Explanation& explanation : explanations) lines << to_json(explanation) << '\n';
  }
  const std::string command = "python3 '" + script.string() + "' '" + folder.string() + "'" +
                              (keep ? " --screenshots '" + folder.string() + "/screenshots'" : "");
  const int status = std::system(command.c_str());
  if (!keep) std::filesystem::remove_all(folder);
  if (WEXITSTATUS(status) == 77 || WEXITSTATUS(status) == 127)
    GTEST_SKIP() << "no Chromium or no Python";
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace pellucid
