// SPDX-License-Identifier: Apache-2.0
// Random draws that another program made, in place of our own: a safetensors file, so that results
// can be compared draw by draw.
//   noise      [draws, tokens, hidden]  added as it is
//   embeddings [draws, tokens, hidden]  the noisy points themselves
//   alphas     [draws]                  places on the path
//   baselines  [draws]                  which of the baselines, from 0
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "pellucid/io/safetensors.h"
#include "pellucid/tensor/tensor.h"

namespace pellucid {

class RecordedDraws {
 public:
  RecordedDraws() = default;  ///< none
  /// Throws Error naming the file, and the tensor that does not fit.
  explicit RecordedDraws(const std::string& path);

  explicit operator bool() const { return file_ != nullptr; }
  const std::string& path() const { return path_; }
  bool has(const std::string& name) const;
  /// Of the tensors in the file; they must agree.
  std::int64_t count() const { return count_; }
  /// Draw `index` of a tensor, `size` numbers.
  const float* rows(const std::string& name, std::int64_t index, std::int64_t size) const;
  /// One number for each draw; throws Error if it is not there.
  double number(const std::string& name, std::int64_t index) const;

 private:
  const Tensor& at(const std::string& name) const;

  struct Contents;
  std::string path_;
  std::int64_t count_ = 0;
  std::shared_ptr<const Contents> file_;
};

}  // namespace pellucid
