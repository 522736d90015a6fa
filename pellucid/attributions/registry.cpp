// SPDX-License-Identifier: Apache-2.0
#include "pellucid/attributions/registry.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

#include "pellucid/attributions/input_x_gradient.h"
#include "pellucid/attributions/integrated_gradients.h"
#include "pellucid/attributions/occlusion.h"
#include "pellucid/attributions/saliency.h"
#include "pellucid/base/error.h"
#include "pellucid/base/spelling.h"

namespace pellucid {
namespace {

constexpr double kAutoTolerance = 0.01;

template <class Number>
Number parse_number(const std::string& option, const std::string& text, Number least, Number most,
                    const char* expected) {
  Number value{};
  const char* end = text.data() + text.size();
  const auto [rest, problem] = std::from_chars(text.data(), end, value);
  check_usage(
      problem == std::errc() && rest == end && !text.empty() && least <= value && value <= most,
      "{} is {}, expected {}", option, quote(text), expected);
  return value;
}

bool parse_boolean(const std::string& option, const std::string& text) {
  check_usage(text == "true" || text == "false", "{} is {}, expected true or false", option,
              quote(text));
  return text == "true";
}

/// Calls `set` with the text of an option that was given.
template <class Set>
void if_given(const MethodOptions& options, const std::string& name, const Set& set) {
  const auto found = options.find(name);
  if (found != options.end()) set(found->second);
}

/// The tap that a layer is called in graphs: the output of layer N is "layer.N.hidden".
std::string parse_layer(const std::string& text) {
  if (text == "word-embeddings") return "embeddings";
  if (text == "embeddings" || text == "position-embeddings" || text == "embedding-block") {
    return text;
  }
  const std::string number = text.starts_with("layer.") ? text.substr(6) : text;
  const bool digits =
      !number.empty() && number.size() < 6 &&
      std::all_of(number.begin(), number.end(), [](char c) { return '0' <= c && c <= '9'; });
  check_usage(
      digits,
      "layer is {}, expected embeddings, position-embeddings, embedding-block, layer.N or N",
      quote(text));
  return fmt::format("layer.{}.hidden", number);
}

Method make_integrated_gradients(const MethodOptions& options) {
  IntegratedGradients method;
  if_given(options, "rule", [&](const auto& text) { method.rule = parse_rule(text); });
  if (method.rule == Rule::adaptive) method.tolerance = kAutoTolerance;
  if_given(options, "steps", [&](const auto& text) {
    if (text == "auto") {
      method.tolerance = kAutoTolerance;
      return;
    }
    check_usage(!method.tolerance, "the rule adaptive chooses its own steps: give --tolerance");
    method.steps = parse_number("steps", text, 1, 1000000, "1 or more, or auto");
  });
  if_given(options, "tolerance", [&](const auto& text) {
    check_usage(options.count("steps") == 0 || options.at("steps") == "auto",
                "steps and tolerance exclude each other");
    method.tolerance = parse_number("tolerance", text, 1e-12, 1.0, "a number above 0, at most 1");
  });
  check_usage(!method.tolerance || method.rule == Rule::adaptive || options.count("rule") == 0,
              "with a tolerance the points are chosen: rule is {}, expected adaptive or none",
              name(method.rule));
  if_given(options, "baseline",
           [&](const auto& text) { method.baseline = Replacement::parse(text); });
  if_given(options, "reduce", [&](const auto& text) { method.reduce = parse_reduce(text); });
  if_given(options, "layer", [&](const auto& text) { method.layer = parse_layer(text); });
  if (!method.tolerance) quadrature(method.rule, method.steps);  // refuses what cannot be
  return method;
}

Method make_saliency(const MethodOptions& options) {
  Saliency method;
  if_given(options, "reduce", [&](const auto& text) { method.reduce = parse_reduce(text); });
  if_given(options, "times-norm",
           [&](const auto& text) { method.times_norm = parse_boolean("times-norm", text); });
  if_given(options, "layer", [&](const auto& text) { method.layer = parse_layer(text); });
  return method;
}

Method make_input_x_gradient(const MethodOptions& options) {
  InputXGradient method;
  if_given(options, "baseline",
           [&](const auto& text) { method.baseline = Replacement::parse(text); });
  if_given(options, "reduce", [&](const auto& text) { method.reduce = parse_reduce(text); });
  if_given(options, "layer", [&](const auto& text) { method.layer = parse_layer(text); });
  return method;
}

Method make_occlusion(const MethodOptions& options) {
  Occlusion method;
  if_given(options, "window", [&](const auto& text) {
    method.window = parse_number("window", text, 1, 1000000, "1 or more");
  });
  if_given(options, "stride", [&](const auto& text) {
    method.stride = parse_number("stride", text, 1, method.window, "1 to the window");
  });
  if_given(options, "share",
           [&](const auto& text) { method.share = parse_boolean("share", text); });
  if_given(options, "replacement",
           [&](const auto& text) { method.replacement = Replacement::parse(text); });
  return method;
}

const MethodOption kReduce{
    "reduce", "dot", "dot, l2, l1 or mean-abs",
    "from the vector of a token to a number; only dot is signed and adds up"};
const MethodOption kLayer{"layer", "embeddings",
                          "embeddings, position-embeddings, embedding-block, layer.N or N",
                          "activation where gradients are taken and paths run"};
const char* const kReplacements = "pad, mask, unk, zero, mean, a token or ID,ID,...";

}  // namespace

const std::vector<MethodEntry>& methods() {
  static const std::vector<MethodEntry> entries{
      {"integrated-gradients",
       "integral of the gradient along the straight path from a baseline",
       "Sundararajan et al. 2017, arXiv 1703.01365",
       "steps + 2 forwards, steps VJPs",
       true,
       false,
       {{"steps", "32", "1 or more, or auto", "points of the rule; auto is --tolerance 0.01"},
        {"rule", "gauss-legendre",
         "gauss-legendre, riemann-left, riemann-right, riemann-middle, trapezoid or adaptive",
         "where the points lie and what they weigh"},
        {"tolerance", "none", "above 0, at most 1",
         "add points until gap and scores have settled within this share"},
        {"baseline", "pad", kReplacements, "start of the path"},
        kReduce,
        kLayer},
       make_integrated_gradients},
      {"input-x-gradient",
       "gradient at the input times the input",
       "Shrikumar et al. 2016, arXiv 1605.01713",
       "2 forwards, 1 VJP",
       false,
       false,
       {{"baseline", "zero", kReplacements, "subtracted from the input"}, kReduce, kLayer},
       make_input_x_gradient},
      {"saliency",
       "size of the gradient at the input",
       "Simonyan et al. 2013, arXiv 1312.6034",
       "2 forwards, 1 VJP",
       false,
       false,
       {{"reduce", "l2", kReduce.values, kReduce.summary},
        {"times-norm", "false", "true or false", "multiply by the size of the embedding"},
        kLayer},
       make_saliency},
      {"occlusion",
       "how much the target falls when units are replaced",
       "Zeiler, Fergus 2013, arXiv 1311.2901",
       "units + 1 forwards",
       false,
       true,
       {{"window", "1", "1 or more", "units replaced together"},
        {"stride", "1", "1 to the window", "units between the starts of windows"},
        {"share", "false", "true or false", "divide each effect by the size of its window"},
        {"replacement", "mask", "pad, mask, unk, zero, mean, delete or a token",
         "what stands where units are taken away"}},
       make_occlusion},
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
