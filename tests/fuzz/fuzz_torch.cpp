// SPDX-License-Identifier: Apache-2.0
// Any bytes as a pytorch_model.bin: an Error, or tensors that can be read in full. The same bytes
// once more as the main pickle of the older form, and of the zip form with one storage: the fuzzer
// need not guess the frame first.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include "pellucid/base/error.h"
#include "pellucid/io/torch_file.h"

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

void parse(std::string_view bytes) {
  try {
    // A copy of the exact size: reading past its end is seen.
    const std::string file(bytes);
    const auto parsed = pellucid::TorchFile::parse(file.data(), file.size(), "fuzz");
    std::size_t total = 0;
    for (const pellucid::TensorView& view : parsed.tensors()) {
      require(view.bytes <= file.size() + (std::size_t{16} << 20));
      total += view.bytes;
      if (total > (std::size_t{64} << 20)) break;  // views may share a storage
      const auto count = static_cast<std::size_t>(view.count());
      if (pellucid::is_floating(view.dtype)) {
        require(view.floats().size() == count);
      } else {
        require(view.integers().size() == count);
      }
    }
  } catch (const pellucid::Error& error) {
    require(std::strchr(error.what(), '\n') == nullptr && std::strlen(error.what()) < 3000);
  }
}

template <class Number>
void append(std::string& text, Number value) {
  text.append(reinterpret_cast<const char*>(&value), sizeof value);
}

std::string older_form(std::string_view pickle) {
  std::string file("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.\x80\x02M\xe9\x03.",
                   21);
  file += "}.";
  file += pickle;
  file += "]U\x01";
  file += "0a.";
  append(file, std::int64_t{16});
  return file + std::string(64, '\x3f');
}

/// A zip file of stored entries; checksums are not looked at.
std::string zip_form(std::string_view pickle) {
  std::string file, directory;
  const std::string storage(64, '\x3f');
  for (const auto& [name, content] :
       {std::pair<std::string_view, std::string_view>{"a/data.pkl", pickle},
        {"a/data/0", storage}}) {
    const auto at = static_cast<std::uint32_t>(file.size());
    const auto size = static_cast<std::uint32_t>(content.size());
    std::string fields;
    append(fields, std::uint32_t{0});  // checksum
    append(fields, size);
    append(fields, size);
    append(fields, static_cast<std::uint16_t>(name.size()));
    append(fields, std::uint16_t{0});
    file += std::string("PK\x03\x04", 4) + std::string(10, '\0') + fields;
    file += name;
    file += content;
    directory +=
        std::string("PK\x01\x02", 4) + std::string(12, '\0') + fields + std::string(10, '\0');
    append(directory, at);
    directory += name;
  }
  std::string end = std::string("PK\x05\x06", 4) + std::string(4, '\0');
  append(end, std::uint16_t{2});
  append(end, std::uint16_t{2});
  append(end, static_cast<std::uint32_t>(directory.size()));
  append(end, static_cast<std::uint32_t>(file.size()));
  append(end, std::uint16_t{0});
  return file + directory + end;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  parse(bytes);
  parse(older_form(bytes));
  parse(zip_form(bytes));
  return 0;
}
