// SPDX-License-Identifier: Apache-2.0
// How far a batch is, on standard error: a line that is drawn over on a terminal, else with
// --verbose a line now and then.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <utility>

#include "pellucid/cli/arguments.h"

namespace pellucid::cli {

class Progress {
 public:
  enum class Unit { items, bytes };
  /// total: none when it is not known.
  Progress(const Arguments& arguments, std::optional<std::int64_t> total, Unit unit = Unit::items);
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress() { clear(); }

  void set_total(std::int64_t total) { total_ = total; }
  /// `done` texts are finished, which took `work` (forwards): the remaining time goes by work. Of
  /// bytes, `work` are those that have come in this run.
  void update(std::int64_t done, std::int64_t work);
  /// Takes the line away, before something else is written to the terminal.
  void clear();

 private:
  using Clock = std::chrono::steady_clock;
  std::string amount(std::int64_t count) const;
  std::string line(std::int64_t done, Clock::time_point now) const;

  std::string verb_;
  std::optional<std::int64_t> total_;
  Unit unit_;
  enum class Kind { none, bar, lines } kind_ = Kind::none;
  Clock::time_point start_ = Clock::now();
  Clock::time_point shown_;
  std::deque<std::pair<Clock::time_point, std::int64_t>> recent_;  // (time, work) of 30 s
  std::int64_t work_ = 0;
  bool visible_ = false;
};

}  // namespace pellucid::cli
