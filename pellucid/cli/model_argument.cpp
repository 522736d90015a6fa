// SPDX-License-Identifier: Apache-2.0
#include "pellucid/cli/model_argument.h"

#include <cstdlib>
#include <filesystem>
#include <limits>

#include "pellucid/base/error.h"
#include "pellucid/base/parallel.h"
#include "pellucid/base/spelling.h"
#include "pellucid/cli/input.h"
#include "pellucid/cli/output.h"
#include "pellucid/io/config.h"
#include "pellucid/io/hub_cache.h"

namespace pellucid::cli {
namespace {

namespace fs = std::filesystem;

bool is_there(const fs::path& path) {
  std::error_code problem;
  return fs::exists(path, problem);
}

bool has_blank(const std::string& text) { return text.find_first_of(" \t\n") != std::string::npos; }

/// "./x", "../x", "/x", "~/x", or x/y where x is a folder: nobody would write a text so.
bool looks_like_path(const std::string& text) {
  if (text.empty() || has_blank(text)) return false;
  if (text == "." || text == "..") return true;
  for (const char* prefix : {"/", "./", "../", "~/"}) {
    if (text.starts_with(prefix)) return true;
  }
  const fs::path parent = fs::path(text).parent_path();
  return !parent.empty() && is_there(parent);
}

bool is_model(const Arguments& arguments, const std::string& text) {
  if (is_there(fs::path(text) / "config.json") || looks_like_path(text)) return true;
  std::error_code problem;
  if (!has_blank(text) && fs::is_directory(text, problem)) return true;
  const std::string revision = arguments.value("revision").value_or("main");
  return find_in_hub_cache(text, revision).has_value();
}

/// --task names the head only where config.json does not.
std::optional<HeadKind> wanted_head(const Arguments& arguments, const ModelArgument& choice) {
  const auto wanted = arguments.value("task");
  if (!wanted || choice.model.empty()) return std::nullopt;
  const Task task = parse_task(*wanted);
  if (!ModelConfig::read(choice.model).architectures.empty()) return std::nullopt;
  switch (task) {
    case Task::token_classification:
      return HeadKind::token_classification;
    case Task::question_answering:
      return HeadKind::question_answering;
    case Task::masked_lm:
      return HeadKind::masked_lm;
    default:
      return HeadKind::sequence_classification;
  }
}

}  // namespace

std::string model_folder(const Arguments& arguments, const std::string& model) {
  check_usage(!model.empty(), "the name of the model is empty");
  if (is_there(model)) return model;
  const auto revision = arguments.value("revision").value_or("main");
  if (const auto snapshot = find_in_hub_cache(model, revision)) return snapshot->string();
  if (!is_hub_name(model)) fail("{}: there is no such folder", model);
  fail("{} is neither a folder nor a model in the cache {}; to download it: pellucid pull {}",
       quote(model), hub_cache_folder().string(),
       revision == "main" ? model : model + "@" + revision);
}

ModelArgument choose_model(const Arguments& arguments, bool bundled_allowed) {
  ModelArgument choice;
  choice.texts = arguments.positionals();
  if (const auto model = arguments.value("model")) {
    choice.model = *model;
  } else if (!choice.texts.empty() && arguments.literal_from() > 0) {
    const std::string first = choice.texts.front();
    const bool only = choice.texts.size() == 1 && !has_file_flags(arguments);
    if (!bundled_allowed || is_model(arguments, first)) {
      choice.model = first;
      choice.texts.erase(choice.texts.begin());
    } else if (!only && !has_blank(first)) {
      fail_usage(
          "{} is neither a folder nor a cached model; to {} a text with the bundled model write: "
          "pellucid {} -- {}",
          quote(first), arguments.verb().name, arguments.verb().name, quote(first));
    }
  }
  check_usage(!choice.model.empty() || (bundled_allowed && !arguments.has("model")),
              "no model: pellucid {} {}", arguments.verb().name, arguments.verb().usage);
  if (choice.model.empty()) return choice;
  if (!is_there(choice.model)) choice.name = choice.model;
  choice.model = model_folder(arguments, choice.model);
  return choice;
}

Model load_model(const Arguments& arguments, const ModelArgument& choice) {
  LoadOptions options;
  if (const auto names = arguments.value("label-names")) options.labels = split_commas(*names);
  options.head = wanted_head(arguments, choice);
  Model model = choice.model.empty() ? Model::bundled() : Model::load(choice.model, options);
  if (choice.model.empty() && !options.labels.empty()) {
    model = Model::load(model.folder().string(), options);
  }
  for (const std::string& warning : model.warnings()) warn(arguments, warning);
  return model;
}

void apply_run_flags(const Arguments& arguments) {
  if (const auto threads = arguments.integer("threads", 1, 4096)) {
    set_thread_count(static_cast<int>(*threads));
  }
}

ExecutorOptions executor_options(const Arguments& arguments) {
  ExecutorOptions options;
  const char* variable = std::getenv("PELLUCID_MEMORY");
  if (const auto memory = arguments.value("memory")) {
    options.memory = parse_bytes(*memory, "--memory");
  } else if (variable != nullptr && *variable != '\0') {
    options.memory = parse_bytes(variable, "PELLUCID_MEMORY");
  }
  if (const auto precision = arguments.value("precision")) {
    options.precision = parse_precision(*precision);
    effective_precision(options.precision);  // said before any work is done
  }
  options.batch_tokens =
      arguments.integer("batch-tokens", 1, std::numeric_limits<std::int32_t>::max()).value_or(0);
  return options;
}

}  // namespace pellucid::cli
