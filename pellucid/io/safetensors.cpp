// SPDX-License-Identifier: Apache-2.0
#include "pellucid/io/safetensors.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <nlohmann/json.hpp>
#include <optional>

#include "pellucid/base/error.h"
#include "pellucid/base/file.h"
#include "pellucid/base/json.h"
#include "pellucid/base/spelling.h"
#include "pellucid/tensor/convert.h"

namespace pellucid {
namespace {

using Json = nlohmann::ordered_json;

static_assert(std::endian::native == std::endian::little, "stored elements are little-endian");

constexpr std::size_t kLengthBytes = 8;
constexpr std::uint64_t kLongestHeader = 100'000'000;  // the format's own limit
constexpr std::size_t kHeaderDepth = 3;                // {name: {shape: []}}
constexpr std::string_view kMetadata = "__metadata__";
constexpr std::string_view kLfsPointer = "version https://git-lfs";

/// Product of the dimensions, none if it does not fit 63 bits.
std::optional<std::int64_t> element_count(const std::vector<std::int64_t>& shape) {
  std::int64_t count = 1;
  for (const std::int64_t dimension : shape) {
    if (dimension < 0 || __builtin_mul_overflow(count, dimension, &count)) return std::nullopt;
  }
  return count;
}

std::optional<std::size_t> byte_count(DType dtype, const std::vector<std::int64_t>& shape) {
  const auto count = element_count(shape);
  std::size_t bytes = 0;
  if (!count || __builtin_mul_overflow(static_cast<std::size_t>(*count), size(dtype), &bytes)) {
    return std::nullopt;
  }
  return bytes;
}

std::string dtype_list() {
  std::string list;
  for (const DType dtype : kAllDTypes) {
    if (!list.empty()) list += ", ";
    list += name(dtype);
  }
  return list;
}

/// The header's text; checks the length field.
std::string_view header_text(std::string_view file, const std::string& file_name) {
  check(!file.starts_with(kLfsPointer),
        "{}: is a Git LFS pointer and not the weights; fetch them with git lfs pull (no header)",
        file_name);
  check(file.size() >= kLengthBytes,
        "{}: is {} bytes long, too short for a safetensors header of 8 bytes and more", file_name,
        file.size());
  std::uint64_t length = 0;
  std::memcpy(&length, file.data(), kLengthBytes);
  check(length <= kLongestHeader, "{}: the header is {} bytes long, expected at most {}", file_name,
        length, kLongestHeader);
  check(length <= file.size() - kLengthBytes,
        "{}: the header is {} bytes long, but only {} bytes follow its length", file_name, length,
        file.size() - kLengthBytes);
  const std::string_view header = file.substr(kLengthBytes, static_cast<std::size_t>(length));
  check(header.starts_with('{'), "{}: the header is no JSON object, expected {{ as its first byte",
        file_name);
  return header;
}

/// Reads and checks one entry of the header after the other.
class HeaderReader {
 public:
  HeaderReader(const std::string& file_name, std::string_view data)
      : file_name_(file_name), data_(data) {}

  TensorView tensor(const std::string& tensor_name, const Json& entry) const {
    const std::string where = fmt::format("{}: tensor {}", file_name_, quote(tensor_name));
    check(entry.is_object() && entry.size() == 3 && entry.contains("dtype") &&
              entry.contains("shape") && entry.contains("data_offsets"),
          "{}: the header's entry is not {{dtype, shape, data_offsets}}", where);
    TensorView view;
    view.name = tensor_name;
    view.dtype = dtype(where, entry["dtype"]);
    view.shape = naturals(where, "shape", entry["shape"]);
    const auto offsets = naturals(where, "data_offsets", entry["data_offsets"]);
    check(offsets.size() == 2, "{}: data_offsets has {} numbers, expected 2", where,
          offsets.size());
    const auto begin = static_cast<std::size_t>(offsets[0]);
    const auto end = static_cast<std::size_t>(offsets[1]);
    check(begin <= end, "{}: data_offsets begin at {} after their end {}", where, begin, end);
    check(end <= data_.size(), "{}: data_offsets end at {}, but the file has {} bytes of data",
          where, end, data_.size());
    const auto bytes = byte_count(view.dtype, view.shape);
    check(bytes.has_value(), "{}: shape {} is too large", where, shape_text(view.shape));
    check(*bytes == end - begin, "{}: data_offsets span {} bytes, expected {} for {} {}", where,
          end - begin, *bytes, name(view.dtype), shape_text(view.shape));
    view.data = data_.data() + begin;
    view.bytes = *bytes;
    return view;
  }

  std::map<std::string, std::string> metadata(const Json& entry) const {
    check(entry.is_object(), "{}: the header's __metadata__ is no object", file_name_);
    std::map<std::string, std::string> result;
    for (const auto& [key, value] : entry.items()) {
      check(value.is_string(), "{}: the header's __metadata__ has no text under {}", file_name_,
            quote(key));
      result.emplace(key, value.get<std::string>());
    }
    return result;
  }

  /// The tensors lie one behind the other and fill the data.
  void check_cover(const std::vector<TensorView>& tensors) const {
    std::vector<const TensorView*> order;
    for (const TensorView& view : tensors) order.push_back(&view);
    std::sort(order.begin(), order.end(), [](const TensorView* a, const TensorView* b) {
      return a->data != b->data ? a->data < b->data : a->bytes < b->bytes;
    });
    std::size_t covered = 0;
    const TensorView* last = nullptr;
    for (const TensorView* view : order) {
      const auto begin =
          static_cast<std::size_t>(static_cast<const char*>(view->data) - data_.data());
      check(begin >= covered, "{}: tensor {} and tensor {} overlap: the header gives both byte {}",
            file_name_, quote(last ? last->name : ""), quote(view->name), begin);
      check(begin == covered,
            "{}: bytes {} to {} of the data, before tensor {}, belong to no tensor", file_name_,
            covered, begin, quote(view->name));
      covered = begin + view->bytes;
      last = view;
    }
    check(covered == data_.size(), "{}: {} bytes follow the last tensor of the header", file_name_,
          data_.size() - covered);
  }

 private:
  DType dtype(const std::string& where, const Json& value) const {
    check(value.is_string(), "{}: dtype is no text", where);
    const auto& text = value.get_ref<const std::string&>();
    const auto parsed = parse_dtype(text);
    check(parsed.has_value(), "{}: dtype {} is not known, expected one of {}", where, quote(text),
          dtype_list());
    return *parsed;
  }

  std::vector<std::int64_t> naturals(const std::string& where, std::string_view key,
                                     const Json& values) const {
    check(values.is_array(), "{}: {} is no list", where, key);
    std::vector<std::int64_t> result;
    for (const Json& value : values) {
      const bool natural =
          value.is_number_unsigned() && value.get<std::uint64_t>() <= std::uint64_t{INT64_MAX};
      check(natural, "{}: {} holds {}, expected a whole number from 0 to 2^63 - 1", where, key,
            value.is_number() ? value.dump() : std::string("no number"));
      result.push_back(value.get<std::int64_t>());
    }
    return result;
  }

  const std::string& file_name_;
  std::string_view data_;
};

bool name_less(const TensorView& a, const TensorView& b) { return a.name < b.name; }

template <class Stored>
std::vector<std::int64_t> widened(const void* data, std::int64_t count) {
  std::vector<std::int64_t> result(static_cast<std::size_t>(count));
  const auto* bytes = static_cast<const unsigned char*>(data);
  for (std::int64_t& value : result) {
    Stored stored;
    std::memcpy(&stored, bytes, sizeof stored);
    bytes += sizeof stored;
    value = stored;
  }
  return result;
}

}  // namespace

std::string shape_text(const std::vector<std::int64_t>& shape) {
  return fmt::format("[{}]", fmt::join(shape, ", "));
}

std::int64_t TensorView::count() const { return static_cast<std::int64_t>(bytes / size(dtype)); }

bool TensorView::is_aligned() const {
  return reinterpret_cast<std::uintptr_t>(data) % size(dtype) == 0;
}

std::vector<float> TensorView::floats() const {
  check(is_floating(dtype), "tensor {} holds {}, expected F32, F16, BF16 or F64", quote(name),
        pellucid::name(dtype));
  std::vector<float> result(static_cast<std::size_t>(count()));
  convert_to_f32(dtype, data, count(), result.data());
  return result;
}

std::vector<std::int64_t> TensorView::integers() const {
  switch (dtype) {
    case DType::i64:
      return widened<std::int64_t>(data, count());
    case DType::i32:
      return widened<std::int32_t>(data, count());
    case DType::i16:
      return widened<std::int16_t>(data, count());
    case DType::i8:
      return widened<std::int8_t>(data, count());
    case DType::u8:
    case DType::boolean:
      return widened<std::uint8_t>(data, count());
    default:
      fail("tensor {} holds {}, expected integers", quote(name), pellucid::name(dtype));
  }
}

SafetensorsFile SafetensorsFile::open(const std::string& path) {
  const auto file = MappedFile::open(path);
  return parse(file->data(), file->size(), path, file);
}

SafetensorsFile SafetensorsFile::parse(const void* bytes, std::size_t size, const std::string& name,
                                       std::shared_ptr<const void> owner) {
  const std::string_view file(static_cast<const char*>(bytes), size);
  const std::string_view text = header_text(file, name);
  const Json header = parse_json(text, name + ": header", kHeaderDepth);
  const HeaderReader reader(name, file.substr(kLengthBytes + text.size()));
  SafetensorsFile result;
  result.name_ = name;
  for (const auto& [key, entry] : header.items()) {
    if (key == kMetadata) {
      result.metadata_ = reader.metadata(entry);
    } else {
      result.tensors_.push_back(reader.tensor(key, entry));
      result.tensors_.back().owner = owner;
    }
  }
  reader.check_cover(result.tensors_);
  std::sort(result.tensors_.begin(), result.tensors_.end(), name_less);
  return result;
}

const TensorView* SafetensorsFile::find(std::string_view name) const {
  const auto found = std::lower_bound(
      tensors_.begin(), tensors_.end(), name,
      [](const TensorView& view, std::string_view key) { return view.name < key; });
  return found != tensors_.end() && found->name == name ? &*found : nullptr;
}

const TensorView& SafetensorsFile::at(std::string_view name) const {
  const TensorView* found = find(name);
  if (found != nullptr) return *found;
  std::vector<std::string> known;
  for (const TensorView& view : tensors_) known.push_back(view.name);
  fail("{}: has no tensor {}{}", name_, quote(name), did_you_mean(name, known));
}

void save_safetensors(const std::string& path, std::vector<TensorView> tensors,
                      const std::map<std::string, std::string>& metadata) {
  std::sort(tensors.begin(), tensors.end(), name_less);
  Json header = Json::object();
  if (!metadata.empty()) header[std::string(kMetadata)] = metadata;
  std::size_t offset = 0;
  for (const TensorView& view : tensors) {
    check(view.dtype == DType::f32 || view.dtype == DType::i32,
          "{}: tensor {} is {}, only F32 and I32 are written", path, quote(view.name),
          name(view.dtype));
    check(byte_count(view.dtype, view.shape) == view.bytes,
          "{}: tensor {} has {} bytes, which is not {} {}", path, quote(view.name), view.bytes,
          name(view.dtype), shape_text(view.shape));
    check(view.name != kMetadata && !header.contains(view.name),
          "{}: tensor {} cannot be written twice", path, quote(view.name));
    header[view.name] = {{"dtype", name(view.dtype)},
                         {"shape", view.shape},
                         {"data_offsets", {offset, offset + view.bytes}}};
    offset += view.bytes;
  }
  std::string text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');  // the data then starts at a multiple of 8
  const std::uint64_t length = text.size();
  AtomicFile file(path);
  file.write(&length, sizeof length);
  file.write(text);
  for (const TensorView& view : tensors) file.write(view.data, view.bytes);
  file.commit();
}

}  // namespace pellucid
