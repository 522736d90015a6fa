// SPDX-License-Identifier: Apache-2.0
#include "pellucid/generation/beam_search.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

namespace pellucid {
namespace {

struct Hypothesis {
  Continuation text;
  Generated generated;
  double sum = 0;    // of log-probabilities
  double score = 0;  // once it is finished
};

/// A hypothesis and the token that goes on from it.
struct Candidate {
  std::size_t beam = 0;
  std::int32_t id = 0;
  double log_probability = 0, sum = 0;
};

class BeamSearch {
 public:
  BeamSearch(const Network& network, Continuation text, const GenerateOptions& options)
      : network_(network), options_(options) {
    running_.push_back({std::move(text), {}});
  }

  Generated run() {
    for (std::int64_t length = 1; length <= options_.max_new_tokens; ++length) {
      const std::vector<Candidate> candidates = best_candidates(options_.forced_id(length - 1));
      const bool last = length == options_.max_new_tokens;
      finish(candidates, last, length);
      go_on(candidates, last);
      if (running_.empty() || !can_improve(length)) break;
    }
    return finished_.front().generated;
  }

 private:
  bool stops(std::int32_t id) const {
    const auto& ids = options_.stop_ids;
    return std::find(ids.begin(), ids.end(), id) != ids.end();
  }

  /// The best tokens behind all hypotheses: so many that enough go on, if those of the first rank
  /// all stop. forced: the only token that counts, as one that was certain.
  std::vector<Candidate> best_candidates(std::optional<std::int32_t> forced) {
    std::vector<Continuation*> texts;
    for (Hypothesis& hypothesis : running_) texts.push_back(&hypothesis.text);
    const Tensor logits = next_logits(network_, texts);
    std::vector<Candidate> all;
    for (std::size_t beam = 0; beam < running_.size(); ++beam) {
      const auto row = logits.values().subspan(beam * static_cast<std::size_t>(logits.width()),
                                               static_cast<std::size_t>(logits.width()));
      const std::vector<double> next = log_probabilities(row);
      const double sum = running_[beam].sum;
      if (forced) {
        all.push_back({beam, *forced, next[static_cast<std::size_t>(*forced)], sum});
        continue;
      }
      for (std::size_t id = 0; id < next.size(); ++id) {
        all.push_back({beam, static_cast<std::int32_t>(id), next[id], sum + next[id]});
      }
    }
    const std::int64_t ranks = std::max<std::int64_t>(2, 1 + std::ssize(options_.stop_ids));
    const std::size_t count =
        std::min(all.size(), static_cast<std::size_t>(ranks * options_.beams));
    std::partial_sort(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(count), all.end(),
                      [](const Candidate& a, const Candidate& b) { return a.sum > b.sum; });
    all.resize(count);
    return all;
  }

  Hypothesis extended(const Candidate& candidate) const {
    Hypothesis next = running_[candidate.beam];
    next.text.ids.push_back(candidate.id);
    next.generated.ids.push_back(candidate.id);
    next.generated.log_probabilities.push_back(candidate.log_probability);
    next.sum = candidate.sum;
    return next;
  }

  /// Those of the first ranks that stop here compete with the finished ones.
  void finish(const std::vector<Candidate>& candidates, bool last, std::int64_t length) {
    const auto beams = static_cast<std::size_t>(options_.beams);
    if (options_.early_stopping && finished_.size() == beams) return;
    for (std::size_t rank = 0; rank < std::min(beams, candidates.size()); ++rank) {
      if (!last && !stops(candidates[rank].id)) continue;
      Hypothesis done = extended(candidates[rank]);
      done.score = done.sum / std::pow(static_cast<double>(length), options_.length_penalty);
      finished_.push_back(std::move(done));
    }
    std::stable_sort(finished_.begin(), finished_.end(),
                     [](const Hypothesis& a, const Hypothesis& b) { return a.score > b.score; });
    if (finished_.size() > beams) finished_.resize(beams);
  }

  void go_on(const std::vector<Candidate>& candidates, bool last) {
    std::vector<Hypothesis> next;
    for (const Candidate& candidate : candidates) {
      if (last || std::ssize(next) == options_.beams) break;
      if (!stops(candidate.id)) next.push_back(extended(candidate));
    }
    running_ = std::move(next);
  }

  /// The best running one, at its present length, beats the worst finished one.
  bool can_improve(std::int64_t length) const {
    if (std::ssize(finished_) < options_.beams) return true;
    if (options_.early_stopping) return false;
    const double penalty = std::pow(static_cast<double>(length), options_.length_penalty);
    return running_.front().sum / penalty > finished_.back().score;
  }

  const Network& network_;
  const GenerateOptions& options_;
  std::vector<Hypothesis> running_, finished_;  // the best first
};

}  // namespace

Generated beam_search(const Network& network, Continuation text, const GenerateOptions& options) {
  return BeamSearch(network, std::move(text), options).run();
}

}  // namespace pellucid
