// SPDX-License-Identifier: Apache-2.0
#include "pellucid/attributions/noise.h"

namespace pellucid {

Tensor with_noise(const Evaluator& evaluator, const Tensor& clean, std::int64_t draw, double sigma,
                  bool special, const RecordedDraws& recorded) {
  Tensor noisy = Tensor::uninitialized(clean.shape());
  if (recorded.has("noise")) {
    const float* noise = recorded.rows("noise", draw, clean.size());
    for (std::int64_t i = 0; i < clean.size(); ++i) noisy.data()[i] = clean.data()[i] + noise[i];
    return noisy;
  }
  evaluator.draws(Stream::noise, static_cast<std::uint32_t>(draw))
      .normals({noisy.data(), static_cast<std::size_t>(noisy.size())});
  for (std::int64_t row = 0; row < clean.rows(); ++row) {
    const bool still =
        !special && evaluator.encoding().tokens[static_cast<std::size_t>(row)].special;
    const auto size = static_cast<float>(still ? 0 : sigma);
    for (std::int64_t i = 0; i < clean.width(); ++i) {
      noisy.row(row)[i] = clean.row(row)[i] + size * noisy.row(row)[i];
    }
  }
  return noisy;
}

}  // namespace pellucid
