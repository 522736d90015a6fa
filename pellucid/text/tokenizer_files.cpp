// SPDX-License-Identifier: Apache-2.0
#include "pellucid/text/tokenizer_files.h"

#include <fmt/ranges.h>

#include <array>
#include <memory>
#include <nlohmann/json.hpp>
#include <system_error>

#include "pellucid/base/error.h"
#include "pellucid/base/file.h"
#include "pellucid/base/spelling.h"
#include "pellucid/text/files/classes.h"

namespace pellucid {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::int64_t kLongest = 1'000'000'000;  // configurations write 1e30 for "no limit"

/// Also false where the folder may not be read.
bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

/// The object in a file, or an empty one if there is no such file.
json read_optional_json(const fs::path& path) {
  if (!is_there(path)) return json::object();
  json value = parse_tokenizer_config(MappedFile::open(path.string())->text(), path.string());
  check(value.is_object(), "{}: expected an object", path.string());
  return value;
}

/// A token is written as a string or as an object with "content".
std::optional<std::string> token_content(const json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_object() && value.contains("content") && value["content"].is_string()) {
    return value["content"].get<std::string>();
  }
  return std::nullopt;
}

void read_named_tokens(const json& object, TokenizerConfig& config) {
  for (const auto& [key, value] : object.items()) {
    const bool is_role = key.size() > 6 && key.compare(key.size() - 6, 6, "_token") == 0;
    const auto content = is_role ? token_content(value) : std::nullopt;
    if (content) config.named_tokens.emplace_back(key, *content);
  }
}

TokenizerConfig read_config(const json& settings, const json& special_tokens_map) {
  TokenizerConfig config;
  read_named_tokens(settings, config);
  read_named_tokens(special_tokens_map, config);
  const auto length = settings.find("model_max_length");
  if (length != settings.end() && length->is_number()) {
    const double value = length->get<double>();
    if (value >= 0 && value < static_cast<double>(kLongest)) {
      config.model_max_length = static_cast<std::int64_t>(value);
    }
  }
  return config;
}

/// The names under which folders hold a tokenizer, best first.
constexpr std::array<const char*, 8> kMainFiles = {
    "tokenizer.json", "vocab.txt",       "vocab.json",    "spiece.model",
    "spm.model",      "tokenizer.model", "qwen.tiktoken", "sentencepiece.bpe.model"};

/// The file that holds the tokenizer: the path itself, or what the folder has.
fs::path find_main_file(const fs::path& path) {
  std::error_code ignored;
  if (!fs::is_directory(path, ignored)) {
    check(is_there(path), "{}: no such file or folder", path.string());
    return path;
  }
  for (const char* name : kMainFiles) {
    if (is_there(path / name)) return path / name;
  }
  fail("{}: no tokenizer in this folder, looked for {}", path.string(),
       fmt::join(kMainFiles, ", "));
}

/// tokenizer_config.json with what older folders have in files of their own: added_tokens.json, and
/// special_tokens_map.json, which counts where the configuration has no list of added tokens.
json merge_settings(json settings, const json& special_tokens_map, const json& added_tokens,
                    const fs::path& folder) {
  const bool has_list = settings.contains("added_tokens_decoder");
  if (!has_list) settings.update(special_tokens_map);
  if (added_tokens.empty()) return settings;
  json& decoder = settings["added_tokens_decoder"];
  if (!has_list) decoder = json::object();
  check(decoder.is_object(), "{}: added_tokens_decoder is no object",
        (folder / "tokenizer_config.json").string());
  for (const auto& [content, id] : added_tokens.items()) {
    check(id.is_number_integer(), "{}: the id of {} is no whole number",
          (folder / "added_tokens.json").string(), quote(content));
    decoder.emplace(std::to_string(id.get<std::int64_t>()), json{{"content", content}});
  }
  return settings;
}

}  // namespace

TokenizerFiles read_tokenizer_files(const fs::path& path) {
  const fs::path main = find_main_file(path);
  const fs::path folder = main.parent_path();
  json settings = read_optional_json(folder / "tokenizer_config.json");
  const json special_tokens_map = read_optional_json(folder / "special_tokens_map.json");
  TokenizerFiles files;
  files.config = read_config(settings, special_tokens_map);
  const auto file = MappedFile::open(main.string());
  if (main.extension() == ".json" && main.filename() != "vocab.json") {
    files.document = parse_tokenizer_json(file->text(), main.string());
    return files;
  }
  settings = merge_settings(std::move(settings), special_tokens_map,
                            read_optional_json(folder / "added_tokens.json"), folder);
  std::shared_ptr<const MappedFile> merges;
  if (main.filename() == "vocab.json") merges = MappedFile::open((folder / "merges.txt").string());
  const FolderTokenizer source{main.string(), file->text(),
                               merges ? merges->text() : std::string_view(), settings};
  files.document = read_folder(source, read_optional_json(folder / "config.json"));
  return files;
}

}  // namespace pellucid
