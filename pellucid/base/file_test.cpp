// SPDX-License-Identifier: Apache-2.0
#include "pellucid/base/file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "pellucid/base/error.h"

namespace pellucid {
namespace {

namespace fs = std::filesystem;

class File : public testing::Test {
 protected:
  void SetUp() override {
    folder_ =
        fs::temp_directory_path() / ("pellucid_file_" + std::to_string(::getpid()) +
                                     testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  void put(const std::string& name, const std::string& text) const {
    std::ofstream(path(name)) << text;
  }
  std::size_t file_count() const {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(folder_), fs::directory_iterator()));
  }

  fs::path folder_;
};

template <class Action>
void expect_error(const std::string& part, const Action& action) {
  try {
    action();
    ADD_FAILURE() << "no error";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
  }
}

TEST_F(File, MapsAFileAndOutlivesItsName) {
  put("a", "some bytes");
  const auto file = MappedFile::open(path("a"));
  fs::remove(path("a"));
  EXPECT_EQ(file->text(), "some bytes");
  EXPECT_EQ(file->path(), path("a"));
}

TEST_F(File, MapsAnEmptyFile) {
  put("a", "");
  const auto file = MappedFile::open(path("a"));
  EXPECT_EQ(file->size(), 0U);
  EXPECT_EQ(file->text(), "");
}

TEST_F(File, RefusesWhatIsNoFile) {
  ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0600), 0);
  expect_error("nothing: cannot be read: No such file", [&] { MappedFile::open(path("nothing")); });
  expect_error("is a folder", [&] { MappedFile::open(folder_.string()); });
  expect_error("is not a regular file", [&] { MappedFile::open(path("pipe")); });
  expect_error("is a folder", [&] { read_text_file(folder_.string(), 10); });
  expect_error("cannot be read", [&] { read_text_file(path("nothing"), 10); });
  expect_error("is empty", [&] { read_text_file("", 10); });
  expect_error("NUL", [&] { read_text_file(std::string("a\0b", 3), 10); });
}

TEST_F(File, ReadsUpToTheLimit) {
  put("a", "12345");
  EXPECT_EQ(read_text_file(path("a"), 5), "12345");
  expect_error("longer than 4 bytes", [&] { read_text_file(path("a"), 4); });
  expect_error("longer than 100000 bytes", [&] { read_text_file("/dev/zero", 100'000); });
}

TEST_F(File, WriteAppearsAtCommit) {
  put("out", "old");
  fs::permissions(path("out"), fs::perms::owner_read | fs::perms::owner_write);
  AtomicFile file(path("out"));
  file.write("new ");
  file.write("text");
  EXPECT_EQ(read_text_file(path("out"), 100), "old");
  file.commit();
  EXPECT_EQ(read_text_file(path("out"), 100), "new text");
  EXPECT_EQ(fs::status(path("out")).permissions(), fs::perms::owner_read | fs::perms::owner_write);
  EXPECT_EQ(file_count(), 1U);
}

TEST_F(File, NothingIsLeftWithoutCommit) {
  {
    AtomicFile file(path("out"));
    file.write("half");
  }
  EXPECT_EQ(file_count(), 0U);
}

TEST_F(File, TakesTheLongestName) {
  AtomicFile file(path(std::string(255, 'n')));
  file.commit();
  EXPECT_TRUE(fs::exists(path(std::string(255, 'n'))));
}

TEST_F(File, FollowsALinkAndKeepsIt) {
  put("target", "old");
  fs::create_symlink("target", path("link"));
  AtomicFile file(path("link"));
  file.write("new");
  file.commit();
  EXPECT_TRUE(fs::is_symlink(path("link")));
  EXPECT_EQ(read_text_file(path("target"), 100), "new");
}

TEST_F(File, WritesToDevices) {
  AtomicFile file("/dev/null");
  file.write("text");
  file.commit();
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
}

TEST_F(File, RefusesPlacesBeforeAnyWork) {
  expect_error("there is no folder", [&] { AtomicFile(path("no/out")); });
  expect_error("is a folder", [&] { AtomicFile(folder_.string()); });
  expect_error("is empty", [&] { AtomicFile(""); });
  expect_error("NUL", [&] { AtomicFile(std::string("a\0b", 3)); });
  put("file", "");
  expect_error("there is no folder", [&] { AtomicFile(path("file/out")); });
  expect_error("cannot be written", [&] { AtomicFile(path(std::string(300, 'n'))); });
  EXPECT_EQ(file_count(), 1U);
}

TEST(MappedFile, PagesSetAsideComeBackAndOtherMemoryIsLeftAlone) {
  const std::string path = testing::TempDir() + "/pellucid_set_aside";
  const std::string text(3 << 16, 'x');
  {
    AtomicFile file(path);
    file.write(text);
    file.commit();
  }
  const auto file = MappedFile::open(path);
  EXPECT_EQ(file->text(), text);
  MappedFile::set_aside(file->data() + 10, file->size() - 10);
  EXPECT_EQ(file->text(), text);
  MappedFile::set_aside(file->data(), file->size() + 1);  // beyond the end: nothing is done
  std::string heap(3 << 16, 'y');
  MappedFile::set_aside(heap.data(), heap.size());
  EXPECT_EQ(heap, std::string(3 << 16, 'y'));
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace pellucid
