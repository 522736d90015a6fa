// SPDX-License-Identifier: Apache-2.0
// The cache that Hugging Face's libraries share: CACHE/models--ORG--NAME/refs/main names a commit,
// snapshots/COMMIT holds its files. https://huggingface.co/docs/huggingface_hub/guides/manage-cache
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace pellucid {

/// HF_HUB_CACHE, else HF_HOME/hub, else XDG_CACHE_HOME/huggingface/hub, else
/// ~/.cache/huggingface/hub.
std::filesystem::path hub_cache_folder();

/// "NAME" or "ORG/NAME" of letters, digits and - _ . : what the hub takes as a name.
bool is_hub_name(std::string_view name);

/// The snapshot of a cached model; none when nothing of that name is cached. revision: a branch, a
/// tag or a commit. Throws Error when the model is there but the revision is not.
std::optional<std::filesystem::path> find_in_hub_cache(std::string_view name,
                                                       std::string_view revision = "main");

}  // namespace pellucid
