// SPDX-License-Identifier: Apache-2.0
#include "pellucid/tasks/preset_gradients.h"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

namespace pellucid {
namespace {

bool is_noisy(const std::string& method) {
  return method == "smooth-grad" || method == "square-grad" || method == "var-grad";
}

/// Baselines are zero vectors, for template tokens too. Its NoiseTunnel goes over Saliency, whose
/// attributions are magnitudes coordinate by coordinate, and its variance is the biased one.
MethodOptions captum_options(const std::string& method) {
  if (method == "integrated-gradients") return {{"steps", "50"}, {"baseline", "all-zero"}};
  if (method == "saliency") return {{"reduce", "l1"}};
  if (method == "deep-lift") return {{"rules", "captum"}, {"baseline", "all-zero"}};
  if (method == "gradient-shap") {
    return {{"samples", "5"},
            {"baseline", "all-zero"},
            {"noise-on", "input"},
            {"noise-special", "true"}};
  }
  if (!is_noisy(method)) return {};
  MethodOptions options{
      {"samples", "5"}, {"noise-absolute", "1"}, {"inner", "absolute-gradient"}, {"reduce", "dot"}};
  if (method == "var-grad") options["biased"] = "true";
  return options;
}

/// Gradients are multiplied with the point where they are taken, made a mean of magnitudes, and
/// only then meaned over the draws.
MethodOptions interpreto_options(const std::string& method) {
  if (method == "saliency") return {{"times-input", "true"}, {"reduce", "mean-abs"}};
  MethodOptions options{{"samples", "10"}, {"reduce", "mean-abs"}, {"reduce-first", "true"}};
  if (is_noisy(method)) {
    options["noise-absolute"] = "0.1";
    options["inner"] = "input-x-gradient";
    return options;
  }
  if (method != "gradient-shap") return {};
  options["baseline"] = "all-zero";
  options["times"] = "point";
  options["noise-absolute"] = "0.1";
  options["noise-special"] = "true";
  return options;
}

}  // namespace

MethodOptions gradient_preset_options(Preset preset, const std::string& method) {
  if (preset == Preset::captum) return captum_options(method);
  if (preset == Preset::interpreto) return interpreto_options(method);
  return {};
}

void add_preset_options(const MethodOptions& preset, MethodOptions& options) {
  static const std::map<std::string, std::vector<std::string>> instead{
      {"samples", {"draws", "tolerance"}},
      {"noise-absolute", {"noise"}},
      {"steps", {"tolerance"}},
      {"baseline", {"baselines-file"}},
  };
  for (const auto& [option, value] : preset) {
    const auto others = instead.find(option);
    const bool replaced =
        others != instead.end() &&
        std::any_of(others->second.begin(), others->second.end(),
                    [&](const std::string& other) { return options.count(other) > 0; });
    if (!replaced) options.emplace(option, value);
  }
}

}  // namespace pellucid
