// SPDX-License-Identifier: Apache-2.0
#include "pellucid/io/hub_pull.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string_view>
#include <system_error>
#include <utility>

#include "pellucid/base/error.h"
#include "pellucid/base/file.h"
#include "pellucid/base/json.h"
#include "pellucid/base/spelling.h"
#include "pellucid/io/hub_blob.h"
#include "pellucid/io/hub_cache.h"

namespace pellucid {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLongestIndex = 64U << 20;

/// What configuration and tokenizers are read from.
constexpr std::array<std::string_view, 20> kSmallFiles = {
    "config.json",       "generation_config.json",
    "tokenizer.json",    "tokenizer_config.json",
    "added_tokens.json", "special_tokens_map.json",
    "vocab.txt",         "vocab.json",
    "merges.txt",        "spiece.model",
    "spm.model",         "sentencepiece.bpe.model",
    "tokenizer.model",   "sentencepiece.model",
    "source.spm",        "target.spm",
    "bpe.codes",         "dict.txt",
    "entity_vocab.json", "tokenizer.model.v3"};
/// The first that is there holds the weights.
constexpr std::array<std::string_view, 4> kWeights = {
    "model.safetensors", "model.safetensors.index.json", "pytorch_model.bin",
    "pytorch_model.bin.index.json"};

bool is_index(const std::string& file) { return file.ends_with(".index.json"); }

bool is_there(const fs::path& path) {
  std::error_code problem;
  return fs::exists(path, problem);
}

/// A file below the model's folder, whatever a server or an index says.
bool is_inside(const std::string& file) {
  const fs::path path(file);
  bool plain = !file.empty() && path.is_relative() && file.find('\0') == std::string::npos &&
               path.has_filename();
  for (const fs::path& part : path) plain = plain && part != ".." && part != ".";
  return plain;
}

class Pull {
 public:
  explicit Pull(const PullOptions& options)
      : options_(options),
        client_(options.settings, options.notice),
        cache_(hub_cache_folder()),
        root_(cache_ / hub_folder_name(options.model)) {}

  fs::path run() {
    const HubClient::Revision found = client_.revision(options_.model, options_.revision);
    commit_ = found.commit;
    snapshot_ = root_ / "snapshots" / commit_;
    std::vector<std::string> files = wanted_files(found.files, options_.model);
    const auto index = std::find_if(files.begin(), files.end(), is_index);
    if (index != files.end()) {  // the shards are known when it is there
      fetch_all({*index});
      for (const std::string& shard : shards_of((snapshot_ / *index).string())) {
        check(std::find(found.files.begin(), found.files.end(), shard) != found.files.end(),
              "{}: {} names the file {}, which the repository does not have", options_.model,
              *index, quote(shard));
        files.push_back(shard);
      }
    }
    fetch_all(files);
    if (options_.revision != commit_) write_ref();
    return snapshot_;
  }

 private:
  struct Item {
    std::string file;
    HubClient::FileFacts facts;
  };

  void fetch_all(const std::vector<std::string>& files) {
    std::vector<Item> items;
    std::int64_t wanted = 0;
    for (const std::string& file : files) {
      if (is_there(snapshot_ / file)) continue;
      items.push_back({file, client_.facts(options_.model, commit_, file)});
      wanted += items.back().facts.size.value_or(0);
    }
    if (items.empty()) return;
    fs::create_directories(root_ / "blobs");
    total_ += wanted;
    check_space(items);
    for (const Item& item : items) fetch(item);
  }

  void check_space(const std::vector<Item>& items) const {
    std::int64_t missing = 0;
    for (const Item& item : items) {
      const fs::path blob = root_ / "blobs" / item.facts.etag;
      std::error_code problem;
      const auto there = fs::file_size(incomplete_name(blob), problem);
      const std::int64_t have = problem ? 0 : static_cast<std::int64_t>(there);
      if (!is_there(blob)) missing += std::max<std::int64_t>(0, item.facts.size.value_or(0) - have);
    }
    std::error_code problem;
    const fs::space_info space = fs::space(root_, problem);
    check(problem || static_cast<std::int64_t>(space.available) >= missing,
          "{}: the model needs {} bytes more, but only {} are free", root_.string(), missing,
          space.available);
  }

  void fetch(const Item& item) {
    const fs::path blob = root_ / "blobs" / item.facts.etag;
    const fs::path locks = cache_ / ".locks" / root_.filename();
    fs::create_directories(locks);
    const FileLock lock(locks / (item.facts.etag + ".lock"), [&] {
      if (options_.notice) options_.notice(item.file + ": waits for another download of it");
    });
    const std::int64_t size = item.facts.size.value_or(0);
    if (!is_there(blob)) download(item, blob);
    done_ += size;
    if (options_.progress) options_.progress(done_, total_);
    link_blob(blob, snapshot_ / item.file);
  }

  /// A hash that is wrong after a download was resumed may be the fault of what was there: once
  /// more from the start, then.
  void download(const Item& item, const fs::path& blob) {
    const std::string what = fmt::format("{}/{}", options_.model, item.file);
    PartialFile partial(incomplete_name(blob));
    if (item.facts.size && partial.size() > *item.facts.size) partial.truncate(0);
    for (;;) {
      const bool resumed = partial.size() > 0;
      if (!item.facts.size || partial.size() != *item.facts.size) {
        client_.fetch(options_.model, commit_, item.file, partial.size(), item.facts.size,
                      [&](std::int64_t offset, std::string_view bytes) {
                        partial.write(offset, bytes);
                        if (options_.progress) options_.progress(done_ + partial.size(), total_);
                      });
      }
      const std::string problem = hash_problem(partial.path(), item.facts.etag);
      if (problem.empty()) break;
      partial.truncate(0);
      check(resumed, "{}: {}", what, problem);
    }
    partial.rename(blob);
  }

  void write_ref() const {
    const fs::path ref = root_ / "refs" / options_.revision;
    fs::create_directories(ref.parent_path());
    AtomicFile file(ref.string());
    file.write(commit_);
    file.commit();
  }

  const PullOptions& options_;
  HubClient client_;
  fs::path cache_, root_, snapshot_;
  std::string commit_;
  std::int64_t done_ = 0, total_ = 0;  // bytes
};

}  // namespace

std::vector<std::string> wanted_files(const std::vector<std::string>& all,
                                      const std::string& model) {
  const auto has = [&](std::string_view file) {
    return std::find(all.begin(), all.end(), file) != all.end();
  };
  check(has("config.json"), "{}: the repository has no config.json, so it is no transformer model",
        model);
  std::vector<std::string> files;
  for (const std::string_view file : kSmallFiles) {
    if (has(file)) files.emplace_back(file);
  }
  const auto weights = std::find_if(kWeights.begin(), kWeights.end(), has);
  check(weights != kWeights.end(),
        "{}: the repository has no weights: looked for {}, {}, {} and {}", model, kWeights[0],
        kWeights[1], kWeights[2], kWeights[3]);
  files.emplace_back(*weights);
  return files;
}

std::vector<std::string> shards_of(const std::string& index_path) {
  const JsonObject index(index_path, read_json_file(index_path, kLongestIndex));
  const nlohmann::ordered_json* map = index.value("weight_map");
  if (map == nullptr || !map->is_object()) index.refuse("weight_map", "an object");
  std::set<std::string> shards;
  for (const auto& [tensor, shard] : map->items()) {
    check(shard.is_string() && is_inside(shard.get<std::string>()),
          "{}: weight_map gives tensor {} the file {}, expected a file in the model's folder",
          index_path, quote(tensor), quote(shard.is_string() ? shard.get<std::string>() : ""));
    shards.insert(shard.get<std::string>());
  }
  return {shards.begin(), shards.end()};
}

fs::path pull_model(const PullOptions& options) {
  check_usage(is_hub_name(options.model), "{} is no name of a model, expected NAME or ORG/NAME",
              quote(options.model));
  check_usage(is_hub_revision(options.revision), "{} is no name of a branch, tag or commit",
              quote(options.revision));
  try {
    return Pull(options).run();
  } catch (const fs::filesystem_error& error) {
    fail("{}: {}", error.path1().string(), error.code().message());
  }
}

}  // namespace pellucid
