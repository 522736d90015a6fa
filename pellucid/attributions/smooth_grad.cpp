// SPDX-License-Identifier: Apache-2.0
#include "pellucid/attributions/smooth_grad.h"

#include <algorithm>
#include <cmath>

#include "pellucid/attributions/moments.h"
#include "pellucid/attributions/noise.h"
#include "pellucid/attributions/quadrature.h"
#include "pellucid/base/error.h"
#include "pellucid/base/spelling.h"

namespace pellucid {
namespace {

constexpr std::int64_t kSamples = 32;
constexpr std::int64_t kRound = 32;
constexpr std::int64_t kMostDraws = 1024;  // of those that a tolerance asks for
constexpr std::size_t kGroups = 8;         // of the jackknife

constexpr std::string_view kNames[] = {"smooth-grad", "square-grad", "var-grad"};
constexpr std::string_view kInners[] = {"gradient", "absolute-gradient", "input-x-gradient",
                                        "integrated-gradients"};

Inner parse_inner(std::string_view text) {
  for (const Inner inner : {Inner::gradient, Inner::absolute_gradient, Inner::input_x_gradient,
                            Inner::integrated_gradients}) {
    if (text == name(inner)) return inner;
  }
  fail_usage(
      "inner is {}, expected gradient, absolute-gradient, input-x-gradient or "
      "integrated-gradients",
      quote(std::string(text)));
}

bool bare(Inner inner) { return inner == Inner::gradient || inner == Inner::absolute_gradient; }

template <class M>
Reduce effective_reduce(const M& method) {
  return method.reduce.value_or(bare(method.inner) ? Reduce::l2 : Reduce::dot);
}

template <class M>
OptionTable<M> options() {
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
      .number("noise", &M::noise, 0, 1e9, "0 or more",
              "deviation of the noise, as a share of the range of the embeddings")
      .number("noise-absolute", &M::noise_absolute, 0, 1e9, "0 or more",
              "deviation of the noise itself")
      .flag("noise-special", &M::noise_special, "noise on template tokens too")
      .choice("inner", &M::inner, parse_inner,
              "gradient, absolute-gradient, input-x-gradient or integrated-gradients",
              "what is computed at each draw")
      .number("steps", &M::steps, 1, 1e6, "1 or more", "points of the inner integrated gradients")
      .option(
          "baseline", "pad, mask, unk, zero, mean, a token or ID,ID,...",
          "start of the inner path, or subtracted from the input",
          [](M& method, const std::string& text) { method.baseline = Replacement::parse(text); },
          [](const M& method) -> std::optional<Parameter> {
            if (!method.baseline) return std::nullopt;
            return Parameter(method.baseline->name());
          })
      .option(
          "reduce", "dot, l2, l1 or mean-abs", "from the vector of a token to a number",
          [](M& method, const std::string& text) { method.reduce = parse_reduce(text); },
          [](const M& method) {
            return Parameter(std::string(pellucid::name(effective_reduce(method))));
          })
      .flag("reduce-first", &M::reduce_first, "reduce every draw, then take the statistic")
      .flag("biased", &M::biased, "variance divided by the number of draws, not by one less")
      .layer(&M::layer)
      .number("tolerance", &M::tolerance, 1e-12, 1, "a number above 0, at most 1",
              "draw until standard errors are under this share of the largest score")
      .number("evaluations", &M::evaluations, 1, kMostEvaluations, "1 or more",
              "model rows at most")
      .option(
          "draws", "a safetensors file", "recorded noise [draws, tokens, hidden] in place of draws",
          [](M& method, const std::string& text) { method.draws = RecordedDraws(text); },
          [](const M& method) -> std::optional<Parameter> {
            if (!method.draws) return std::nullopt;
            return Parameter(method.draws.path());
          });
}

/// The gradients of all draws on the way to scores.
template <Statistic kStatistic>
class Noisy {
 public:
  using M = NoisyGradients<kStatistic>;

  Noisy(const M& method, Evaluator& evaluator)
      : method_(method),
        evaluator_(evaluator),
        reduce_(effective_reduce(method)),
        path_(base_path(method, evaluator)),
        rule_(quadrature(Rule::gauss_legendre, method.inner == Inner::integrated_gradients
                                                   ? static_cast<int>(method.steps)
                                                   : 1)),
        targets_(static_cast<std::size_t>(evaluator.target_count())),
        tokens_(static_cast<std::size_t>(evaluator.tokens())),
        width_(static_cast<std::size_t>(path_.to.width())),
        moments_(kGroups, targets_ * tokens_ * (method.reduce_first ? 1 : width_),
                 kStatistic != Statistic::mean) {
    const auto values = path_.to.values();
    const auto [low, high] = std::minmax_element(values.begin(), values.end());
    sigma_ = method.noise_absolute.value_or(method.noise * (double{*high} - double{*low}));
  }

  /// Draws `begin` .. `end`.
  void draw(std::int64_t begin, std::int64_t end) {
    const auto points = static_cast<std::int64_t>(rule_.nodes.size());
    std::vector<double> sum;
    evaluator_.ask_gradients(
        method_.layer, (end - begin) * points,
        [this, begin, points](std::int64_t point, float* rows) {
          const Tensor noisy = input(begin + point / points);
          if (method_.inner != Inner::integrated_gradients) {
            std::copy_n(noisy.data(), noisy.size(), rows);
            return;
          }
          const auto alpha =
              static_cast<float>(rule_.nodes[static_cast<std::size_t>(point % points)]);
          for (std::int64_t i = 0; i < noisy.size(); ++i) {
            const float from = path_.from.data()[i];
            rows[i] = from + alpha * (noisy.data()[i] - from);
          }
        },
        [&, this](std::size_t point, std::span<const double>, const GradientView& g) {
          const std::size_t node = point % rule_.nodes.size();
          if (node == 0) sum.assign(targets_ * tokens_ * width_, 0.0);
          accumulate(rule_.weights[node], g, sum);
          if (node + 1 == rule_.nodes.size()) {
            add(begin + static_cast<std::int64_t>(point) / points, sum);
          }
        });
    evaluator_.run();
  }

  std::vector<std::vector<double>> scores(std::optional<std::size_t> without = {}) const {
    const std::vector<double> values = statistic(without);
    std::vector<std::vector<double>> scores(targets_);
    for (std::size_t t = 0; t < targets_; ++t) {
      for (std::size_t i = 0; i < tokens_; ++i) {
        const std::size_t row = t * tokens_ + i;
        scores[t].push_back(method_.reduce_first
                                ? values[row]
                                : pellucid::reduce(reduce_, {&values[row * width_], width_}));
      }
    }
    return scores;
  }

  /// Without one group of draws each: the delete-a-group jackknife.
  Replicates replicates() const {
    Replicates found;
    const auto least = kStatistic == Statistic::variance ? 2 * kGroups : kGroups;
    if (moments_.count() < static_cast<std::int64_t>(least)) return found;
    for (std::size_t g = 0; g < kGroups; ++g) found.token_scores.push_back(scores(g));
    found.factor = (static_cast<double>(kGroups) - 1) / static_cast<double>(kGroups);
    return found;
  }

 private:
  static Path base_path(const M& method, Evaluator& evaluator) {
    if (method.baseline) return evaluator.straight_path(*method.baseline, method.layer);
    if (method.inner == Inner::integrated_gradients) {
      return evaluator.straight_path({.kind = Replacement::Kind::pad}, method.layer);
    }
    return evaluator.path_from_zero(method.layer);
  }

  /// E_s
  Tensor input(std::int64_t draw) const {
    const Tensor& real = path_.to;
    if (method_.draws.has("embeddings")) {
      const float* rows = method_.draws.rows("embeddings", draw, real.size());
      return Tensor::from({rows, static_cast<std::size_t>(real.size())}, real.shape());
    }
    return with_noise(evaluator_, real, draw, sigma_, method_.noise_special, method_.draws);
  }

  void accumulate(double weight, const GradientView& g, std::vector<double>& sum) const {
    for (std::size_t t = 0; t < targets_; ++t) {
      const float* from = g.row(static_cast<std::int64_t>(t), 0);
      double* to = sum.data() + t * tokens_ * width_;
      for (std::size_t i = 0; i < tokens_ * width_; ++i) to[i] += weight * double{from[i]};
    }
  }

  /// The gradient of a draw becomes A(E_s).
  void add(std::int64_t draw, std::vector<double>& values) {
    if (method_.inner == Inner::absolute_gradient) {
      for (double& value : values) value = std::abs(value);
    }
    if (!bare(method_.inner)) {
      const Tensor noisy = input(draw);
      const std::size_t size = tokens_ * width_;
      for (std::size_t i = 0; i < values.size(); ++i) {
        values[i] *= double{noisy.data()[i % size]} - double{path_.from.data()[i % size]};
      }
    }
    if (!method_.reduce_first) {
      moments_.add(static_cast<std::size_t>(draw), values);
      return;
    }
    std::vector<double> reduced;
    for (std::size_t row = 0; row < targets_ * tokens_; ++row) {
      reduced.push_back(pellucid::reduce(reduce_, {&values[row * width_], width_}));
    }
    moments_.add(static_cast<std::size_t>(draw), reduced);
  }

  std::vector<double> statistic(std::optional<std::size_t> without) const {
    if (kStatistic == Statistic::mean) return moments_.mean(without);
    if (kStatistic == Statistic::square) return moments_.mean_square(without);
    return moments_.variance(method_.biased, without);
  }

  const M& method_;
  Evaluator& evaluator_;
  Reduce reduce_;
  Path path_;
  Quadrature rule_;
  std::size_t targets_, tokens_, width_;
  double sigma_ = 0;
  Moments moments_;
};

}  // namespace

std::string_view name(Inner inner) { return kInners[static_cast<std::size_t>(inner)]; }

template <Statistic kStatistic>
std::string NoisyGradients<kStatistic>::name() const {
  return std::string(kNames[static_cast<std::size_t>(kStatistic)]);
}

template <Statistic kStatistic>
Parameters NoisyGradients<kStatistic>::parameters() const {
  return options<NoisyGradients>().show(*this);
}

template <Statistic kStatistic>
MethodEntry NoisyGradients<kStatistic>::entry() {
  constexpr std::string_view kSummaries[] = {"mean of the gradients at noisy copies of the input",
                                             "mean of their squares", "variance of them"};
  constexpr std::string_view kSources[] = {"Smilkov et al. 2017, arXiv 1706.03825",
                                           "Hooker et al. 2018, arXiv 1806.10758",
                                           "Adebayo et al. 2018, arXiv 1810.03307"};
  constexpr auto kPlace = static_cast<std::size_t>(kStatistic);
  return options<NoisyGradients>().complete({.name = std::string(kNames[kPlace]),
                                             .summary = std::string(kSummaries[kPlace]),
                                             .source = std::string(kSources[kPlace]),
                                             .cost = "samples + 1 forwards, samples VJPs",
                                             .complete = false,
                                             .perturbs = false});
}

template <Statistic kStatistic>
void NoisyGradients<kStatistic>::check() const {
  check_usage(!baseline || !bare(inner), "baseline: {} with inner {} subtracts none", name(),
              pellucid::name(inner));
  check_usage(!noise_absolute || noise == 0.1, "noise and noise-absolute exclude each other");
  check_usage(!tolerance || !samples, "samples and tolerance exclude each other");
  check_usage(!draws || (!samples && !tolerance), "draws: their file says how many there are");
  check_usage(!draws || draws.has("noise") || draws.has("embeddings"),
              "{}: holds no noise and no embeddings", draws.path());
  check_usage(!biased || kStatistic == Statistic::variance, "biased: {} has no variance", name());
  const std::int64_t count = draws ? draws.count() : samples.value_or(kSamples);
  check_usage(kStatistic != Statistic::variance || count > 1,
              "samples is {}, but a variance needs 2 or more", count);
}

template <Statistic kStatistic>
Attribution NoisyGradients<kStatistic>::operator()(Evaluator& evaluator) const {
  const std::int64_t each = inner == Inner::integrated_gradients ? steps : 1;
  const bool has_start = baseline || inner == Inner::integrated_gradients;
  const std::int64_t fixed = layer == "embeddings" ? 1 : has_start ? 3 : 2;
  const auto given = draws ? std::optional(draws.count()) : samples;
  std::int64_t count = affordable(name(), evaluations, fixed, each, given, kSamples);
  check_usage(kStatistic != Statistic::variance || count > 1,
              "evaluations: {} needs 2 draws or more", name());
  Noisy<kStatistic> noisy(*this, evaluator);
  Attribution result;
  result.is_signed = kStatistic == Statistic::mean && is_signed(effective_reduce(*this));
  if (tolerance) {
    count = evaluations ? count : kMostDraws;
    result.converged = false;
    for (std::int64_t done = 0; done < count && !result.converged;) {
      const std::int64_t next = std::min(done + kRound, count);
      noisy.draw(done, next);
      done = next;
      result.converged = done >= 2 * kRound &&
                         settled(noisy.replicates(), noisy.scores(), evaluator.units(), *tolerance);
    }
    if (!result.converged) {
      evaluator.warn(
          "the standard errors have not come under the tolerance: more evaluations help");
    }
  } else {
    noisy.draw(0, count);
  }
  result.token_scores = noisy.scores();
  result.replicates = noisy.replicates();
  return result;
}

template struct NoisyGradients<Statistic::mean>;
template struct NoisyGradients<Statistic::square>;
template struct NoisyGradients<Statistic::variance>;

}  // namespace pellucid
