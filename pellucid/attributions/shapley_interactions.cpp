// SPDX-License-Identifier: Apache-2.0
#include "pellucid/attributions/shapley_interactions.h"

#include <algorithm>
#include <bit>
#include <numeric>

#include "pellucid/attributions/kernel_shap.h"
#include "pellucid/attributions/shapley.h"
#include "pellucid/base/error.h"
#include "pellucid/base/names.h"

namespace pellucid {
namespace {

using Matrix = std::vector<std::vector<double>>;
using Pair = std::pair<std::size_t, std::size_t>;

constexpr std::int64_t kMostExact = 1 << 14;  // coalitions that are all played by themselves
constexpr std::int64_t kUsualRows = 64;       // for each unit
constexpr std::int64_t kRowsOfDraw = 8;       // a context and its complement, four rows each
constexpr std::int64_t kLeastDraws = 2;       // of a pair, for a standard error

constexpr Names<InteractionIndex, 3> kIndices{{{InteractionIndex::shap, "shap"},
                                               {InteractionIndex::shapley, "shapley"},
                                               {InteractionIndex::taylor, "taylor"}}};

InteractionIndex parse_index(std::string_view text) { return parse_name(kIndices, "index", text); }

/// "all" or "top:K"
std::optional<int> parse_pairs(const std::string& text) {
  if (text == "all") return std::nullopt;
  const std::string expected = "all or top:K with K 2 or more";
  check_usage(text.starts_with("top:"), "pairs is {}, expected {}", quote(text), expected);
  return static_cast<int>(parse_whole("pairs", text.substr(4), 2, 1000000, expected));
}

OptionTable<ShapleyInteractions> options() {
  OptionTable<ShapleyInteractions> table;
  table
      .choice("index", &ShapleyInteractions::index, parse_index, "shap, shapley or taylor",
              "which index of interactions")
      .option(
          "pairs", "all or top:K", "ask for pairs of the K strongest units only",
          [](ShapleyInteractions& method, const std::string& text) {
            method.pairs_of = parse_pairs(text);
          },
          [](const ShapleyInteractions& method) {
            return Parameter(method.pairs_of ? fmt::format("top:{}", *method.pairs_of)
                                             : std::string("all"));
          });
  budget_options(table, &ShapleyInteractions::budget,
                 "contexts of each pair of units, with their complements");
  return table.replacement(&ShapleyInteractions::replacement);
}

std::int64_t pairs_among(std::size_t units) {
  return static_cast<std::int64_t>(units * (units - 1) / 2);
}

double choose(std::size_t n, std::size_t k) {
  double count = 1;
  for (std::size_t i = 1; i <= k; ++i) {
    count *= static_cast<double>(n - k + i) / static_cast<double>(i);
  }
  return count;
}

/// Of D_ij(S), for a context S of this size: the Shapley and the Taylor index are means over
/// contexts of a random size.
double weight(InteractionIndex index, std::size_t players, std::size_t size) {
  const auto n = static_cast<double>(players);
  if (index == InteractionIndex::taylor) return 2 / n / choose(players - 1, size);
  return 1 / (n - 1) / choose(players - 2, size);
}

Matrix exact_indices(InteractionIndex index, const std::vector<double>& table,
                     std::size_t players) {
  Matrix found(players, std::vector<double>(players));
  std::vector<double> weights;
  for (std::size_t size = 0; size + 2 <= players; ++size) {
    weights.push_back(weight(index, players, size));
  }
  for (std::size_t i = 0; i < players; ++i) {
    for (std::size_t j = i + 1; j < players; ++j) {
      const std::size_t a = std::size_t{1} << i, b = std::size_t{1} << j;
      for (std::size_t s = 0; s < table.size(); ++s) {
        if ((s & (a | b)) != 0) continue;
        found[i][j] += weights[static_cast<std::size_t>(std::popcount(s))] *
                       (table[s | a | b] - table[s | a] - table[s | b] + table[s]);
      }
      found[j][i] = found[i][j];
    }
  }
  return found;
}

/// From indices of pairs to the matrix and the scores that are shown. single: Shapley values, for
/// Taylor v(i) - v(0).
void finish(InteractionIndex index, Matrix& matrix, std::vector<double>& single) {
  for (std::size_t i = 0; i < matrix.size(); ++i) {
    double half = 0;
    for (std::size_t j = 0; j < matrix.size(); ++j) {
      if (i != j && !std::isnan(matrix[i][j])) half += matrix[i][j] / 2;
    }
    if (index == InteractionIndex::shap) {
      for (std::size_t j = 0; j < matrix.size(); ++j) {
        if (i != j) matrix[i][j] /= 2;
      }
      matrix[i][i] = single[i] - half;
    } else if (index == InteractionIndex::taylor) {
      matrix[i][i] = single[i];
      single[i] += half;
    }
  }
}

/// v(i) - v(0), [targets][players]
Matrix alone(Game& game) {
  std::vector<Coalition> coalitions(game.players(), Coalition(game.players(), false));
  for (std::size_t i = 0; i < game.players(); ++i) coalitions[i][i] = true;
  const Values values = game(coalitions);
  Matrix gains(game.targets());
  for (std::size_t t = 0; t < game.targets(); ++t) {
    for (const auto& row : values) gains[t].push_back(row[t] - game.none()[t]);
  }
  return gains;
}

InteractionSolution exact(Game& game, InteractionIndex index) {
  InteractionSolution found;
  const std::vector<std::vector<double>> tables = enumerate(game);
  if (index == InteractionIndex::taylor) found.solution.scores = alone(game);
  for (const std::vector<double>& table : tables) {
    if (index != InteractionIndex::taylor) {
      found.solution.scores.push_back(shapley(table, game.players()));
    }
    found.matrices.push_back(exact_indices(index, table, game.players()));
  }
  return found;
}

/// Rows and columns of units, NaN where a unit does not play.
Matrix unit_matrix(const Evaluator& evaluator, const Matrix& matrix) {
  const std::size_t units = evaluator.units().units.size();
  const std::vector<std::size_t> places = players(evaluator);
  const Matrix rows = unit_scores(evaluator, matrix);
  Matrix placed(units, std::vector<double>(units, std::nan("")));
  for (std::size_t i = 0; i < rows.size(); ++i) placed[places[i]] = rows[i];
  return placed;
}

/// The strongest players by their scores, in order of place.
std::vector<std::size_t> strongest(const Matrix& scores, std::size_t players, std::size_t count) {
  std::vector<double> sizes(players);
  for (const auto& of_target : scores) {
    for (std::size_t i = 0; i < players; ++i) {
      sizes[i] = std::max(sizes[i], std::abs(of_target[i]));
    }
  }
  std::vector<std::size_t> order(players);
  std::iota(order.begin(), order.end(), 0U);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return sizes[a] > sizes[b]; });
  order.resize(std::min(count, players));
  std::sort(order.begin(), order.end());
  return order;
}

/// A context of a random size without the two, and its complement without them.
class PairDraws {
 public:
  PairDraws(Game& game, InteractionIndex index, const std::vector<std::size_t>& units)
      : game_(game), index_(index) {
    for (std::size_t a = 0; a < units.size(); ++a) {
      for (std::size_t b = a + 1; b < units.size(); ++b) pairs_.emplace_back(units[a], units[b]);
    }
    spreads_.assign(game.targets(), std::vector<Spread>(pairs_.size()));
  }

  void draw(std::int64_t begin, std::int64_t end) {
    std::vector<Coalition> coalitions;
    std::vector<double> factors;
    for (std::int64_t draw = begin; draw < end; ++draw) {
      for (std::size_t p = 0; p < pairs_.size(); ++p) {
        const auto probe =
            static_cast<std::uint32_t>(static_cast<std::size_t>(draw) * pairs_.size() + p);
        add_contexts(probe, pairs_[p], coalitions, factors);
      }
    }
    const Values values = game_(coalitions);
    for (std::size_t row = 0; row < values.size(); row += kRowsOfDraw) {
      const std::size_t p = row / kRowsOfDraw % pairs_.size();
      for (std::size_t t = 0; t < game_.targets(); ++t) {
        double sum = 0;
        for (std::size_t half = 0; half < 2; ++half) {
          const std::size_t at = row + 4 * half;
          sum += factors[at / 4] *
                 (values[at][t] - values[at + 1][t] - values[at + 2][t] + values[at + 3][t]);
        }
        spreads_[t][p].add(sum / 2);
      }
    }
  }

  /// [targets][pairs]
  Solution solution() const {
    Solution found;
    for (const auto& of_target : spreads_) {
      auto& scores = found.scores.emplace_back();
      auto& errors = found.errors.emplace_back();
      for (const Spread& spread : of_target) {
        scores.push_back(spread.mean());
        errors.push_back(spread.error());
      }
    }
    return found;
  }

  /// Numbers of pairs at their places; NaN for the others.
  Matrix matrix(const std::vector<double>& of_pairs, double diagonal) const {
    const std::size_t players = game_.players();
    Matrix found(players, std::vector<double>(players, std::nan("")));
    for (std::size_t i = 0; i < players; ++i) found[i][i] = diagonal;
    for (std::size_t p = 0; p < pairs_.size(); ++p) {
      const auto& [i, j] = pairs_[p];
      found[i][j] = found[j][i] = of_pairs[p];
    }
    return found;
  }

 private:
  void add_contexts(std::uint32_t probe, const Pair& pair, std::vector<Coalition>& coalitions,
                    std::vector<double>& factors) const {
    const std::size_t players = game_.players();
    const std::uint32_t others = static_cast<std::uint32_t>(players) - 2;
    const std::uint32_t size = game_.draws(Stream::sizes, probe).below(0, others + 1);
    const auto order = game_.draws(Stream::masks, probe).permutation(others);
    Coalition context(players, false), complement(players, true);
    for (std::uint32_t i = 0; i < size; ++i) {
      std::size_t player = order[i];  // counted without the two
      if (player >= pair.first) ++player;
      if (player >= pair.second) ++player;
      context[player] = true;
      complement[player] = false;
    }
    for (const auto& [base, count] : {std::pair(context, size), {complement, others - size}}) {
      for (const unsigned both : {3U, 1U, 2U, 0U}) {
        coalitions.push_back(base);
        coalitions.back()[pair.first] = (both & 1U) != 0;
        coalitions.back()[pair.second] = (both & 2U) != 0;
      }
      // Sizes are drawn alike; the mean over contexts of a size needs no weight.
      factors.push_back(index_ == InteractionIndex::taylor
                            ? weight(index_, players, count) * choose(others, count) *
                                  static_cast<double>(others + 1)
                            : 1.0);
    }
  }

  Game& game_;
  InteractionIndex index_;
  std::vector<Pair> pairs_;
  std::vector<std::vector<Spread>> spreads_;  // [targets][pairs]
};

}  // namespace

std::string_view name(InteractionIndex index) { return find_name(kIndices, index); }

InteractionSolution ShapleyInteractions::sample(Game& game) const {
  const std::size_t players = game.players();
  const std::int64_t rows =
      budget.evaluations.value_or(kUsualRows * static_cast<std::int64_t>(players));
  InteractionSolution found;
  found.solution = kernel_shap(game, {.evaluations = std::max<std::int64_t>(rows / 2, 4)});
  Matrix singles = index == InteractionIndex::taylor ? alone(game) : found.solution.scores;
  const std::int64_t left = rows - game.evaluations();
  const auto asked = std::min(static_cast<std::size_t>(pairs_of.value_or(1000000)), players);
  std::size_t units = asked;
  std::int64_t count = budget.samples.value_or(kLeastDraws);
  while (units > 2 && (budget.evaluations || !budget.samples) &&
         pairs_among(units) * kRowsOfDraw * count > left) {
    --units;
  }
  const std::int64_t affordable = left / (kRowsOfDraw * pairs_among(units));
  if (!budget.samples) count = affordable;
  if (budget.evaluations) count = std::min(count, affordable);
  check_usage(count >= 1,
              "evaluations is {}: too few for the interaction of two of {} units, expected {} or "
              "more",
              rows, players, 2 * players + 4 * kRowsOfDraw);
  PairDraws draws(game, index, strongest(found.solution.scores, players, units));
  const Solution pairs = in_rounds(budget, count, [&](std::int64_t begin, std::int64_t end) {
    draws.draw(begin, end);
    return draws.solution();
  });
  for (std::size_t t = 0; t < game.targets(); ++t) {
    found.matrices.push_back(draws.matrix(pairs.scores[t], 0));
    found.errors.push_back(draws.matrix(pairs.errors[t], std::nan("")));
  }
  found.solution.scores = std::move(singles);
  if (index == InteractionIndex::taylor) found.solution.errors.clear();
  found.solution.converged = pairs.converged;
  found.solution.warnings.insert(found.solution.warnings.end(), pairs.warnings.begin(),
                                 pairs.warnings.end());
  if (units < asked) {
    found.solution.warnings.push_back(
        fmt::format("shapley-interactions: {} evaluations serve the pairs of the {} strongest "
                    "units of {}: --evaluations allows more",
                    rows, units, asked));
  }
  return found;
}

InteractionSolution ShapleyInteractions::solve(Game& game) const {
  const bool fits = !budget.samples && budget.allows_all(game.players(), kMostExact);
  InteractionSolution found = game.players() < 3 || fits ? exact(game, index) : sample(game);
  for (std::size_t t = 0; t < game.targets(); ++t) {
    finish(index, found.matrices[t], found.solution.scores[t]);
    if (found.errors.empty() || index != InteractionIndex::shap) continue;
    for (auto& row : found.errors[t]) {
      for (double& error : row) error /= 2;
    }
  }
  return found;
}

Parameters ShapleyInteractions::parameters() const { return options().show(*this); }

MethodEntry ShapleyInteractions::entry() {
  return options().complete(
      {.name = "shapley-interactions",
       .summary = "what two units do together beyond what each does alone",
       .source = "Grabisch, Roubens 1999; Lundberg et al. 2020, Nature Machine Intelligence 2; "
                 "Sundararajan, Dhamdhere, Agarwal 2020, arXiv 1902.05622",
       .cost = "2^units forwards up to 14 units, else 64 units",
       .complete = true,
       .perturbs = true});
}

void ShapleyInteractions::check() const {
  budget.check(2);
  check_usage(!pairs_of || *pairs_of >= 2, "pairs is top:{}, expected top:2 or more",
              pairs_of.value_or(0));
}

Attribution ShapleyInteractions::operator()(Evaluator& evaluator) const {
  Game game(evaluator, replacement);
  const InteractionSolution found = solve(game);
  const bool complete = index != InteractionIndex::taylor || found.errors.empty();
  Attribution result = attribute(evaluator, game, found.solution, complete);
  const auto of_units = [&](const std::vector<Matrix>& matrices) {
    std::vector<Matrix> placed;
    for (const Matrix& matrix : matrices) placed.push_back(unit_matrix(evaluator, matrix));
    return placed;
  };
  result.interactions = of_units(found.matrices);
  result.interaction_errors = of_units(found.errors);
  return result;
}

}  // namespace pellucid
