// SPDX-License-Identifier: Apache-2.0
#include "pellucid/cli/lines.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "pellucid/base/error.h"
#include "pellucid/cli/signals.h"

namespace pellucid::cli {
namespace {

constexpr std::size_t kBlock = std::size_t{1} << 16;

std::string reason() { return std::generic_category().message(errno); }

}  // namespace

Lines::Lines(const std::string& path) : path_(path), name_(path == "-" ? "stdin" : path) {
  if (path == "-") {
    descriptor_ = STDIN_FILENO;
    return;
  }
  descriptor_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor_ < 0) fail("{}: cannot be read: {}", name_, reason());
  struct stat status {};
  if (::fstat(descriptor_, &status) == 0 && S_ISDIR(status.st_mode)) {
    ::close(descriptor_);
    fail("{}: is a folder, expected a file", name_);
  }
}

Lines::~Lines() {
  if (descriptor_ > STDIN_FILENO) ::close(descriptor_);
}

/// Reads a block more; false when there is none.
bool Lines::fill() {
  buffer_.erase(0, start_);
  start_ = 0;
  const std::size_t size = buffer_.size();
  buffer_.resize(size + kBlock);
  ssize_t count = -1;
  while (stop_requested() == 0) {
    count = ::read(descriptor_, buffer_.data() + size, kBlock);
    if (count >= 0 || errno != EINTR) break;
  }
  buffer_.resize(size + static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
  if (count < 0 && stop_requested() == 0) fail("{}: cannot be read: {}", name_, reason());
  return count > 0;
}

bool Lines::next(std::string& line) {
  std::size_t searched = start_;
  std::size_t end = std::string::npos;
  while ((end = buffer_.find('\n', searched)) == std::string::npos && !ended_) {
    searched = buffer_.size() - start_;  // fill() moves the rest to the front
    ended_ = !fill();
  }
  if (stop_requested() != 0 || (end == std::string::npos && start_ == buffer_.size())) return false;
  const std::size_t stop = end == std::string::npos ? buffer_.size() : end;
  line.assign(buffer_, start_, stop - start_);
  start_ = end == std::string::npos ? stop : stop + 1;
  if (line.ends_with('\r')) line.pop_back();
  if (number_ == 0 && line.starts_with("\xEF\xBB\xBF")) line.erase(0, 3);
  ++number_;
  return true;
}

bool Lines::is_regular_file() const {
  struct stat status {};
  return ::fstat(descriptor_, &status) == 0 && S_ISREG(status.st_mode);
}

bool Lines::is_ready() const {
  return ended_ || buffer_.find('\n', start_) != std::string::npos || is_regular_file();
}

std::optional<std::int64_t> Lines::count() const {
  if (!is_regular_file()) return std::nullopt;
  std::vector<char> block(kBlock);
  std::int64_t lines = 0;
  char last = '\n';
  off_t offset = 0;
  while (true) {
    const ssize_t count = ::pread(descriptor_, block.data(), block.size(), offset);
    if (count <= 0) break;
    lines += std::count(block.begin(), block.begin() + count, '\n');
    last = block[static_cast<std::size_t>(count) - 1];
    offset += count;
  }
  return lines + (last == '\n' ? 0 : 1);
}

bool next_record(Lines& lines, std::vector<std::string>& fields) {
  fields.clear();
  std::string line;
  if (!lines.next(line)) return false;
  const std::int64_t first = lines.number();
  std::string field;
  bool quoted = false;
  for (std::size_t i = 0;; ++i) {
    if (i == line.size() && quoted) {  // the field goes on in the next line
      field += '\n';
      if (!lines.next(line)) fail("{}:{}: a quote is never closed", lines.name(), first);
      i = static_cast<std::size_t>(-1);
      continue;
    }
    if (i == line.size() || (line[i] == ',' && !quoted)) {
      fields.push_back(std::move(field));
      field.clear();
      if (i == line.size()) return true;
    } else if (line[i] != '"') {
      field += line[i];
    } else if (quoted && i + 1 < line.size() && line[i + 1] == '"') {
      field += line[i++];
    } else {
      quoted = !quoted;
    }
  }
}

}  // namespace pellucid::cli
