// SPDX-License-Identifier: Apache-2.0
// pellucid info: what a model folder holds.
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "pellucid/base/error.h"
#include "pellucid/cli/model_argument.h"
#include "pellucid/cli/output.h"
#include "pellucid/cli/verbs.h"
#include "pellucid/io/checkpoint.h"
#include "pellucid/report/numbers.h"
#include "pellucid/tasks/predict.h"

namespace pellucid::cli {
namespace {

using Json = nlohmann::ordered_json;
using report::count_text;

constexpr std::size_t kLabelsShown = 20;
constexpr double kMiB = 1024.0 * 1024.0;

/// None: the head has no task (a bare encoder, a language model that continues texts).
std::optional<Task> task_of(const Model& model) {
  const HeadKind head = model.network().shape().head;
  if (head == HeadKind::none || continues_texts(head)) return std::nullopt;
  return find_task(model, std::nullopt, false);
}

std::string json(const Model& model) {
  const NetworkShape& shape = model.network().shape();
  const auto task = task_of(model);
  Json object;
  object["model_type"] = model.model_type();
  object["architectures"] = model.architectures();
  object["task"] = task ? Json(std::string(name(*task))) : Json();
  object["parameters"] = model.parameters();
  object["labels"] = model.labels();
  object["max_length"] = model.max_length();
  object["tokenizer"] = nullptr;
  if (model.has_tokenizer()) {
    object["tokenizer"] = {{"kind", model.tokenizer().kind()},
                           {"vocabulary", model.tokenizer().vocabulary_size()}};
  }
  object["unused_tensors"] = model.unused_tensors();
  object["missing_tensors"] = Json::array();  // a model with a missing tensor does not load
  object["weights_bytes"] = model.weights_bytes();
  object["dtype"] = model.dtype();
  object["layers"] = shape.layers;
  object["hidden"] = shape.hidden;
  object["heads"] = shape.heads;
  object["outputs"] = shape.outputs;
  object["vocabulary"] = shape.vocabulary;
  object["bytes_per_token"] = {
      {"forward", shape.untracked_floats_per_token * std::int64_t{sizeof(float)}},
      {"gradient", shape.tracked_floats_per_token * std::int64_t{sizeof(float)}}};
  object["non_finite_tensors"] = model.non_finite_tensors();
  object["warnings"] = model.warnings();
  return object.dump();
}

std::string list(const std::vector<std::string>& names, std::size_t limit) {
  const std::size_t shown = std::min(names.size(), limit);
  std::string text = fmt::format(
      "{}", fmt::join(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(shown), ", "));
  if (shown < names.size()) text += fmt::format(" ... {} more", names.size() - shown);
  return names.empty() ? "none" : text;
}

std::string text(const Model& model) {
  const NetworkShape& shape = model.network().shape();
  const auto task = task_of(model);
  std::string out;
  const auto line = [&](std::string_view key, const std::string& value) {
    out += fmt::format("{:<18}{}\n", key, value);
  };
  line("model", model.name());
  line("architecture",
       fmt::format("{} ({})", list(model.architectures(), kLabelsShown), model.model_type()));
  line("task", task ? std::string(name(*task)) : "none");
  line("labels", list(model.labels(), kLabelsShown));
  line("sizes", fmt::format("{} layers, {} wide, {} heads, {} outputs", shape.layers, shape.hidden,
                            shape.heads, shape.outputs));
  line("parameters", count_text(model.parameters()));
  line("weights",
       fmt::format("{:.1f} MiB, {}", double(model.weights_bytes()) / kMiB, model.dtype()));
  line("memory", fmt::format("weights, and for each token {} bytes ({} with gradients)",
                             count_text(shape.untracked_floats_per_token * 4),
                             count_text(shape.tracked_floats_per_token * 4)));
  line("longest text", fmt::format("{} tokens", count_text(model.max_length())));
  line("tokenizer", model.has_tokenizer()
                        ? fmt::format("{}, {} tokens", model.tokenizer().kind(),
                                      count_text(model.tokenizer().vocabulary_size()))
                        : "none");
  line("unused tensors", list(model.unused_tensors(), model.unused_tensors().size()));
  const auto non_finite = model.non_finite_tensors();
  if (!non_finite.empty()) line("NaN or infinite", list(non_finite, non_finite.size()));
  return out;
}

}  // namespace

int info(const Arguments& arguments) {
  Output output(arguments);
  const Format format = choose_format(arguments, output, Format::text, Format::text);
  const ModelArgument choice = choose_model(arguments, false);
  check_usage(choice.texts.empty(), "info takes one model, found also \"{}\"",
              choice.texts.empty() ? "" : choice.texts.front());
  const Model model = load_model(arguments, choice);
  for (const std::string& tensor : model.non_finite_tensors()) {
    warn(arguments, fmt::format("{}: tensor \"{}\" holds NaN or infinity",
                                Checkpoint::open(model.folder().string()).name(), tensor));
  }
  output.write(format == Format::json ? json(model) + "\n" : text(model));
  output.finish();
  return 0;
}

}  // namespace pellucid::cli
