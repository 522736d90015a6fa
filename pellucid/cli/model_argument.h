// SPDX-License-Identifier: Apache-2.0
// Which model is meant, and which positionals are texts.
#pragma once

#include <string>
#include <vector>

#include "pellucid/cli/arguments.h"
#include "pellucid/evaluator/executor.h"
#include "pellucid/models/model.h"

namespace pellucid::cli {

struct ModelArgument {
  std::string model;               ///< a folder; empty: the bundled model
  std::string name;                ///< as written, when it is a name in the hub's cache
  std::vector<std::string> texts;  ///< the other positionals
};

/// With a bundled model to fall back on: the first positional is MODEL if it is a folder or a
/// cached name, else TEXT if it is the only one or holds a blank, else UsageError.
ModelArgument choose_model(const Arguments& arguments, bool bundled_allowed);

/// The folder of a model given by its folder or its name in the hub's cache. Throws Error naming
/// what was looked for.
std::string model_folder(const Arguments& arguments, const std::string& model);

/// Loads it, with --label-names, and passes on its warnings.
Model load_model(const Arguments& arguments, const ModelArgument& choice);

/// Threads and precision, for verbs that run a model.
void apply_run_flags(const Arguments& arguments);
ExecutorOptions executor_options(const Arguments& arguments);

}  // namespace pellucid::cli
