// SPDX-License-Identifier: Apache-2.0
// pytorch_model.bin: a dictionary of tensors as torch.save writes it, since torch 1.6 a zip file of
// data.pkl and one entry for each storage, before that five pickles and the storages behind them.
// Read as data: nothing in it is run. https://pytorch.org/docs/stable/notes/serialization.html
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "pellucid/io/safetensors.h"

namespace pellucid {

class TorchFile {
 public:
  /// The file is mapped. Contiguous tensors are views into it, whatever their alignment; others
  /// (transposed, expanded) are copied into order, altogether no more bytes than the file has and
  /// 16 MiB. Throws Error naming the file, and the tensor or the name that has no place in it.
  static TorchFile open(const std::string& path);
  /// The same for a file in memory; `name` opens the messages. Without an owner the bytes must
  /// outlive the file and its views.
  static TorchFile parse(const void* bytes, std::size_t size, const std::string& name,
                         std::shared_ptr<const void> owner = nullptr);

  const std::vector<TensorView>& tensors() const { return tensors_; }  ///< ordered by name

 private:
  std::vector<TensorView> tensors_;
};

}  // namespace pellucid
