// SPDX-License-Identifier: Apache-2.0
// The cache that Hugging Face's libraries share: CACHE/models--ORG--NAME/refs/main names a commit,
// snapshots/COMMIT holds its files. https://huggingface.co/docs/huggingface_hub/guides/manage-cache
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace pellucid {

/// An environment variable that is set and not empty.
std::optional<std::string> hub_variable(const char* name);
/// It is 1, on, yes or true.
bool hub_switch(const char* name);

/// HF_HOME, else XDG_CACHE_HOME/huggingface, else ~/.cache/huggingface. A leading ~ and $NAME in
/// these variables are expanded.
std::filesystem::path hub_home_folder();
/// HF_HUB_CACHE, else hub_home_folder()/hub.
std::filesystem::path hub_cache_folder();

/// "NAME" or "ORG/NAME" of letters, digits and - _ . : what the hub takes as a name.
bool is_hub_name(std::string_view name);

/// 40 hexadecimal digits.
bool is_commit_hash(std::string_view text);
/// Fit for a branch, a tag or a commit, and for a path below refs/.
bool is_hub_revision(std::string_view revision);
/// "models--ORG--NAME"
std::string hub_folder_name(std::string_view name);

/// The snapshot of a cached model; none when nothing of that name is cached. revision: a branch, a
/// tag or a commit. Throws Error when the model is there but the revision is not.
std::optional<std::filesystem::path> find_in_hub_cache(std::string_view name,
                                                       std::string_view revision = "main");

}  // namespace pellucid
