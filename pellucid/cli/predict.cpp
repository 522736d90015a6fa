// SPDX-License-Identifier: Apache-2.0
// pellucid predict: the model's answer alone.
#include "pellucid/tasks/predict.h"

#include <limits>
#include <set>

#include "pellucid/base/error.h"
#include "pellucid/cli/batch.h"
#include "pellucid/cli/model_argument.h"
#include "pellucid/cli/output.h"
#include "pellucid/cli/signals.h"
#include "pellucid/cli/verbs.h"
#include "pellucid/report/characters.h"
#include "pellucid/report/json.h"

namespace pellucid::cli {
namespace {

PredictOptions predict_options(const Arguments& arguments) {
  PredictOptions options;
  if (const auto task = arguments.value("task")) options.task = parse_task(*task);
  if (const auto how = arguments.value("grouping")) options.grouping = parse_grouping(*how);
  if (arguments.has("ignore-label")) options.ignored_labels = arguments.values("ignore-label");
  if (const auto how = arguments.value("long")) options.long_text = parse_long_text(*how);
  constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
  options.max_length = arguments.integer("max-length", 1, kMost);
  options.top = arguments.integer("top", 1, kMost).value_or(options.top);
  options.max_answer_length =
      arguments.integer("max-answer-length", 1, kMost).value_or(options.max_answer_length);
  options.allow_no_answer = arguments.has("allow-no-answer");
  options.run = executor_options(arguments);
  return options;
}

/// Answers on their way out, with the errors between them.
class PredictionWriter {
 public:
  explicit PredictionWriter(const Arguments& arguments)
      : arguments_(arguments),
        output_(arguments),
        format_(choose_format(arguments, output_, Format::text, Format::jsonl)),
        json_(output_, format_),
        style_(terminal_style(arguments, output_)) {}

  /// named: shown under its text.
  void add(const Item& item, Task task, const Prediction& prediction, bool named) {
    tally_.add();
    if (format_ == Format::text) {
      if (tally_.count() > 1) output_.write("\n");
      if (named) output_.write(report::printable(item.text) + "\n");
      output_.write(to_terminal(prediction, style_));
    } else {
      json_.add(prediction_line_json(item.id, item.text, item.pair, task, prediction));
    }
  }

  void add_error(const std::string& place, const Input& input) {
    tally_.add();
    tally_.fail(arguments_, place + ": " + *input.error, format_ == Format::text);
    if (format_ != Format::text) json_.add(error_json(input.item.id, *input.error, input.line));
  }

  int finish() {
    if (output_.closed()) return 0;
    if (format_ != Format::text) json_.finish();
    output_.finish();
    return tally_.finish(arguments_);
  }

  const Output& output() const { return output_; }

 private:
  const Arguments& arguments_;
  Output output_;
  Format format_;
  JsonResults json_;
  TerminalStyle style_;
  Tally tally_;
};

void predict_batch(const Arguments& arguments, const Model& model, const PredictOptions& options,
                   TextSource& source, PredictionWriter& writer) {
  const GracefulStop graceful;
  Batch batch(arguments, source, writer.output(),
              [&](const Input& input) { writer.add_error(source.place(input), input); });
  const auto done = [&](std::int64_t, const Item& item, const PredictResult& result) {
    if (const auto* error = std::get_if<std::string>(&result)) return batch.fail_result(*error);
    batch.begin_result();
    writer.add(item, find_task(model, options.task, item.pair.has_value()),
               std::get<Prediction>(result), true);
    batch.end_result(1);
  };
  PredictOptions warned = options;
  std::set<std::string> said;  // equal warnings once
  warned.warn = [&](std::int64_t index, const std::string& warning) {
    if (said.insert(warning).second) {
      warn(arguments, fmt::format("text {}: {}", index + 1, warning));
    }
  };
  predict_stream(
      model, warned, [&](Item& item) { return batch.next(item); }, done);
  batch.finish();
}

}  // namespace

int predict(const Arguments& arguments) {
  apply_run_flags(arguments);
  PredictOptions options = predict_options(arguments);
  options.warn = [&](std::int64_t, const std::string& warning) { warn(arguments, warning); };
  PredictionWriter writer(arguments);
  const ModelArgument choice = choose_model(arguments, true);
  TextSource source(arguments, choice.texts);
  const Model model = load_model(arguments, choice);
  if (!source.is_single()) {
    predict_batch(arguments, model, options, source, writer);
    return writer.finish();
  }
  Input input;
  source.next(input);
  if (input.error) fail("{}", *input.error);
  const Task task = find_task(model, options.task, input.item.pair.has_value());
  writer.add(input.item, task, pellucid::predict(model, input.item, options), false);
  return writer.finish();
}

}  // namespace pellucid::cli
