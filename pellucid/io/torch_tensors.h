// SPDX-License-Identifier: Apache-2.0
// From the records of a torch.save pickle to tensors: which names may occur, what a storage and a
// tensor are described by, and views of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pellucid/io/pickle.h"
#include "pellucid/io/safetensors.h"

namespace pellucid {

/// All that the pickle of a checkpoint may name.
std::span<const std::string_view> torch_globals();

/// What a persistent identifier says: ("storage", type, key, device, elements[, view]).
struct TorchStorage {
  DType dtype = DType::f32;
  std::string_view key;
  std::int64_t elements = 0;
  std::int64_t view_offset = 0;               // elements
  std::optional<std::int64_t> view_elements;  // of an old view of another storage
};

/// Bytes of all its elements. Throws Error if they do not fit, or its view not into them.
std::size_t byte_count(const TorchStorage& storage, const std::string& where);

/// Reads the parts of the main pickle, with messages that name the file and the tensor.
class TorchValues {
 public:
  TorchValues(const Pickle& pickle, std::string where)
      : pickle_(pickle), where_(std::move(where)) {}

  TorchValues of_tensor(std::string_view name) const;
  const std::string& where() const { return where_; }
  const PickleValue& operator[](PickleValue::Index index) const { return pickle_[index]; }

  std::int64_t natural(PickleValue::Index index, std::string_view what) const;
  std::string_view text(PickleValue::Index index, std::string_view what) const;
  /// A tuple of them, or a torch.Size.
  std::vector<std::int64_t> naturals(PickleValue::Index index, std::string_view what) const;
  TorchStorage storage(PickleValue::Index index) const;

 private:
  const Pickle& pickle_;
  std::string where_;
};

/// The bytes of a storage.
using FindTorchStorage =
    std::function<std::string_view(const TorchStorage&, const std::string& where)>;

/// Views of the tensors of the dictionary that the pickle holds, ordered by name. Contiguous ones
/// are views into the file, others are copied into order: no more bytes than `most_copies`.
std::vector<TensorView> build_tensors(const Pickle& pickle, const std::string& name,
                                      const FindTorchStorage& find_storage,
                                      const std::shared_ptr<const void>& owner,
                                      std::size_t most_copies);

}  // namespace pellucid
