// SPDX-License-Identifier: Apache-2.0
#include "pellucid/attributions/monotone_paths.h"

#include <algorithm>
#include <limits>
#include <set>

namespace pellucid {
namespace {

/// A coordinate between where the path is and where it goes.
bool between(float anchor, float current, float baseline) {
  if (baseline > current) return current <= anchor && anchor <= baseline;
  if (baseline < current) return baseline <= anchor && anchor <= current;
  return anchor == current;
}

/// One token on its way from its embedding to the baseline.
class Walker {
 public:
  Walker(const Path& path, std::int64_t token, std::int32_t id, std::int64_t points)
      : width_(path.to.width()),
        share_(1.0F / static_cast<float>(points)),
        baseline_(path.from.row(token)),
        word_(id),
        used_{id},
        point_(path.to.row(token), path.to.row(token) + width_),
        seen_from_(point_) {}

  std::int32_t word() const { return word_; }
  const std::vector<float>& point() const { return point_; }

  /// The next point, by the best of the words `near`. Without one: the baseline, for good.
  void step(const Evaluator& evaluator, const std::vector<std::int32_t>& near,
            const AnchorSearch& search) {
    if (arrived_) return;
    const Tensor words = evaluator.model().network().embed(near);
    const Tokenizer& tokenizer = evaluator.model().tokenizer();
    double best = std::numeric_limits<double>::infinity();
    std::size_t chosen = near.size();
    for (std::size_t i = 0; i < near.size(); ++i) {
      const float* anchor = words.row(static_cast<std::int64_t>(i));
      if (used_.contains(near[i]) || tokenizer.is_special(near[i]) ||
          std::equal(anchor, anchor + width_, baseline_)) {
        continue;
      }
      const double cost = search.most_coordinates ? moved(anchor) : distance(anchor);
      if (cost < best) {
        best = cost;
        chosen = i;
      }
    }
    if (chosen == near.size()) {
      arrived_ = true;
      point_.assign(baseline_, baseline_ + width_);
      return;
    }
    word_ = near[chosen];
    used_.insert(word_);
    const float* anchor = words.row(static_cast<std::int64_t>(chosen));
    for (std::int64_t h = 0; h < width_; ++h) point_[std::size_t(h)] = monotone(anchor, h, point_);
    if (search.from_words) {
      seen_from_.assign(anchor, anchor + width_);
    } else {
      seen_from_ = point_;
    }
  }

 private:
  float monotone(const float* anchor, std::int64_t h, const std::vector<float>& current) const {
    const float from = current[static_cast<std::size_t>(h)];
    return between(anchor[h], from, baseline_[h]) ? anchor[h]
                                                  : from - (from - baseline_[h]) * share_;
  }
  /// |w - mono(w)|^2
  double distance(const float* anchor) const {
    double sum = 0;
    for (std::int64_t h = 0; h < width_; ++h) {
      const double apart = double{anchor[h]} - double{monotone(anchor, h, seen_from_)};
      sum += apart * apart;
    }
    return sum;
  }
  /// Coordinates that are not monotone.
  double moved(const float* anchor) const {
    double count = 0;
    for (std::int64_t h = 0; h < width_; ++h) {
      if (!between(anchor[h], seen_from_[static_cast<std::size_t>(h)], baseline_[h])) ++count;
    }
    return count;
  }

  std::int64_t width_;
  float share_;
  const float* baseline_;
  std::int32_t word_;
  std::set<std::int32_t> used_;
  std::vector<float> point_, seen_from_;
  bool arrived_ = false;
};

}  // namespace

std::vector<Tensor> monotone_paths(const Evaluator& evaluator, const Path& path,
                                   const AnchorSearch& search) {
  std::vector<std::int64_t> moving;
  std::vector<Walker> walkers;
  for (std::int64_t token = 0; token < evaluator.tokens(); ++token) {
    if (evaluator.encoding().tokens[static_cast<std::size_t>(token)].special) continue;
    moving.push_back(token);
    walkers.emplace_back(path, token, evaluator.input().ids[static_cast<std::size_t>(token)],
                         search.points);
  }
  std::vector<Tensor> points{path.to};
  for (std::int64_t step = 1; step + 1 < search.points; ++step) {
    std::vector<std::int32_t> words;
    for (const Walker& walker : walkers) words.push_back(walker.word());
    const auto near = evaluator.model().nearest_words(words, search.neighbours);
    Tensor next = path.to.clone();
    for (std::size_t i = 0; i < walkers.size(); ++i) {
      walkers[i].step(evaluator, near[i], search);
      std::copy(walkers[i].point().begin(), walkers[i].point().end(), next.row(moving[i]));
    }
    points.push_back(std::move(next));
  }
  points.push_back(path.from);
  std::reverse(points.begin(), points.end());
  return points;
}

}  // namespace pellucid
