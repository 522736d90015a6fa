// SPDX-License-Identifier: Apache-2.0
#include "pellucid/tasks/head_facts.h"

#include <algorithm>
#include <map>

#include "pellucid/base/error.h"
#include "pellucid/base/spelling.h"

namespace pellucid {
namespace {

constexpr std::size_t kListedLabels = 20;

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

bool all_digits(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::int64_t parse_index(const std::vector<std::string>& labels, std::string_view digits) {
  const std::size_t first = std::min(digits.find_first_not_of('0'), digits.size() - 1);
  const std::string_view number = digits.substr(first);
  const auto count = static_cast<std::int64_t>(labels.size());
  const std::int64_t index = number.size() > 9 ? count : std::stoll(std::string(number));
  check_usage(index < count, "target {}: there are {} labels, expected an index of 0 to {}", digits,
              count, count - 1);
  return index;
}

/// Labels shown as "name (3)" because several are called "name".
void refuse_duplicate(const std::vector<std::string>& labels, std::string_view text) {
  std::vector<std::string> same;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] == fmt::format("{} ({})", text, i)) same.push_back(std::to_string(i));
  }
  check_usage(same.empty(), "target {}: several labels have this name, use the index: {}",
              quote(text), fmt::join(same, ", "));
}

}  // namespace

HeadFacts head_facts(const Model& model) {
  const NetworkShape& shape = model.network().shape();
  return {shape.head, shape.outputs, model.problem_type(), model.labels()};
}

Link link_of(const HeadFacts& facts, Task task) {
  switch (task) {
    case Task::multi_label:
      return Link::sigmoid;
    case Task::regression:
    case Task::question_answering:
      return Link::identity;
    case Task::sequence_classification:
    case Task::pair_classification:
      return facts.outputs == 1 ? Link::sigmoid : Link::softmax;
    case Task::token_classification:
    case Task::masked_lm:
      break;
  }
  return Link::softmax;
}

std::vector<std::string> class_labels(const HeadFacts& facts, Task task) {
  if (facts.head == HeadKind::replaced_token_detection) return {"original", "replaced"};
  std::vector<std::string> labels = facts.labels;
  for (std::size_t i = labels.size(); i < static_cast<std::size_t>(facts.outputs); ++i) {
    labels.push_back("LABEL_" + std::to_string(i));
  }
  std::map<std::string, int> uses;
  for (const std::string& label : labels) ++uses[label];
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (uses[labels[i]] > 1) labels[i] = fmt::format("{} ({})", labels[i], i);
  }
  if (facts.outputs == 1 && labels.size() == 1 && link_of(facts, task) == Link::sigmoid) {
    if (labels[0] == "LABEL_0") return {"LABEL_0", "LABEL_1"};
    return {"not " + labels[0], labels[0]};
  }
  return labels;
}

std::optional<std::int64_t> find_label(const std::vector<std::string>& labels,
                                       std::string_view text) {
  const auto exact = std::find(labels.begin(), labels.end(), text);
  if (exact != labels.end()) return exact - labels.begin();
  refuse_duplicate(labels, text);
  std::optional<std::int64_t> found;
  int matches = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (lower(labels[i]) != lower(text)) continue;
    ++matches;
    found = static_cast<std::int64_t>(i);
  }
  if (matches == 1) return found;
  if (matches == 0 && all_digits(text)) return parse_index(labels, text);
  return std::nullopt;
}

std::string label_list(const std::vector<std::string>& labels) {
  const std::size_t shown = std::min(labels.size(), kListedLabels);
  std::string list =
      fmt::format("{}", fmt::join(labels.begin(), labels.begin() + static_cast<long>(shown), ", "));
  if (shown < labels.size()) list += fmt::format(" and {} more", labels.size() - shown);
  return list;
}

}  // namespace pellucid
