// SPDX-License-Identifier: Apache-2.0
// Ctrl-C and termination. A batch finishes what it has begun, so that what is done is written; all
// else ends at once.
#pragma once

namespace pellucid::cli {

/// SIGINT and SIGTERM end the program with 130 and 143; a closed pipe is an error of write(), no
/// signal.
void install_signals();

/// While one lives, the first signal only asks to stop; a second one ends the program.
class GracefulStop {
 public:
  GracefulStop();
  ~GracefulStop();
  GracefulStop(const GracefulStop&) = delete;
  GracefulStop& operator=(const GracefulStop&) = delete;
};

/// 0, or the exit code of the signal that asked to stop.
int stop_requested();

}  // namespace pellucid::cli
