// SPDX-License-Identifier: Apache-2.0
#include "pellucid/attributions/gradient_shap.h"

#include <algorithm>
#include <cmath>
#include <fstream>

#include "pellucid/attributions/noise.h"
#include "pellucid/base/error.h"
#include "pellucid/base/spelling.h"

namespace pellucid {
namespace {

constexpr std::int64_t kSamples = 32;
constexpr std::int64_t kRound = 32;
constexpr std::int64_t kMostDraws = 1024;  // of those that a tolerance asks for

NoisePlace parse_place(std::string_view text) {
  if (text == "baseline") return NoisePlace::baseline;
  if (text == "input") return NoisePlace::input;
  fail_usage("noise-on is {}, expected baseline or input", quote(std::string(text)));
}

Factor parse_factor(std::string_view text) {
  if (text == "difference") return Factor::difference;
  if (text == "point") return Factor::point;
  fail_usage("times is {}, expected difference or point", quote(std::string(text)));
}

std::vector<Replacement> read_baselines(const std::string& path) {
  std::ifstream file(path);
  pellucid::check(file.good(), "{}: cannot be read", path);
  std::vector<Replacement> baselines;
  for (std::string line; std::getline(file, line);) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (!line.empty()) baselines.push_back(Replacement::parse(line));
  }
  pellucid::check(!baselines.empty(), "{}: holds no baseline, expected one a line", path);
  return baselines;
}

OptionTable<GradientShap> options() {
  using M = GradientShap;
  return OptionTable<M>()
      .option(
          "samples", "1 or more", "draws",
          [](M& method, const std::string& text) {
            method.samples = parse_whole("samples", text, 1, kMostSamples, "1 or more");
          },
          [](const M& method) {
            const bool open = method.tolerance || method.evaluations || method.draws;
            return shown_count(method.samples, kSamples, open);
          })
      .baseline(&M::baseline, "start of the paths")
      .option(
          "baselines-file", "a text file", "baselines in its place, one a line",
          [](M& method, const std::string& text) {
            method.baselines_file = text;
            method.baselines = read_baselines(text);
          },
          [](const M& method) -> std::optional<Parameter> {
            if (method.baselines_file.empty()) return std::nullopt;
            return Parameter(method.baselines_file);
          })
      .number("noise", &M::noise, 0, 1e9, "0 or more",
              "deviation of the noise, as a share of that of the embedding table")
      .number("noise-absolute", &M::noise_absolute, 0, 1e9, "0 or more",
              "deviation of the noise itself")
      .flag("noise-special", &M::noise_special, "noise on template tokens too")
      .choice("noise-on", &M::noise_on, parse_place, "baseline or input",
              "what the noise is added to")
      .choice("times", &M::factor, parse_factor, "difference or point",
              "what the gradient is multiplied with")
      .reduce(&M::reduce)
      .flag("reduce-first", &M::reduce_first, "reduce every draw, then take the mean")
      .layer(&M::layer)
      .number("tolerance", &M::tolerance, 1e-12, 1, "a number above 0, at most 1",
              "draw until standard errors are under this share of the largest score")
      .number("evaluations", &M::evaluations, 1, kMostEvaluations, "1 or more",
              "model rows at most")
      .option(
          "draws", "a safetensors file",
          "recorded noise, alphas and baselines, one for each draw, in place of draws",
          [](M& method, const std::string& text) { method.draws = RecordedDraws(text); },
          [](const M& method) -> std::optional<Parameter> {
            if (!method.draws) return std::nullopt;
            return Parameter(method.draws.path());
          });
}

/// Where a draw is on which path.
struct Draw {
  Tensor from, to, point;  // [tokens, width]
};

class Drawing {
 public:
  Drawing(const GradientShap& method, Evaluator& evaluator)
      : method_(method),
        evaluator_(evaluator),
        targets_(static_cast<std::size_t>(evaluator.target_count())),
        tokens_(static_cast<std::size_t>(evaluator.tokens())) {
    const auto given =
        method.baselines.empty() ? std::vector<Replacement>{method.baseline} : method.baselines;
    for (const Replacement& baseline : given) {
      paths_.push_back(evaluator.straight_path(baseline, method.layer));
    }
    sums_.resize(targets_ * tokens_ * (method.reduce_first ? 1 : width()));
    sigma_ = method.noise_absolute.value_or(
        method.noise > 0 ? method.noise * evaluator.model().embedding_deviation() : 0.0);
  }

  /// Draws `begin` .. `end`, in strata of their own.
  void draw(std::int64_t begin, std::int64_t end) {
    const auto round = static_cast<std::uint32_t>(begin / kRound);
    const auto order = evaluator_.draws(Stream::baselines, round)
                           .permutation(static_cast<std::uint32_t>(end - begin));
    const auto place = [this, begin, end, round, order](std::int64_t k) {
      return make(begin, end, round, order, k);
    };
    evaluator_.ask_gradients(
        method_.layer, end - begin,
        [place](std::int64_t k, float* rows) {
          const Draw draw = place(k);
          std::copy_n(draw.point.data(), draw.point.size(), rows);
        },
        [this, place, round](std::size_t k, std::span<const double>, const GradientView& g) {
          rounds_.push_back(round);
          add(place(static_cast<std::int64_t>(k)), g);
        });
    evaluator_.run();
  }

  /// Targets at the baselines, meaned as often as they were drawn.
  std::vector<double> start() {
    std::vector<Values> values(paths_.size());
    for (std::size_t b = 0; b < paths_.size(); ++b) {
      evaluator_.ask_values(paths_[b], {0.0}, values[b]);
    }
    evaluator_.run();
    std::vector<double> mean(targets_);
    for (const Values& found : values) {
      for (std::size_t t = 0; t < targets_; ++t) {
        mean[t] += found[0][t] / static_cast<double>(paths_.size());
      }
    }
    return mean;
  }

  std::vector<std::vector<double>> scores() const {
    std::vector<std::vector<double>> scores(targets_);
    const auto draws = static_cast<double>(reduced_.size());
    for (std::size_t t = 0; t < targets_; ++t) {
      for (std::size_t i = 0; i < tokens_; ++i) {
        scores[t].push_back(method_.reduce_first ? sums_[t * tokens_ + i] / draws
                                                 : reduce(method_.reduce, mean_row(t, i)));
      }
    }
    return scores;
  }

  /// Draws of neighbouring strata lie on a line but for their own spread: of three in a row
  /// (a - 2 b + c)^2 / 6 is the variance of one. None for scores that are not means of draws.
  Replicates replicates() const {
    Replicates found;
    if (method_.reduce != Reduce::dot && !method_.reduce_first) return found;
    const auto draws = static_cast<double>(reduced_.size());
    const auto whole = scores();
    for (std::size_t s = 0; s + 2 < reduced_.size(); ++s) {
      if (rounds_[s] != rounds_[s + 2]) continue;  // strata begin anew
      auto other = whole;
      for (std::size_t i = 0; i < targets_ * tokens_; ++i) {
        const double bend = reduced_[s][i] - 2 * reduced_[s + 1][i] + reduced_[s + 2][i];
        other[i / tokens_][i % tokens_] += bend / std::sqrt(6.0) / draws;
      }
      found.token_scores.push_back(std::move(other));
    }
    found.factor = draws / std::max(1.0, static_cast<double>(found.token_scores.size()));
    return found;
  }

 private:
  std::size_t width() const { return static_cast<std::size_t>(paths_.front().to.width()); }

  std::vector<double> mean_row(std::size_t t, std::size_t i) const {
    std::vector<double> row(width());
    const double* from = sums_.data() + (t * tokens_ + i) * width();
    for (std::size_t h = 0; h < row.size(); ++h) {
      row[h] = from[h] / static_cast<double>(reduced_.size());
    }
    return row;
  }

  Draw make(std::int64_t begin, std::int64_t end, std::uint32_t round,
            const std::vector<std::uint32_t>& order, std::int64_t k) const {
    const auto count = static_cast<std::int64_t>(paths_.size());
    const RecordedDraws& recorded = method_.draws;
    std::int64_t which = (begin + order[static_cast<std::size_t>(k)]) % count;
    const double u = evaluator_.draws(Stream::alphas, round).uniform(static_cast<std::uint32_t>(k));
    double alpha = (static_cast<double>(k) + u) / static_cast<double>(end - begin);
    if (recorded.has("baselines")) {
      which = static_cast<std::int64_t>(recorded.number("baselines", begin + k));
      pellucid::check(0 <= which && which < count, "{}: baseline {} of {}", recorded.path(), which,
                      count);
    }
    if (recorded.has("alphas")) alpha = recorded.number("alphas", begin + k);
    const Path& path = paths_[static_cast<std::size_t>(which)];
    Draw draw{path.from, path.to, Tensor::uninitialized(path.to.shape())};
    if (sigma_ > 0 || recorded.has("noise")) {
      if (method_.noise_on == NoisePlace::input) {
        draw.to = noisy(draw.to, begin + k);
      } else {
        draw.from = noisy(draw.from, begin + k);
      }
    }
    if (recorded.has("embeddings")) {
      std::copy_n(recorded.rows("embeddings", begin + k, draw.to.size()), draw.to.size(),
                  draw.point.data());
      return draw;
    }
    const auto share = static_cast<float>(alpha);
    for (std::int64_t i = 0; i < draw.to.size(); ++i) {
      const float from = draw.from.data()[i];
      draw.point.data()[i] = from + share * (draw.to.data()[i] - from);
    }
    return draw;
  }

  Tensor noisy(const Tensor& clean, std::int64_t draw) const {
    return with_noise(evaluator_, clean, draw, sigma_, method_.noise_special, method_.draws);
  }

  void add(const Draw& draw, const GradientView& g) {
    auto& reduced = reduced_.emplace_back();
    std::vector<double> product(width());
    for (std::size_t t = 0; t < targets_; ++t) {
      for (std::size_t i = 0; i < tokens_; ++i) {
        const auto row = static_cast<std::int64_t>(i);
        const float* gradient = g.row(static_cast<std::int64_t>(t), row);
        const bool point = method_.factor == Factor::point;
        for (std::size_t h = 0; h < width(); ++h) {
          const double times = point ? double{draw.point.row(row)[h]}
                                     : double{draw.to.row(row)[h]} - double{draw.from.row(row)[h]};
          product[h] = double{gradient[h]} * times;
        }
        reduced.push_back(reduce(method_.reduce, product));
        if (method_.reduce_first) {
          sums_[t * tokens_ + i] += reduced.back();
          continue;
        }
        double* sum = sums_.data() + (t * tokens_ + i) * width();
        for (std::size_t h = 0; h < width(); ++h) sum[h] += product[h];
      }
    }
  }

  const GradientShap& method_;
  Evaluator& evaluator_;
  std::size_t targets_, tokens_;
  std::vector<Path> paths_;
  double sigma_ = 0;
  std::vector<double> sums_;                  // [targets, tokens, width], or [targets, tokens]
  std::vector<std::vector<double>> reduced_;  // [draws][targets * tokens]
  std::vector<std::uint32_t> rounds_;         // [draws]
};

}  // namespace

std::string_view name(NoisePlace place) {
  return place == NoisePlace::baseline ? "baseline" : "input";
}
std::string_view name(Factor factor) {
  return factor == Factor::difference ? "difference" : "point";
}

Parameters GradientShap::parameters() const { return options().show(*this); }

MethodEntry GradientShap::entry() {
  return options().complete(
      {.name = "gradient-shap",
       .summary = "mean gradient at random places on the paths from baselines",
       .source = "Erion et al. 2019, arXiv 1906.10670",
       .cost = "samples + baselines + 1 forwards, samples VJPs",
       .complete = true,
       .perturbs = false});
}

void GradientShap::check() const {
  check_usage(!noise_absolute || noise == 0, "noise and noise-absolute exclude each other");
  check_usage(!tolerance || !samples, "samples and tolerance exclude each other");
  check_usage(!tolerance || reduce == Reduce::dot || reduce_first,
              "tolerance: {} has no standard errors with reduce {}", name(),
              pellucid::name(reduce));
  check_usage(!draws || (!samples && !tolerance), "draws: their file says how many there are");
}

Attribution GradientShap::operator()(Evaluator& evaluator) const {
  const auto starts = static_cast<std::int64_t>(std::max<std::size_t>(1, baselines.size()));
  const std::int64_t fixed = 1 + (layer == "embeddings" ? starts : 3 * starts);
  const auto given = draws ? std::optional(draws.count()) : samples;
  std::int64_t count = affordable(name(), evaluations, fixed, 1, given, kSamples);
  Drawing drawing(*this, evaluator);
  Attribution result;
  result.complete = reduce == Reduce::dot && factor == Factor::difference;
  result.remedy = "more --samples bring them closer";
  result.is_signed = is_signed(reduce);
  if (tolerance) {
    count = evaluations ? count : kMostDraws;
    result.converged = false;
    for (std::int64_t done = 0; done < count && !result.converged;) {
      const std::int64_t next = std::min(done + kRound, count);
      drawing.draw(done, next);
      done = next;
      result.converged = done >= 2 * kRound && settled(drawing.replicates(), drawing.scores(),
                                                       evaluator.units(), *tolerance);
    }
    if (!result.converged) {
      evaluator.warn(
          "the standard errors have not come under the tolerance: more evaluations help");
    }
  } else {
    drawing.draw(0, count);
  }
  result.token_scores = drawing.scores();
  result.replicates = drawing.replicates();
  result.baseline_values = drawing.start();
  return result;
}

}  // namespace pellucid
