// SPDX-License-Identifier: Apache-2.0
#include "pellucid/cli/batch.h"

#include "pellucid/cli/signals.h"

namespace pellucid::cli {

bool Batch::next(Item& item) {
  Input input;
  while (stop_requested() == 0 && !output_.closed() && source_.next(input)) {
    const bool usable = !input.error;
    if (usable) item = input.item;
    pending_.push_back(std::move(input));
    if (usable) return true;
  }
  return false;
}

void Batch::begin_result() {
  flush_errors();
  if (output_.is_terminal()) progress_.clear();
}

void Batch::end_result(std::int64_t work) {
  pending_.pop_front();
  progress_.update(++count_, work);
}

void Batch::fail_result(const std::string& error) {
  flush_errors();
  pending_.front().error = error;
  flush_errors();
}

void Batch::flush_errors() {
  while (!pending_.empty() && pending_.front().error) {
    progress_.clear();
    on_error_(pending_.front());
    pending_.pop_front();
    ++count_;
  }
}

}  // namespace pellucid::cli
