// SPDX-License-Identifier: Apache-2.0
// The table of contrasts and distances that the palettes were chosen by, computed again from the
// code.
#include "pellucid/report/colour.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <regex>

namespace pellucid::report {
namespace {

double least_text_contrast(const Palette& palette, bool positive) {
  double least = 21;
  for (int step = 0; step <= kLevels; ++step) {
    least = std::min(least, contrast(palette.text, shade(palette, positive, step)));
  }
  return least;
}

/// What the colour looks like without one kind of cones (Machado, Oliveira, Fernandes 2009, full
/// strength), applied to linear light.
using Simulation = std::array<double, 9>;
constexpr Simulation kProtanopia{0.152286, 1.052583,  -0.204868, 0.114503, 0.786281,
                                 0.099216, -0.003882, -0.048116, 1.051998};
constexpr Simulation kDeuteranopia{0.367322, 0.860646,  -0.227968, 0.280085, 0.672501,
                                   0.047413, -0.011820, 0.042940,  0.968881};
constexpr Simulation kTritanopia{1.255528, -0.076749, -0.178779, -0.078411, 0.930809,
                                 0.147602, 0.004733,  0.691367,  0.303900};

Colour simulated(Colour colour, const Simulation& m) {
  const auto linear = [](std::uint8_t channel) {
    const double c = channel / 255.0;
    return c <= 0.04045 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4);
  };
  const auto channel = [](double value) {
    const double c = value <= 0.0031308 ? 12.92 * value : 1.055 * std::pow(value, 1 / 2.4) - 0.055;
    return static_cast<std::uint8_t>(std::lround(std::clamp(c, 0.0, 1.0) * 255));
  };
  const double r = linear(colour.red), g = linear(colour.green), b = linear(colour.blue);
  return {channel(m[0] * r + m[1] * g + m[2] * b), channel(m[3] * r + m[4] * g + m[5] * b),
          channel(m[6] * r + m[7] * g + m[8] * b)};
}

double ends_apart(const Palette& palette, const Simulation& sight) {
  return distance(simulated(palette.positive, sight), simulated(palette.negative, sight));
}

double half_apart(const Palette& palette, const Simulation& sight) {
  return distance(simulated(shade(palette, true, 10), sight),
                  simulated(shade(palette, false, 10), sight));
}

TEST(Colour, LevelsOfLight) {
  const char* positive[] = {"#fff4ed", "#feeada", "#fddfc8", "#fcd4b6", "#fbc9a3",
                            "#f9be91", "#f7b37d", "#f5a869", "#f39d53", "#f0913a"};
  const char* negative[] = {"#eff6fe", "#dfedfc", "#d0e4fa", "#c0dbf8", "#b0d2f6",
                            "#a0c8f4", "#90bff2", "#80b6ef", "#70aced", "#5fa3ea"};
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(hex(shade(kLight, true, 2 * i + 2)), positive[i]);
    EXPECT_EQ(hex(shade(kLight, false, 2 * i + 2)), negative[i]);
  }
  EXPECT_EQ(shade(kLight, true, 0), kLight.surface);
  EXPECT_EQ(hex(shade(kDark, true, 1)), "#232021");
  EXPECT_EQ(hex(shade(kDark, false, 10)), "#22416a");
  EXPECT_EQ(shade(kDark, false, 20), kDark.negative);
}

TEST(Colour, ContrastOfText) {
  EXPECT_NEAR(least_text_contrast(kLight, true), 7.16, 0.01);
  EXPECT_NEAR(least_text_contrast(kLight, false), 6.43, 0.01);
  EXPECT_NEAR(least_text_contrast(kDark, true), 4.65, 0.01);
  EXPECT_NEAR(least_text_contrast(kDark, false), 5.52, 0.01);
  EXPECT_NEAR(contrast(kLight.muted, kLight.surface), 6.04, 0.01);
  EXPECT_NEAR(contrast(kLight.muted, kLight.page), 5.63, 0.01);
  EXPECT_NEAR(contrast(kDark.muted, kDark.surface), 6.69, 0.01);
  EXPECT_NEAR(contrast(kDark.muted, kDark.page), 7.15, 0.01);
  EXPECT_NEAR(contrast(kLight.positive_ink, kLight.surface), 5.94, 0.01);
  EXPECT_NEAR(contrast(kLight.negative_ink, kLight.surface), 6.94, 0.01);
  EXPECT_NEAR(contrast(kDark.positive_ink, kDark.surface), 9.32, 0.01);
  EXPECT_NEAR(contrast(kDark.negative_ink, kDark.surface), 8.90, 0.01);
}

TEST(Colour, TheTwoEndsStayApartForEveryKindOfSight) {
  EXPECT_NEAR(distance(kLight.positive, kLight.negative), 0.278, 0.001);
  EXPECT_NEAR(distance(kDark.positive, kDark.negative), 0.257, 0.001);
  EXPECT_NEAR(ends_apart(kLight, kDeuteranopia), 0.267, 0.001);
  EXPECT_NEAR(ends_apart(kLight, kProtanopia), 0.238, 0.001);
  EXPECT_NEAR(ends_apart(kLight, kTritanopia), 0.281, 0.001);
  EXPECT_NEAR(ends_apart(kDark, kDeuteranopia), 0.253, 0.001);
  EXPECT_NEAR(ends_apart(kDark, kProtanopia), 0.220, 0.001);
  EXPECT_NEAR(ends_apart(kDark, kTritanopia), 0.228, 0.001);
  EXPECT_NEAR(half_apart(kLight, kDeuteranopia), 0.134, 0.001);
  EXPECT_NEAR(half_apart(kLight, kProtanopia), 0.116, 0.001);
  EXPECT_NEAR(half_apart(kLight, kTritanopia), 0.138, 0.001);
}

TEST(Colour, LevelOfAScore) {
  EXPECT_EQ(level(0.5, 1), 10);
  EXPECT_EQ(level(-1, 1), 20);
  EXPECT_EQ(level(7, 1), 20);
  EXPECT_EQ(level(0.024, 1), 0);
  EXPECT_EQ(level(0.026, 1), 1);
  EXPECT_EQ(level(1, 0), 0);
  EXPECT_EQ(level(std::numeric_limits<double>::quiet_NaN(), 1), 0);
  EXPECT_EQ(level(std::numeric_limits<double>::infinity(), 1), 0);
}

TEST(Colour, RulesOfAPalette) {
  const std::string css = palette_css(kLight);
  EXPECT_NE(css.find("--pos-ink:#a34a00"), std::string::npos);
  EXPECT_NE(css.find(".p20{background:#f0913a}.n20{background:#5fa3ea}"), std::string::npos);
  // Only the background follows the score: no rule sets a text colour.
  EXPECT_FALSE(std::regex_search(css, std::regex("[{;]color:")));
}

}  // namespace
}  // namespace pellucid::report
