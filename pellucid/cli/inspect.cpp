// SPDX-License-Identifier: Apache-2.0
// pellucid inspect: runs a model on texts or ids and saves what went on inside.
#include "pellucid/tasks/inspect.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>

#include "pellucid/base/error.h"
#include "pellucid/base/spelling.h"
#include "pellucid/cli/dump.h"
#include "pellucid/cli/input.h"
#include "pellucid/cli/inspect_cases.h"
#include "pellucid/cli/model_argument.h"
#include "pellucid/cli/output.h"
#include "pellucid/cli/verbs.h"

namespace pellucid::cli {
namespace {

InspectOptions inspect_options(const Arguments& arguments, const NetworkShape& shape) {
  InspectOptions options;
  const std::vector<std::pair<std::string, bool*>> names{{"logits", &options.logits},
                                                         {"hidden-states", &options.hidden_states},
                                                         {"attentions", &options.attentions},
                                                         {"embeddings", &options.embeddings},
                                                         {"pooled", &options.pooled}};
  options.hidden_states = shape.head == HeadKind::none;
  options.generate = arguments.integer("generate", 1, shape.max_positions).value_or(0);
  check_usage(options.generate == 0 || continues_texts(shape.head),
              "--generate: the model has no head that continues texts");
  if (!arguments.has("save")) return options;
  std::vector<std::string> known;
  for (const auto& [name, flag] : names) {
    known.push_back(name);
    *flag = false;
  }
  for (const std::string& list : arguments.values("save")) {
    for (const std::string& wanted : split_commas(list)) {
      bool found = false;
      for (const auto& [name, flag] : names) {
        if (name == wanted) *flag = found = true;
      }
      check_usage(found, "--save: unknown {} (known: {}{})", quote(wanted), fmt::join(known, ", "),
                  did_you_mean(wanted, known));
    }
  }
  check_usage(!options.logits || shape.head != HeadKind::none,
              "--save logits: the model has no head");
  return options;
}

/// What the model sees of a text.
InspectCase text_case(const Arguments& arguments, const Model& model, const Item& item) {
  EncodeOptions options;
  const std::int64_t longest = model.max_length();
  options.max_length = arguments.integer("max-length", 1, longest).value_or(longest);
  const Encoding encoding = item.pair ? model.tokenizer().encode(item.text, *item.pair, options)
                                      : model.tokenizer().encode(item.text, options);
  std::int64_t dropped = encoding.truncated;
  for (const Encoding& window : encoding.overflowing) {
    dropped += static_cast<std::int64_t>(window.tokens.size());
  }
  if (dropped > 0) {
    warn(arguments,
         fmt::format("the text is longer than {} tokens: it was cut", *options.max_length));
  }
  InspectCase input;
  input.input_ids = {encoding.ids()};
  if (model.network().shape().types > 0) input.token_type_ids = {encoding.types()};
  return input;
}

/// Runs cases and collects their tensors under their names.
class Inspector {
 public:
  Inspector(const Arguments& arguments, const Model& model, TensorFile* file)
      : arguments_(arguments),
        model_(model),
        options_(inspect_options(arguments, model.network().shape())),
        file_(file) {
    for (const std::string& text : arguments.values("gradient")) {
      gradients_.push_back(parse_gradient(text));
    }
  }

  void ids(const std::string& path) {
    Lines lines(path);
    std::string line;
    while (lines.next(line)) {
      if (line.find_first_not_of(" \t") == std::string::npos) continue;
      attempt(fmt::format("{}:{}", lines.name(), lines.number()), [&] {
        const NamedCase named = read_case(line);
        const std::string name =
            named.name.empty() ? fmt::format("{}", tally_.count() - 1) : named.name;
        check(names_.insert(name).second, "the name {} is used twice", quote(name));
        run(name + "/", named.input);
      });
    }
  }

  void texts(TextSource& source) {
    Input input;
    while (source.next(input)) {
      const auto one = [&] {
        if (input.error) fail("{}", *input.error);
        run(source.is_single() ? "" : fmt::format("{}/", tally_.count() - 1),
            text_case(arguments_, model_, input.item));
      };
      if (source.is_single()) {
        tally_.add();
        one();
      } else {
        attempt(source.place(input), one);
      }
    }
  }

  /// Writes the file and the table; returns the exit code.
  int finish() {
    const int code = tally_.finish(arguments_);
    if (shapes_.empty()) return code;
    if (file_ != nullptr) file_->save();
    if (!arguments_.has("quiet")) write_table();
    return code;
  }

 private:
  template <class Body>
  void attempt(const std::string& place, const Body& body) {
    tally_.add();
    try {
      body();
    } catch (const Error& error) {
      tally_.fail(arguments_, fmt::format("{}: {}", place, error.what()), true);
    }
  }

  void run(const std::string& prefix, InspectCase input) {
    for (const GradientFlag& flag : gradients_) {
      input.gradients.push_back(for_rows(flag, input.input_ids.size()));
    }
    for (const NamedTensor& named : pellucid::inspect(model_.network(), input, options_)) {
      std::vector<std::int64_t> shape;
      for (int axis = 0; axis < named.tensor.shape().rank(); ++axis) {
        shape.push_back(named.tensor.shape()[axis]);
      }
      shapes_.emplace_back(prefix + named.name, std::move(shape));
      if (file_ != nullptr) file_->add(prefix + named.name, named.tensor);
    }
  }

  void write_table() const {
    Output out("-");
    const auto format = arguments_.choice("format", {"text", "json"});
    if (format == "json") {
      nlohmann::ordered_json table = nlohmann::ordered_json::object();
      for (const auto& [name, shape] : shapes_) table[name] = shape;
      return out.write(table.dump() + "\n");
    }
    std::size_t width = 0;
    for (const auto& [name, shape] : shapes_) width = std::max(width, name.size());
    for (const auto& [name, shape] : shapes_) {
      out.write(fmt::format("{:<{}}  {}\n", name, width, shape_text(shape)));
    }
  }

  const Arguments& arguments_;
  const Model& model_;
  InspectOptions options_;
  std::vector<GradientFlag> gradients_;
  TensorFile* file_;
  Tally tally_;
  std::set<std::string> names_;
  std::vector<std::pair<std::string, std::vector<std::int64_t>>> shapes_;
};

}  // namespace

int inspect(const Arguments& arguments) {
  apply_run_flags(arguments);
  arguments.choice("format", {"text", "json"});
  std::optional<TensorFile> file;
  if (const auto path = arguments.value("output-file")) file.emplace(*path);
  const ModelArgument choice = choose_model(arguments, false);
  const auto ids = arguments.value("ids");
  check_usage(!ids || (choice.texts.empty() && !has_text_flags(arguments)),
              "give either --ids or texts");
  std::optional<TextSource> source;
  if (!ids) source.emplace(arguments, choice.texts);
  const Model model = load_model(arguments, choice);
  // Others are compared with these numbers: no precision is chosen unasked.
  const PrecisionScope scope(
      effective_precision(parse_precision(arguments.value("precision").value_or("f32"))));
  Inspector inspector(arguments, model, file ? &*file : nullptr);
  if (ids) {
    inspector.ids(*ids);
  } else {
    inspector.texts(*source);
  }
  return inspector.finish();
}

}  // namespace pellucid::cli
