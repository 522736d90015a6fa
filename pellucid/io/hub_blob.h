// SPDX-License-Identifier: Apache-2.0
// Files of the hub's cache while they are made: the lock that downloads of one file take turns by,
// the part that has come, the check of its hash, the link from a snapshot.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

namespace pellucid {

/// An exclusive flock(2) on a file, which is made if need be; the Python client locks the same way.
class FileLock {
 public:
  /// Waits for it; on_wait is called once if another holds it.
  FileLock(const std::filesystem::path& path, const std::function<void()>& on_wait);
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;
  ~FileLock();

 private:
  int descriptor_;
};

/// What has come of a file. It stays there when a download breaks off.
class PartialFile {
 public:
  explicit PartialFile(std::filesystem::path path);
  PartialFile(const PartialFile&) = delete;
  PartialFile& operator=(const PartialFile&) = delete;
  ~PartialFile();

  const std::filesystem::path& path() const { return path_; }
  std::int64_t size() const { return size_; }
  void truncate(std::int64_t size);
  /// Whatever was there from `offset` on is gone.
  void write(std::int64_t offset, std::string_view bytes);
  void rename(const std::filesystem::path& target);

 private:
  std::filesystem::path path_;
  int descriptor_;
  std::int64_t size_ = 0;
};

/// "BLOB.incomplete"
std::filesystem::path incomplete_name(const std::filesystem::path& blob);

/// A tag of 64 hexadecimal digits is the SHA-256 of a file, one of 40 its name in git; others tell
/// nothing. Returns what is wrong, "" if nothing is.
std::string hash_problem(const std::filesystem::path& path, const std::string& etag);

/// Makes `link` a relative link to the blob, or a copy where the file system has no links.
void link_blob(const std::filesystem::path& blob, const std::filesystem::path& link);

}  // namespace pellucid
