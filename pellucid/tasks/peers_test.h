// SPDX-License-Identifier: Apache-2.0
// Recorded answers of other libraries, for the tests of this folder: a part of them stands in
// tests/goldens/peers, all of them, with more models, beside the repository.
#pragma once

#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "pellucid/base/error.h"
#include "pellucid/models/model.h"

namespace pellucid::peers {

using Json = nlohmann::json;

enum class Set { committed, full };
inline constexpr Set kSets[] = {Set::committed, Set::full};

inline std::filesystem::path source_folder() { return PELLUCID_SOURCE_DIR; }

/// Contents of a file, compressed or not.
inline std::string read_file(const std::filesystem::path& path) {
  std::unique_ptr<gzFile_s, int (*)(gzFile)> file(gzopen(path.c_str(), "rb"), gzclose);
  check(file != nullptr, "{}: cannot be read", path.string());
  std::string bytes;
  std::vector<char> buffer(1 << 16);
  for (int size = 0;
       (size = gzread(file.get(), buffer.data(), static_cast<unsigned>(buffer.size()))) > 0;) {
    bytes.append(buffer.data(), static_cast<std::size_t>(size));
  }
  return bytes;
}

/// Cases of one file; none where the set is not there. The full set is without what is committed.
inline std::vector<Json> cases(Set set, const std::string& name) {
  const auto committed = source_folder() / "tests/goldens/peers" / (name + ".json");
  const auto full = source_folder() / "../shared/golden/peers" / (name + ".json.gz");
  std::vector<Json> found;
  if (set == Set::full && !std::filesystem::exists(full)) return found;
  const Json file = Json::parse(read_file(set == Set::full ? full : committed));
  for (const Json& test : file.at("cases")) {
    if (set == Set::full && test.at("model") == "demo-emotion") continue;
    found.push_back(test);
  }
  return found;
}

/// A model by its name, loaded once; none where it is not there.
inline const Model* find_model(const std::string& name) {
  static std::map<std::string, std::optional<Model>> models;
  const auto [place, is_new] = models.try_emplace(name);
  if (is_new) {
    for (const char* folder : {"demo", "../shared/models", "../shared/golden/peers/models"}) {
      const auto path = (source_folder() / folder / name).lexically_normal();
      if (place->second || !std::filesystem::exists(path / "config.json")) continue;
      place->second = Model::load(path.string());
    }
  }
  return place->second ? &*place->second : nullptr;
}

/// Largest difference, as a share of the largest expected score.
inline double error(const std::vector<double>& found, const std::vector<double>& expected) {
  if (found.size() != expected.size()) return std::numeric_limits<double>::infinity();
  double largest = 0, worst = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    largest = std::max(largest, std::abs(expected[i]));
    worst = std::max(worst, std::abs(found[i] - expected[i]));
  }
  return largest == 0 ? worst : worst / largest;
}

inline std::vector<std::int32_t> ids(const std::vector<Token>& tokens) {
  std::vector<std::int32_t> ids;
  for (const Token& token : tokens) ids.push_back(token.id);
  return ids;
}

}  // namespace pellucid::peers
