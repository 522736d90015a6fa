// SPDX-License-Identifier: Apache-2.0
#include "pellucid/base/error.h"

#include <gtest/gtest.h>

namespace pellucid {
namespace {

TEST(Error, CheckThrowsTheFormattedMessage) {
  EXPECT_NO_THROW(check(true, "never"));
  try {
    check(false, "width is {}, expected {}", 3, 4);
    FAIL() << "check did not throw";
  } catch (const UsageError&) {
    FAIL() << "check is a failure, not a wrong use";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "width is 3, expected 4");
  }
  EXPECT_THROW(check_usage(false, "wrong"), UsageError);
}

}  // namespace
}  // namespace pellucid
