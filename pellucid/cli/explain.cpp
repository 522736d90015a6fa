// SPDX-License-Identifier: Apache-2.0
// pellucid explain: attributions for one text, or for a stream of them.
#include "pellucid/tasks/explain.h"

#include <array>
#include <limits>

#include "pellucid/attributions/registry.h"
#include "pellucid/base/error.h"
#include "pellucid/base/spelling.h"
#include "pellucid/cli/batch.h"
#include "pellucid/cli/dump.h"
#include "pellucid/cli/explanations.h"
#include "pellucid/cli/input.h"
#include "pellucid/cli/lines.h"
#include "pellucid/cli/model_argument.h"
#include "pellucid/cli/signals.h"
#include "pellucid/cli/verbs.h"
#include "pellucid/tasks/preset_gradients.h"
#include "pellucid/tasks/preset_perturbations.h"
#include "pellucid/text/unicode.h"

namespace pellucid::cli {
namespace {

/// Flags that are options of a method, by the same names.
constexpr std::array kMethodFlags{
    "steps",          "rule",           "tolerance",   "baseline",         "reduce", "layer",
    "window",         "stride",         "replacement", "samples",          "noise",  "evaluations",
    "noise-absolute", "baselines-file", "draws",       "replacement-model"};

/// None when the command line says nothing about it.
std::optional<Method> method(const Arguments& arguments, Preset preset) {
  const std::string name = arguments.value("method").value_or("integrated-gradients");
  MethodOptions options;
  for (const char* flag : kMethodFlags) {
    if (const auto value = arguments.value(flag)) options[flag] = *value;
  }
  if (arguments.has("collapse")) options["collapse"] = "true";
  for (const std::string& setting : arguments.values("set")) {
    const std::size_t equals = setting.find('=');
    check_usage(equals != std::string::npos && equals > 0, "--set is \"{}\", expected NAME=VALUE",
                setting);
    options[setting.substr(0, equals)] = setting.substr(equals + 1);
  }
  const bool settled_later = preset == Preset::none || preset == Preset::transformers_interpret;
  if (options.empty() && !arguments.has("method") && settled_later) return std::nullopt;
  if (auto peer = peer_perturbation(preset, name, options)) return peer;
  add_preset_options(preset_method_options(preset, name), options);
  return make_method(name, options);
}

UnitOptions unit_options(const Arguments& arguments) {
  UnitOptions options;
  if (const auto how = arguments.value("punctuation")) {
    options.punctuation = parse_punctuation(*how);
  }
  options.rest = arguments.choice("rest", {"none", "units"}) == "units";
  if (const auto path = arguments.value("abbreviations")) {
    Lines lines(*path);
    for (std::string line; lines.next(line);) {
      decode_utf8(line, fmt::format("{}:{}", lines.name(), lines.number()));
      options.abbreviations.push_back(line);
    }
  }
  return options;
}

ExplainOptions explain_options(const Arguments& arguments) {
  ExplainOptions options;
  if (const auto preset = arguments.value("preset")) options.preset = parse_preset(*preset);
  options.method = method(arguments, options.preset);
  if (const auto task = arguments.value("task")) options.task = parse_task(*task);
  options.targets = arguments.values("target");
  if (const auto output = arguments.value("output")) {
    check_usage(output->find_first_of("./") == std::string::npos,
                "--output is the scale of the target, found {}; a file is written by -o {}",
                quote(*output), *output);
    options.output = parse_output(*output);
  }
  if (const auto unit = arguments.value("unit")) options.unit = parse_unit(*unit);
  if (!options.unit && arguments.has("spans")) options.unit = Unit::spans;
  options.units = unit_options(arguments);
  if (const auto how = arguments.value("aggregate")) options.aggregate = parse_aggregate(*how);
  if (const auto how = arguments.value("normalize")) options.normalize = parse_normalize(*how);
  if (const auto how = arguments.value("long")) options.long_text = parse_long_text(*how);
  options.negate = arguments.has("negate");
  constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
  options.max_length = arguments.integer("max-length", 1, kMost);
  options.seed = static_cast<std::uint64_t>(arguments.integer("seed", 0, kMost).value_or(0));
  options.run = executor_options(arguments);
  return options;
}

/// A label given as an index is shown by its name.
void name_true_label(const Model& model, Item& item) {
  if (!item.true_label) return;
  const std::string& label = *item.true_label;
  if (label.empty() || label.size() > 9) return;
  if (label.find_first_not_of("0123456789") != std::string::npos) return;
  const auto index = static_cast<std::size_t>(std::stoul(label));
  if (index < model.labels().size()) item.true_label = model.labels()[index];
}

/// One run: what is read, how it is explained, where it goes.
class Run {
 public:
  Run(const Arguments& arguments, const Model& model, const ExplainOptions& options,
      TextSource& source, ExplanationWriter& writer, std::string model_name)
      : model_(model),
        options_(options),
        source_(source),
        writer_(writer),
        model_name_(std::move(model_name)),
        batch_(arguments, source, writer.output(), [this](const Input& input) {
          writer_.add_error(source_.place(input), input.item.id, *input.error, input.line);
        }) {}

  /// One text: its error is the program's.
  void single(TensorFile* dump) {
    Input input;
    source_.next(input);
    if (input.error) fail("{}", *input.error);
    ExplanationDump raw;
    Explanation explanation =
        pellucid::explain(model_, input.item, options_, dump != nullptr ? &raw : nullptr);
    if (dump != nullptr) dump->add("", raw);
    write(std::move(explanation));
  }

  /// Errors stand in the output in the place of their text.
  void batch() {
    explain_stream(
        model_, options_, [this](Item& item) { return next(item); },
        [this](std::int64_t, ExplainResult result) { done(std::move(result)); });
    batch_.finish();
  }

  /// One after the other, for the raw results.
  void batch_with_dump(TensorFile& dump) {
    Item item;
    while (next(item)) {
      ExplanationDump raw;
      ExplainResult result;
      try {
        result = pellucid::explain(model_, item, options_, &raw);
      } catch (const Error& error) {
        result = std::string(error.what());
      }
      batch_.begin_result();
      if (result.index() == 0) dump.add(fmt::format("{}/", batch_.index()), raw);
      done(std::move(result));
    }
    batch_.finish();
  }

 private:
  bool next(Item& item) {
    if (!batch_.next(item)) return false;
    name_true_label(model_, item);
    return true;
  }

  void done(ExplainResult result) {
    if (auto* explanation = std::get_if<Explanation>(&result)) {
      const std::int64_t work = explanation->forwards + explanation->vjps;
      batch_.begin_result();
      write(std::move(*explanation));
      batch_.end_result(work);
    } else {
      batch_.fail_result(std::get<std::string>(result));
    }
  }

  void write(Explanation explanation) {
    if (!model_name_.empty()) explanation.model = model_name_;
    writer_.add(explanation);
  }

  const Model& model_;
  const ExplainOptions& options_;
  TextSource& source_;
  ExplanationWriter& writer_;
  std::string model_name_;
  Batch batch_;
};

}  // namespace

int explain(const Arguments& arguments) {
  apply_run_flags(arguments);
  const ExplainOptions options = explain_options(arguments);
  ExplanationWriter writer(arguments);
  std::optional<TensorFile> dump;
  if (const auto path = arguments.value("dump")) dump.emplace(*path);
  const ModelArgument choice = choose_model(arguments, true);
  TextSource source(arguments, choice.texts);
  const Model model = load_model(arguments, choice);
  check_options(model, options);
  Run run(arguments, model, options, source, writer, choice.name);
  if (source.is_single()) {
    run.single(dump ? &*dump : nullptr);
  } else {
    const GracefulStop graceful;
    if (dump) {
      run.batch_with_dump(*dump);
    } else {
      run.batch();
    }
  }
  if (dump) dump->save();
  return writer.finish();
}

}  // namespace pellucid::cli
