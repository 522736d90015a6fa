// SPDX-License-Identifier: Apache-2.0
#include "pellucid/cli/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "pellucid/report/numbers.h"

namespace pellucid::cli {
namespace {

using std::chrono::duration;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr auto kDelay = milliseconds(500);   // what is quick shows no bar
constexpr auto kRedraw = milliseconds(100);  // at most 10 times a second
constexpr auto kLineEvery = seconds(30);     // without a terminal
constexpr auto kRateOver = seconds(30);      // the rate is that of the last half minute
constexpr int kBarWidth = 20;

/// "2:45", "1:02:03"
std::string clock_text(double total) {
  const auto whole = static_cast<std::int64_t>(std::ceil(total));
  if (whole >= 3600) {
    return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
  }
  return fmt::format("{}:{:02}", whole / 60, whole % 60);
}

}  // namespace

Progress::Progress(const Arguments& arguments, std::optional<std::int64_t> total, Unit unit)
    : verb_(arguments.verb().name), total_(total), unit_(unit), shown_(start_) {
  if (arguments.has("quiet") || arguments.has("no-progress")) return;
  if (::isatty(STDERR_FILENO) == 1) {
    kind_ = Kind::bar;
  } else if (arguments.has("verbose")) {
    kind_ = Kind::lines;
  }
}

void Progress::update(std::int64_t done, std::int64_t work) {
  if (kind_ == Kind::none) return;
  const auto now = Clock::now();
  work_ += work;
  recent_.emplace_back(now, work_);
  while (now - recent_.front().first > kRateOver) recent_.pop_front();
  const bool due = kind_ == Kind::bar ? now - start_ > kDelay && now - shown_ > kRedraw
                                      : now - shown_ > kLineEvery;
  if (!due) return;
  shown_ = now;
  const std::string text = line(done, now);
  if (kind_ == Kind::bar) {
    fmt::print(stderr, "\r\x1b[K{}", text);
    visible_ = true;
  } else {
    fmt::print(stderr, "pellucid: {}\n", text);
  }
  std::fflush(stderr);
}

/// "3,214", "12.5 MB"
std::string Progress::amount(std::int64_t count) const {
  return unit_ == Unit::items ? report::count_text(count)
                              : fmt::format("{:.1f} MB", double(count) / 1e6);
}

/// explain  3,214 / 10,000  32%  41/s  2:45 left  ######--------------
std::string Progress::line(std::int64_t done, Clock::time_point now) const {
  const double elapsed = duration<double>(now - start_).count();
  std::string text = fmt::format("{}  {}", verb_, amount(done));
  const std::int64_t total = total_.value_or(0);
  const double share = total > 0 ? std::min(1.0, double(done) / double(total)) : 0;
  if (total > 0) text += fmt::format(" / {}  {:.0f}%", amount(total), 100 * share);
  text += unit_ == Unit::items ? fmt::format("  {:.3g}/s", double(done) / elapsed)
                               : fmt::format("  {:.3g} MB/s", double(work_) / elapsed / 1e6);
  if (total == 0 || done == 0) return text;
  const auto& [then, work_then] = recent_.front();
  const double recent_time = duration<double>(now - then).count();
  const auto recent_work = double(work_ - work_then);
  const double rate =
      recent_work > 0 && recent_time > 1 ? recent_work / recent_time : double(work_) / elapsed;
  const double left = double(work_) * (1 - share) / share;
  if (rate > 0) text += fmt::format("  {} left", clock_text(left / rate));
  const int full = static_cast<int>(share * kBarWidth);
  return text + "  " + std::string(static_cast<std::size_t>(full), '#') +
         std::string(static_cast<std::size_t>(kBarWidth - full), '-');
}

void Progress::clear() {
  if (!visible_) return;
  fmt::print(stderr, "\r\x1b[K");
  std::fflush(stderr);
  visible_ = false;
}

}  // namespace pellucid::cli
