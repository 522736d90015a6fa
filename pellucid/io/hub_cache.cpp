// SPDX-License-Identifier: Apache-2.0
#include "pellucid/io/hub_cache.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>
#include <vector>

#include "pellucid/base/error.h"
#include "pellucid/base/file.h"
#include "pellucid/base/spelling.h"

namespace pellucid {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLongestName = 96;
constexpr std::size_t kLongestRef = 4096;
constexpr std::size_t kCommitLength = 40;

/// Set and not empty.
std::optional<fs::path> variable(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr || *value == '\0') return std::nullopt;
  return fs::path(value);
}

bool is_commit(std::string_view text) {
  return text.size() == kCommitLength &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool is_folder(const fs::path& path) {
  std::error_code problem;
  return fs::is_directory(path, problem);
}

std::string read_ref(const fs::path& path) {
  std::string commit = read_text_file(path.string(), kLongestRef);
  commit.erase(commit.find_last_not_of(" \t\r\n") + 1);
  check(is_commit(commit), "{}: holds {}, expected a commit", path.string(), quote(commit));
  return commit;
}

}  // namespace

fs::path hub_cache_folder() {
  if (const auto cache = variable("HF_HUB_CACHE")) return *cache;
  if (const auto cache = variable("HUGGINGFACE_HUB_CACHE")) return *cache;
  if (const auto home = variable("HF_HOME")) return *home / "hub";
  if (const auto cache = variable("XDG_CACHE_HOME")) return *cache / "huggingface/hub";
  return variable("HOME").value_or("/") / ".cache/huggingface/hub";
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
  std::string folder = "models--" + std::string(name);
  if (const auto slash = folder.find('/'); slash != std::string::npos) {
    folder.replace(slash, 1, "--");
  }
  const fs::path root = hub_cache_folder() / folder;
  if (!is_folder(root / "snapshots")) return std::nullopt;
  check(revision.find("..") == std::string_view::npos && !revision.starts_with('/'),
        "revision {} is no name of a branch, tag or commit", quote(revision));
  const fs::path ref = root / "refs" / revision;
  std::error_code problem;
  const bool known = fs::is_regular_file(ref, problem);
  const std::string commit = is_commit(revision) ? std::string(revision)
                             : known             ? read_ref(ref)
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
