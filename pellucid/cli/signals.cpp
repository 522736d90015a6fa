// SPDX-License-Identifier: Apache-2.0
#include "pellucid/cli/signals.h"

#include <unistd.h>

#include <csignal>
#include <initializer_list>

namespace pellucid::cli {
namespace {

volatile std::sig_atomic_t graceful = 0;
volatile std::sig_atomic_t requested = 0;

void on_signal(int number) {
  if (graceful == 0 || requested != 0) ::_exit(128 + number);
  requested = 128 + number;
}

}  // namespace

void install_signals() {
  std::signal(SIGPIPE, SIG_IGN);
  for (const int number : {SIGINT, SIGTERM}) {
    struct sigaction action {};
    action.sa_handler = on_signal;  // no SA_RESTART: a read from a pipe that waits is left
    // A shell's background job has SIGINT ignored, and it stays so.
    struct sigaction previous {};
    ::sigaction(number, nullptr, &previous);
    if (previous.sa_handler != SIG_IGN) ::sigaction(number, &action, nullptr);
  }
}

GracefulStop::GracefulStop() { graceful = 1; }
GracefulStop::~GracefulStop() { graceful = 0; }

int stop_requested() { return requested; }

}  // namespace pellucid::cli
