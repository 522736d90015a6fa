// SPDX-License-Identifier: Apache-2.0
// pellucid pull: downloads a model into the hub's cache.
#include "pellucid/base/error.h"
#include "pellucid/base/spelling.h"
#include "pellucid/cli/output.h"
#include "pellucid/cli/progress.h"
#include "pellucid/cli/verbs.h"
#include "pellucid/io/hub_pull.h"

namespace pellucid::cli {

int pull(const Arguments& arguments) {
  Output output(arguments);
  const auto& names = arguments.positionals();
  check_usage(names.size() == 1, "pull takes one model, NAME[@REVISION], found {}", names.size());
  PullOptions options;
  const std::size_t at = names.front().find('@');
  options.model = names.front().substr(0, at);
  if (at != std::string::npos) {
    check_usage(!arguments.has("revision"), "a revision is given twice: {} and --revision",
                quote(names.front()));
    options.revision = names.front().substr(at + 1);
  } else if (const auto revision = arguments.value("revision")) {
    options.revision = *revision;
  }
  options.settings = HubSettings::from_environment();
  if (const auto retries = arguments.integer("retries", 0, 100)) {
    options.settings.retries = static_cast<int>(*retries);
  }
  Progress progress(arguments, std::nullopt, Progress::Unit::bytes);
  std::int64_t before = 0;
  options.progress = [&](std::int64_t done, std::int64_t total) {
    progress.set_total(total);
    progress.update(done, done - before);
    before = done;
  };
  options.notice = [&](const std::string& message) {
    progress.clear();
    warn(arguments, message);
  };
  const std::string folder = pull_model(options).string();
  progress.clear();
  output.write(folder + "\n");
  output.finish();
  return 0;
}

}  // namespace pellucid::cli
