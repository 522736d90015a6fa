// SPDX-License-Identifier: Apache-2.0
// The executor on the bundled model: answers do not depend on how probes are packed, on threads, or
// on the company of other texts.
#include "pellucid/evaluator/executor.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <numeric>
#include <random>

#include "pellucid/base/error.h"
#include "pellucid/base/parallel.h"
#include "pellucid/models/model.h"
#include "pellucid/ops/product.h"

namespace pellucid {
namespace {

const Model& demo() {
  static const Model model = Model::load(std::string(PELLUCID_SOURCE_DIR) + "/demo/demo-emotion");
  return model;
}

Target class_target(std::int64_t index, Output output = Output::probability) {
  Target target;
  target.index = index;
  target.output = output;
  return target;
}

/// Any ids between the two template tokens.
Sequence sequence(std::int64_t tokens, unsigned seed) {
  std::mt19937 random(seed);
  Sequence input;
  input.ids.assign(static_cast<std::size_t>(tokens), 2);
  for (std::size_t i = 1; i + 1 < input.ids.size(); ++i) {
    input.ids[i] = static_cast<std::int32_t>(5 + random() % 4000);
  }
  input.ids.back() = 3;
  return input;
}

/// Starts `count` texts.
std::function<bool(std::int64_t)> up_to(std::size_t count) {
  return [count](std::int64_t index) { return index < static_cast<std::int64_t>(count); };
}

/// One text with its probes, and what they answered.
struct Text {
  Sequence input;
  std::vector<Target> targets{class_target(0), class_target(3, Output::logit)};
  std::int64_t probes = 3;
  bool gradients = true;

  std::vector<std::int64_t> order{};
  std::vector<std::vector<double>> values{};  // [probes]
  std::vector<std::vector<float>> logits{};
  std::vector<std::vector<float>> found{};  // gradients, [targets, tokens, hidden]

  /// Probe k has the embeddings times (k + 1) / probes.
  Work work() {
    Work work;
    work.probes = probes;
    work.targets = &targets;
    work.gradients = gradients;
    work.input = [this](std::int64_t) -> const Sequence& { return input; };
    work.fill = [this](std::int64_t probe, float* rows) {
      const Tensor real = demo().network().embed(input.ids);
      const float share = static_cast<float>(probe + 1) / static_cast<float>(probes);
      for (const float value : real.values()) *rows++ = share * value;
    };
    work.deliver = [this](std::int64_t probe, const Answers& answers) {
      order.push_back(probe);
      values.emplace_back(answers.values.begin(), answers.values.end());
      logits.emplace_back(answers.logits.begin(), answers.logits.end());
      std::vector<float>& all = found.emplace_back();
      if (answers.gradients == nullptr) return;
      for (std::size_t t = 0; t < targets.size(); ++t) {
        for (std::int64_t i = 0; i < answers.gradients->tokens; ++i) {
          const float* row = answers.gradients->row(static_cast<std::int64_t>(t), i);
          all.insert(all.end(), row, row + answers.gradients->hidden);
        }
      }
    };
    return work;
  }
};

std::vector<Text> texts() {
  std::vector<Text> texts;
  for (const std::int64_t tokens : {5, 2, 17, 3, 40, 8, 8, 23, 11, 1, 30, 6, 4, 9, 52, 13}) {
    texts.push_back({.input = sequence(tokens, static_cast<unsigned>(tokens))});
  }
  return texts;
}

void run(std::vector<Text>& texts, const ExecutorOptions& options) {
  std::vector<Work> works;
  for (Text& text : texts) works.push_back(text.work());
  DirectExecutor(demo().network(), options).run(works);
}

template <class T>
void expect_near(const std::vector<T>& found, const std::vector<T>& expected) {
  ASSERT_EQ(found.size(), expected.size());
  if (rows_are_independent()) {
    EXPECT_EQ(found, expected);
    return;
  }
  double largest = 0;
  for (const T value : expected) largest = std::max(largest, std::abs(static_cast<double>(value)));
  for (std::size_t i = 0; i < found.size(); ++i) {
    ASSERT_NEAR(found[i], expected[i], 1e-4 * largest + 1e-7);
  }
}

void expect_same(const Text& found, const Text& expected) {
  std::vector<std::int64_t> ascending(static_cast<std::size_t>(found.probes));
  std::iota(ascending.begin(), ascending.end(), 0);
  EXPECT_EQ(found.order, ascending);
  ASSERT_EQ(found.values.size(), expected.values.size());
  for (std::size_t p = 0; p < found.values.size(); ++p) {
    expect_near(found.values[p], expected.values[p]);
    expect_near(found.logits[p], expected.logits[p]);
    expect_near(found.found[p], expected.found[p]);
  }
}

/// Each text alone, one probe in a micro-batch.
const std::vector<Text>& alone() {
  static const std::vector<Text> expected = [] {
    std::vector<Text> all = texts();
    for (Text& text : all) {
      const Work work = text.work();
      DirectExecutor(demo().network(), {.batch_tokens = 1}).run({&work, 1});
    }
    return all;
  }();
  return expected;
}

void expect_all_same(const std::vector<Text>& found) {
  for (std::size_t i = 0; i < found.size(); ++i) {
    SCOPED_TRACE("text " + std::to_string(i));
    expect_same(found[i], alone()[i]);
  }
}

class Packing : public testing::TestWithParam<std::pair<int, std::int64_t>> {
 protected:
  void TearDown() override { set_thread_count(threads_); }
  int threads_ = thread_count();
};

TEST_P(Packing, ChangesNoAnswer) {
  alone();
  set_thread_count(GetParam().first);
  std::vector<Text> packed = texts();
  run(packed, {.batch_tokens = GetParam().second});
  expect_all_same(packed);
}

TEST_P(Packing, CompanyChangesNoAnswer) {
  alone();
  set_thread_count(GetParam().first);
  std::vector<Text> together = texts();
  std::vector<std::int64_t> done;
  run_together(
      demo().network(), {.batch_tokens = GetParam().second}, up_to(together.size()),
      [&](std::int64_t index, Executor& executor) {
        const Work work = together[static_cast<std::size_t>(index)].work();
        executor.run({&work, 1});
      },
      [&](std::int64_t index) { done.push_back(index); });
  expect_all_same(together);
  std::vector<std::int64_t> ascending(together.size());
  std::iota(ascending.begin(), ascending.end(), 0);
  EXPECT_EQ(done, ascending);
}

INSTANTIATE_TEST_SUITE_P(All, Packing,
                         testing::Values(std::pair{1, 1}, std::pair{1, 3}, std::pair{1, 64},
                                         std::pair{1, 0}, std::pair{2, 1}, std::pair{2, 3},
                                         std::pair{2, 64}, std::pair{2, 0}));

TEST(Executor, ManyTargetsEqualSingleOnes) {
  std::vector<Text> single;
  for (std::int64_t c = 0; c < 6; ++c) {
    single.push_back({.input = sequence(9, 1), .targets = {class_target(c)}});
    const Work work = single.back().work();
    DirectExecutor(demo().network(), {}).run({&work, 1});
  }
  for (std::size_t count = 1; count <= 6; ++count) {
    Text several{.input = sequence(9, 1)};
    several.targets.clear();
    for (std::size_t c = 0; c < count; ++c) several.targets.push_back(single[c].targets[0]);
    const Work work = several.work();
    DirectExecutor(demo().network(), {}).run({&work, 1});
    for (std::size_t p = 0; p < several.values.size(); ++p) {
      std::vector<float> gradients;
      std::vector<double> values;
      for (std::size_t c = 0; c < count; ++c) {
        values.push_back(single[c].values[p][0]);
        gradients.insert(gradients.end(), single[c].found[p].begin(), single[c].found[p].end());
      }
      expect_near(several.values[p], values);
      expect_near(several.found[p], gradients);
    }
  }
}

TEST(Executor, WithoutGradientsTheValuesAreTheSame) {
  std::vector<Text> values_only = texts();
  for (Text& text : values_only) text.gradients = false;
  run(values_only, {});
  for (std::size_t i = 0; i < values_only.size(); ++i) {
    for (std::size_t p = 0; p < values_only[i].values.size(); ++p) {
      expect_near(values_only[i].values[p], alone()[i].values[p]);
      EXPECT_TRUE(values_only[i].found[p].empty());
    }
  }
}

TEST(Executor, NothingToDo) {
  DirectExecutor executor(demo().network(), {});
  executor.run({});
  Text text{.input = sequence(4, 1), .probes = 0};
  const Work work = text.work();
  executor.run({&work, 1});
  EXPECT_TRUE(text.order.empty());
}

TEST(Executor, WhatAProbeThrowsIsThrownOnce) {
  for (const bool in_fill : {true, false}) {
    Text text{.input = sequence(6, 2), .probes = 12};
    Work work = text.work();
    const auto fill = work.fill;
    const auto deliver = work.deliver;
    std::atomic<int> thrown = 0;
    const auto throw_at = [&](bool here, std::int64_t probe) {
      if (!here || probe != 7) return;
      ++thrown;
      fail("probe 7");
    };
    work.fill = [&](std::int64_t probe, float* rows) {
      throw_at(in_fill, probe);
      fill(probe, rows);
    };
    work.deliver = [&](std::int64_t probe, const Answers& answers) {
      throw_at(!in_fill, probe);
      deliver(probe, answers);
    };
    try {
      DirectExecutor(demo().network(), {.batch_tokens = 1}).run({&work, 1});
      FAIL() << "nothing thrown";
    } catch (const Error& error) {
      EXPECT_STREQ(error.what(), "probe 7");
    }
    EXPECT_EQ(thrown, 1);
    for (std::size_t i = 0; i < text.order.size(); ++i) {
      EXPECT_EQ(text.order[i], static_cast<std::int64_t>(i));
    }
    EXPECT_LE(text.order.size(), 7U);
  }
}

TEST(Executor, InputsThatDoNotFitTheMemoryAreRefused) {
  Text text{.input = sequence(60, 3)};
  const Work work = text.work();
  DirectExecutor small(demo().network(), {.memory = 1 << 20});
  for (const bool check_only : {true, false}) {
    try {
      if (check_only) small.check({&work, 1});
      if (!check_only) small.run({&work, 1});
      FAIL() << "not refused";
    } catch (const Error& error) {
      const std::string message = error.what();
      EXPECT_EQ(message.find("one input of 60 tokens needs "), 0U) << message;
      EXPECT_NE(message.find("--memory allows 1 MiB"), std::string::npos) << message;
    }
  }
  EXPECT_TRUE(text.order.empty());
}

/// One text among others asks for what does not fit: it is told, the others are answered.
TEST(Executor, ARefusedTextLeavesTheOthersAlone) {
  std::vector<Text> together;
  for (const std::int64_t tokens : {5, 60, 8}) together.push_back({.input = sequence(tokens, 4)});
  std::vector<std::string> messages(together.size());
  run_together(
      demo().network(), {.memory = 2 << 20}, up_to(together.size()),
      [&](std::int64_t index, Executor& executor) {
        const auto place = static_cast<std::size_t>(index);
        try {
          const Work work = together[place].work();
          executor.run({&work, 1});
          executor.run({&work, 1});
        } catch (const Error& error) {
          messages[place] = error.what();
        }
      },
      [](std::int64_t) {});
  EXPECT_EQ(messages[0], "");
  EXPECT_NE(messages[1], "");
  EXPECT_EQ(messages[2], "");
  EXPECT_EQ(together[0].order.size(), 6U);
  EXPECT_EQ(together[1].order.size(), 0U);
  EXPECT_EQ(together[2].order.size(), 6U);
}

/// More texts than run at once, that ask between never and four times: each gets its own answers,
/// in order, and few wait for their delivery.
TEST(Together, TextsFollowEachOther) {
  const std::size_t count = 400;
  std::vector<Text> texts;
  for (std::size_t i = 0; i < count; ++i) {
    texts.push_back(
        {.input = sequence(3 + static_cast<std::int64_t>(i % 5), static_cast<unsigned>(i)),
         .probes = 1,
         .gradients = false});
  }
  std::vector<double> found(count);
  std::vector<std::int64_t> order;
  std::int64_t started = 0, most = 0;
  run_together(
      demo().network(), {},
      [&](std::int64_t index) {
        most = std::max(most, index - static_cast<std::int64_t>(order.size()));
        ++started;
        return index < static_cast<std::int64_t>(count);
      },
      [&](std::int64_t index, Executor& executor) {
        const auto place = static_cast<std::size_t>(index);
        // The first one asks more often than all others: they may not run ahead for ever.
        const std::size_t questions = index == 0 ? 30 : place % 5;
        for (std::size_t q = 0; q < questions; ++q) {
          texts[place].values.clear();
          const Work work = texts[place].work();
          executor.run({&work, 1});
        }
        if (questions > 0) found[place] = texts[place].values[0][0];
      },
      [&](std::int64_t index) { order.push_back(index); });
  std::vector<std::int64_t> ascending(count);
  std::iota(ascending.begin(), ascending.end(), 0);
  EXPECT_EQ(order, ascending);
  EXPECT_EQ(started, static_cast<std::int64_t>(count) + 1);
  EXPECT_LE(most, 256);
  for (std::size_t i : {std::size_t{0}, std::size_t{63}, std::size_t{64}, count - 1}) {
    Text alone{.input = texts[i].input, .probes = 1, .gradients = false};
    const Work work = alone.work();
    DirectExecutor(demo().network(), {}).run({&work, 1});
    EXPECT_NEAR(found[i], alone.values[0][0], 1e-6) << i;
  }
}

TEST(Together, StopsWhereItsCallerThrows) {
  const Sequence input = sequence(4, 1);
  const auto run = [&](std::int64_t bad_start, std::int64_t bad_done) {
    std::int64_t delivered = 0;
    std::atomic<int> refused = 0;
    const auto body = [&](std::int64_t, Executor& executor) {
      Text text{.input = input, .probes = 1, .gradients = false};
      const Work work = text.work();
      try {
        executor.run({&work, 1});
        executor.run({&work, 1});
      } catch (const Error&) {
        ++refused;
      }
    };
    EXPECT_THROW(run_together(
                     demo().network(), {},
                     [&](std::int64_t index) {
                       if (index == bad_start) fail("no more");
                       return index < 200;
                     },
                     body,
                     [&](std::int64_t index) {
                       if (index == bad_done) fail("closed");
                       ++delivered;
                     }),
                 Error);
    return delivered;
  };
  EXPECT_EQ(run(100, -1), 100);
  EXPECT_EQ(run(-1, 7), 7);
}

}  // namespace
}  // namespace pellucid
