// SPDX-License-Identifier: Apache-2.0
// Any bytes as a safetensors file: an Error, or tensors that lie inside the bytes and can be read.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "pellucid/base/error.h"
#include "pellucid/io/safetensors.h"

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

void read_all(const pellucid::SafetensorsFile& file, const std::uint8_t* data, std::size_t size) {
  std::size_t bytes = 0;
  for (const pellucid::TensorView& view : file.tensors()) {
    const auto* first = static_cast<const std::uint8_t*>(view.data);
    require(first >= data && view.bytes <= size &&
            static_cast<std::size_t>(first - data) <= size - view.bytes);
    require(file.find(view.name) == &view);
    bytes += view.bytes;
    if (pellucid::is_floating(view.dtype)) {
      require(view.floats().size() == static_cast<std::size_t>(view.count()));
    } else {
      require(view.integers().size() == static_cast<std::size_t>(view.count()));
    }
  }
  require(bytes <= size);
}

void parse(const std::uint8_t* data, std::size_t size) {
  try {
    read_all(pellucid::SafetensorsFile::parse(data, size, "fuzz"), data, size);
  } catch (const pellucid::Error& error) {
    require(std::strchr(error.what(), '\n') == nullptr && std::strlen(error.what()) < 2000);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  parse(data, size);
  // The same input once more as the header alone, with a length that fits and data of 64 bytes: the
  // fuzzer need not guess the length first.
  std::vector<std::uint8_t> file(8 + size + 64);
  const std::uint64_t length = size;
  std::memcpy(file.data(), &length, sizeof length);
  if (size > 0) std::memcpy(file.data() + 8, data, size);
  parse(file.data(), file.size());
  return 0;
}
