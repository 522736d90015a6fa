// SPDX-License-Identifier: Apache-2.0
#include "pellucid/attributions/attention_maps.h"

#include <algorithm>
#include <charconv>
#include <numeric>

#include "pellucid/base/error.h"
#include "pellucid/base/spelling.h"
#include "pellucid/evaluator/target_rows.h"

namespace pellucid {
namespace {

/// Cotangents of the logits of one input, [targets * rows, outputs].
Tensor target_cotangents(const Evaluator& evaluator, const Tensor& logits) {
  Tensor cotangents = Tensor::zeros({evaluator.target_count() * logits.rows(), logits.width()});
  for (std::int64_t t = 0; t < evaluator.target_count(); ++t) {
    const Target& target = evaluator.targets()[static_cast<std::size_t>(t)];
    const std::vector<float> read =
        gather_target(target, evaluator.input(), logits.data(), logits.width());
    std::vector<float> gradient(read.size());
    target.gradient(read, logits.width(), gradient);
    scatter_gradient(target, evaluator.input(), gradient, logits.width(),
                     cotangents.row(t * logits.rows()));
  }
  return cotangents;
}

/// The tokens whose rows a layer with so many queries has computed.
std::vector<std::int64_t> query_tokens(const Evaluator& evaluator, std::int64_t queries) {
  const Network& network = evaluator.model().network();
  std::vector<std::int64_t> tokens;
  if (queries == evaluator.tokens()) {
    tokens.resize(static_cast<std::size_t>(queries));
    std::iota(tokens.begin(), tokens.end(), 0);
  } else if (network.shape().pooled()) {
    tokens = {network.pooled_position(evaluator.input().ids)};
  } else {
    tokens = evaluator.input().reads;
  }
  check(std::ssize(tokens) == queries, "attention of {} queries, expected {}", queries,
        tokens.size());
  return tokens;
}

std::int64_t layer_number(const std::string& text) {
  const std::string digits = text.starts_with("layer.") ? text.substr(6) : text;
  std::int64_t number = -1;
  const auto [rest, problem] =
      std::from_chars(digits.data(), digits.data() + digits.size(), number);
  check_usage(problem == std::errc() && rest == digits.data() + digits.size() && number >= 0,
              "layer is {}, expected last, all, or numbers of layers such as 0,2", quote(text));
  return number;
}

}  // namespace

std::vector<AttentionMap> attention_maps(Evaluator& evaluator, bool gradients) {
  const NetworkShape& shape = evaluator.model().network().shape();
  check_usage(!shape.has_decoder(),
              "methods that read attention are for models of one stack: {} is an encoder-decoder",
              evaluator.model().name());
  const std::int64_t layers = shape.attentions > 0 ? shape.attentions : shape.layers;
  const std::int64_t copies = 1 + (gradients ? evaluator.target_count() : 0);
  const std::int64_t numbers =
      layers * shape.heads * evaluator.tokens() * evaluator.tokens() * copies;
  std::vector<AttentionMap> maps;
  evaluator.ask_own(
      1, {.forwards = 1, .vjps = gradients ? 1 : 0, .floats = numbers},
      [&](std::int64_t, const Network& network) {
        Batch batch;
        batch.add(evaluator.input());
        Tape tape;
        tape.observe_attention();
        Tap tap;
        tap.differentiate("embeddings", tape);
        const Variable logits = network(batch, tap);
        const auto& leaves = tape.attentions();
        std::vector<Tensor> found(leaves.size());
        if (gradients) {
          found = tape.pull_back(logits, target_cotangents(evaluator, logits.value), leaves);
        }
        for (std::size_t i = 0; i < leaves.size(); ++i) {
          const Tensor& p = leaves[i].value;
          const std::int64_t queries = p.rows() / shape.heads;
          maps.push_back({query_tokens(evaluator, queries), shape.heads, p.width(), p, found[i]});
        }
      });
  evaluator.run();
  check(!maps.empty(), "this model has no attention probabilities");
  return maps;
}

TokenMatrix mean_heads(const AttentionMap& map) {
  TokenMatrix mean{map.queries, map.keys, {}};
  mean.values.resize(map.queries.size() * static_cast<std::size_t>(map.keys));
  const float* p = map.probabilities.data();
  for (std::int64_t h = 0; h < map.heads; ++h) {
    for (double& value : mean.values) value += double{*p++} / static_cast<double>(map.heads);
  }
  return mean;
}

TokenMatrix positive_relevance(const AttentionMap& map, std::int64_t target) {
  TokenMatrix mean{map.queries, map.keys, {}};
  mean.values.resize(map.queries.size() * static_cast<std::size_t>(map.keys));
  const float* p = map.probabilities.data();
  const float* g = map.gradients.data() + target * map.probabilities.size();
  for (std::int64_t h = 0; h < map.heads; ++h) {
    for (double& value : mean.values) {
      value += std::max(0.0, double{*p++} * double{*g++}) / static_cast<double>(map.heads);
    }
  }
  return mean;
}

std::vector<double> through_layers(std::vector<double> row, std::span<const TokenMatrix> layers,
                                   double keep, double share) {
  for (std::size_t l = layers.size(); l-- > 0;) {
    const TokenMatrix& layer = layers[l];
    std::vector<double> next(row.size());
    for (std::size_t i = 0; i < row.size(); ++i) next[i] = keep * row[i];
    for (std::size_t q = 0; q < layer.rows.size(); ++q) {
      const double weight = share * row[static_cast<std::size_t>(layer.rows[q])];
      const double* values = layer.values.data() + q * static_cast<std::size_t>(layer.keys);
      for (std::size_t k = 0; k < next.size(); ++k) next[k] += weight * values[k];
    }
    row = std::move(next);
  }
  return row;
}

std::vector<double> read_row(const Evaluator& evaluator, std::int64_t target) {
  const std::vector<std::int64_t> positions = evaluator.read_positions(target);
  std::vector<double> row(static_cast<std::size_t>(evaluator.tokens()));
  for (const std::int64_t position : positions) {
    row[static_cast<std::size_t>(position)] += 1 / static_cast<double>(positions.size());
  }
  return row;
}

void check_layers(const std::string& text) {
  if (text == "last" || text == "all") return;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    layer_number(text.substr(begin, end - begin));
    begin = end + 1;
  }
}

std::vector<std::size_t> parse_layers(const std::string& text, std::size_t count) {
  std::vector<std::size_t> layers;
  if (text == "all") {
    layers.resize(count);
    std::iota(layers.begin(), layers.end(), std::size_t{0});
    return layers;
  }
  if (text == "last") return {count - 1};
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    const std::int64_t number = layer_number(text.substr(begin, end - begin));
    check_usage(number < static_cast<std::int64_t>(count), "layer is {}, but the model has {}",
                number, count);
    layers.push_back(static_cast<std::size_t>(number));
    begin = end + 1;
  }
  std::sort(layers.begin(), layers.end());
  layers.erase(std::unique(layers.begin(), layers.end()), layers.end());
  return layers;
}

}  // namespace pellucid
