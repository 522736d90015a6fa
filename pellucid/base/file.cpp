// SPDX-License-Identifier: Apache-2.0
#include "pellucid/base/file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <filesystem>
#include <map>
#include <mutex>
#include <system_error>
#include <utility>

#include "pellucid/base/error.h"

namespace pellucid {
namespace {

std::string reason(int number) { return std::generic_category().message(number); }

/// Closes a descriptor at the end of a scope.
class Descriptor {
 public:
  explicit Descriptor(int value) : value_(value) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (value_ >= 0) ::close(value_);
  }
  int value() const { return value_; }

 private:
  int value_;
};

int open_for_reading(const std::string& path, int flags) {
  check(!path.empty(), "the name of a file to read is empty");
  check(path.find('\0') == std::string::npos, "the name of a file to read holds a NUL byte");
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | flags);
  if (descriptor < 0) fail("{}: cannot be read: {}", path, reason(errno));
  return descriptor;
}

struct stat status_of(const std::string& path, int descriptor) {
  struct stat status {};
  if (::fstat(descriptor, &status) != 0) fail("{}: cannot be read: {}", path, reason(errno));
  check(!S_ISDIR(status.st_mode), "{}: is a folder, expected a file", path);
  return status;
}

/// Address and size of each mapping: only of those may pages be given up.
struct Mappings {
  std::mutex mutex;
  std::map<const std::byte*, std::size_t> sizes;
};

/// Never destroyed: a model in a static variable may outlive it.
Mappings& mappings() {
  static auto* const all = new Mappings;
  return *all;
}

}  // namespace

std::shared_ptr<const MappedFile> MappedFile::open(const std::string& path) {
  // O_NONBLOCK: a pipe in a model's folder must be refused, not waited for.
  const Descriptor descriptor(open_for_reading(path, O_NONBLOCK));
  const struct stat status = status_of(path, descriptor.value());
  check(S_ISREG(status.st_mode), "{}: is not a regular file", path);
  const auto size = static_cast<std::size_t>(status.st_size);
  const void* data = nullptr;
  if (size > 0) {
    data = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor.value(), 0);
    if (data == MAP_FAILED) fail("{}: cannot be mapped: {}", path, reason(errno));
    const std::lock_guard lock(mappings().mutex);
    mappings().sizes[static_cast<const std::byte*>(data)] = size;
  }
  return std::shared_ptr<const MappedFile>(
      new MappedFile(path, static_cast<const std::byte*>(data), size));
}

MappedFile::~MappedFile() {
  if (size_ == 0) return;
  const std::lock_guard lock(mappings().mutex);
  mappings().sizes.erase(data_);
  ::munmap(const_cast<std::byte*>(data_), size_);
}

void MappedFile::set_aside(const void* data, std::size_t size) {
  const auto* begin = static_cast<const std::byte*>(data);
  const std::lock_guard lock(mappings().mutex);
  auto mapping = mappings().sizes.upper_bound(begin);
  if (mapping == mappings().sizes.begin()) return;
  --mapping;
  const auto offset = static_cast<std::size_t>(begin - mapping->first);
  if (offset >= mapping->second || size > mapping->second - offset) return;
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  const std::size_t first = (offset + page - 1) / page * page;
  const std::size_t end = (offset + size) / page * page;
  if (first >= end) return;
  ::madvise(const_cast<std::byte*>(mapping->first + first), end - first, MADV_DONTNEED);
}

std::string read_text_file(const std::string& path, std::size_t limit) {
  const Descriptor descriptor(open_for_reading(path, 0));
  const struct stat status = status_of(path, descriptor.value());
  const auto too_long = [&] { fail("{}: is longer than {} bytes", path, limit); };
  std::string text;
  if (S_ISREG(status.st_mode)) {
    if (static_cast<std::uintmax_t>(status.st_size) > limit) too_long();
    text.reserve(static_cast<std::size_t>(status.st_size));
  }
  char buffer[1 << 16];
  while (true) {
    const ssize_t count = ::read(descriptor.value(), buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail("{}: cannot be read: {}", path, reason(errno));
    if (count == 0) return text;
    if (static_cast<std::size_t>(count) > limit - text.size()) too_long();
    text.append(buffer, static_cast<std::size_t>(count));
  }
}

AtomicFile::AtomicFile(const std::string& path) : path_(path), target_(path) {
  namespace fs = std::filesystem;
  check(!path.empty(), "the name of a file to write is empty");
  check(path.find('\0') == std::string::npos, "the name of a file to write holds a NUL byte");
  std::error_code problem;
  const fs::file_status status = fs::status(path, problem);
  check(status.type() != fs::file_type::none, "{}: cannot be written: {}", path, problem.message());
  check(!fs::is_directory(status), "{}: is a folder, expected the name of a file", path);
  if (fs::exists(status) && !fs::is_regular_file(status)) {
    descriptor_ = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
    if (descriptor_ < 0) fail("{}: cannot be written: {}", path, reason(errno));
    return;
  }
  if (fs::exists(status)) target_ = fs::canonical(path, problem).string();
  const fs::path folder = fs::path(target_).parent_path();
  const std::string shown = folder.empty() ? "." : folder.string();
  check(fs::is_directory(shown, problem), "{}: cannot be written: there is no folder {}", path,
        shown);
  check(fs::path(target_).has_filename(), "{}: expected the name of a file", path);
  open_temporary(folder.string());
  // A file that is overwritten keeps its permissions.
  const auto mode = static_cast<mode_t>(status.permissions() & fs::perms::mask);
  if (!fs::exists(status) || ::fchmod(descriptor_, mode) == 0) return;
  const int number = errno;
  discard();
  fail("{}: cannot be written: {}", path, reason(number));
}

void AtomicFile::open_temporary(const std::string& folder) {
  static std::atomic<unsigned> count{0};
  // A name may be taken by a file that a killed process of the same number left behind.
  for (int attempt = 0; attempt < 1000; ++attempt) {
    const std::string hidden = fmt::format(".pellucid-{}-{}.tmp", ::getpid(), count.fetch_add(1));
    temporary_ = (std::filesystem::path(folder) / hidden).string();
    descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (descriptor_ >= 0) return;
    if (errno != EEXIST) break;
  }
  fail("{}: cannot be written: {}", path_, reason(errno));
}

void AtomicFile::discard() {
  if (descriptor_ >= 0) ::close(descriptor_);
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

AtomicFile::~AtomicFile() { discard(); }

void AtomicFile::write(const void* data, std::size_t size) {
  const char* rest = static_cast<const char*>(data);
  while (size > 0) {
    const ssize_t count = ::write(descriptor_, rest, size);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail("{}: cannot be written: {}", path_, reason(errno));
    rest += count;
    size -= static_cast<std::size_t>(count);
  }
}

void AtomicFile::commit() {
  const int descriptor = std::exchange(descriptor_, -1);
  if (::close(descriptor) != 0) fail("{}: cannot be written: {}", path_, reason(errno));
  if (temporary_.empty()) return;
  if (::rename(temporary_.c_str(), target_.c_str()) != 0) {
    fail("{}: cannot be written: {}", path_, reason(errno));
  }
  temporary_.clear();
}

}  // namespace pellucid
