// SPDX-License-Identifier: Apache-2.0
// Lines of a file or of standard input, one at a time: memory does not grow with the file.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace pellucid::cli {

class Lines {
 public:
  /// "-" is standard input. Throws Error if the file cannot be read.
  explicit Lines(const std::string& path);
  Lines(const Lines&) = delete;
  Lines& operator=(const Lines&) = delete;
  ~Lines();

  /// Without its line end (LF or CR LF); a byte order mark at the front of the file is dropped.
  /// False at the end, and when the program is asked to stop.
  bool next(std::string& line);
  const std::string& name() const { return name_; }  ///< "stdin" for "-"
  std::int64_t number() const { return number_; }    ///< of the line last read, from 1
  /// True when next() answers without waiting for whoever writes the other end.
  bool is_ready() const;
  /// Of a regular file, counted without keeping it; none for pipes.
  std::optional<std::int64_t> count() const;

 private:
  bool fill();
  bool is_regular_file() const;

  std::string path_;
  std::string name_;
  int descriptor_ = -1;
  std::string buffer_;
  std::size_t start_ = 0;  // of what is not read yet
  bool ended_ = false;
  std::int64_t number_ = 0;
};

/// RFC 4180: fields between commas; a field in double quotes may hold commas, line ends and doubled
/// quotes. False at the end. Throws Error naming the line for a quote that is never closed.
bool next_record(Lines& lines, std::vector<std::string>& fields);

}  // namespace pellucid::cli
