// SPDX-License-Identifier: Apache-2.0
// The parts of a page. Other kinds of pages (generation, answers, concepts) are further functions
// beside these.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "pellucid/attributions/explanation.h"
#include "pellucid/report/html.h"

namespace pellucid::report {

/// At most so many targets have their own coloured text; the check table has all.
inline constexpr std::size_t kPanels = 8;

/// " dir=\"rtl\"" for texts whose first letter runs from right to left, else nothing: tables and
/// bars then mirror.
std::string direction(std::string_view text);

/// Number as the page writes it: with a true minus sign.
std::string html_number(std::string text);

/// Text, tabs, strongest units and legend of one explanation with its data for the script.
/// place: 1, 2, ...; heading: the text of its h2, already HTML; may be empty.
std::string case_section(const Explanation& explanation, std::size_t place,
                         const std::string& heading, const HtmlOptions& options);
/// The JSON beside a case: where the shown text is cut, and the scores with four significant
/// digits.
std::string case_data(const Explanation& explanation, const std::vector<std::size_t>& targets,
                      const HtmlOptions& options);

/// One text in the colours of one target: <p class="text">.
std::string coloured_text(const Explanation& explanation, const TargetExplanation& target,
                          int segment);

/// <svg class="bar">: share -1..1 of the width, or of each half when centred.
std::string svg_bar(double share, bool centred);

/// What the model answered: classes, answers, entities, masks. Empty when there is nothing beyond
/// the headline.
std::string answer_section(const Explanation& explanation);
/// "How sure is this explanation?"
std::string facts_section(const Explanation& explanation);
/// The same for many: what they share.
std::string shared_facts_section(std::span<const Explanation> explanations);
/// Number, text, label, probability, gap of every explanation.
std::string index_section(std::span<const Explanation> explanations);

/// "probability of fear", "logit of joy".
std::string output_phrase(const Target& target);
/// What the model answered, as HTML: "fear with probability 0.725".
std::string answer_phrase(const Explanation& explanation);

}  // namespace pellucid::report
