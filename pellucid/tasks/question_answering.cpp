// SPDX-License-Identifier: Apache-2.0
#include "pellucid/tasks/question_answering.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include "pellucid/base/error.h"
#include "pellucid/text/unicode.h"

namespace pellucid {
namespace {

/// log of a sum of exponentials, one term after the other.
class LogSum {
 public:
  void add(double x) {
    if (x > largest_) {
      sum_ = sum_ * std::exp(largest_ - x) + 1;
      largest_ = x;
    } else {
      sum_ += std::exp(x - largest_);
    }
  }
  double value() const { return largest_ + std::log(sum_); }

 private:
  double largest_ = std::numeric_limits<double>::lowest();
  double sum_ = 0;
};

struct Candidate {
  Span span;
  std::string_view text;
  double raw = 0;
};

/// Higher score, else smaller start, else shorter.
bool better(const Candidate& a, const Candidate& b) {
  if (a.raw != b.raw) return a.raw > b.raw;
  if (a.span.start != b.span.start) return a.span.start < b.span.start;
  return a.span.end < b.span.end;
}

/// The best candidates so far, best first, each text once.
class Best {
 public:
  explicit Best(std::int64_t size) : size_(static_cast<std::size_t>(size)) {}

  bool wants(const Candidate& candidate) const {
    return list_.size() < size_ || (!list_.empty() && better(candidate, list_.back()));
  }
  void add(const Candidate& candidate) {
    const auto same = std::find_if(list_.begin(), list_.end(), [&](const Candidate& other) {
      return other.text == candidate.text;
    });
    if (same != list_.end()) {
      if (!better(candidate, *same)) return;
      list_.erase(same);
    }
    list_.insert(std::upper_bound(list_.begin(), list_.end(), candidate, better), candidate);
    if (list_.size() > size_) list_.pop_back();
  }
  const std::vector<Candidate>& list() const { return list_; }

 private:
  std::size_t size_;
  std::vector<Candidate> list_;
};

/// Context tokens of the encoding, and which of them begin and end a word.
struct Words {
  std::vector<bool> begins, ends;  // [tokens]
};

bool is_context(const Token& token) { return token.segment == 1 && !token.special; }

Words words_of(const Encoding& whole) {
  const std::size_t size = whole.tokens.size();
  Words words{std::vector<bool>(size), std::vector<bool>(size)};
  for (std::size_t i = 0; i < size; ++i) {
    if (!is_context(whole.tokens[i])) continue;
    const auto continues = [&](std::size_t a, std::size_t b) {
      return is_context(whole.tokens[a]) && is_context(whole.tokens[b]) && whole.tokens[a].word &&
             whole.tokens[a].word == whole.tokens[b].word;
    };
    words.begins[i] = i == 0 || !continues(i - 1, i);
    words.ends[i] = i + 1 == size || !continues(i, i + 1);
  }
  return words;
}

/// visit(i, j, raw) for all valid spans whose best window is `index`; i, j in the whole encoding.
template <class Visit>
void visit_spans(const Words& words, const std::vector<Window>& windows,
                 const std::vector<AnswerLogits>& logits, std::int64_t index,
                 std::int64_t max_length, const Visit& visit) {
  const Window& window = windows[static_cast<std::size_t>(index)];
  const AnswerLogits& scores = logits[static_cast<std::size_t>(index)];
  check(scores.start.size() == window.tokens.size() && scores.end.size() == window.tokens.size(),
        "question answering: {} logits for {} tokens", scores.start.size(), window.tokens.size());
  for (std::size_t a = 0; a < window.tokens.size(); ++a) {
    const std::int64_t first = window.tokens[a];
    if (!words.begins[static_cast<std::size_t>(first)]) continue;
    for (std::size_t b = a; b < window.tokens.size(); ++b) {
      const std::int64_t last = window.tokens[b];
      if (last - first >= max_length || last >= window.end) break;
      if (!words.ends[static_cast<std::size_t>(last)]) continue;
      if (windows.size() > 1 && best_window(windows, first, last) != index) continue;
      visit(first, last, static_cast<double>(scores.start[a]) + scores.end[b]);
    }
  }
}

/// The null span is the first token's; of several windows the one that is least for it counts.
double null_score(const std::vector<AnswerLogits>& logits) {
  double least = std::numeric_limits<double>::infinity();
  for (const AnswerLogits& window : logits) {
    least = std::min(least, static_cast<double>(window.start.front()) + window.end.front());
  }
  return least;
}

}  // namespace

AnswerPrediction find_answers(const Encoding& whole, std::string_view context,
                              const std::vector<Window>& windows,
                              const std::vector<AnswerLogits>& logits,
                              const AnswerOptions& options) {
  const CharacterIndex characters(context);
  const Words words = words_of(whole);
  LogSum total;
  Best best(options.top);
  for (std::size_t w = 0; w < windows.size(); ++w) {
    visit_spans(words, windows, logits, static_cast<std::int64_t>(w), options.max_answer_length,
                [&](std::int64_t first, std::int64_t last, double raw) {
                  total.add(raw);
                  Candidate candidate;
                  candidate.span = {whole.tokens[static_cast<std::size_t>(first)].span.start,
                                    whole.tokens[static_cast<std::size_t>(last)].span.end};
                  candidate.raw = raw;
                  if (!best.wants(candidate)) return;
                  candidate.text = characters.slice(candidate.span);
                  best.add(candidate);
                });
  }
  std::optional<double> null;
  if (options.allow_no_answer) {
    null = null_score(logits);
    total.add(*null);
  }
  AnswerPrediction prediction;
  for (const Candidate& candidate : best.list()) {
    prediction.candidates.push_back(
        {std::string(candidate.text), candidate.span, std::exp(candidate.raw - total.value())});
  }
  if (!null) return prediction;
  prediction.no_answer_score = std::exp(*null - total.value());
  if (best.list().empty() || *null > best.list().front().raw) {
    prediction.candidates.insert(prediction.candidates.begin(),
                                 {"", {0, 0}, *prediction.no_answer_score});
    if (static_cast<std::int64_t>(prediction.candidates.size()) > options.top) {
      prediction.candidates.pop_back();
    }
  }
  return prediction;
}

}  // namespace pellucid
