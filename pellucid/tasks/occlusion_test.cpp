// SPDX-License-Identifier: Apache-2.0
// Occlusion against a plain loop over single runs of the network.
#include "pellucid/attributions/occlusion.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "pellucid/base/error.h"
#include "pellucid/ops/product.h"
#include "pellucid/tasks/demo_test.h"
#include "pellucid/tasks/explain.h"

namespace pellucid {
namespace {

/// Values of the predicted class when units are replaced: one run of the network each.
double value_of(const Encoding& encoding, const std::vector<std::int32_t>& ids,
                const std::vector<std::int64_t>& erased, const Tensor* rows,
                const std::vector<std::int64_t>& replaced, std::int64_t label) {
  Sequence input;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (std::count(erased.begin(), erased.end(), static_cast<std::int64_t>(i)) > 0) continue;
    input.ids.push_back(ids[i]);
    input.types.push_back(encoding.tokens[i].type);
  }
  Batch batch;
  batch.add(input);
  Tap tap;
  if (rows != nullptr) {
    Tensor embeddings = demo().network().embed(input.ids);
    for (const std::int64_t i : replaced) {
      std::copy_n(rows->data(), rows->size(), embeddings.row(i));
    }
    tap.replace("embeddings", std::move(embeddings));
  }
  Target target;
  target.index = label;
  return target.value(demo().network()(batch, tap).value.values(), 6);
}

/// The plain loop: v(all) - v(all without units[begin, end)).
double effect(const Explanation& found, const Encoding& encoding, const std::string& replacement,
              std::size_t begin, std::size_t end) {
  std::vector<std::int64_t> tokens;
  for (std::size_t u = begin; u < end; ++u) {
    const auto& members = found.units.units[u].tokens;
    tokens.insert(tokens.end(), members.begin(), members.end());
  }
  const std::int64_t label = std::get<ClassPrediction>(found.prediction).index;
  std::vector<std::int32_t> ids = encoding.ids();
  const double whole = value_of(encoding, ids, {}, nullptr, {}, label);
  const Tokenizer& tokenizer = demo().tokenizer();
  if (replacement == "delete") return whole - value_of(encoding, ids, tokens, nullptr, {}, label);
  if (replacement == "zero" || replacement == "mean") {
    const Tensor row = replacement == "mean" ? demo().mean_embedding()
                                             : Tensor::zeros({1, demo().network().shape().hidden});
    return whole - value_of(encoding, ids, {}, &row, tokens, label);
  }
  const std::int32_t id = replacement == "mask"  ? *tokenizer.mask_id()
                          : replacement == "pad" ? *tokenizer.pad_id()
                          : replacement == "unk" ? *tokenizer.unk_id()
                                                 : *tokenizer.id(replacement);
  for (const std::int64_t i : tokens) ids[static_cast<std::size_t>(i)] = id;
  return whole - value_of(encoding, ids, {}, nullptr, {}, label);
}

struct Windows {
  std::string replacement;
  int window, stride;
  Unit unit;
  std::vector<std::size_t> starts{};  // for seven words, when the window is not 1
};

class OcclusionLoop : public testing::TestWithParam<Windows> {};

TEST_P(OcclusionLoop, EqualsThePlainLoop) {
  const Windows& test = GetParam();
  ExplainOptions options;
  options.unit = test.unit;
  options.method = Occlusion{.window = test.window,
                             .stride = test.stride,
                             .replacement = Replacement::parse(test.replacement)};
  const Explanation found = explain(demo(), kText, options);
  const Encoding encoding = demo().tokenizer().encode(kText);
  const auto size = static_cast<std::size_t>(found.units.size());
  std::vector<std::size_t> starts = test.starts;
  for (std::size_t u = 0; starts.size() < size && test.window == 1; ++u) starts.push_back(u);
  std::vector<double> expected(size), covers(size);
  const auto window = std::min(static_cast<std::size_t>(test.window), size);
  for (const std::size_t start : starts) {
    const double change = effect(found, encoding, test.replacement, start, start + window);
    for (std::size_t u = start; u < start + window; ++u) {
      expected[u] += change;
      ++covers[u];
    }
  }
  for (std::size_t u = 0; u < size; ++u) expected[u] /= covers[u];
  expect_near(found.targets.at(0).scores, expected, rows_are_independent() ? 1e-12 : 1e-4);
  EXPECT_EQ(found.forwards, static_cast<std::int64_t>(starts.size()) + 1);
}

INSTANTIATE_TEST_SUITE_P(
    All, OcclusionLoop,
    testing::Values(Windows{"mask", 1, 1, Unit::word}, Windows{"pad", 1, 1, Unit::word},
                    Windows{"unk", 1, 1, Unit::word}, Windows{"delete", 1, 1, Unit::word},
                    Windows{"zero", 1, 1, Unit::word}, Windows{"mean", 1, 1, Unit::word},
                    Windows{"happy", 1, 1, Unit::word}, Windows{"mask", 1, 1, Unit::token},
                    Windows{"delete", 1, 1, Unit::token},
                    Windows{"mask", 2, 1, Unit::word, {0, 1, 2, 3, 4, 5}},
                    Windows{"mask", 2, 2, Unit::word, {0, 2, 4, 5}},
                    Windows{"delete", 3, 2, Unit::word, {0, 2, 4}},
                    Windows{"mask", 3, 3, Unit::word, {0, 3, 4}},
                    Windows{"pad", 9, 1, Unit::word, {0}}));

TEST(Occlusion, SharesAndRefusals) {
  ExplainOptions options;
  options.method = Occlusion{.window = 2, .stride = 2};
  const std::vector<double> whole = explain(demo(), kText, options).targets.at(0).scores;
  options.method = Occlusion{.window = 2, .stride = 2, .share = true};
  std::vector<double> shares = explain(demo(), kText, options).targets.at(0).scores;
  for (double& share : shares) share *= 2;
  expect_near(shares, whole, 1e-12);
  for (const Occlusion& refused : {Occlusion{.window = 0}, Occlusion{.window = 2, .stride = 3},
                                   Occlusion{.window = 2, .stride = 0}}) {
    EXPECT_THROW(options.method = refused, UsageError);
  }
}

}  // namespace
}  // namespace pellucid
