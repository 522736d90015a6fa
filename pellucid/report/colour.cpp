// SPDX-License-Identifier: Apache-2.0
#include "pellucid/report/colour.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

namespace pellucid::report {
namespace {

double to_linear(std::uint8_t channel) {
  const double c = channel / 255.0;
  return c <= 0.04045 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4);
}

std::uint8_t from_linear(double value) {
  const double c = value <= 0.0031308 ? 12.92 * value : 1.055 * std::pow(value, 1 / 2.4) - 0.055;
  return static_cast<std::uint8_t>(std::lround(std::clamp(c, 0.0, 1.0) * 255));
}

double luminance(Colour colour) {
  return 0.2126 * to_linear(colour.red) + 0.7152 * to_linear(colour.green) +
         0.0722 * to_linear(colour.blue);
}

}  // namespace

Oklab oklab(Colour colour) {
  const double r = to_linear(colour.red);
  const double g = to_linear(colour.green);
  const double b = to_linear(colour.blue);
  const double l = std::cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const double m = std::cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const double s = std::cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return {0.2104542553 * l + 0.7936177850 * m - 0.0040720468 * s,
          1.9779984951 * l - 2.4285922050 * m + 0.4505937099 * s,
          0.0259040371 * l + 0.7827717662 * m - 0.8086757660 * s};
}

Colour srgb(const Oklab& lab) {
  const auto cube = [](double x) { return x * x * x; };
  const double l = cube(lab[0] + 0.3963377774 * lab[1] + 0.2158037573 * lab[2]);
  const double m = cube(lab[0] - 0.1055613458 * lab[1] - 0.0638541728 * lab[2]);
  const double s = cube(lab[0] - 0.0894841775 * lab[1] - 1.2914855480 * lab[2]);
  return {from_linear(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
          from_linear(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
          from_linear(-0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s)};
}

double distance(Colour a, Colour b) {
  const Oklab x = oklab(a);
  const Oklab y = oklab(b);
  return std::hypot(x[0] - y[0], x[1] - y[1], x[2] - y[2]);
}

double contrast(Colour a, Colour b) {
  const auto [low, high] = std::minmax({luminance(a), luminance(b)});
  return (high + 0.05) / (low + 0.05);
}

int level(double score, double largest) {
  if (!std::isfinite(score) || !(largest > 0)) return 0;
  return static_cast<int>(std::lround(kLevels * std::min(1.0, std::abs(score) / largest)));
}

Colour shade(const Palette& palette, bool positive, int level) {
  const double u = std::pow(static_cast<double>(level) / kLevels, palette.power);
  const Oklab from = oklab(palette.surface);
  const Oklab to = oklab(positive ? palette.positive : palette.negative);
  return srgb({from[0] + (to[0] - from[0]) * u, from[1] + (to[1] - from[1]) * u,
               from[2] + (to[2] - from[2]) * u});
}

std::string hex(Colour colour) {
  return fmt::format("#{:02x}{:02x}{:02x}", colour.red, colour.green, colour.blue);
}

std::string palette_css(const Palette& palette) {
  std::string css = fmt::format(
      ":root{{--page:{};--surface:{};--text:{};--muted:{};--line:{};--pos:{};--pos-ink:{};--neg:{};"
      "--neg-ink:{}}}\n",
      hex(palette.page), hex(palette.surface), hex(palette.text), hex(palette.muted),
      hex(palette.line), hex(palette.positive), hex(palette.positive_ink), hex(palette.negative),
      hex(palette.negative_ink));
  for (int step = 1; step <= kLevels; ++step) {
    fmt::format_to(std::back_inserter(css), ".p{0}{{background:{1}}}.n{0}{{background:{2}}}", step,
                   hex(shade(palette, true, step)), hex(shade(palette, false, step)));
  }
  return css + "\n";
}

}  // namespace pellucid::report
