// SPDX-License-Identifier: Apache-2.0
#include "pellucid/io/hub_cache.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "pellucid/base/error.h"
#include "pellucid/io/checkpoint.h"
#include "pellucid/io/hub_pull.h"

namespace pellucid {
namespace {

namespace fs = std::filesystem;

const std::string kCommit = "0123456789abcdef0123456789abcdef01234567";
const std::string kOther(40, 'a');

class HubCache : public testing::Test {
 protected:
  void SetUp() override {
    for (const char* name :
         {"HF_HOME", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "XDG_CACHE_HOME"}) {
      ::unsetenv(name);
    }
    base_ = fs::temp_directory_path() / ("pellucid_hub_" + std::to_string(::getpid()));
    ::setenv("HF_HUB_CACHE", base_.c_str(), 1);
    root_ = base_ / "models--org--name";
  }
  void TearDown() override {
    ::unsetenv("HF_HUB_CACHE");
    fs::remove_all(base_);
  }
  void put(const fs::path& path, const std::string& text) const {
    fs::create_directories(path.parent_path());
    std::ofstream(path) << text;
  }

  fs::path base_, root_;
};

TEST_F(HubCache, FolderByTheFirstVariableThatIsSet) {
  ::setenv("HOME", "/h", 1);
  EXPECT_EQ(hub_cache_folder(), base_);
  ::unsetenv("HF_HUB_CACHE");
  EXPECT_EQ(hub_cache_folder(), "/h/.cache/huggingface/hub");
  ::setenv("XDG_CACHE_HOME", "/x", 1);
  EXPECT_EQ(hub_cache_folder(), "/x/huggingface/hub");
  ::setenv("HF_HOME", "~/y/${XDG_CACHE_HOME}$NOT_THERE/$", 1);
  EXPECT_EQ(hub_home_folder(), "/h/y//x$NOT_THERE/$");
  ::setenv("HUGGINGFACE_HUB_CACHE", "/z", 1);
  EXPECT_EQ(hub_cache_folder(), "/z");
  for (const char* name : {"HF_HOME", "HUGGINGFACE_HUB_CACHE", "XDG_CACHE_HOME"}) ::unsetenv(name);
}

TEST_F(HubCache, FindsBranchesTagsAndCommits) {
  EXPECT_EQ(find_in_hub_cache("org/name"), std::nullopt);
  put(root_ / "snapshots" / kCommit / "config.json", "{}");
  EXPECT_EQ(find_in_hub_cache("org/name"), root_ / "snapshots" / kCommit);  // the only one
  put(root_ / "snapshots" / kOther / "config.json", "{}");
  EXPECT_THROW(find_in_hub_cache("org/name"), Error);
  put(root_ / "refs/main", kOther + "\n");
  put(root_ / "refs/refs/pr/1", kCommit);
  put(root_ / "refs/gone", std::string(40, 'b'));
  put(root_ / "refs/broken", "nothing");
  EXPECT_EQ(find_in_hub_cache("org/name"), root_ / "snapshots" / kOther);
  EXPECT_EQ(find_in_hub_cache("org/name", "refs/pr/1"), root_ / "snapshots" / kCommit);
  EXPECT_EQ(find_in_hub_cache("org/name", kCommit), root_ / "snapshots" / kCommit);
  for (const char* revision : {"gone", "broken", "v9", "../main", "/main", "", "a b"}) {
    EXPECT_THROW(find_in_hub_cache("org/name", revision), Error) << revision;
  }
}

TEST_F(HubCache, SharedBlobsBelongToTheModel) {
  const fs::path snapshot = root_ / "snapshots" / kCommit;
  const float value = 1;
  fs::create_directories(base_ / "blobs/ab");
  fs::create_directories(root_ / "blobs");
  save_safetensors((base_ / "blobs/ab/abc").string(), {{"a", DType::f32, {1}, &value, 4, nullptr}});
  fs::create_symlink("../../blobs/ab/abc", root_ / "blobs/1");
  put(snapshot / "config.json", "{}");
  put(snapshot / "model.safetensors.index.json", R"({"weight_map":{"a":"1.safetensors"}})");
  fs::create_symlink("../../blobs/1", snapshot / "1.safetensors");
  EXPECT_EQ(Checkpoint::open(snapshot.string()).names(), std::vector<std::string>{"a"});
}

TEST(HubNames, AreChecked) {
  for (const char* name : {"name", "org/name", "a-b_c.d/E"}) EXPECT_TRUE(is_hub_name(name)) << name;
  for (const char* name : {"", "a/b/c", "../a", "a--b", "/a", "a/", "a b", "a@b", ".a"}) {
    EXPECT_FALSE(is_hub_name(name)) << name;
  }
  EXPECT_EQ(hub_folder_name("org/name"), "models--org--name");
}

TEST(HubFiles, SafetensorsBeforePyTorch) {
  using Names = std::vector<std::string>;
  EXPECT_EQ(wanted_files({"pytorch_model.bin", "model.safetensors", "config.json", "x.py"}, "m"),
            (Names{"config.json", "model.safetensors"}));
  EXPECT_EQ(wanted_files({"pytorch_model.bin", "vocab.txt", "config.json", "tf_model.h5"}, "m"),
            (Names{"config.json", "vocab.txt", "pytorch_model.bin"}));
  EXPECT_EQ(wanted_files({"model.safetensors.index.json", "pytorch_model.bin", "config.json"}, "m"),
            (Names{"config.json", "model.safetensors.index.json"}));
  EXPECT_THROW(wanted_files({"config.json", "tf_model.h5"}, "m"), Error);
}

TEST(Http, OriginsOfAddresses) {
  EXPECT_EQ(http_origin("https://Host/a?b"), "https://host:443");
  EXPECT_EQ(http_origin("HTTP://h:81/https://x"), "http://h:81");
  EXPECT_EQ(http_origin("https://hub.example@evil.example/x"), "https://evil.example:443");
  EXPECT_EQ(http_origin("http://[::1]:80/x"), "http://[::1]:80");
  EXPECT_EQ(http_origin("http://[::1]/x"), "http://[::1]:80");
  for (const char* url : {"ftp://h/", "file:///x", "h/x", "http://", ""}) {
    EXPECT_EQ(http_origin(url), "") << url;
  }
}

TEST(Http, RedirectsAreRelativeToTheirAddress) {
  const std::string base = "https://h:1/a/b?c";
  EXPECT_EQ(http_join(base, "http://x/y"), "http://x/y");
  EXPECT_EQ(http_join(base, "//x/y"), "https://x/y");
  EXPECT_EQ(http_join(base, "/x?u=http://y"), "https://h:1/x?u=http://y");
  EXPECT_EQ(http_join(base, "x"), "https://h:1/a/x");
  EXPECT_EQ(http_join("https://h", "x"), "https://h/x");
  EXPECT_EQ(http_join("https://h", "/x"), "https://h/x");
}

}  // namespace
}  // namespace pellucid
