// SPDX-License-Identifier: Apache-2.0
// The safetensors format: 8 bytes of header length, a JSON header {name: {dtype, shape,
// data_offsets}}, the data. https://huggingface.co/docs/safetensors   A file is mapped, checked in
// full when opened, and never copied.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "pellucid/tensor/dtype.h"

namespace pellucid {

/// A tensor inside a file: rows are contiguous, the last dimension runs fastest.
struct TensorView {
  std::string name;
  DType dtype = DType::f32;
  std::vector<std::int64_t> shape;  ///< empty: a scalar
  const void* data = nullptr;       ///< little-endian; may stand at any address, see is_aligned
  std::size_t bytes = 0;
  std::shared_ptr<const void> owner;  ///< keeps `data` alive

  std::int64_t count() const;  ///< elements
  bool is_aligned() const;     ///< `data` may be read as elements in place
  /// A converted copy, aligned or not. floats: F32, F16, BF16, F64; integers: I64 ... U8, BOOL.
  std::vector<float> floats() const;
  std::vector<std::int64_t> integers() const;
};

/// "[2, 3]"
std::string shape_text(const std::vector<std::int64_t>& shape);

class SafetensorsFile {
 public:
  /// Throws Error naming the file, and the header or the tensor that is wrong.
  static SafetensorsFile open(const std::string& path);
  /// The same for a file in memory; `name` opens the messages. Without an owner the bytes must
  /// outlive the file and its views.
  static SafetensorsFile parse(const void* bytes, std::size_t size, const std::string& name,
                               std::shared_ptr<const void> owner = nullptr);

  const std::vector<TensorView>& tensors() const { return tensors_; }  ///< ordered by name
  const TensorView* find(std::string_view name) const;                 ///< null: not there
  /// Throws Error if it is not there.
  const TensorView& at(std::string_view name) const;
  const std::map<std::string, std::string>& metadata() const { return metadata_; }
  const std::string& name() const { return name_; }

 private:
  std::string name_;
  std::vector<TensorView> tensors_;
  std::map<std::string, std::string> metadata_;
};

/// Writes the tensors in the order of their names, F32 and I32 only, under a temporary name until
/// complete. Names must differ; `bytes` must be what dtype and shape say.
void save_safetensors(const std::string& path, std::vector<TensorView> tensors,
                      const std::map<std::string, std::string>& metadata = {});

}  // namespace pellucid
