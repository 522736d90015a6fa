// SPDX-License-Identifier: Apache-2.0
#include "pellucid/attributions/sobol.h"

#include <algorithm>
#include <bit>
#include <numeric>

#include "pellucid/base/error.h"
#include "pellucid/base/names.h"

namespace pellucid {
namespace {

constexpr std::int64_t kUsualRows = 64;
constexpr int kResamples = 200;

constexpr Names<SobolOrder, 2> kOrders{
    {{SobolOrder::first, "first"}, {SobolOrder::total, "total"}}};
constexpr Names<SobolEstimator, 2> kEstimators{
    {{SobolEstimator::jansen, "jansen"}, {SobolEstimator::saltelli, "saltelli"}}};
constexpr Names<SobolSampler, 2> kSamplers{
    {{SobolSampler::philox, "philox"}, {SobolSampler::hadamard, "hadamard"}}};

SobolOrder parse_order(std::string_view text) { return parse_name(kOrders, "order", text); }
SobolEstimator parse_estimator(std::string_view text) {
  return parse_name(kEstimators, "estimator", text);
}
SobolSampler parse_sampler(std::string_view text) { return parse_name(kSamplers, "sampler", text); }

OptionTable<Sobol> options() {
  OptionTable<Sobol> table;
  table
      .choice("order", &Sobol::order, parse_order, "first or total",
              "a unit alone, or with all its interactions")
      .choice("estimator", &Sobol::estimator, parse_estimator, "jansen or saltelli",
              "of the first order")
      .choice("sampler", &Sobol::sampler, parse_sampler, "philox or hadamard",
              "where coalitions come from; hadamard is exact for additive targets with few rows");
  budget_options(table, &Sobol::budget, "rows, each of units + 2 coalitions (64)");
  return table.replacement(&Sobol::replacement);
}

double sign(double value) { return value > 0 ? 1 : value < 0 ? -1 : 0; }

/// From v of every coalition by the fast Walsh-Hadamard transform: c_S^2 is what the set S adds to
/// the variance.
struct ExactIndices {
  std::vector<double> first, total, direction;

  ExactIndices(std::vector<double> table, std::size_t players)
      : first(players), total(players), direction(players) {
    for (std::size_t half = 1; half < table.size(); half *= 2) {
      for (std::size_t i = 0; i < table.size(); ++i) {
        if ((i & half) != 0) continue;
        const double a = table[i], b = table[i + half];
        table[i] = (a + b) / 2;
        table[i + half] = (a - b) / 2;
      }
    }
    double variance = 0;
    for (std::size_t set = 1; set < table.size(); ++set) variance += table[set] * table[set];
    for (std::size_t i = 0; i < players; ++i) {
      const std::size_t alone = std::size_t{1} << i;
      direction[i] = sign(-table[alone]);
      if (variance <= 1e-300) continue;  // constant
      first[i] = table[alone] * table[alone] / variance;
      for (std::size_t set = 1; set < table.size(); ++set) {
        if ((set & alone) != 0) total[i] += table[set] * table[set] / variance;
      }
    }
  }
};

/// Pick and freeze: rows of two independent coalitions A and B, and A with each player's place
/// taken from B.
class PickFreeze {
 public:
  PickFreeze(const Sobol& method, Game& game) : method_(method), game_(game) {}

  void draw(std::int64_t begin, std::int64_t end) {
    const std::size_t players = game_.players();
    std::vector<Coalition> coalitions;
    for (std::int64_t row = begin; row < end; ++row) {
      auto [a, b] = method_.sampler == SobolSampler::philox ? random_row(row) : hadamard_row(row);
      coalitions.push_back(a);
      coalitions.push_back(b);
      for (std::size_t i = 0; i < players; ++i) {
        coalitions.push_back(a);
        coalitions.back()[i] = b[i];
      }
    }
    for (std::vector<double>& values : game_(coalitions)) values_.push_back(std::move(values));
    coalitions_.insert(coalitions_.end(), coalitions.begin(), coalitions.end());
  }

  SobolSolution solve() const {
    SobolSolution found;
    const std::size_t count = values_.size() / width();
    std::vector<std::size_t> rows(count);
    for (std::size_t t = 0; t < game_.targets(); ++t) {
      std::iota(rows.begin(), rows.end(), 0U);
      found.solution.scores.push_back(indices(t, rows));
      found.directions.push_back(directions(t));
      // What a Hadamard design gets wrong, interactions that look like a unit, no resample shows.
      if (method_.sampler == SobolSampler::hadamard) continue;
      std::vector<Spread> spreads(game_.players());
      for (int resample = 0; resample < kResamples; ++resample) {
        const Draws draws = game_.draws(Stream::sizes, static_cast<std::uint32_t>(resample));
        for (std::size_t r = 0; r < count; ++r) {
          rows[r] = draws.below(static_cast<std::uint32_t>(r), static_cast<std::uint32_t>(count));
        }
        const std::vector<double> again = indices(t, rows);
        for (std::size_t i = 0; i < again.size(); ++i) spreads[i].add(again[i]);
      }
      auto& errors = found.solution.errors.emplace_back();
      for (const Spread& spread : spreads) errors.push_back(std::sqrt(spread.variance()));
    }
    return found;
  }

 private:
  using Row = std::pair<Coalition, Coalition>;

  std::size_t width() const { return game_.players() + 2; }
  double a(std::size_t row, std::size_t t) const { return values_[row * width()][t]; }
  double b(std::size_t row, std::size_t t) const { return values_[row * width() + 1][t]; }
  double c(std::size_t row, std::size_t player, std::size_t t) const {
    return values_[row * width() + 2 + player][t];
  }

  Row random_row(std::int64_t row) const {
    const auto probe = static_cast<std::uint32_t>(2 * row);
    const auto players = static_cast<std::uint32_t>(game_.players());
    return {game_.draws(Stream::masks, probe).coins(players),
            game_.draws(Stream::masks, probe + 1).coins(players)};
  }

  /// Column c of row r is the parity of r & c, flipped for a random half of the columns.
  Row hadamard_row(std::int64_t row) const {
    const auto players = static_cast<std::uint32_t>(game_.players());
    Coalition columns = game_.draws(Stream::masks, 0).coins(2 * players);
    for (std::size_t column = 0; column < columns.size(); ++column) {
      const bool odd = std::popcount(static_cast<std::size_t>(row) & (column + 1)) % 2 != 0;
      columns[column] = columns[column] != odd;
    }
    const auto middle = columns.begin() + players;
    return {Coalition(columns.begin(), middle), Coalition(middle, columns.end())};
  }

  std::vector<double> indices(std::size_t t, const std::vector<std::size_t>& rows) const {
    double mean = 0, variance = 0;
    const auto count = static_cast<double>(rows.size());
    for (const std::size_t row : rows) mean += (a(row, t) + b(row, t)) / (2 * count);
    for (const std::size_t row : rows) {
      const double off_a = a(row, t) - mean, off_b = b(row, t) - mean;
      variance += (off_a * off_a + off_b * off_b) / (2 * count);
    }
    std::vector<double> found(game_.players());
    if (variance <= 1e-300) return found;
    for (std::size_t i = 0; i < found.size(); ++i) {
      double sum = 0;
      for (const std::size_t row : rows) sum += term(row, i, t);
      const double share = sum / (count * variance);
      const bool complement =
          method_.order == SobolOrder::first && method_.estimator == SobolEstimator::jansen;
      found[i] = complement ? 1 - share : share;
    }
    return found;
  }

  double term(std::size_t row, std::size_t i, std::size_t t) const {
    const double moved = c(row, i, t);
    if (method_.order == SobolOrder::first && method_.estimator == SobolEstimator::saltelli) {
      return b(row, t) * (moved - a(row, t));
    }
    const double other = method_.order == SobolOrder::total ? a(row, t) : b(row, t);
    return (other - moved) * (other - moved) / 2;
  }

  /// Signs of the mean of v with minus v without, over the rows where A and B differ.
  std::vector<double> directions(std::size_t t) const {
    std::vector<double> signs;
    for (std::size_t i = 0; i < game_.players(); ++i) {
      double sum = 0;
      for (std::size_t row = 0; row * width() < values_.size(); ++row) {
        const bool kept = coalitions_[row * width()][i];
        sum += (kept ? 1 : -1) * (a(row, t) - c(row, i, t));
      }
      signs.push_back(sign(sum));
    }
    return signs;
  }

  const Sobol& method_;
  Game& game_;
  std::vector<Coalition> coalitions_;  // [rows * width]
  Values values_;                      // [rows * width][targets]
};

SobolSolution exact(Game& game, SobolOrder order) {
  SobolSolution found;
  for (std::vector<double>& table : enumerate(game)) {
    ExactIndices indices(std::move(table), game.players());
    found.solution.scores.push_back(order == SobolOrder::first ? std::move(indices.first)
                                                               : std::move(indices.total));
    found.directions.push_back(std::move(indices.direction));
  }
  return found;
}

/// Rows of a Hadamard design: a power of two with enough columns, as many as are allowed.
std::int64_t hadamard_rows(std::int64_t allowed, std::size_t players) {
  const auto least = std::bit_ceil(2 * players + 1);
  check_usage(static_cast<std::size_t>(allowed) >= least,
              "sobol: {} rows of {} coalitions, expected {} or more for a Hadamard design of {} "
              "units",
              allowed, players + 2, least, players);
  return static_cast<std::int64_t>(std::bit_floor(static_cast<std::size_t>(allowed)));
}

}  // namespace

std::string_view name(SobolOrder order) { return find_name(kOrders, order); }
std::string_view name(SobolEstimator estimator) { return find_name(kEstimators, estimator); }
std::string_view name(SobolSampler sampler) { return find_name(kSamplers, sampler); }

SobolSolution Sobol::solve(Game& game) const {
  const std::size_t players = game.players();
  const std::int64_t width = static_cast<std::int64_t>(players) + 2;
  if (!budget.samples && budget.allows_all(players, width * kUsualRows)) return exact(game, order);
  std::int64_t rows = kUsualRows;
  if (sampler == SobolSampler::hadamard) {
    rows = std::max(rows, static_cast<std::int64_t>(std::bit_ceil(2 * players + 1)));
  }
  rows = budget.draws(rows, width);
  if (sampler == SobolSampler::hadamard) rows = hadamard_rows(rows, players);
  PickFreeze design(*this, game);
  SobolSolution found;
  found.solution = in_rounds(budget, rows, [&](std::int64_t begin, std::int64_t end) {
    design.draw(begin, end);
    found = design.solve();
    return found.solution;
  });
  return found;
}

Parameters Sobol::parameters() const { return options().show(*this); }

MethodEntry Sobol::entry() {
  return options().complete({.name = "sobol",
                             .summary = "shares of the target's variance that units account for",
                             .source =
                                 "Fel et al. 2021, arXiv 2111.04138; Jansen 1999, Analysis of "
                                 "variance designs for model output",
                             .cost = "(units + 2) samples forwards, or all 2^units if fewer",
                             .complete = false,
                             .perturbs = true});
}

void Sobol::check() const {
  budget.check(2);
  check_usage(sampler == SobolSampler::philox || !budget.tolerance,
              "tolerance: a Hadamard design has a fixed number of rows");
}

Attribution Sobol::operator()(Evaluator& evaluator) const {
  Game game(evaluator, replacement);
  const SobolSolution found = solve(game);
  Attribution result = attribute(evaluator, game, found.solution, false);
  result.is_signed = false;
  result.directions = unit_scores(evaluator, found.directions);
  return result;
}

}  // namespace pellucid
