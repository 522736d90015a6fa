// SPDX-License-Identifier: Apache-2.0
#include "pellucid/io/torch_file.h"

#include <cstdint>
#include <cstring>
#include <map>

#include "pellucid/base/error.h"
#include "pellucid/base/file.h"
#include "pellucid/base/spelling.h"
#include "pellucid/io/pickle.h"
#include "pellucid/io/torch_tensors.h"
#include "pellucid/io/zip_directory.h"

namespace pellucid {
namespace {

using Index = PickleValue::Index;
using Kind = PickleValue::Kind;

constexpr std::size_t kCopiesBeyondFile = 16U << 20;
constexpr std::int64_t kProtocolVersion = 1001;
// 0x1950a86a20f9469cfc6c, lowest byte first
constexpr std::string_view kMagic = "\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19";
constexpr std::string_view kLfsPointer = "version https://git-lfs";

std::vector<TensorView> read_zip(std::string_view file, const std::string& name,
                                 const std::shared_ptr<const void>& owner) {
  const ZipDirectory entries(file, name);
  const std::string_view main = entries.in_top_folder("data.pkl");
  check(!main.empty(), "{}: the zip file has no entry data.pkl, expected what torch.save writes",
        name);
  const std::string folder(main.substr(0, main.find('/') + 1));
  if (entries.contains(folder + "byteorder")) {
    const std::string_view order = entries.at(folder + "byteorder");
    check(order == "little", "{}: its byte order is {}, expected \"little\"", name, quote(order));
  }
  const Pickle pickle = Pickle::read(entries.at(main), name, torch_globals());
  const auto find = [&](const TorchStorage& storage, const std::string& where) {
    const std::string entry = fmt::format("{}data/{}", folder, storage.key);
    check(entries.contains(entry), "{}: its storage {} is not in the file", where, quote(entry));
    const std::string_view bytes = entries.at(entry);
    const std::size_t expected = byte_count(storage, where);
    check(bytes.size() >= expected, "{}: its storage {} has {} bytes, expected {}", where,
          quote(entry), bytes.size(), expected);
    return bytes;
  };
  return build_tensors(pickle, name, find, owner, file.size() + kCopiesBeyondFile);
}

/// The pickles of the form before 1.6, one behind the other.
class OldFile {
 public:
  OldFile(std::string_view file, const std::string& name) : file_(file), name_(name) {}

  std::vector<TensorView> tensors(const std::shared_ptr<const void>& owner) {
    const PickleValue magic = next().root();
    check(magic.kind == Kind::big_integer && magic.text == kMagic,
          "{}: is neither a zip file nor the older form of torch.save: the magic number is missing",
          name_);
    const PickleValue version = next().root();
    check(version.kind == Kind::integer && version.integer == kProtocolVersion,
          "{}: its protocol version is {}, expected {}", name_, version.integer, kProtocolVersion);
    check_byte_order(next());
    const Pickle main = next();
    const Pickle keys = next();
    find_storages(main, keys);
    const auto find = [&](const TorchStorage& storage, const std::string& where) {
      const auto found = storages_.find(storage.key);
      check(found != storages_.end(), "{}: its storage {} is not in the file", where,
            quote(storage.key));
      const std::size_t expected = byte_count(storage, where);
      check(found->second.size() >= expected, "{}: its storage {} has {} bytes, expected {}", where,
            quote(storage.key), found->second.size(), expected);
      return found->second;
    };
    return build_tensors(main, name_, find, owner, file_.size() + kCopiesBeyondFile);
  }

 private:
  Pickle next() {
    Pickle pickle = Pickle::read(file_.substr(at_), name_, torch_globals());
    at_ += pickle.length();
    return pickle;
  }

  void check_byte_order(const Pickle& system) const {
    const PickleValue& facts = system.root();
    check(facts.kind == Kind::dictionary, "{}: describes its system by {}", name_, describe(facts));
    for (std::size_t i = 0; i < facts.items.size(); i += 2) {
      if (system[facts.items[i]].text != "little_endian") continue;
      check(system[facts.items[i + 1]].integer == 1, "{}: its byte order is big, expected little",
            name_);
    }
  }

  /// Behind the list of keys stand the storages in its order, each after its number of elements;
  /// the main pickle knows how long an element is.
  void find_storages(const Pickle& main, const Pickle& keys) {
    std::map<std::string_view, TorchStorage> described;
    const TorchValues values(main, name_);
    for (std::size_t i = 0; i < main.values().size(); ++i) {
      if (main.values()[i].kind != Kind::persistent) continue;
      const TorchStorage storage = values.storage(static_cast<Index>(i));
      const auto [place, is_new] = described.emplace(storage.key, storage);
      check(is_new || place->second.dtype == storage.dtype,
            "{}: storage {} is of type {} and of type {}", name_, quote(storage.key),
            pellucid::name(place->second.dtype), pellucid::name(storage.dtype));
    }
    check(keys.root().kind == Kind::list, "{}: lists its storages as {}", name_,
          describe(keys.root()));
    const TorchValues list(keys, name_);
    for (const Index index : keys.root().items) {
      const std::string_view key = list.text(index, "list of storages");
      const auto found = described.find(key);
      check(found != described.end(), "{}: storage {} belongs to no tensor", name_, quote(key));
      storages_[key] = next_storage(found->second);
    }
  }

  std::string_view next_storage(TorchStorage storage) {
    const std::string where = fmt::format("{}: storage {}", name_, quote(storage.key));
    check(file_.size() - at_ >= sizeof(std::int64_t), "{}: the file ends before it", where);
    std::memcpy(&storage.elements, file_.data() + at_, sizeof(std::int64_t));
    at_ += sizeof(std::int64_t);
    check(storage.elements >= 0, "{}: has {} elements", where, storage.elements);
    const std::size_t bytes =
        byte_count(TorchStorage{storage.dtype, "", storage.elements, 0, {}}, where);
    check(bytes <= file_.size() - at_, "{}: has {} bytes, but the file ends after {}", where, bytes,
          file_.size() - at_);
    const std::string_view result = file_.substr(at_, bytes);
    at_ += bytes;
    return result;
  }

  std::string_view file_;
  const std::string& name_;
  std::size_t at_ = 0;
  std::map<std::string_view, std::string_view> storages_;
};

}  // namespace

TorchFile TorchFile::open(const std::string& path) {
  const auto file = MappedFile::open(path);
  return parse(file->data(), file->size(), path, file);
}

TorchFile TorchFile::parse(const void* bytes, std::size_t size, const std::string& name,
                           std::shared_ptr<const void> owner) {
  const std::string_view file(static_cast<const char*>(bytes), size);
  check(!file.empty(), "{}: is empty", name);
  check(!file.starts_with(kLfsPointer),
        "{}: is a Git LFS pointer and not the weights; fetch them with git lfs pull", name);
  TorchFile result;
  if (file.starts_with("PK\x03\x04")) {
    result.tensors_ = read_zip(file, name, owner);
  } else {
    check(file[0] == '\x80',
          "{}: is neither a zip file nor a pickle, expected what torch.save writes", name);
    result.tensors_ = OldFile(file, name).tensors(owner);
  }
  return result;
}

}  // namespace pellucid
