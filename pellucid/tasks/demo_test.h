// SPDX-License-Identifier: Apache-2.0
// What tests on the bundled model share.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "pellucid/models/model.h"

namespace pellucid {

inline const Model& demo() {
  static const Model model = Model::load(std::string(PELLUCID_SOURCE_DIR) + "/demo/demo-emotion");
  return model;
}

inline const std::string kText = "I was so afraid, unbelievably lonely";

inline double largest(const std::vector<double>& values) {
  double most = 0;
  for (const double value : values) most = std::max(most, std::abs(value));
  return most;
}

/// Equal within a share of the largest expected value.
inline void expect_near(const std::vector<double>& found, const std::vector<double>& expected,
                        double share) {
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    EXPECT_NEAR(found[i], expected[i], share * largest(expected)) << i;
  }
}

}  // namespace pellucid
