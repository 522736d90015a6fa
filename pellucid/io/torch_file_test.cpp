// SPDX-License-Identifier: Apache-2.0
// Files as torch.save writes them, and broken ones: tests/goldens/torch.
#include "pellucid/io/torch_file.h"

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "pellucid/base/error.h"
#include "pellucid/base/file.h"

namespace pellucid {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

const fs::path kGoldens = fs::path(PELLUCID_SOURCE_DIR) / "tests/goldens/torch";

Json manifest() { return Json::parse(std::ifstream(kGoldens / "manifest.json")); }

TEST(TorchFile, HoldsTheTensorsOfEveryForm) {
  const Json all = manifest();
  for (const auto& [name, tensors] : all["good"].items()) {
    SCOPED_TRACE(name);
    const TorchFile file = TorchFile::open((kGoldens / (name + ".bin")).string());
    ASSERT_EQ(file.tensors().size(), tensors.size());
    for (const TensorView& view : file.tensors()) {
      SCOPED_TRACE(view.name);
      const Json& expected = tensors.at(view.name);
      EXPECT_EQ(pellucid::name(view.dtype), expected["dtype"].get<std::string>());
      EXPECT_EQ(view.shape, expected["shape"].get<std::vector<std::int64_t>>());
      if (is_floating(view.dtype)) {
        EXPECT_EQ(view.floats(), expected["values"].get<std::vector<float>>());
      } else {
        EXPECT_EQ(view.integers(), expected["values"].get<std::vector<std::int64_t>>());
      }
    }
  }
}

TEST(TorchFile, MapsWhatIsContiguous) {
  const std::string path = (kGoldens / "zip-views.bin").string();
  const auto bytes = MappedFile::open(path);
  const TorchFile file = TorchFile::parse(bytes->data(), bytes->size(), path, bytes);
  for (const TensorView& view : file.tensors()) {
    const auto* data = static_cast<const std::byte*>(view.data);
    const bool inside = data >= bytes->data() && data < bytes->data() + bytes->size();
    const bool copied = view.name == "transposed" || view.name == "column" ||
                        view.name == "three" || view.name == "repeated";
    EXPECT_EQ(inside, !copied && view.bytes > 0) << view.name;
  }
}

TEST(TorchFile, RefusesWhatIsBrokenOrHostile) {
  const Json all = manifest();
  for (const auto& [name, words] : all["bad"].items()) {
    SCOPED_TRACE(name);
    std::string message;
    const auto start = std::chrono::steady_clock::now();
    try {
      TorchFile::open((kGoldens / ("bad-" + name + ".bin")).string());
    } catch (const Error& error) {
      message = error.what();
    }
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    EXPECT_LT(seconds.count(), 1.0);
    EXPECT_NE(message.find("bad-" + name + ".bin: "), std::string::npos) << message;
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
    EXPECT_LT(message.size(), 1000U);
    for (const std::string word : words) {
      EXPECT_NE(message.find(word), std::string::npos) << '"' << word << "\" not in: " << message;
    }
  }
}

/// Every file cut at every place, and with every byte changed: an Error or tensors, no crash.
TEST(TorchFile, SurvivesAnyDamage) {
  for (const char* name : {"zip.bin", "legacy.bin", "zip64.bin", "zip-views.bin"}) {
    const std::string whole = read_text_file((kGoldens / name).string(), 1 << 20);
    const auto parse = [&](const std::string& file) {
      try {
        const TorchFile parsed = TorchFile::parse(file.data(), file.size(), name);
        for (const TensorView& view : parsed.tensors()) {
          if (is_floating(view.dtype)) view.floats();
        }
      } catch (const Error&) {
      }
    };
    for (std::size_t i = 0; i < whole.size(); ++i) {
      parse(whole.substr(0, i));
      for (const char changed : {'\0', '\x7f', '\xff', 'K'}) {
        std::string damaged = whole;
        damaged[i] = changed;
        parse(damaged);
      }
    }
  }
}

}  // namespace
}  // namespace pellucid
