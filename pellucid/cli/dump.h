// SPDX-License-Identifier: Apache-2.0
// Tensors collected for a safetensors file.
#pragma once

#include <string>
#include <vector>

#include "pellucid/io/safetensors.h"
#include "pellucid/tasks/explain.h"
#include "pellucid/tensor/tensor.h"

namespace pellucid::cli {

class TensorFile {
 public:
  /// Throws Error if the file could not be written, before any work is done.
  explicit TensorFile(const std::string& path);
  void add(const std::string& name, const Tensor& tensor);
  /// What is there of a raw explanation, under prefix.
  void add(const std::string& prefix, const ExplanationDump& dump);
  void save() { save_safetensors(path_, std::move(tensors_)); }

 private:
  std::string path_;
  std::vector<TensorView> tensors_;
};

}  // namespace pellucid::cli
