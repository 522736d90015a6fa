// SPDX-License-Identifier: Apache-2.0
// The one way to use several threads: OpenMP loops. Inside such a loop everything runs on the
// calling thread, oneDNN's products too, so a thread that has taken a micro-batch carries it
// through without barriers.
#pragma once

#include <cstdint>
#include <functional>

namespace pellucid {

/// Number of threads that a loop may use: set_thread_count, else PELLUCID_THREADS, else
/// OMP_NUM_THREADS, else the cores this process may run on.
int thread_count();
/// count >= 1. More threads than cores are cut to the number of cores: they could only wait for
/// each other.
void set_thread_count(int count);

/// True where loops and products stay on the calling thread: inside parallel_for, parallel_tasks or
/// a SerialScope.
bool in_parallel();

/// While it lives, the calling thread works alone: for work so small that waking the others would
/// cost more.
class SerialScope {
 public:
  SerialScope();
  ~SerialScope();
  SerialScope(const SerialScope&) = delete;
  SerialScope& operator=(const SerialScope&) = delete;

 private:
  int threads_before_;
  bool serial_before_;
};

/// body(begin, end) over disjoint ranges that cover [0, size). A range has at least `grain` items,
/// so small loops stay on the calling thread. The first exception is rethrown to the caller after
/// all ranges have ended.
void parallel_for(std::int64_t size, std::int64_t grain,
                  const std::function<void(std::int64_t, std::int64_t)>& body);

/// task(index) for every index in [0, size), handed out one at a time in ascending order.
/// Exceptions as above.
void parallel_tasks(std::int64_t size, const std::function<void(std::int64_t)>& task);

}  // namespace pellucid
