// SPDX-License-Identifier: Apache-2.0
#include "pellucid/attributions/lime.h"

#include <algorithm>

#include "pellucid/attributions/lasso.h"
#include "pellucid/attributions/weighted_ridge.h"
#include "pellucid/base/error.h"
#include "pellucid/base/names.h"

namespace pellucid {
namespace {

constexpr Names<LimeMasks, 2> kMasks{
    {{LimeMasks::sizes, "sizes"}, {LimeMasks::bernoulli, "bernoulli"}}};
constexpr Names<LimeDistance, 3> kDistances{{{LimeDistance::cosine, "cosine"},
                                             {LimeDistance::hamming, "hamming"},
                                             {LimeDistance::euclidean, "euclidean"}}};
constexpr Names<LimeFit, 2> kFits{{{LimeFit::ridge, "ridge"}, {LimeFit::lasso, "lasso"}}};

LimeMasks parse_masks(std::string_view text) { return parse_name(kMasks, "masks", text); }
LimeDistance parse_distance(std::string_view text) {
  return parse_name(kDistances, "distance", text);
}
LimeFit parse_fit(std::string_view text) { return parse_name(kFits, "fit", text); }

OptionTable<Lime> options() {
  OptionTable<Lime> table;
  table
      .choice("masks", &Lime::masks, parse_masks, "sizes or bernoulli",
              "how many units are replaced: any number alike, or half of them on average")
      .choice("distance", &Lime::distance, parse_distance, "cosine, hamming or euclidean",
              "of a variant from the text")
      .number("width", &Lime::width, 1e-6, 1e6, "over 0", "distance that counts as near")
      .choice("fit", &Lime::fit, parse_fit, "ridge or lasso", "how the line is held back")
      .number("lambda", &Lime::lambda, 0, 1e9, "0 or more", "of ridge")
      .number("alpha", &Lime::alpha, 0, 1e9, "0 or more", "of lasso")
      .number("top-features", &Lime::top_features, 0, 1e6, "0 or more",
              "units in the line, the best chosen one after the other; 0: all");
  budget_options(table, &Lime::budget, "random coalitions (16 units, at least 64)");
  return table.replacement(&Lime::replacement);
}

double distance_of(LimeDistance distance, std::size_t kept, std::size_t players) {
  const double share = static_cast<double>(kept) / static_cast<double>(players);
  if (distance == LimeDistance::cosine) return 1 - std::sqrt(share);
  if (distance == LimeDistance::hamming) return 1 - share;
  return std::sqrt(static_cast<double>(players - kept));
}

Coalition drawn(LimeMasks masks, const Game& game, std::uint32_t draw) {
  const auto players = static_cast<std::uint32_t>(game.players());
  const Draws draws = game.draws(Stream::masks, draw);
  if (masks == LimeMasks::bernoulli) return draws.coins(players);
  const std::uint32_t removed = 1 + game.draws(Stream::sizes, draw).below(0, players);
  const std::vector<std::uint32_t> order = draws.permutation(players);
  Coalition coalition(players, true);
  for (std::uint32_t i = 0; i < removed; ++i) coalition[order[i]] = false;
  return coalition;
}

/// What is drawn so far, and what the game says of it.
struct Samples {
  std::vector<Coalition> coalitions;
  std::vector<double> weights;
  Values values;  // [rows][targets]

  void add(const Lime& method, Game& game, const std::vector<Coalition>& added) {
    for (std::vector<double>& row : game(added)) values.push_back(std::move(row));
    for (const Coalition& coalition : added) {
      const auto kept =
          static_cast<std::size_t>(std::count(coalition.begin(), coalition.end(), true));
      const double off = distance_of(method.distance, kept, coalition.size()) / method.width;
      weights.push_back(std::exp(-off * off / 2));
      coalitions.push_back(coalition);
    }
  }

  std::vector<double> answers(std::size_t target) const {
    std::vector<double> y;
    for (const std::vector<double>& row : values) y.push_back(row[target]);
    return y;
  }
};

std::vector<double> lasso_scores(const Samples& samples, const std::vector<double>& y, double alpha,
                                 std::size_t players) {
  std::vector<std::vector<double>> columns(players);
  for (const Coalition& coalition : samples.coalitions) {
    for (std::size_t i = 0; i < players; ++i) columns[i].push_back(coalition[i] ? 1 : 0);
  }
  return lasso(std::move(columns), y, alpha, samples.weights).coefficients;
}

}  // namespace

std::string_view name(LimeMasks masks) { return find_name(kMasks, masks); }
std::string_view name(LimeDistance distance) { return find_name(kDistances, distance); }
std::string_view name(LimeFit fit) { return find_name(kFits, fit); }

LimeSolution Lime::solve(Game& game) const {
  const std::size_t players = game.players();
  LimeSolution found;
  if (players == 0) {
    found.solution.scores.resize(game.targets());
    found.r_squared.assign(game.targets(), 1);
    return found;
  }
  Samples samples;
  samples.add(*this, game, {Coalition(players, true)});
  game.none();  // said as the baseline value
  const auto usual = std::max<std::int64_t>(64, 16 * static_cast<std::int64_t>(players));
  const auto solve_now = [&] {
    found = {};
    const WeightedRidge ridge(samples.coalitions, samples.weights);
    for (std::size_t t = 0; t < game.targets(); ++t) {
      const std::vector<double> y = samples.answers(t);
      std::vector<double> scores;
      if (fit == LimeFit::lasso) {
        scores = lasso_scores(samples, y, alpha, players);
      } else {
        const std::vector<std::size_t> chosen =
            ridge.select(y, lambda, static_cast<std::size_t>(top_features));
        scores = ridge.fit(y, lambda, chosen);
        found.solution.errors.push_back(ridge.errors(y, lambda, chosen, scores));
      }
      found.r_squared.push_back(ridge.r_squared(y, scores));
      found.solution.scores.push_back(std::move(scores));
    }
    return found.solution;
  };
  Solution solution =
      in_rounds(budget, budget.draws(usual - 2, 1), [&](std::int64_t begin, std::int64_t end) {
        std::vector<Coalition> coalitions;
        for (std::int64_t draw = begin; draw < end; ++draw) {
          coalitions.push_back(drawn(masks, game, static_cast<std::uint32_t>(draw)));
        }
        samples.add(*this, game, coalitions);
        return solve_now();
      });
  found.solution = std::move(solution);
  return found;
}

Parameters Lime::parameters() const { return options().show(*this); }

MethodEntry Lime::entry() {
  return options().complete({.name = "lime",
                             .summary = "the weighted line that fits the target near the text",
                             .source = "Ribeiro, Singh, Guestrin 2016, arXiv 1602.04938",
                             .cost = "samples + 2 forwards",
                             .complete = false,
                             .perturbs = true});
}

void Lime::check() const {
  budget.check(3);
  check_usage(width > 0, "width is {}, expected over 0", width);
  check_usage(lambda >= 0, "lambda is {}, expected 0 or more", lambda);
  check_usage(alpha >= 0, "alpha is {}, expected 0 or more", alpha);
  check_usage(top_features >= 0, "top-features is {}, expected 0 or more", top_features);
  check_usage(fit == LimeFit::ridge || !budget.tolerance,
              "tolerance: a lasso fit has no standard errors to go by");
  check_usage(fit == LimeFit::ridge || top_features == 0,
              "top-features: a lasso fit chooses units by its alpha");
}

Attribution Lime::operator()(Evaluator& evaluator) const {
  Game game(evaluator, replacement);
  const LimeSolution found = solve(game);
  Attribution result = attribute(evaluator, game, found.solution, false);
  result.r_squared = found.r_squared;
  return result;
}

}  // namespace pellucid
