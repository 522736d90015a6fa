// SPDX-License-Identifier: Apache-2.0
#include "pellucid/attributions/value_zeroing.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "pellucid/attributions/attention.h"
#include "pellucid/attributions/attention_maps.h"
#include "pellucid/base/error.h"
#include "pellucid/base/spelling.h"

namespace pellucid {
namespace {

constexpr double kNothing = 1e-5;
constexpr std::int64_t kRowsAtOnce = 1024;  // of a layer

CombineLayers parse_combine(std::string_view text) {
  if (text == "rollout") return CombineLayers::rollout;
  if (text == "mean") return CombineLayers::mean;
  fail_usage("combine is {}, expected rollout or mean", quote(std::string(text)));
}

OptionTable<ValueZeroing> options() {
  return layers_option<ValueZeroing>().choice("combine", &ValueZeroing::combine, parse_combine,
                                              "rollout or mean", "from layers to one row");
}

double cosine_distance(const float* a, const float* b, std::int64_t width) {
  double dot = 0, aa = 0, bb = 0;
  for (std::int64_t h = 0; h < width; ++h) {
    dot += double{a[h]} * double{b[h]};
    aa += double{a[h]} * double{a[h]};
    bb += double{b[h]} * double{b[h]};
  }
  return aa == 0 || bb == 0 ? 0 : 1 - dot / std::sqrt(aa * bb);
}

/// The input of every layer, [tokens, hidden] each.
std::vector<Tensor> layer_inputs(Evaluator& evaluator) {
  const NetworkShape& shape = evaluator.model().network().shape();
  std::vector<std::string> names{"embedding-block"};
  for (std::int64_t l = 0; l + 1 < shape.layers; ++l) {
    names.push_back(fmt::format("layer.{}.hidden", l));
  }
  std::vector<Tensor> inputs;
  evaluator.ask_own(1, {.floats = shape.layers * evaluator.tokens() * shape.hidden},
                    [&](std::int64_t, const Network& network) {
                      Batch batch;
                      batch.add(evaluator.input());
                      Tap tap;
                      for (const std::string& name : names) tap.read(name);
                      network(batch, tap);
                      for (const std::string& name : names) inputs.push_back(tap.value(name));
                    });
  evaluator.run();
  return inputs;
}

/// Some rows of one layer: each once as it is, then without each token that it sees.
struct Piece {
  std::size_t layer = 0;
  std::size_t begin = 0, end = 0;  // of the layer's rows
};

void compute(const Piece& piece, const Tensor& input, const Evaluator& evaluator,
             std::int64_t layer, const Network& network, TokenMatrix& matrix) {
  const bool causal = network.causal();
  Batch batch;
  batch.add(evaluator.input());
  ReadRows read;
  for (std::size_t r = piece.begin; r < piece.end; ++r) {
    const std::int64_t row = matrix.rows[r];
    for (std::int64_t key = -1; key < (causal ? row + 1 : matrix.keys); ++key) {
      read.rows.push_back(row);
      read.zeroed.push_back(key);
    }
  }
  read.offsets = {0, std::ssize(read.rows)};
  const Tensor output = network.layer_rows(layer, input, batch, read);
  std::size_t r = piece.begin;
  std::int64_t clean = 0;
  for (std::int64_t i = 0; i < output.rows(); ++i) {
    const std::int64_t key = read.zeroed[static_cast<std::size_t>(i)];
    if (key < 0) {
      clean = i;
      if (i > 0) ++r;
      continue;
    }
    const double change = cosine_distance(output.row(clean), output.row(i), output.width());
    double& value =
        matrix.values[r * static_cast<std::size_t>(matrix.keys) + static_cast<std::size_t>(key)];
    value = change < kNothing ? 0 : change;
  }
}

/// Rows sum to 1; where nothing changes anything a row is that of the identity.
void normalize_rows(TokenMatrix& matrix) {
  const auto keys = static_cast<std::size_t>(matrix.keys);
  for (std::size_t r = 0; r < matrix.rows.size(); ++r) {
    double* row = matrix.values.data() + r * keys;
    const double sum = std::accumulate(row, row + keys, 0.0);
    if (sum == 0) row[matrix.rows[r]] = 1;
    for (std::size_t k = 0; k < keys && sum != 0; ++k) row[k] /= sum;
  }
}

}  // namespace

std::string_view name(CombineLayers combine) {
  return combine == CombineLayers::rollout ? "rollout" : "mean";
}

std::vector<TokenMatrix> zeroed_values(Evaluator& evaluator, const std::vector<std::size_t>& layers,
                                       bool all_rows) {
  const std::vector<Tensor> inputs = layer_inputs(evaluator);
  std::set<std::int64_t> read;
  for (std::int64_t t = 0; t < evaluator.target_count(); ++t) {
    for (const std::int64_t position : evaluator.read_positions(t)) read.insert(position);
  }
  std::vector<TokenMatrix> matrices;
  std::vector<Piece> pieces;
  for (std::size_t l = 0; l < layers.size(); ++l) {
    TokenMatrix& matrix = matrices.emplace_back();
    matrix.keys = evaluator.tokens();
    if (l + 1 == layers.size() && !all_rows) {
      matrix.rows.assign(read.begin(), read.end());
    } else {
      matrix.rows.resize(static_cast<std::size_t>(evaluator.tokens()));
      std::iota(matrix.rows.begin(), matrix.rows.end(), 0);
    }
    matrix.values.resize(matrix.rows.size() * static_cast<std::size_t>(matrix.keys));
    const auto share =
        static_cast<std::size_t>(std::max<std::int64_t>(1, kRowsAtOnce / (matrix.keys + 1)));
    for (std::size_t begin = 0; begin < matrix.rows.size(); begin += share) {
      pieces.push_back({l, begin, std::min(begin + share, matrix.rows.size())});
    }
  }
  const NetworkShape& shape = evaluator.model().network().shape();
  const std::int64_t rows = std::max(kRowsAtOnce, evaluator.tokens() + 1);
  evaluator.ask_own(static_cast<std::int64_t>(pieces.size()),
                    {.forwards = 0, .floats = rows * shape.untracked_floats_per_token},
                    [&](std::int64_t place, const Network& network) {
                      const Piece& piece = pieces[static_cast<std::size_t>(place)];
                      const std::size_t layer = layers[piece.layer];
                      compute(piece, inputs[layer], evaluator, static_cast<std::int64_t>(layer),
                              network, matrices[piece.layer]);
                    });
  evaluator.run();
  for (TokenMatrix& matrix : matrices) normalize_rows(matrix);
  return matrices;
}

Parameters ValueZeroing::parameters() const { return options().show(*this); }

MethodEntry ValueZeroing::entry() {
  return options().complete({.name = "value-zeroing",
                             .summary = "change of each layer without the value of a token",
                             .source = "Mohebbi et al. 2023, arXiv 2301.12971",
                             .cost = "2 forwards, and each layer once more for every token",
                             .complete = false,
                             .perturbs = false});
}

void ValueZeroing::check() const {
  check_layers(layer);
  check_budget(name(), evaluations, 2);
}

Attribution ValueZeroing::operator()(Evaluator& evaluator) const {
  const auto count = static_cast<std::size_t>(evaluator.model().network().shape().layers);
  const std::vector<std::size_t> layers = parse_layers(layer, count);
  const auto matrices = zeroed_values(evaluator, layers, false);
  Attribution result;
  result.is_signed = false;
  for (std::int64_t t = 0; t < evaluator.target_count(); ++t) {
    const std::vector<double> row = read_row(evaluator, t);
    if (combine == CombineLayers::rollout) {
      result.token_scores.push_back(through_layers(row, matrices, 0, 1));
      continue;
    }
    std::vector<double> mean(row.size());
    for (const TokenMatrix& matrix : matrices) {
      const auto part = through_layers(row, {&matrix, 1}, 0, 1);
      for (std::size_t i = 0; i < mean.size(); ++i) {
        mean[i] += part[i] / static_cast<double>(matrices.size());
      }
    }
    result.token_scores.push_back(std::move(mean));
  }
  return result;
}

}  // namespace pellucid
