// SPDX-License-Identifier: Apache-2.0
// Many texts at once. Some threads think for a text each, between its questions; they take turns
// with the calling thread, which starts texts, runs everybody's probes and delivers results:
// whenever all texts that have begun are waiting, new ones are begun in the place of those that are
// done, and the probes of all form one round. Rounds depend on the texts alone, and a probe's
// answer does not depend on its round.
#include <algorithm>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include "pellucid/evaluator/executor.h"

namespace pellucid {
namespace {

/// Texts in flight: enough that short ones fill the micro-batches of all threads.
constexpr std::size_t kTextsAtOnce = 64;
/// How far texts may run ahead of the oldest one that is not done: their results are held.
constexpr std::int64_t kTextsAhead = 4 * std::int64_t{kTextsAtOnce};

struct Request {
  std::int64_t text = 0;
  std::span<const Work> works{};
  std::exception_ptr error{};
  bool answered = false;
};

/// What the threads and their owner tell each other.
class Exchange {
 public:
  explicit Exchange(const DirectExecutor& direct) : direct_(direct) {}

  // Called by the threads.
  /// The next text, or -1 when there are no more.
  std::int64_t take() {
    std::unique_lock lock(mutex_);
    given_text_.wait(lock, [&] { return over_ || !texts_.empty(); });
    if (texts_.empty()) return -1;
    const std::int64_t text = texts_.front();
    texts_.pop_front();
    return text;
  }
  /// Waits for the round that answers the request.
  void ask(Request& request) {
    direct_.check(request.works);
    std::unique_lock lock(mutex_);
    if (stopped_) std::rethrow_exception(stopped_);
    requests_.push_back(&request);
    leave();
    given_answer_.wait(lock, [&] { return request.answered; });
    if (request.error) std::rethrow_exception(request.error);
  }
  void finish(std::int64_t text) {
    const std::lock_guard lock(mutex_);
    in_flight_.erase(text);
    leave();
  }

  // Called by the owner.
  void give(std::int64_t text) {
    const std::lock_guard lock(mutex_);
    in_flight_.insert(text);
    texts_.push_back(text);
    ++working_;
    given_text_.notify_one();
  }
  /// Waits until every text in flight has asked something.
  std::vector<Request*> questions() {
    std::unique_lock lock(mutex_);
    all_wait_.wait(lock, [&] { return working_ == 0; });
    std::vector<Request*> round = requests_;
    std::sort(round.begin(), round.end(),
              [](const Request* a, const Request* b) { return a->text < b->text; });
    return round;
  }
  void answered(const std::vector<Request*>& round) {
    const std::lock_guard lock(mutex_);
    requests_.clear();
    working_ += static_cast<std::int64_t>(round.size());
    for (Request* request : round) request->answered = true;
    given_answer_.notify_all();
  }
  std::size_t in_flight() {
    const std::lock_guard lock(mutex_);
    return in_flight_.size();
  }
  /// All texts before this one are done; `next` has not begun.
  std::int64_t done(std::int64_t next) {
    const std::lock_guard lock(mutex_);
    return in_flight_.empty() ? next : *in_flight_.begin();
  }
  /// Texts that have begun get this error for an answer.
  void stop(std::exception_ptr error) {
    std::vector<Request*> round;
    {
      const std::lock_guard lock(mutex_);
      stopped_ = std::move(error);
      round = requests_;
      for (Request* request : round) request->error = stopped_;
    }
    answered(round);
  }
  void end() {
    const std::lock_guard lock(mutex_);
    over_ = true;
    given_text_.notify_all();
  }

 private:
  void leave() {
    if (--working_ == 0) all_wait_.notify_one();
  }

  const DirectExecutor& direct_;
  std::mutex mutex_;
  std::condition_variable all_wait_, given_answer_, given_text_;
  std::deque<std::int64_t> texts_;  // given, not taken
  std::set<std::int64_t> in_flight_;
  std::vector<Request*> requests_;
  std::int64_t working_ = 0;  // texts in flight that have not asked
  bool over_ = false;
  std::exception_ptr stopped_;
};

class TogetherExecutor : public Executor {
 public:
  TogetherExecutor(Exchange& exchange, std::int64_t text) : exchange_(exchange), text_(text) {}
  void run(std::span<const Work> works) override {
    Request request{.text = text_, .works = works};
    exchange_.ask(request);
  }

 private:
  Exchange& exchange_;
  std::int64_t text_;
};

void run_round(DirectExecutor& direct, const std::vector<Request*>& round) {
  std::vector<Work> works;
  for (const Request* request : round) {
    works.insert(works.end(), request->works.begin(), request->works.end());
  }
  try {
    direct.run(works);
  } catch (...) {
    // Requests were checked before they came here, so this is no single text's fault.
    for (Request* request : round) request->error = std::current_exception();
  }
}

}  // namespace

void run_together(const Network& network, const ExecutorOptions& options,
                  const std::function<bool(std::int64_t)>& start,
                  const std::function<void(std::int64_t, Executor&)>& body,
                  const std::function<void(std::int64_t)>& done) {
  DirectExecutor direct(network, options);
  Exchange exchange(direct);
  std::vector<std::jthread> threads;
  const auto think = [&exchange, &body] {
    for (std::int64_t text = exchange.take(); text >= 0; text = exchange.take()) {
      TogetherExecutor executor(exchange, text);
      body(text, executor);
      exchange.finish(text);
    }
  };
  std::int64_t next = 0, delivered = 0;
  bool more = true;
  std::exception_ptr error;
  const auto begin_texts = [&] {
    bool begun = false;
    while (more && exchange.in_flight() < kTextsAtOnce && next - delivered < kTextsAhead) {
      try {
        more = start(next);
      } catch (...) {  // what has begun goes on
        more = false;
        error = std::current_exception();
      }
      if (!more) break;
      exchange.give(next++);
      if (threads.size() < exchange.in_flight()) threads.emplace_back(think);
      begun = true;
    }
    return begun;
  };
  try {
    begin_texts();
    while (true) {
      const std::vector<Request*> round = exchange.questions();
      for (const std::int64_t end = exchange.done(next); delivered < end;) done(delivered++);
      if (begin_texts()) continue;  // they ask too
      if (round.empty()) break;
      run_round(direct, round);
      exchange.answered(round);
    }
  } catch (...) {
    error = std::current_exception();
    exchange.stop(error);
  }
  exchange.end();
  threads.clear();  // joins
  if (error) std::rethrow_exception(error);
}

}  // namespace pellucid
