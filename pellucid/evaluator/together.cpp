// SPDX-License-Identifier: Apache-2.0
// Many texts at once. Each has a thread of its own that does the thinking between its questions;
// the threads take turns with the calling thread, which runs everybody's probes: whenever all texts
// that have begun are waiting, their probes form one round. Rounds depend on the texts alone, and a
// probe's answer does not depend on its round.
#include <algorithm>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "pellucid/evaluator/executor.h"

namespace pellucid {
namespace {

/// Texts in flight: enough that short ones fill the micro-batches of all threads.
constexpr std::int64_t kTextsAtOnce = 64;

struct Request {
  std::span<const Work> works;
  std::exception_ptr error;
  bool answered = false;
};

class Rounds {
 public:
  Rounds(const Network& network, const ExecutorOptions& options, std::int64_t texts)
      : direct_(network, options), working_(texts) {}

  /// Called by a text's thread: waits for the round that answers its request.
  void ask(Request& request) {
    direct_.check(request.works);
    std::unique_lock lock(mutex_);
    requests_.push_back(&request);
    leave();
    answered_.wait(lock, [&] { return request.answered; });
    if (request.error) std::rethrow_exception(request.error);
  }

  /// Called by a text's thread when it ends.
  void leave_for_good() {
    const std::lock_guard lock(mutex_);
    leave();
  }

  /// Called by the owner until it returns false: all texts have ended.
  bool run_round() {
    std::vector<Request*> round;
    {
      std::unique_lock lock(mutex_);
      all_wait_.wait(lock, [&] { return working_ == 0; });
      round.swap(requests_);
    }
    if (round.empty()) return false;
    run(round);
    const std::lock_guard lock(mutex_);
    working_ = static_cast<std::int64_t>(round.size());
    for (Request* request : round) request->answered = true;
    answered_.notify_all();
    return true;
  }

 private:
  void leave() {
    if (--working_ == 0) all_wait_.notify_one();
  }

  void run(const std::vector<Request*>& round) {
    std::vector<Work> works;
    for (const Request* request : round) {
      works.insert(works.end(), request->works.begin(), request->works.end());
    }
    try {
      direct_.run(works);
    } catch (...) {
      // Requests were checked before they came here, so this is no single text's fault.
      for (Request* request : round) request->error = std::current_exception();
    }
  }

  DirectExecutor direct_;
  std::mutex mutex_;
  std::condition_variable all_wait_;
  std::condition_variable answered_;
  std::vector<Request*> requests_;
  std::int64_t working_;
};

class TogetherExecutor : public Executor {
 public:
  explicit TogetherExecutor(Rounds& rounds) : rounds_(rounds) {}
  void run(std::span<const Work> works) override {
    Request request;
    request.works = works;
    rounds_.ask(request);
  }

 private:
  Rounds& rounds_;
};

}  // namespace

void run_together(const Network& network, const ExecutorOptions& options, std::int64_t count,
                  const std::function<void(std::int64_t, Executor&)>& body,
                  const std::function<void(std::int64_t)>& done) {
  for (std::int64_t first = 0; first < count; first += kTextsAtOnce) {
    const std::int64_t texts = std::min(kTextsAtOnce, count - first);
    Rounds rounds(network, options, texts);
    std::vector<std::jthread> threads;
    for (std::int64_t index = first; index < first + texts; ++index) {
      threads.emplace_back([&rounds, &body, index] {
        TogetherExecutor executor(rounds);
        body(index, executor);
        rounds.leave_for_good();
      });
    }
    while (rounds.run_round()) {
    }
    threads.clear();  // joins
    for (std::int64_t index = first; index < first + texts; ++index) done(index);
  }
}

}  // namespace pellucid
