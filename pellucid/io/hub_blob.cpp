// SPDX-License-Identifier: Apache-2.0
#include "pellucid/io/hub_blob.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "pellucid/base/error.h"
#include "pellucid/base/file.h"
#include "pellucid/base/sha1.h"
#include "pellucid/base/sha256.h"

namespace pellucid {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kSha256Digits = 64;
constexpr std::size_t kSha1Digits = 40;

[[noreturn]] void fail_write(const fs::path& path) {
  fail("{}: cannot be written: {}", path.string(), std::generic_category().message(errno));
}

int open_file(const fs::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
  if (descriptor < 0) fail_write(path);
  return descriptor;
}

template <class Digest>
std::string hex(const Digest& digest) {
  std::string text;
  for (const std::uint8_t byte : digest) text += fmt::format("{:02x}", byte);
  return text;
}

}  // namespace

FileLock::FileLock(const fs::path& path, const std::function<void()>& on_wait)
    : descriptor_(open_file(path)) {
  if (::flock(descriptor_, LOCK_EX | LOCK_NB) == 0) return;
  if (errno == EWOULDBLOCK) {
    on_wait();
    while (::flock(descriptor_, LOCK_EX) != 0) {
      if (errno != EINTR) break;
    }
  }
  // File systems without locks (ENOLCK, ENOTSUP) leave it at that: a file still appears whole.
}

FileLock::~FileLock() { ::close(descriptor_); }

PartialFile::PartialFile(fs::path path) : path_(std::move(path)), descriptor_(open_file(path_)) {
  struct stat status {};
  if (::fstat(descriptor_, &status) != 0) {
    ::close(descriptor_);
    fail_write(path_);
  }
  size_ = status.st_size;
}

PartialFile::~PartialFile() { ::close(descriptor_); }

void PartialFile::truncate(std::int64_t size) {
  if (::ftruncate(descriptor_, size) != 0) fail_write(path_);
  size_ = size;
}

void PartialFile::write(std::int64_t offset, std::string_view bytes) {
  if (offset != size_) truncate(offset);
  while (!bytes.empty()) {
    const ssize_t count = ::pwrite(descriptor_, bytes.data(), bytes.size(), size_);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail_write(path_);
    size_ += count;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

void PartialFile::rename(const fs::path& target) {
  if (::rename(path_.c_str(), target.c_str()) != 0) fail_write(target);
}

fs::path incomplete_name(const fs::path& blob) { return blob.string() + ".incomplete"; }

std::string hash_problem(const fs::path& path, const std::string& etag) {
  const bool hexadecimal = etag.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (!hexadecimal || (etag.size() != kSha256Digits && etag.size() != kSha1Digits)) return "";
  const auto file = MappedFile::open(path.string());
  const bool is_sha256 = etag.size() == kSha256Digits;
  const std::string found =
      is_sha256 ? hex(sha256(file->text())) : hex(git_blob_hash(file->text()));
  if (found == etag) return "";
  return fmt::format("what came has the {} {}, expected {}", is_sha256 ? "SHA-256" : "git hash",
                     found, etag);
}

void link_blob(const fs::path& blob, const fs::path& link) {
  fs::create_directories(link.parent_path());
  std::error_code problem;
  fs::remove(link, problem);  // a link whose blob is gone
  fs::create_symlink(
      fs::relative(fs::absolute(blob).parent_path(), fs::absolute(link).parent_path()) /
          blob.filename(),
      link, problem);
  if (!problem) return;
  const fs::path temporary = incomplete_name(link);
  fs::copy_file(blob, temporary, fs::copy_options::overwrite_existing);
  fs::rename(temporary, link);
}

}  // namespace pellucid
