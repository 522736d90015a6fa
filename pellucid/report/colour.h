// SPDX-License-Identifier: Apache-2.0
// From score to colour: level = round(20 min(1, |s| / m)), colour = surface + (end - surface) u in
// OKLab, u = level / 20 in light and (level / 20)^0.8 in dark. The text colour never changes with
// the score. OKLab: Ottosson 2020, https://bottosson.github.io/posts/oklab
#pragma once

#include <array>
#include <cstdint>
#include <string>

namespace pellucid::report {

inline constexpr int kLevels = 20;
/// From this level on (a quarter of the largest score) units are underlined too: never colour
/// alone.
inline constexpr double kUnderlineShare = 0.25;

/// sRGB, 8 bits.
struct Colour {
  std::uint8_t red = 0, green = 0, blue = 0;
  friend bool operator==(const Colour&, const Colour&) = default;
};

constexpr Colour rgb(std::uint32_t hex) {
  return {static_cast<std::uint8_t>(hex >> 16), static_cast<std::uint8_t>(hex >> 8),
          static_cast<std::uint8_t>(hex)};
}

struct Palette {
  Colour page, surface, text, muted, line;
  Colour positive, positive_ink;  ///< end of the ramp for, and the colour of its underlines
  Colour negative, negative_ink;  ///< the same against
  double power = 1;               ///< of level / 20
};

inline constexpr Palette kLight{
    rgb(0xf7f7f5), rgb(0xffffff), rgb(0x1a1c20), rgb(0x5d636e), rgb(0xe3e4e6),
    rgb(0xf0913a), rgb(0xa34a00), rgb(0x5fa3ea), rgb(0x1459a8), 1.0};
inline constexpr Palette kDark{
    rgb(0x111317), rgb(0x181a1f), rgb(0xeceef2), rgb(0x9aa1ad), rgb(0x2c3038),
    rgb(0xa1570f), rgb(0xffab5e), rgb(0x235fa8), rgb(0x86bdff), 0.8};

/// Lightness and the two opponent axes.
using Oklab = std::array<double, 3>;

Oklab oklab(Colour colour);
Colour srgb(const Oklab& lab);
/// Euclid in OKLab.
double distance(Colour a, Colour b);
/// WCAG 2 contrast, 1 to 21.
double contrast(Colour a, Colour b);

/// 0..20; 0 when the score is not finite or nothing is larger than 0.
int level(double score, double largest);
/// The background of a unit; level 0 is the surface.
Colour shade(const Palette& palette, bool positive, int level);

/// "#f0913a".
std::string hex(Colour colour);
/// Custom properties of :root and the rules .p1 .. .p20, .n1 .. .n20.
std::string palette_css(const Palette& palette);

}  // namespace pellucid::report
