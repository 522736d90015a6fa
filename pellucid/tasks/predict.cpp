// SPDX-License-Identifier: Apache-2.0
#include "pellucid/tasks/predict.h"

#include <cstddef>
#include <utility>

#include "pellucid/base/error.h"
#include "pellucid/base/parallel.h"
#include "pellucid/tasks/encode.h"
#include "pellucid/tasks/prediction_job.h"

namespace pellucid {
namespace {

// Items that are read and packed together: enough to fill every micro-batch, few enough that what
// is held stays small whatever the texts are.
constexpr std::size_t kItemsAtOnce = 256;
constexpr std::size_t kBytesAtOnce = std::size_t{1} << 20;
constexpr std::int64_t kLogitsAtOnce = std::int64_t{1} << 22;

struct Entry {
  Item item;
  PredictionJob job;
  std::optional<std::string> error{};
};

/// What can be checked before any text is seen.
void check_options(const Model& model, const PredictOptions& options) {
  find_task(model, options.task, false);
  length_limit(model, options.max_length);
  check_usage(options.top >= 1, "top {}: expected 1 or more", options.top);
  check_usage(options.max_answer_length >= 1, "max-answer-length {}: expected 1 or more",
              options.max_answer_length);
}

/// Runs `action`, keeping the message of what it throws.
template <class Action>
void attempt(Entry& entry, const Action& action) {
  if (entry.error) return;
  try {
    action();
  } catch (const Error& error) {
    entry.error = error.what();
  }
}

std::vector<Entry> read_items(const std::function<bool(Item&)>& next) {
  std::vector<Entry> entries;
  std::size_t bytes = 0;
  while (entries.size() < kItemsAtOnce && bytes < kBytesAtOnce) {
    Entry entry;
    if (!next(entry.item)) break;
    bytes += entry.item.text.size() + entry.item.pair.value_or("").size();
    entries.push_back(std::move(entry));
  }
  return entries;
}

/// All packed together. If that fails each alone, so that only those fail that must.
void run_jobs(const Model& model, const PredictOptions& options, std::span<Entry> entries) {
  DirectExecutor executor(model.network(), options.run);
  std::vector<Work> works;
  for (Entry& entry : entries) {
    if (!entry.error) works.push_back(entry.job.work());
  }
  try {
    executor.run(works);
  } catch (const Error&) {
    for (Entry& entry : entries) {
      attempt(entry, [&] {
        const Work work = entry.job.work();
        executor.run({&work, 1});
      });
    }
  }
}

PredictResult result_of(const Model& model, const PredictOptions& options, Entry& entry) {
  PredictResult result;
  attempt(entry, [&] { result = entry.job.answer(model, options, entry.item); });
  if (entry.error) result = *entry.error;
  return result;
}

/// The end of the entries from `begin` whose logits may be held at once; at least one.
std::size_t group_end(const std::vector<Entry>& entries, std::size_t begin) {
  std::size_t end = begin;
  std::int64_t logits = 0;
  do {
    logits += entries[end].job.logits_count();
    ++end;
  } while (end < entries.size() && logits + entries[end].job.logits_count() <= kLogitsAtOnce);
  return end;
}

}  // namespace

Prediction predict(const Model& model, const Item& item, const PredictOptions& options) {
  check_options(model, options);
  PredictionJob job(model, options, item);
  const Work work = job.work();
  DirectExecutor(model.network(), options.run).run({&work, 1});
  if (options.warn) {
    for (const std::string& warning : job.warnings()) options.warn(0, warning);
  }
  return job.answer(model, options, item);
}

void predict_stream(const Model& model, const PredictOptions& options,
                    const std::function<bool(Item&)>& next,
                    const std::function<void(std::int64_t, const Item&, PredictResult)>& done) {
  check_options(model, options);
  std::int64_t index = 0;
  for (;;) {
    std::vector<Entry> entries = read_items(next);
    if (entries.empty()) return;
    parallel_tasks(static_cast<std::int64_t>(entries.size()), [&](std::int64_t i) {
      Entry& entry = entries[static_cast<std::size_t>(i)];
      attempt(entry, [&] { entry.job = PredictionJob(model, options, entry.item); });
    });
    for (std::size_t begin = 0; begin < entries.size();) {
      const std::size_t end = group_end(entries, begin);
      run_jobs(model, options, std::span(entries).subspan(begin, end - begin));
      for (; begin < end; ++begin, ++index) {
        Entry& entry = entries[begin];
        if (options.warn) {
          for (const std::string& warning : entry.job.warnings()) options.warn(index, warning);
        }
        done(index, entry.item, result_of(model, options, entry));
        entry = {};  // its logits are not needed any more
      }
    }
  }
}

}  // namespace pellucid
