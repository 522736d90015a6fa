// SPDX-License-Identifier: Apache-2.0
// Downloads a model into the local hub cache, in the layout that the Python client reads and
// writes: blobs/ETAG, snapshots/COMMIT/FILE -> ../../blobs/ETAG, refs/REVISION, .locks/.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "pellucid/io/hub_client.h"

namespace pellucid {

struct PullOptions {
  std::string model;              ///< NAME or ORG/NAME
  std::string revision = "main";  ///< branch, tag or commit
  HubSettings settings;
  HubClient::Notice notice{};  ///< why it waits
  /// Bytes that are there of all that are wanted.
  std::function<void(std::int64_t done, std::int64_t total)> progress{};
};

/// The files that a model needs, of those a repository has: config.json, the tokenizer's, and the
/// weights: safetensors before PyTorch's; an index in place of the shards that it lists.
std::vector<std::string> wanted_files(const std::vector<std::string>& all,
                                      const std::string& model);
/// The shards that an index of weights lists, each once.
std::vector<std::string> shards_of(const std::string& index_path);

/// Returns the snapshot's folder. What is in the cache is not fetched again, a download that broke
/// off goes on where it stopped, and a file appears under its name when size and hash are right.
/// The revision is noted last, when all files are there.
std::filesystem::path pull_model(const PullOptions& options);

}  // namespace pellucid
