// SPDX-License-Identifier: Apache-2.0
// Targets against their formulas, written out naively over dual numbers in double.
#include "pellucid/evaluator/target.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "pellucid/base/error.h"

namespace pellucid {
namespace {

constexpr Output kAll[] = {Output::logit, Output::probability, Output::log_probability,
                           Output::log_odds, Output::probability_difference};

/// x + dx * epsilon, epsilon^2 = 0.
struct Dual {
  double x = 0, dx = 0;
};
Dual operator+(Dual a, Dual b) { return {a.x + b.x, a.dx + b.dx}; }
Dual operator-(Dual a, Dual b) { return {a.x - b.x, a.dx - b.dx}; }
Dual operator/(Dual a, Dual b) { return {a.x / b.x, (a.dx * b.x - a.x * b.dx) / (b.x * b.x)}; }
Dual exp(Dual a) { return {std::exp(a.x), a.dx * std::exp(a.x)}; }
Dual log(Dual a) { return {std::log(a.x), a.dx / a.x}; }

using Row = std::vector<Dual>;

Dual class_probability(const Row& z, std::size_t c, Link link) {
  const Dual one{1, 0};
  if (link == Link::sigmoid && z.size() == 1) {
    const Dual s = one / (one + exp(Dual{} - z[0]));
    return c == 1 ? s : one - s;
  }
  if (link == Link::sigmoid) return one / (one + exp(Dual{} - z[c]));
  Dual sum;
  for (const Dual& v : z) sum = sum + exp(v);
  return exp(z[c]) / sum;
}

Dual class_value(const Row& z, std::size_t c, const Target& target) {
  if (target.output == Output::logit) {
    if (z.size() > 1) return z[c];
    return c == 1 || target.link == Link::identity ? z[0] : Dual{} - z[0];
  }
  const Dual p = class_probability(z, c, target.link);
  if (target.output == Output::log_probability) return log(p);
  if (target.output == Output::log_odds) return log(p) - log(Dual{1, 0} - p);
  return p;
}

/// Mean over rows of f(A) - f(B), with tangent 1 at logit `along`.
Dual formula(const Target& target, const std::vector<float>& logits, std::size_t classes,
             std::size_t along) {
  const std::size_t rows = logits.size() / classes;
  Dual sum;
  for (std::size_t r = 0; r < rows; ++r) {
    Row z;
    for (std::size_t c = 0; c < classes; ++c) {
      const std::size_t at = r * classes + c;
      z.push_back({logits[at], at == along ? 1.0 : 0.0});
    }
    sum = sum + class_value(z, static_cast<std::size_t>(*target.index), target);
    if (target.contrast) {
      sum = sum - class_value(z, static_cast<std::size_t>(*target.contrast), target);
    }
  }
  return sum / Dual{static_cast<double>(rows), 0};
}

std::vector<float> random_logits(std::size_t size, unsigned seed) {
  std::mt19937 generator(seed);
  std::normal_distribution<float> normal(0, 3);
  std::vector<float> logits(size);
  for (float& z : logits) z = normal(generator);
  return logits;
}

void expect_formula(const Target& target, const std::vector<float>& logits, std::size_t classes) {
  const auto width = static_cast<std::int64_t>(classes);
  std::vector<float> gradient(logits.size(), NAN);
  target.gradient(logits, width, gradient);
  const double value = formula(target, logits, classes, logits.size()).x;
  EXPECT_NEAR(target.value(logits, width), value, 1e-11 * (1 + std::abs(value)))
      << name(target.output);
  for (std::size_t i = 0; i < logits.size(); ++i) {
    const double expected = formula(target, logits, classes, i).dx;
    EXPECT_NEAR(gradient[i], expected, 1e-9 + 2e-7 * std::abs(expected))
        << name(target.output) << " at " << i;
  }
}

TEST(Target, EveryOutputFollowsItsFormulaAndItsGradient) {
  for (const Link link : {Link::softmax, Link::sigmoid}) {
    for (const Output output : kAll) {
      for (unsigned seed = 0; seed < 20; ++seed) {
        for (const std::size_t rows : {1U, 3U}) {
          Target target{.label = "x", .index = seed % 5, .output = output, .link = link};
          if (rows > 1) target.positions = {2, 4, 9};
          const std::vector<float> logits = random_logits(5 * rows, seed);
          if (output != Output::probability_difference) expect_formula(target, logits, 5);
          target.contrast = (seed + 2) % 5;
          expect_formula(target, logits, 5);
        }
      }
    }
  }
}

TEST(Target, OneLogitHasTwoLabels) {
  for (const Output output : kAll) {
    for (const float z : {-2.5F, 0.0F, 0.75F}) {
      for (const std::int64_t index : {0, 1}) {
        Target target{.label = "x", .index = index, .output = output, .link = Link::sigmoid};
        if (output == Output::probability_difference) target.contrast = 1 - index;
        expect_formula(target, {z}, 1);
      }
    }
  }
  const Target zero{.label = "0", .index = 0, .output = Output::logit, .link = Link::sigmoid};
  EXPECT_EQ(zero.value(std::vector<float>{1.5F}, 1), -1.5);
}

TEST(Target, RegressionIsTheValueItself) {
  const std::vector<float> logits{1.5F, -2};
  Target target{.label = "x", .index = 1, .output = Output::logit, .link = Link::identity};
  EXPECT_EQ(target.value(logits, 2), -2);
  expect_formula(target, logits, 2);
  for (const Output output : {Output::probability, Output::log_probability, Output::log_odds}) {
    target.output = output;
    EXPECT_THROW(target.value(logits, 2), UsageError);
  }
}

TEST(Target, AConstantAddedToAllLogitsChangesNoProbability) {
  std::vector<float> logits{0.5F, -1.25F, 3, 0.125F};
  std::vector<float> shifted = logits;
  for (float& z : shifted) z += 64;
  for (const Output output : kAll) {
    if (output == Output::logit) continue;
    const Target target{.label = "x", .index = 2, .contrast = 0, .output = output};
    EXPECT_NEAR(target.value(logits, 4), target.value(shifted, 4), 1e-13) << name(output);
  }
}

TEST(Target, SwappingAAndBNegates) {
  const std::vector<float> logits = random_logits(6, 7);
  for (const Link link : {Link::softmax, Link::sigmoid}) {
    for (const Output output : kAll) {
      const Target ab{.label = "", .index = 4, .contrast = 1, .output = output, .link = link};
      const Target ba{.label = "", .index = 1, .contrast = 4, .output = output, .link = link};
      std::vector<float> one(6), other(6);
      ab.gradient(logits, 6, one);
      ba.gradient(logits, 6, other);
      EXPECT_EQ(ab.value(logits, 6), -ba.value(logits, 6));
      for (std::size_t i = 0; i < 6; ++i) EXPECT_EQ(one[i], -other[i]);
    }
  }
}

TEST(Target, LogProbabilityOfAContrastIsTheDifferenceOfLogits) {
  const std::vector<float> logits = random_logits(6, 3);
  const Target target{.index = 4, .contrast = 1, .output = Output::log_probability};
  EXPECT_NEAR(target.value(logits, 6), logits[4] - static_cast<double>(logits[1]), 1e-13);
}

TEST(Target, ExtremeLogitsStayFinite) {
  const std::vector<std::vector<float>> rows{
      {1e4F, -1e4F, 0}, {-1e4F, 1e4F, 0}, {1e4F, 1e4F, 1e4F}, {-1e4F, -1e4F, -1e4F}};
  for (const auto& logits : rows) {
    for (const Link link : {Link::softmax, Link::sigmoid}) {
      for (const Output output : kAll) {
        const Target target{.index = 0, .contrast = 1, .output = output, .link = link};
        std::vector<float> gradient(3, NAN);
        target.gradient(logits, 3, gradient);
        EXPECT_TRUE(std::isfinite(target.value(logits, 3)));
        for (const float g : gradient) EXPECT_TRUE(std::isfinite(g)) << name(output);
      }
    }
  }
  const Target certain{.index = 0, .output = Output::log_probability};
  EXPECT_NEAR(certain.value(std::vector<float>{50, 0}, 2) / -std::exp(-50.0), 1, 1e-12);
}

TEST(Target, GradientsOfProbabilitySumToZero) {
  const std::vector<float> logits = random_logits(9, 5);
  std::vector<float> gradient(9);
  const Target target{.index = 3, .output = Output::probability};
  target.gradient(logits, 9, gradient);
  double sum = 0;
  for (const float g : gradient) sum += g;
  EXPECT_NEAR(sum, 0, 1e-8);
}

TEST(Target, RefusesWhatDoesNotFit) {
  const std::vector<float> logits{1, 2, 3};
  EXPECT_THROW((Target{.index = 3}.value(logits, 3)), Error);
  EXPECT_THROW((Target{.index = 0}.value(logits, 2)), Error);
  EXPECT_THROW(Target{}.value(logits, 3), Error);
  EXPECT_THROW((Target{.index = 0, .output = Output::probability_difference}.value(logits, 3)),
               UsageError);
}

TEST(Target, NamesReadBack) {
  for (const Output output : kAll) EXPECT_EQ(parse_output(name(output)), output);
  try {
    parse_output("log-prob");
    FAIL();
  } catch (const UsageError& error) {
    EXPECT_NE(std::string(error.what()).find("log-odds"), std::string::npos) << error.what();
  }
}

TEST(Softmax, IsStable) {
  const std::vector<double> p = softmax(std::vector<float>{1e4F, 1e4F, -1e4F});
  EXPECT_DOUBLE_EQ(p[0], 0.5);
  EXPECT_EQ(p[2], 0);
  EXPECT_EQ(sigmoid(-1e4), 0);
  EXPECT_EQ(sigmoid(1e4), 1);
  EXPECT_EQ(sigmoid(0), 0.5);
}

}  // namespace
}  // namespace pellucid
