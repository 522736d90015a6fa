// SPDX-License-Identifier: Apache-2.0
#include "pellucid/io/checkpoint.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <system_error>
#include <utility>

#include "pellucid/base/error.h"
#include "pellucid/base/json.h"
#include "pellucid/base/spelling.h"
#include "pellucid/io/torch_file.h"
#include "pellucid/tensor/convert.h"

namespace pellucid {
namespace {

namespace fs = std::filesystem;

constexpr const char* kSingle = "model.safetensors";
constexpr const char* kIndex = "model.safetensors.index.json";
constexpr const char* kTorch = "pytorch_model.bin";
constexpr const char* kTorchIndex = "pytorch_model.bin.index.json";
constexpr std::size_t kLongestIndex = 64U << 20;

bool is_there(const fs::path& path) {
  std::error_code problem;
  return fs::exists(path, problem);
}

/// Today's name of a tensor.
std::string canonical(std::string name) {
  for (const auto& [old_end, new_end] :
       {std::pair<std::string_view, std::string_view>("LayerNorm.gamma", "LayerNorm.weight"),
        {"LayerNorm.beta", "LayerNorm.bias"}}) {
    if (name.ends_with(old_end)) {
      return name.replace(name.size() - old_end.size(), old_end.size(), new_end);
    }
  }
  return name;
}

bool matches(const std::vector<std::int64_t>& found, const std::vector<std::int64_t>& expected) {
  return std::equal(found.begin(), found.end(), expected.begin(), expected.end(),
                    [](std::int64_t a, std::int64_t b) { return b == -1 || a == b; });
}

std::string expected_shape(const std::vector<std::int64_t>& shape) {
  std::vector<std::string> words;
  for (const std::int64_t size : shape) words.push_back(size == -1 ? "any" : std::to_string(size));
  return fmt::format("[{}]", fmt::join(words, ", "));
}

/// True if `path`, links followed, lies in `folder` (canonical). The hub's cache keeps a model as
/// snapshots/REVISION with links to blobs/ two folders up, which may be links to the blobs/ that
/// the models of a cache share: those are its own files too.
bool lies_inside(const fs::path& path, const fs::path& folder) {
  const auto holds = [&](const fs::path& outer) {
    return std::mismatch(outer.begin(), outer.end(), path.begin(), path.end()).first == outer.end();
  };
  if (holds(folder)) return true;
  const fs::path model = folder.parent_path().parent_path();
  return folder.parent_path().filename() == "snapshots" &&
         (holds(model / "blobs") || holds(model.parent_path() / "blobs"));
}

/// The path of a shard that an index names; only files of the model's folder are opened.
std::string shard_path(const std::string& index, const fs::path& folder, const std::string& shard) {
  const fs::path relative(shard);
  bool plain = !shard.empty() && shard.find('\0') == std::string::npos && relative.is_relative();
  for (const fs::path& part : relative) plain = plain && part != "..";
  check(plain, "{}: weight_map names the file {}, expected a file in the model's folder", index,
        quote(shard));
  const fs::path path = folder / relative;
  check(is_there(path), "{}: weight_map names the file {}, which is not there", index,
        quote(shard));
  std::error_code problem;
  const fs::path resolved = fs::canonical(path, problem);
  check(!problem && lies_inside(resolved, fs::canonical(folder, problem)),
        "{}: weight_map names the file {}, a link out of the model's folder", index, quote(shard));
  return path.string();
}

/// All tensors of a file, ordered by name. The suffix tells the format.
std::vector<TensorView> read_tensors(const std::string& path) {
  return path.ends_with(".safetensors") ? SafetensorsFile::open(path).tensors()
                                        : TorchFile::open(path).tensors();
}

}  // namespace

struct Checkpoint::Contents {
  std::string name;
  std::map<std::string, TensorView, std::less<>> tensors;
  std::mutex mutex;  // guards what follows
  std::set<std::string, std::less<>> used;
  std::set<std::string> warnings;

  void add(const TensorView& view, const std::string& file) {
    TensorView copy = view;
    copy.name = canonical(view.name);
    const auto [place, is_new] = tensors.emplace(copy.name, std::move(copy));
    check(is_new, "{}: tensor {} is there twice, under its old name and under {}", file,
          quote(view.name), quote(place->first));
  }

  void add_all(const std::string& path) {
    name = path;
    for (const TensorView& view : read_tensors(path)) add(view, path);
  }

  /// Only the tensors that the index lists, each from the file that it names.
  void add_shards(const std::string& index, const fs::path& folder) {
    name = index;
    const nlohmann::ordered_json root = read_json_file(index, kLongestIndex);
    check(root.is_object() && root.contains("weight_map") && root["weight_map"].is_object(),
          "{}: has no object weight_map", index);
    std::map<std::string, std::vector<TensorView>> shards;
    for (const auto& [tensor, shard] : root["weight_map"].items()) {
      check(shard.is_string(), "{}: weight_map gives no file name for tensor {}", index,
            quote(tensor));
      const auto& file = shard.get_ref<const std::string&>();
      auto opened = shards.find(file);
      if (opened == shards.end()) {
        const std::string path = shard_path(index, folder, file);
        opened = shards.emplace(file, read_tensors(path)).first;
      }
      const std::vector<TensorView>& views = opened->second;
      const auto view = std::lower_bound(
          views.begin(), views.end(), tensor,
          [](const TensorView& each, const std::string& key) { return each.name < key; });
      check(view != views.end() && view->name == tensor,
            "{}: weight_map places tensor {} in {}, which does not hold it", index, quote(tensor),
            quote(file));
      add(*view, index);
    }
  }
};

Checkpoint Checkpoint::open(const std::string& folder) {
  std::error_code problem;
  check(fs::is_directory(folder, problem), "{}: is no folder of a model", quote(folder));
  const fs::path base(folder);
  check(is_there(base / "config.json"), "{}: there is no config.json", folder);
  auto contents = std::make_shared<Contents>();
  if (is_there(base / kSingle)) {
    contents->add_all((base / kSingle).string());
  } else if (is_there(base / kIndex)) {
    contents->add_shards((base / kIndex).string(), base);
  } else if (is_there(base / kTorch)) {
    contents->add_all((base / kTorch).string());
  } else if (is_there(base / kTorchIndex)) {
    contents->add_shards((base / kTorchIndex).string(), base);
  } else {
    fail("{}: there are no weights: looked for {}, {}, {} and {}", folder, kSingle, kIndex, kTorch,
         kTorchIndex);
  }
  return Checkpoint(std::move(contents));
}

const std::string& Checkpoint::name() const { return contents_->name; }

std::vector<std::string> Checkpoint::names() const {
  std::vector<std::string> result;
  for (const auto& [name, view] : contents_->tensors) result.push_back(name);
  return result;
}

bool Checkpoint::contains(std::string_view name) const {
  return contents_->tensors.find(name) != contents_->tensors.end();
}

const TensorView* Checkpoint::find(std::string_view name) const {
  const auto found = contents_->tensors.find(name);
  if (found == contents_->tensors.end()) return nullptr;
  const std::lock_guard lock(contents_->mutex);
  contents_->used.emplace(name);
  return &found->second;
}

const TensorView& Checkpoint::require(std::string_view name,
                                      const std::vector<std::int64_t>& shape) const {
  const TensorView* view = find(name);
  if (view == nullptr) {
    fail("{}: tensor {} is missing, expected {}", this->name(), quote(name), expected_shape(shape));
  }
  check(matches(view->shape, shape), "{}: tensor {} is {}, expected {}", this->name(), quote(name),
        shape_text(view->shape), expected_shape(shape));
  check(is_floating(view->dtype), "{}: tensor {} holds {}, expected F32, F16, BF16 or F64",
        this->name(), quote(name), pellucid::name(view->dtype));
  return *view;
}

void Checkpoint::read(std::string_view name, const std::vector<std::int64_t>& shape,
                      float* target) const {
  const TensorView& view = require(name, shape);
  convert_to_f32(view.dtype, view.data, view.count(), target);
  const NonFinite found = count_non_finite(target, view.count());
  if (found.nan == 0 && found.infinite == 0) return;
  const std::lock_guard lock(contents_->mutex);
  contents_->warnings.insert(fmt::format("{}: tensor {} holds {} NaN and {} infinite values",
                                         this->name(), quote(name), found.nan, found.infinite));
}

std::vector<std::string> Checkpoint::unused() const {
  const std::lock_guard lock(contents_->mutex);
  std::vector<std::string> result;
  for (const auto& [name, view] : contents_->tensors) {
    if (!contents_->used.contains(name)) result.push_back(name);
  }
  return result;
}

std::vector<std::string> Checkpoint::warnings() const {
  const std::lock_guard lock(contents_->mutex);
  return {contents_->warnings.begin(), contents_->warnings.end()};
}

std::size_t Checkpoint::bytes() const {
  std::size_t sum = 0;
  for (const auto& [name, view] : contents_->tensors) sum += view.bytes;
  return sum;
}

std::int64_t Checkpoint::parameters() const {
  const std::lock_guard lock(contents_->mutex);
  std::int64_t count = 0;
  for (const auto& [name, view] : contents_->tensors) {
    if (contents_->used.count(name) != 0) count += view.count();
  }
  return count;
}

std::string Checkpoint::main_dtype() const {
  std::map<DType, std::size_t> bytes;
  for (const auto& [name, view] : contents_->tensors) bytes[view.dtype] += view.bytes;
  const auto most = std::max_element(
      bytes.begin(), bytes.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  return most == bytes.end() ? "" : std::string(pellucid::name(most->first));
}

std::vector<std::string> Checkpoint::non_finite() const {
  std::vector<std::string> result;
  for (const auto& [name, view] : contents_->tensors) {
    if (!is_floating(view.dtype)) continue;
    const std::vector<float> values = view.floats();
    const NonFinite found = count_non_finite(values.data(), view.count());
    if (found.nan == 0 && found.infinite == 0) continue;
    result.push_back(fmt::format("{} ({} NaN, {} infinite)", name, found.nan, found.infinite));
  }
  return result;
}

}  // namespace pellucid
