// SPDX-License-Identifier: Apache-2.0
// The tap on a chain of two steps: y = 2 x ("inner"), z = y + 1 ("outer").
#include "pellucid/autodiff/tap.h"

#include <gtest/gtest.h>

#include "pellucid/base/error.h"

namespace pellucid {
namespace {

Tensor row(float a, float b) { return Tensor::from(std::vector<float>{a, b}, {1, 2}); }

std::vector<float> entries(const Tensor& tensor) {
  return {tensor.values().begin(), tensor.values().end()};
}

/// factor x + shift
Variable scaled(const Variable& x, float factor, float shift) {
  Tensor y = x.value.clone();
  for (std::int64_t i = 0; i < y.size(); ++i) y.data()[i] = factor * y.data()[i] + shift;
  if (!x.tracked()) return Variable(std::move(y));
  return record(std::move(y), {&x}, [factor](Tensor cotangent, InputCotangents& inputs) {
    for (std::int64_t i = 0; i < cotangent.size(); ++i) cotangent.data()[i] *= factor;
    inputs.add(0, std::move(cotangent));
  });
}

struct Chain {
  int computed = 0;  ///< how often "inner" was computed

  Variable operator()(Tap& tap) {
    const Variable x(row(1, -3));
    const Variable inner = tap("inner", [&] {
      ++computed;
      return scaled(x, 2, 0);
    });
    return tap("outer", scaled(inner, 3, 1));
  }
};

TEST(Tap, UntouchedChangesNothing) {
  Tap tap;
  Chain chain;
  const Variable output = chain(tap);
  EXPECT_EQ(entries(output.value), (std::vector<float>{7, -17}));
  EXPECT_FALSE(output.tracked());
  EXPECT_FALSE(tap.touched("inner"));
  EXPECT_FALSE(tap.wanted("inner"));
}

TEST(Tap, Reads) {
  Tap tap;
  tap.read("inner");
  tap.read("outer");
  EXPECT_TRUE(tap.wanted("inner"));
  EXPECT_TRUE(tap.touched("inner"));
  Chain chain;
  chain(tap);
  EXPECT_EQ(entries(tap.value("inner")), (std::vector<float>{2, -6}));
  EXPECT_EQ(entries(tap.value("outer")), (std::vector<float>{7, -17}));
}

TEST(Tap, ReplacesWithoutComputing) {
  Tap tap;
  tap.replace("inner", row(10, 20));
  EXPECT_TRUE(tap.touched("inner"));
  EXPECT_FALSE(tap.wanted("inner"));
  Chain chain;
  EXPECT_EQ(entries(chain(tap).value), (std::vector<float>{31, 61}));
  EXPECT_EQ(chain.computed, 0);
}

TEST(Tap, DifferentiatesWhatStandsThere) {
  for (const bool replaced : {false, true}) {
    Tape tape;
    Tap tap;
    if (replaced) tap.replace("inner", row(10, 20));
    tap.differentiate("inner", tape);
    Chain chain;
    const Variable output = chain(tap);
    const Variable leaf = tap.leaf("inner");
    EXPECT_EQ(entries(leaf.value), replaced ? entries(row(10, 20)) : entries(row(2, -6)));
    const auto gradients = tape.pull_back(output, row(1, 5), {&leaf, 1});
    EXPECT_EQ(entries(gradients.front()), (std::vector<float>{3, 15}));
  }
}

TEST(Tap, ReplacesReadsAndDifferentiatesAtOnce) {
  Tape tape;
  Tap tap;
  tap.read("inner");
  tap.replace("inner", row(4, 5));
  tap.differentiate("inner", tape);
  Chain chain;
  chain(tap);
  EXPECT_EQ(entries(tap.value("inner")), (std::vector<float>{4, 5}));
  EXPECT_TRUE(tap.leaf("inner").tracked());
}

TEST(Tap, UnknownNamesAreNamedBesideThoseThatAreThere) {
  Tap tap;
  tap.read("no such place");
  Chain chain;
  chain(tap);
  try {
    tap.value("no such place");
    FAIL() << "not refused";
  } catch (const Error& error) {
    EXPECT_EQ(std::string(error.what()),
              "there is no activation \"no such place\" in this model (found: inner, outer)");
  }
  EXPECT_THROW(tap.value("inner"), Error);  // passed, but nobody asked for it
  EXPECT_THROW(tap.leaf("no such place"), Error);
}

}  // namespace
}  // namespace pellucid
