// SPDX-License-Identifier: Apache-2.0
#include "pellucid/ops/contrast.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace pellucid {

void contrast_activation(const Tensor& x, const Tensor& y, Tensor& slope) {
  const std::int64_t half = x.size() / 2;
  for (std::int64_t i = 0; i < half; ++i) {
    const float apart = x.data()[i] - x.data()[half + i];
    if (std::abs(apart) >= kContrastSmall) {
      slope.data()[i] = (y.data()[i] - y.data()[half + i]) / apart;
    }
  }
  std::fill_n(slope.data() + half, half, 0.0F);
}

void contrast_gated(const Tensor& x, Tensor& slopes) {
  const std::int64_t rows = x.rows() / 2, width = x.width() / 2;
  for (std::int64_t r = 0; r < rows; ++r) {
    const float *a = x.row(r), *b = a + width;
    const float *base_a = x.row(rows + r), *base_b = base_a + width;
    float* slope = slopes.row(r);
    const float* base_f = slopes.row(rows + r) + width;
    for (std::int64_t i = 0; i < width; ++i) {
      const float apart = a[i] - base_a[i], mean_b = (b[i] + base_b[i]) / 2;
      float& f = slope[width + i];
      if (std::abs(apart) >= kContrastSmall) {
        slope[i] = mean_b * (f - base_f[i]) / apart;
      } else {
        slope[i] = b[i] == 0 ? 0 : slope[i] / b[i] * mean_b;  // f'(a)
      }
      f = (f + base_f[i]) / 2;
    }
  }
  std::fill_n(slopes.row(rows), rows * slopes.width(), 0.0F);
}

/// With q = sum c^2 / width + epsilon and r = q^-1/2: (r - r') / (q - q') = -(r r')^2 / (r + r').
void contrast_norm(const ContrastNorm& norm, const float* m_y, float* m_x) {
  const double r = double{norm.inverse}, base_r = double{norm.base_inverse};
  const double slope = -(r * base_r) * (r * base_r) / (r + base_r);
  const auto c = [&](std::int64_t i) { return double{norm.normalised[i]} / r; };
  const auto base_c = [&](std::int64_t i) { return double{norm.base_normalised[i]} / base_r; };
  double m_r = 0;
  for (std::int64_t i = 0; i < norm.width; ++i) {
    m_r += double{norm.gain[i]} * double{m_y[i]} * (c(i) + base_c(i)) / 2;
  }
  const double m_q = m_r * slope / static_cast<double>(norm.width);
  double sum = 0;
  std::vector<double> m_c(static_cast<std::size_t>(norm.width));
  for (std::int64_t i = 0; i < norm.width; ++i) {
    double& m = m_c[static_cast<std::size_t>(i)];
    m = double{norm.gain[i]} * double{m_y[i]} * (r + base_r) / 2 + m_q * (c(i) + base_c(i));
    sum += m;
  }
  const double mean = norm.centred ? sum / static_cast<double>(norm.width) : 0;
  for (std::int64_t i = 0; i < norm.width; ++i) {
    m_x[i] = static_cast<float>(m_c[static_cast<std::size_t>(i)] - mean);
  }
}

}  // namespace pellucid
