// SPDX-License-Identifier: Apache-2.0
// Files: read by mapping them, read whole up to a limit, written under a temporary name and renamed
// when complete.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace pellucid {

/// A regular file mapped into memory, read-only. Unmapped when the last owner goes.
class MappedFile {
 public:
  /// Throws Error naming the file if it is missing, a folder, no regular file or may not be read.
  static std::shared_ptr<const MappedFile> open(const std::string& path);
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  ~MappedFile();

  const std::string& path() const { return path_; }
  const std::byte* data() const { return data_; }  ///< page aligned; null for an empty file
  std::size_t size() const { return size_; }       ///< bytes
  /// Tells the system that bytes will not be read soon: those of whole pages no longer count as the
  /// process's memory, and come back from the file when they are read again. Does nothing for
  /// memory that no open MappedFile holds.
  static void set_aside(const void* data, std::size_t size);

  std::string_view text() const { return {reinterpret_cast<const char*>(data_), size_}; }

 private:
  MappedFile(std::string path, const std::byte* data, std::size_t size)
      : path_(std::move(path)), data_(data), size_(size) {}

  std::string path_;
  const std::byte* data_;
  std::size_t size_;
};

/// All bytes of a file, pipe or terminal. Throws Error if there are more than `limit`.
std::string read_text_file(const std::string& path, std::size_t limit);

/// Output that appears under its name only when it is complete: written to a temporary name in the
/// same folder, renamed by commit(), removed if destroyed before. Devices and pipes (/dev/stdout)
/// are written to directly. The constructor throws Error if the folder is missing or closed to us.
class AtomicFile {
 public:
  explicit AtomicFile(const std::string& path);
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  ~AtomicFile();

  void write(const void* data, std::size_t size);
  void write(std::string_view text) { write(text.data(), text.size()); }
  /// Nothing may be written after it.
  void commit();

 private:
  void open_temporary(const std::string& folder);
  void discard();

  std::string path_;       // as given, for messages
  std::string target_;     // path with links followed
  std::string temporary_;  // empty: written directly, committed
  int descriptor_ = -1;
};

}  // namespace pellucid
