// SPDX-License-Identifier: Apache-2.0
#include "pellucid/attributions/registry.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "pellucid/attributions/attention.h"
#include "pellucid/attributions/attention_rollout.h"
#include "pellucid/attributions/attention_x_gradient.h"
#include "pellucid/attributions/counterfactual.h"
#include "pellucid/attributions/deep_lift.h"
#include "pellucid/attributions/discretized_ig.h"
#include "pellucid/attributions/gradient_shap.h"
#include "pellucid/attributions/hierarchical_occlusion.h"
#include "pellucid/attributions/input_x_gradient.h"
#include "pellucid/attributions/integrated_gradients.h"
#include "pellucid/attributions/kernel_shap.h"
#include "pellucid/attributions/leave_one_out.h"
#include "pellucid/attributions/lime.h"
#include "pellucid/attributions/occlusion.h"
#include "pellucid/attributions/partition_shap.h"
#include "pellucid/attributions/permutation_shap.h"
#include "pellucid/attributions/random_scores.h"
#include "pellucid/attributions/rise.h"
#include "pellucid/attributions/saliency.h"
#include "pellucid/attributions/sequential_ig.h"
#include "pellucid/attributions/shapley.h"
#include "pellucid/attributions/shapley_interactions.h"
#include "pellucid/attributions/smooth_grad.h"
#include "pellucid/attributions/sobol.h"
#include "pellucid/attributions/value_zeroing.h"
#include "pellucid/base/error.h"
#include "pellucid/base/spelling.h"

namespace pellucid {

const std::vector<MethodEntry>& methods() {
  static const std::vector<MethodEntry> entries{
      IntegratedGradients::entry(),
      InputXGradient::entry(),
      Saliency::entry(),
      SmoothGrad::entry(),
      SquareGrad::entry(),
      VarGrad::entry(),
      GradientShap::entry(),
      SequentialIntegratedGradients::entry(),
      DiscretizedIntegratedGradients::entry(),
      DeepLift::entry(),
      Attention::entry(),
      AttentionRollout::entry(),
      AttentionXGradient::entry(),
      ValueZeroing::entry(),
      Occlusion::entry(),
      LeaveOneOut::entry(),
      HierarchicalOcclusion::entry(),
      Lime::entry(),
      KernelShap::entry(),
      Shapley::entry(),
      PermutationShap::entry(),
      PartitionShap::entry(),
      ShapleyInteractions::entry(),
      Sobol::entry(),
      Rise::entry(),
      CounterfactualSearch::entry(),
      RandomScores::entry(),
  };
  return entries;
}

Method make_method(const std::string& name, const MethodOptions& options) {
  std::vector<std::string> known;
  for (const MethodEntry& entry : methods()) {
    known.push_back(entry.name);
    if (entry.name != name) continue;
    std::vector<std::string> names;
    for (const MethodOption& option : entry.options) names.push_back(option.name);
    for (const auto& [option, value] : options) {
      check_usage(std::find(names.begin(), names.end(), option) != names.end(),
                  "method {} has no option {} (it has {}{})", name, quote(option),
                  fmt::join(names, ", "), did_you_mean(option, names));
    }
    return entry.make(options);
  }
  fail_usage("unknown method {} (available: {}{})", quote(name), fmt::join(known, ", "),
             did_you_mean(name, known));
}

}  // namespace pellucid
