// SPDX-License-Identifier: Apache-2.0
#include "pellucid/tasks/classification.h"

#include <algorithm>

#include "pellucid/base/error.h"

namespace pellucid {
namespace {

/// The first of equals.
std::int64_t largest(const std::vector<double>& values) {
  return std::max_element(values.begin(), values.end()) - values.begin();
}

/// Computed as the value of a target is, so that the two are the same number.
std::vector<double> probabilities_of(std::span<const float> logits, Link link) {
  std::vector<double> probabilities;
  const auto classes = static_cast<std::int64_t>(logits.size());
  for (std::int64_t c = 0; c < classes; ++c) {
    const Target target{.label = "", .index = c, .output = Output::probability, .link = link};
    probabilities.push_back(target.value(logits, classes));
  }
  return probabilities;
}

MultiLabelPrediction independent_labels(std::vector<std::string> labels,
                                        std::vector<float> logits) {
  MultiLabelPrediction prediction;
  prediction.probabilities = probabilities_of(logits, Link::sigmoid);
  prediction.logits = std::move(logits);
  prediction.labels = std::move(labels);
  const std::vector<double>& p = prediction.probabilities;
  prediction.index = largest(p);
  for (std::size_t i = 0; i < p.size(); ++i) {
    if (p[i] >= 0.5) prediction.predicted.push_back(static_cast<std::int64_t>(i));
  }
  std::stable_sort(prediction.predicted.begin(), prediction.predicted.end(),
                   [&](std::int64_t a, std::int64_t b) {
                     return p[static_cast<std::size_t>(a)] > p[static_cast<std::size_t>(b)];
                   });
  return prediction;
}

}  // namespace

Prediction classify(const HeadFacts& facts, Task task, std::span<const float> logits) {
  check(static_cast<std::int64_t>(logits.size()) == facts.outputs && !logits.empty(),
        "{}: {} logits, expected {}", name(task), logits.size(), facts.outputs);
  std::vector<std::string> labels = class_labels(facts, task);
  const Link link = link_of(facts, task);
  if (link == Link::identity) {
    return RegressionPrediction{{logits.begin(), logits.end()}, std::move(labels)};
  }
  std::vector<float> z(logits.begin(), logits.end());
  if (link == Link::sigmoid && z.size() == 1) z = {-z[0], z[0]};
  if (task == Task::multi_label) return independent_labels(std::move(labels), std::move(z));
  std::vector<double> p = probabilities_of(z, link);
  const std::int64_t index = largest(p);
  return ClassPrediction{index, std::move(z), std::move(p), std::move(labels)};
}

}  // namespace pellucid
