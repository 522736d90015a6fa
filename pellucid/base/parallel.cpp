// SPDX-License-Identifier: Apache-2.0
#include "pellucid/base/parallel.h"

#include <omp.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <mutex>
#include <utility>

#include "pellucid/base/error.h"

namespace pellucid {
namespace {

/// Also told to OpenMP, for products that oneDNN shares among threads.
int use_threads(int count) {
  const int used = std::min(count, omp_get_num_procs());
  omp_set_num_threads(used);
  return used;
}

int initial_thread_count() {
  const char* text = std::getenv("PELLUCID_THREADS");
  if (text == nullptr || *text == '\0') return use_threads(omp_get_max_threads());
  int count = 0;
  const char* end = text + std::strlen(text);
  const auto [rest, problem] = std::from_chars(text, end, count);
  check_usage(problem == std::errc() && rest == end && count >= 1,
              "PELLUCID_THREADS is \"{}\", expected a number of threads", text);
  return use_threads(count);
}

std::atomic<int>& chosen_thread_count() {
  static std::atomic<int> count{initial_thread_count()};
  return count;
}

thread_local bool serial = false;

/// Keeps the first exception of a parallel region; later work is skipped.
class FirstException {
 public:
  template <class Body>
  void guard(const Body& body) {
    if (failed_.load(std::memory_order_relaxed)) return;
    try {
      body();
    } catch (...) {
      const std::lock_guard lock(mutex_);
      if (!exception_) exception_ = std::current_exception();
      failed_.store(true, std::memory_order_relaxed);
    }
  }
  void rethrow() const {
    if (exception_) std::rethrow_exception(exception_);
  }

 private:
  std::atomic<bool> failed_{false};
  std::mutex mutex_;
  std::exception_ptr exception_;
};

}  // namespace

int thread_count() { return chosen_thread_count().load(std::memory_order_relaxed); }

void set_thread_count(int count) {
  check_usage(count >= 1, "threads is {}, expected 1 or more", count);
  chosen_thread_count().store(use_threads(count), std::memory_order_relaxed);
}

bool in_parallel() { return serial || omp_in_parallel() != 0; }

SerialScope::SerialScope()
    : threads_before_(omp_get_max_threads()), serial_before_(std::exchange(serial, true)) {
  omp_set_num_threads(1);  // for oneDNN; a setting of this thread alone
}

SerialScope::~SerialScope() {
  omp_set_num_threads(threads_before_);
  serial = serial_before_;
}

void parallel_for(std::int64_t size, std::int64_t grain,
                  const std::function<void(std::int64_t, std::int64_t)>& body) {
  if (size <= 0) return;
  const std::int64_t most = std::max<std::int64_t>(1, size / std::max<std::int64_t>(1, grain));
  const auto ranges = in_parallel() ? 1 : std::min<std::int64_t>(thread_count(), most);
  if (ranges == 1) return body(0, size);
  FirstException exception;
#pragma omp parallel for num_threads(static_cast <int>(ranges)) schedule(static, 1)
  for (std::int64_t range = 0; range < ranges; ++range) {
    exception.guard([&] { body(size * range / ranges, size * (range + 1) / ranges); });
  }
  exception.rethrow();
}

void parallel_tasks(std::int64_t size, const std::function<void(std::int64_t)>& task) {
  const auto threads = in_parallel() ? 1 : std::min<std::int64_t>(thread_count(), size);
  if (threads <= 1) {
    for (std::int64_t index = 0; index < size; ++index) task(index);
    return;
  }
  FirstException exception;
#pragma omp parallel for num_threads(static_cast <int>(threads)) schedule(dynamic, 1)
  for (std::int64_t index = 0; index < size; ++index) {
    exception.guard([&] { task(index); });
  }
  exception.rethrow();
}

}  // namespace pellucid
