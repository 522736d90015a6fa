// SPDX-License-Identifier: Apache-2.0
// The program from start to end, as a shell would run it.
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "benchmarks/cases.h"
#include "pellucid/base/error.h"

namespace pellucid::bench {
namespace {

struct Run {
  double seconds = 0;
  double bytes = 0;
};

Run run_program(const char* program) {
  Run run;
  rusage usage{};
  int status = 0;
  run.seconds = seconds_of([&] {
    const pid_t child = fork();
    check(child >= 0, "{}: no new process could be made", program);
    if (child == 0) {
      dup2(open("/dev/null", O_WRONLY), STDOUT_FILENO);
      execl(program, program, "explain", "--text", "I can't stop smiling, what a wonderful day",
            static_cast<char*>(nullptr));
      _exit(127);
    }
    wait4(child, &status, 0, &usage);
  });
  check(WIFEXITED(status) && WEXITSTATUS(status) == 0, "{} ended with status {}", program, status);
  run.bytes = 1024.0 * static_cast<double>(usage.ru_maxrss);
  return run;
}

}  // namespace

void cold_process(Bench& bench) {
  const char* program = PELLUCID_PROGRAM;
  if (!std::filesystem::exists(program)) return;  // built without the command line
  std::vector<double> seconds;
  double bytes = 0;
  for (int i = 0; i < 20; ++i) {
    const Run run = run_program(program);
    seconds.push_back(run.seconds);
    bytes = std::max(bytes, run.bytes);
  }
  std::sort(seconds.begin(), seconds.end());
  Result result{.name = "bundled model, one sentence, process", .seconds = seconds.front()};
  result.facts = {{"median ms", 1e3 * seconds[seconds.size() / 2]},
                  {"memory MiB", bytes / (1 << 20)}};
  bench.report(result);
}

}  // namespace pellucid::bench
