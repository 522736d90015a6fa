// SPDX-License-Identifier: Apache-2.0
#include "pellucid/attributions/decision.h"

#include <algorithm>
#include <limits>

#include "pellucid/base/error.h"

namespace pellucid {
namespace {

/// z_label minus the largest of the others.
double lead(std::span<const float> logits, std::size_t label) {
  double others = -std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < logits.size(); ++i) {
    if (i != label) others = std::max(others, double{logits[i]});
  }
  return double{logits[label]} - others;
}

}  // namespace

Decision::Decision(const Target& target, std::span<const float> logits,
                   std::optional<std::int64_t> to)
    : to_(to), independent_(target.link == Link::sigmoid) {
  check_usage(target.link != Link::identity && target.index && target.positions.empty(),
              "counterfactual: the target \"{}\" is no label of the text", target.label);
  if (independent_) {
    check_usage(!to,
                "to: labels of this model are independent of each other: --target chooses the "
                "one that is to change");
    label_ = logits.size() == 1 ? 0 : static_cast<std::size_t>(*target.index);
    on_ = logits[label_] > 0;
    falls_ = on_ == (logits.size() > 1 || *target.index == 1);
    return;
  }
  label_ =
      static_cast<std::size_t>(std::max_element(logits.begin(), logits.end()) - logits.begin());
  falls_ = static_cast<std::size_t>(*target.index) == label_;
}

double Decision::change(std::span<const float> logits) const {
  if (independent_) return on_ ? -double{logits[label_]} : double{logits[label_]};
  return to_ ? lead(logits, static_cast<std::size_t>(*to_)) : -lead(logits, label_);
}

}  // namespace pellucid
