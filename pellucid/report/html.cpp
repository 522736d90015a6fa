// SPDX-License-Identifier: Apache-2.0
#include "pellucid/report/html.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ostream>
#include <sstream>
#include <streambuf>

#include "pellucid/base/error.h"
#include "pellucid/base/file.h"
#include "pellucid/report/characters.h"
#include "pellucid/report/describe.h"
#include "pellucid/report/html_page.h"
#include "pellucid/report/html_parts.h"
#include "pellucid/report/html_text.h"
#include "pellucid/report/numbers.h"

namespace pellucid {
namespace {

std::string question(std::span<const Explanation> explanations) {
  if (explanations.size() != 1) return fmt::format("{} explanations", explanations.size());
  const Explanation& explanation = explanations.front();
  if (explanation.targets.empty()) return "Explanation";
  const std::string& label = explanation.targets[report::main_target(explanation)].target.label;
  return label.empty() ? "Why this answer?" : fmt::format("Why {}?", label);
}

/// When another class than the answer is explained: its probability.
std::string other_class(const Explanation& explanation) {
  if (explanation.targets.empty()) return "";
  const Target& target = explanation.targets[report::main_target(explanation)].target;
  const auto classes = report::ranked_classes(explanation.prediction);
  const auto probability = report::target_probability(explanation, target);
  if (!probability || classes.empty() || classes.front().index == *target.index) return "";
  return fmt::format(" The probability of {} is {}.", report::html_isolated(target.label),
                     report::html_text(report::probability_text(*probability)));
}

std::string subtitle(std::span<const Explanation> explanations) {
  if (explanations.empty()) return "No text was explained.";
  const Explanation& first = explanations.front();
  if (explanations.size() == 1) {
    const std::string answer = report::answer_phrase(first);
    const std::string model = report::html_isolated(first.model);
    if (answer.empty()) return fmt::format("Model: {}", model);
    return fmt::format("{} answers {}.{}", model, answer, other_class(first));
  }
  std::size_t labelled = 0;
  std::size_t right = 0;
  for (const Explanation& explanation : explanations) {
    const auto classes = report::ranked_classes(explanation.prediction);
    if (!explanation.true_label || classes.empty()) continue;
    ++labelled;
    right += classes.front().label == *explanation.true_label;
  }
  const std::string accuracy =
      labelled == 0 ? "" : fmt::format(" {} of {} labels are right.", right, labelled);
  return fmt::format("{}, {}.{}", report::html_isolated(first.model),
                     report::html_text(report::method_title(first.method.name)), accuracy);
}

void write_head(std::ostream& out, std::span<const Explanation> explanations,
                const HtmlOptions& options) {
  report::PageHead head;
  head.title = question(explanations);
  head.subtitle = subtitle(explanations);
  head.broad = explanations.size() == 1 && explanations.front().pair.has_value();
  if (!explanations.empty()) head.version = explanations.front().version;
  report::write_page_head(out, head, options);
}

void write_tail(std::ostream& out, std::span<const Explanation> explanations) {
  report::write_page_tail(out, explanations.empty() ? "" : explanations.front().version,
                          "A score says how much a part of the text moved the model\u2019s output; "
                          "it does not say that "
                          "the model is right.");
}

void write_single(std::ostream& out, const Explanation& explanation, const HtmlOptions& options) {
  out << report::case_section(explanation, 1, "", options);
  const std::string answers = report::answer_section(explanation);
  const std::string facts = report::facts_section(explanation);
  out << (answers.empty() ? facts : "<div class=\"two\">\n" + answers + facts + "</div>\n");
}

/// Number, answer, and the next best classes.
std::string case_heading(const Explanation& explanation, std::size_t place) {
  const auto classes = report::ranked_classes(explanation.prediction);
  if (classes.empty())
    return fmt::format("<span>{}</span> <b>{}</b>", place, report::answer_phrase(explanation));
  const auto item = [](const report::LabelledProbability& entry) {
    return fmt::format("{} {}", report::html_isolated(report::beginning(entry.label, 40)),
                       report::html_text(report::probability_text(entry.probability)));
  };
  std::string heading = fmt::format("<span>{}</span> <b>{}</b>", place, item(classes.front()));
  for (std::size_t i = 1; i < std::min<std::size_t>(classes.size(), 4); ++i) {
    heading += fmt::format(" <span>{}</span>", item(classes[i]));
  }
  return heading;
}

void write_several(std::ostream& out, std::span<const Explanation> explanations,
                   const HtmlOptions& options) {
  out << report::index_section(explanations);
  for (std::size_t i = 0; i < explanations.size(); ++i) {
    out << report::case_section(explanations[i], i + 1, case_heading(explanations[i], i + 1),
                                options);
  }
  out << report::shared_facts_section(explanations);
}

/// A stream buffer that hands what it has collected to a file.
class FileBuffer : public std::streambuf {
 public:
  explicit FileBuffer(AtomicFile& file) : file_(file) {
    setp(buffer_.data(), buffer_.data() + buffer_.size());
  }

 protected:
  int_type overflow(int_type character) override {
    sync();
    if (traits_type::eq_int_type(character, traits_type::eof()))
      return traits_type::not_eof(character);
    return sputc(traits_type::to_char_type(character));
  }
  int sync() override {
    file_.write(pbase(), static_cast<std::size_t>(pptr() - pbase()));
    setp(buffer_.data(), buffer_.data() + buffer_.size());
    return 0;
  }

 private:
  AtomicFile& file_;
  std::array<char, 1 << 16> buffer_{};
};

void save(const std::filesystem::path& path, std::span<const Explanation> explanations,
          const HtmlOptions& options) {
  AtomicFile file(path.string());
  FileBuffer buffer(file);
  std::ostream out(&buffer);
  out.exceptions(std::ios::badbit);  // what write() throws goes on to the caller
  write_html(out, explanations, options);
  out.flush();
  file.commit();
}

}  // namespace

void write_html(std::ostream& out, std::span<const Explanation> explanations,
                const HtmlOptions& given) {
  HtmlOptions options = given;
  if (options.top <= 0) options.top = explanations.size() > 1 ? 5 : 10;
  write_head(out, explanations, options);
  if (explanations.size() == 1) {
    write_single(out, explanations.front(), options);
  } else if (!explanations.empty()) {
    write_several(out, explanations, options);
  }
  write_tail(out, explanations);
}

std::string to_html(const Explanation& explanation, const HtmlOptions& options) {
  std::ostringstream out;
  write_html(out, {&explanation, 1}, options);
  return out.str();
}

std::string to_html(const std::vector<Explanation>& explanations, const HtmlOptions& options) {
  std::ostringstream out;
  write_html(out, explanations, options);
  return out.str();
}

void save_html(const Explanation& explanation, const std::filesystem::path& path,
               const HtmlOptions& options) {
  save(path, {&explanation, 1}, options);
}

void save_html(const std::vector<Explanation>& explanations, const std::filesystem::path& path,
               const HtmlOptions& options) {
  save(path, explanations, options);
}

}  // namespace pellucid
