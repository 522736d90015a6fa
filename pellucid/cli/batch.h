// SPDX-License-Identifier: Apache-2.0
// The queue between a source of texts and a stream of results: lines that cannot be used wait for
// their place in the output.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>

#include "pellucid/cli/input.h"
#include "pellucid/cli/output.h"
#include "pellucid/cli/progress.h"

namespace pellucid::cli {

class Batch {
 public:
  /// on_error(input): called in the place of a text that has failed.
  Batch(const Arguments& arguments, TextSource& source, const Output& output,
        std::function<void(const Input&)> on_error)
      : source_(source),
        output_(output),
        on_error_(std::move(on_error)),
        progress_(arguments, source.count()) {}

  /// The next text that can be used. False at the end, when asked to stop, and when nobody reads
  /// the output any more.
  bool next(Item& item);
  /// Before the result of the oldest text is written: the errors that stand before it.
  void begin_result();
  /// After it was written. work: forwards.
  void end_result(std::int64_t work);
  /// In place of a result: the oldest text has failed.
  void fail_result(const std::string& error);
  /// Errors after the last result.
  void finish() { flush_errors(); }

  /// Number of the oldest text, from 0.
  std::int64_t index() const { return count_; }

 private:
  void flush_errors();

  TextSource& source_;
  const Output& output_;
  std::function<void(const Input&)> on_error_;
  Progress progress_;
  std::deque<Input> pending_;  // handed out or bad, not written yet, in order
  std::int64_t count_ = 0;     // written
};

}  // namespace pellucid::cli
