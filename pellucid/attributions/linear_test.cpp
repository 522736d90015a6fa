// SPDX-License-Identifier: Apache-2.0
// Methods on networks simple enough to know their attributions: logits that are linear in the
// embeddings, and logits that read one token only.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "pellucid/attributions/deep_lift.h"
#include "pellucid/attributions/discretized_ig.h"
#include "pellucid/attributions/gradient_shap.h"
#include "pellucid/attributions/input_x_gradient.h"
#include "pellucid/attributions/integrated_gradients.h"
#include "pellucid/attributions/occlusion.h"
#include "pellucid/attributions/saliency.h"
#include "pellucid/attributions/sequential_ig.h"
#include "pellucid/attributions/smooth_grad.h"
#include "pellucid/base/error.h"
#include "pellucid/evaluator/evaluator.h"

namespace pellucid {
namespace {

constexpr std::int64_t kHidden = 8;
constexpr std::int64_t kOutputs = 3;

/// logit_c = sum over the tokens that are read of E_i . w_c + c
class LinearNetwork : public Network {
 public:
  /// read: the one position that is read, none for all.
  explicit LinearNetwork(std::int64_t vocabulary, std::optional<std::int64_t> read)
      : table_(random({vocabulary, kHidden}, 1)),
        weights_(random({kOutputs, kHidden}, 2)),
        read_(read) {
    shape_.head = HeadKind::sequence_classification;
    shape_.vocabulary = vocabulary;
    shape_.max_positions = 100;
    shape_.hidden = kHidden;
    shape_.outputs = kOutputs;
    shape_.tracked_floats_per_token = shape_.untracked_floats_per_token = kHidden;
  }

  Variable operator()(const Batch& batch, Tap& tap) const override {
    const Variable x = tap("embeddings", [&] { return Variable(embed(batch.ids)); });
    Tensor logits = Tensor::zeros({batch.sequences(), kOutputs});
    for (std::int64_t s = 0; s < batch.sequences(); ++s) {
      for (std::int64_t c = 0; c < kOutputs; ++c) {
        double sum = static_cast<double>(c);
        for (std::int64_t i = first(batch, s); i < last(batch, s); ++i) {
          sum += dot(x.value.row(i), weights_.row(c));
        }
        logits.row(s)[c] = static_cast<float>(sum);
      }
    }
    if (!x.tracked()) return Variable(std::move(logits));
    return record(std::move(logits), {&x}, [this, batch](Tensor dy, InputCotangents& inputs) {
      inputs.add(0, vjp(batch, dy));
    });
  }

  Tensor embed(std::span<const std::int32_t> ids) const override {
    Tensor rows = Tensor::uninitialized({static_cast<std::int64_t>(ids.size()), kHidden});
    for (std::size_t i = 0; i < ids.size(); ++i) {
      std::copy_n(table_.row(ids[i]), kHidden, rows.row(static_cast<std::int64_t>(i)));
    }
    return rows;
  }

  static double dot(const float* a, const float* b) {
    double sum = 0;
    for (std::int64_t h = 0; h < kHidden; ++h) sum += double{a[h]} * double{b[h]};
    return sum;
  }
  const float* weights(std::int64_t output) const { return weights_.row(output); }

 private:
  static Tensor random(const Shape& shape, unsigned seed) {
    std::mt19937 generator(seed);
    std::normal_distribution<float> normal;
    Tensor values = Tensor::uninitialized(shape);
    for (std::int64_t i = 0; i < values.size(); ++i) values.data()[i] = normal(generator);
    return values;
  }

  std::int64_t first(const Batch& batch, std::int64_t s) const {
    return batch.offsets[static_cast<std::size_t>(s)] + read_.value_or(0);
  }
  std::int64_t last(const Batch& batch, std::int64_t s) const {
    return read_ ? first(batch, s) + 1 : batch.offsets[static_cast<std::size_t>(s) + 1];
  }

  /// dy: [targets * sequences, outputs] -> [targets * tokens, hidden]
  Tensor vjp(const Batch& batch, const Tensor& dy) const {
    const std::int64_t count = dy.rows() / batch.sequences();
    Tensor dx = Tensor::zeros({count * batch.tokens(), kHidden});
    for (std::int64_t k = 0; k < count; ++k) {
      for (std::int64_t s = 0; s < batch.sequences(); ++s) {
        const float* cotangent = dy.row(k * batch.sequences() + s);
        for (std::int64_t i = first(batch, s); i < last(batch, s); ++i) {
          float* row = dx.row(k * batch.tokens() + i);
          for (std::int64_t c = 0; c < kOutputs; ++c) {
            for (std::int64_t h = 0; h < kHidden; ++h) row[h] += cotangent[c] * weights_.row(c)[h];
          }
        }
      }
    }
    return dx;
  }

  Tensor table_;    // [vocabulary, hidden]
  Tensor weights_;  // [outputs, hidden]
  std::optional<std::int64_t> read_;
};

const Tokenizer& tokenizer() {
  static const Tokenizer loaded =
      Tokenizer::load(std::string(PELLUCID_SOURCE_DIR) + "/demo/demo-emotion");
  return loaded;
}

/// One text under one method, all classes explained by their logits.
struct Case {
  explicit Case(std::optional<std::int64_t> read = {}) {
    auto made = std::make_unique<LinearNetwork>(tokenizer().vocabulary_size(), read);
    network = made.get();
    model = std::make_unique<Model>(
        Model::from_parts("linear", std::move(made), tokenizer(), {"a", "b", "c"}));
    units = make_units(Unit::token, encoding, kText, nullptr);
    for (std::int64_t c = 0; c < kOutputs; ++c) {
      targets.push_back({.index = c, .output = Output::logit});
    }
  }

  /// Scores of tokens, [targets][tokens].
  std::vector<std::vector<double>> run(const Method& method) const {
    DirectExecutor executor(model->network(), {});
    Sequence input;
    input.ids = encoding.ids();
    Evaluator evaluator(*model, encoding, units, input, targets, executor, 0);
    Batch batch;
    batch.add(input);
    Tap tap;
    const Variable logits = model->network()(batch, tap);
    std::vector<double> values;
    for (const Target& target : targets) {
      values.push_back(target.value(logits.value.values(), kOutputs));
    }
    evaluator.set_answer(values, logits.value.values());
    const Attribution found = method(evaluator);
    if (!found.token_scores.empty()) return found.token_scores;
    std::vector<std::vector<double>> scores;
    for (const auto& of_units : found.unit_scores) {
      auto& tokens = scores.emplace_back(encoding.tokens.size());
      for (std::size_t u = 0; u < of_units.size(); ++u) {
        tokens[static_cast<std::size_t>(units.units[u].tokens.front())] = of_units[u];
      }
    }
    return scores;
  }

  /// w_c . (E_i - E_pad), 0 for template tokens and those that are not read
  double expected(std::int64_t c, std::size_t token, std::optional<std::int64_t> read) const {
    const bool seen = !read || *read == static_cast<std::int64_t>(token);
    if (!seen || encoding.tokens[token].special) return 0;
    const std::int32_t ids[] = {encoding.tokens[token].id, *tokenizer().pad_id()};
    const Tensor rows = network->embed(ids);
    return LinearNetwork::dot(rows.row(0), network->weights(c)) -
           LinearNetwork::dot(rows.row(1), network->weights(c));
  }

  static constexpr const char* kText = "i was so afraid, unbelievably lonely";
  const LinearNetwork* network = nullptr;
  std::unique_ptr<Model> model;
  Encoding encoding = tokenizer().encode(kText);
  Units units;
  std::vector<Target> targets;
};

/// They all give w . (E - E'), with one point of any rule.
std::vector<Method> equal_methods() {
  const Replacement pad{.kind = Replacement::Kind::pad};
  return {IntegratedGradients{.steps = 1},
          IntegratedGradients{.steps = 1, .rule = Rule::riemann_left},
          IntegratedGradients{.steps = 1, .rule = Rule::riemann_right},
          IntegratedGradients{.steps = 7, .rule = Rule::riemann_middle},
          IntegratedGradients{.steps = 2, .rule = Rule::trapezoid},
          IntegratedGradients{.tolerance = 1e-4},
          IntegratedGradients{.rule = Rule::adaptive, .tolerance = 1e-4},
          InputXGradient{.baseline = pad},
          SmoothGrad{.samples = 3, .noise = 0, .inner = Inner::input_x_gradient, .baseline = pad},
          GradientShap{.samples = 3},
          SequentialIntegratedGradients{.steps = 1},
          DiscretizedIntegratedGradients{.steps = 4},
          DeepLift{},
          DeepLift{.rules = DeepLiftRules::captum},
          Occlusion{.replacement = pad}};
}

void expect_exact(std::optional<std::int64_t> read) {
  const Case test(read);
  for (const Method& method : equal_methods()) {
    const auto scores = test.run(method);
    for (std::int64_t c = 0; c < kOutputs; ++c) {
      for (std::size_t i = 0; i < test.encoding.tokens.size(); ++i) {
        const double expected = test.expected(c, i, read);
        const double found = scores[static_cast<std::size_t>(c)][i];
        EXPECT_NEAR(found, expected, 2e-5) << method.name() << ", token " << i;
        if (expected == 0) {
          EXPECT_EQ(found, 0) << method.name() << ", token " << i;
        }
      }
    }
  }
}

TEST(LinearNetwork, AllMethodsAgreeWithTheFormula) { expect_exact({}); }

TEST(LinearNetwork, TokensThatAreNotReadScoreZero) {
  expect_exact(1);
  expect_exact(4);
}

TEST(LinearNetwork, SaliencyIsTheSizeOfTheWeights) {
  const Case test;
  const auto scores = test.run(Saliency{});
  const auto norms = test.run(Saliency{.times_norm = true});
  for (std::int64_t c = 0; c < kOutputs; ++c) {
    const float* w = test.network->weights(c);
    for (std::size_t i = 0; i < test.encoding.tokens.size(); ++i) {
      const Tensor row = test.network->embed(std::span(&test.encoding.tokens[i].id, 1));
      const double size = std::sqrt(LinearNetwork::dot(w, w));
      const double norm = std::sqrt(LinearNetwork::dot(row.data(), row.data()));
      EXPECT_NEAR(scores[static_cast<std::size_t>(c)][i], size, 1e-5);
      EXPECT_NEAR(norms[static_cast<std::size_t>(c)][i], size * norm, 1e-5);
    }
  }
}

/// Without a baseline: gradient times input for every token, template tokens too.
TEST(LinearNetwork, InputTimesGradient) {
  const Case test;
  const auto scores = test.run(InputXGradient{});
  for (std::int64_t c = 0; c < kOutputs; ++c) {
    for (std::size_t i = 0; i < test.encoding.tokens.size(); ++i) {
      const Tensor row = test.network->embed(std::span(&test.encoding.tokens[i].id, 1));
      EXPECT_NEAR(scores[static_cast<std::size_t>(c)][i],
                  LinearNetwork::dot(row.data(), test.network->weights(c)), 1e-5);
    }
  }
}

TEST(FromParts, LabelsNameTheOutputs) {
  EXPECT_THROW(
      Model::from_parts("x", std::make_unique<LinearNetwork>(10, std::nullopt), tokenizer(), {"a"}),
      UsageError);
  const Case test;
  EXPECT_EQ(test.model->label_index("B"), 1);
  EXPECT_EQ(test.model->name(), "linear");
  EXPECT_EQ(test.model->parameters(), 0);
  EXPECT_TRUE(test.model->non_finite_tensors().empty());
}

}  // namespace
}  // namespace pellucid
