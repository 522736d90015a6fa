// SPDX-License-Identifier: Apache-2.0
#include "pellucid/io/hub_cache.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <vector>

#include "pellucid/base/error.h"
#include "pellucid/base/file.h"
#include "pellucid/base/spelling.h"

namespace pellucid {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLongestName = 96;
constexpr std::size_t kLongestRevision = 256;
constexpr std::size_t kLongestRef = 4096;
constexpr std::size_t kCommitLength = 40;

/// $NAME, ${NAME} and a leading ~ stand for what a shell makes of them; unknown names stay.
std::string expanded(const std::string& text) {
  const auto in_name = [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; };
  std::string result;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at + 1;
    std::string name;
    if (text[at] == '$' && end < text.size() && text[end] == '{') {
      end = text.find('}', end);
      if (end != std::string::npos) name = text.substr(at + 2, end++ - at - 2);
    } else if (text[at] == '$') {
      while (end < text.size() && in_name(static_cast<unsigned char>(text[end]))) ++end;
      name = text.substr(at + 1, end - at - 1);
    }
    end = std::min(end, text.size());
    const char* value = name.empty() ? nullptr : std::getenv(name.c_str());
    result += value != nullptr ? std::string(value) : text.substr(at, end - at);
    at = end;
  }
  const bool home = result == "~" || result.starts_with("~/");
  return home ? hub_variable("HOME").value_or("/") + result.substr(1) : result;
}

std::optional<fs::path> folder_variable(const char* name) {
  const auto value = hub_variable(name);
  return value ? std::optional<fs::path>(expanded(*value)) : std::nullopt;
}

bool is_folder(const fs::path& path) {
  std::error_code problem;
  return fs::is_directory(path, problem);
}

std::string read_ref(const fs::path& path) {
  std::string commit = read_text_file(path.string(), kLongestRef);
  commit.erase(commit.find_last_not_of(" \t\r\n") + 1);
  check(is_commit_hash(commit), "{}: holds {}, expected a commit", path.string(), quote(commit));
  return commit;
}

}  // namespace

std::optional<std::string> hub_variable(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr || *value == '\0') return std::nullopt;
  return std::string(value);
}

bool hub_switch(const char* name) {
  std::string value = hub_variable(name).value_or("");
  for (char& c : value) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return value == "1" || value == "ON" || value == "YES" || value == "TRUE";
}

fs::path hub_home_folder() {
  if (const auto home = folder_variable("HF_HOME")) return *home;
  if (const auto cache = folder_variable("XDG_CACHE_HOME")) return *cache / "huggingface";
  return folder_variable("HOME").value_or("/") / ".cache/huggingface";
}

fs::path hub_cache_folder() {
  if (const auto cache = folder_variable("HF_HUB_CACHE")) return *cache;
  if (const auto cache = folder_variable("HUGGINGFACE_HUB_CACHE")) return *cache;
  return hub_home_folder() / "hub";
}

bool is_commit_hash(std::string_view text) {
  return text.size() == kCommitLength &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool is_hub_revision(std::string_view revision) {
  const auto allowed = [](unsigned char c) { return c > ' ' && c < 0x7F && c != '\\'; };
  return !revision.empty() && revision.size() <= kLongestRevision &&
         std::all_of(revision.begin(), revision.end(), allowed) &&
         revision.find("..") == std::string_view::npos && revision.front() != '/' &&
         revision.back() != '/';
}

std::string hub_folder_name(std::string_view name) {
  std::string folder = "models--" + std::string(name);
  if (const auto slash = folder.find('/'); slash != std::string::npos) {
    folder.replace(slash, 1, "--");
  }
  return folder;
}

bool is_hub_name(std::string_view name) {
  const auto allowed = [](unsigned char c) {
    return ('a' <= c && c <= 'z') || ('A' <= c && c <= 'Z') || ('0' <= c && c <= '9') || c == '-' ||
           c == '_' || c == '.' || c == '/';
  };
  return !name.empty() && name.size() <= kLongestName &&
         std::all_of(name.begin(), name.end(), allowed) &&
         std::count(name.begin(), name.end(), '/') <= 1 && name.front() != '/' &&
         name.back() != '/' && name.front() != '.' && name.find("..") == std::string_view::npos &&
         name.find("--") == std::string_view::npos;
}

std::optional<fs::path> find_in_hub_cache(std::string_view name, std::string_view revision) {
  if (!is_hub_name(name)) return std::nullopt;
  const fs::path root = hub_cache_folder() / hub_folder_name(name);
  if (!is_folder(root / "snapshots")) return std::nullopt;
  check(is_hub_revision(revision), "revision {} is no name of a branch, tag or commit",
        quote(revision));
  const fs::path ref = root / "refs" / revision;
  std::error_code problem;
  const bool known = fs::is_regular_file(ref, problem);
  const std::string commit = is_commit_hash(revision) ? std::string(revision)
                             : known                  ? read_ref(ref)
                                                      : std::string();
  if (!commit.empty() && is_folder(root / "snapshots" / commit)) {
    return root / "snapshots" / commit;
  }
  std::vector<std::string> snapshots;
  for (const auto& entry : fs::directory_iterator(root / "snapshots", problem)) {
    snapshots.push_back(entry.path().filename().string());
  }
  std::sort(snapshots.begin(), snapshots.end());
  // A cache without refs (copied by hand) with one snapshot leaves no doubt.
  if (commit.empty() && revision == "main" && snapshots.size() == 1) {
    return root / "snapshots" / snapshots.front();
  }
  fail("{}: revision {} is not in the cache (snapshots: {})", root.string(), quote(revision),
       snapshots.empty() ? "none" : fmt::format("{}", fmt::join(snapshots, ", ")));
}

}  // namespace pellucid
