// SPDX-License-Identifier: Apache-2.0
#include "pellucid/io/zip_directory.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

#include "pellucid/base/error.h"
#include "pellucid/base/spelling.h"

namespace pellucid {
namespace {

constexpr std::size_t kEndLength = 22;  // of the end record, without its comment
constexpr std::size_t kLocatorLength = 20;
constexpr std::size_t kEnd64Length = 56;
constexpr std::size_t kCentralLength = 46;
constexpr std::size_t kLocalLength = 30;
constexpr std::size_t kLongestComment = 0xFFFF;
constexpr std::uint32_t kEndSignature = 0x06054b50;
constexpr std::uint32_t kLocatorSignature = 0x07064b50;
constexpr std::uint32_t kEnd64Signature = 0x06064b50;
constexpr std::uint32_t kCentralSignature = 0x02014b50;
constexpr std::uint32_t kLocalSignature = 0x04034b50;
constexpr std::uint64_t kIn64 = 0xFFFFFFFF;  // the number stands in a zip64 field
constexpr std::uint16_t kExtra64 = 1;

struct Directory {
  std::uint64_t begin = 0;
  std::uint64_t bytes = 0;
  std::uint64_t count = 0;
};

struct Record {
  std::string_view name;
  std::uint64_t stored = 0;  // bytes in the file
  std::uint64_t size = 0;    // bytes when unpacked
  std::uint64_t header = 0;  // where the local header begins
  unsigned method = 0;
  bool encrypted = false;
};

/// Little-endian numbers at places that are checked.
class Reader {
 public:
  Reader(std::string_view file, const std::string& name) : file_(file), name_(name) {}

  template <class Number>
  Number number(std::uint64_t at) const {
    Number value;
    std::memcpy(&value, text(at, sizeof value, "a record").data(), sizeof value);
    return value;
  }
  std::string_view text(std::uint64_t at, std::uint64_t length, std::string_view what) const {
    check(at <= file_.size() && length <= file_.size() - at,
          "{}: the zip file is cut off: {} of {} bytes at {} does not lie in its {} bytes", name_,
          what, length, at, file_.size());
    return file_.substr(static_cast<std::size_t>(at), static_cast<std::size_t>(length));
  }

  Directory directory() const;
  std::vector<Record> records() const;
  /// Where the data begins, behind the local header.
  std::uint64_t data_of(const Record& record) const;

 private:
  std::size_t end_record() const;
  void read_extra64(std::string_view extra, Record& record) const;
  Record record(std::uint64_t& at, std::uint64_t end) const;

  std::string_view file_;
  const std::string& name_;
};

std::size_t Reader::end_record() const {
  if (file_.size() >= kEndLength) {
    const std::size_t last = file_.size() - kEndLength;
    const std::size_t first = last > kLongestComment ? last - kLongestComment : 0;
    for (std::size_t at = last + 1; at-- > first;) {
      if (number<std::uint32_t>(at) == kEndSignature &&
          number<std::uint16_t>(at + 20) == file_.size() - at - kEndLength) {
        return at;
      }
    }
  }
  fail("{}: is a zip file without its end; it may be cut off", name_);
}

Directory Reader::directory() const {
  const std::size_t end = end_record();
  Directory found{number<std::uint32_t>(end + 16), number<std::uint32_t>(end + 12),
                  number<std::uint16_t>(end + 10)};
  std::uint64_t limit = end;
  if (end >= kLocatorLength && number<std::uint32_t>(end - kLocatorLength) == kLocatorSignature) {
    const auto at = number<std::uint64_t>(end - kLocatorLength + 8);
    text(at, kEnd64Length, "the zip64 end record");
    check(number<std::uint32_t>(at) == kEnd64Signature, "{}: has no zip64 end record at byte {}",
          name_, at);
    found = {number<std::uint64_t>(at + 48), number<std::uint64_t>(at + 40),
             number<std::uint64_t>(at + 32)};
    limit = at;
  }
  text(found.begin, found.bytes, "the central directory");
  check(found.begin + found.bytes <= limit,
        "{}: the central directory of the zip file overlaps its end record", name_);
  check(found.count <= found.bytes / kCentralLength,
        "{}: the central directory of {} bytes cannot hold {} entries", name_, found.bytes,
        found.count);
  return found;
}

/// The zip64 field holds, in this order, those of the three numbers that did not fit 32 bits.
void Reader::read_extra64(std::string_view extra, Record& record) const {
  const Reader fields(extra, name_);
  std::uint64_t at = 0;
  while (at + 4 <= extra.size()) {
    const auto kind = fields.number<std::uint16_t>(at);
    const auto length = fields.number<std::uint16_t>(at + 2);
    at += 4;
    if (kind != kExtra64) {
      at += length;
      continue;
    }
    const Reader inner(fields.text(at, length, "a zip64 field"), name_);
    std::uint64_t place = 0;
    for (std::uint64_t* value : {&record.size, &record.stored, &record.header}) {
      if (*value != kIn64) continue;
      *value = inner.number<std::uint64_t>(place);
      place += sizeof(std::uint64_t);
    }
    return;
  }
}

Record Reader::record(std::uint64_t& at, std::uint64_t end) const {
  check(at + kCentralLength <= end && number<std::uint32_t>(at) == kCentralSignature,
        "{}: the central directory of the zip file has no entry at byte {}", name_, at);
  const std::uint64_t name_length = number<std::uint16_t>(at + 28);
  const std::uint64_t extra_length = number<std::uint16_t>(at + 30);
  const std::uint64_t comment_length = number<std::uint16_t>(at + 32);
  const std::uint64_t next = at + kCentralLength + name_length + extra_length + comment_length;
  check(next <= end, "{}: an entry of the zip file's central directory reaches past its end",
        name_);
  Record found;
  found.encrypted = (number<std::uint16_t>(at + 8) & 1U) != 0;
  found.method = number<std::uint16_t>(at + 10);
  found.stored = number<std::uint32_t>(at + 20);
  found.size = number<std::uint32_t>(at + 24);
  found.header = number<std::uint32_t>(at + 42);
  found.name = text(at + kCentralLength, name_length, "a name");
  read_extra64(text(at + kCentralLength + name_length, extra_length, "a field"), found);
  at = next;
  return found;
}

std::vector<Record> Reader::records() const {
  const Directory place = directory();
  std::vector<Record> found;
  std::uint64_t at = place.begin;
  for (std::uint64_t i = 0; i < place.count; ++i) {
    found.push_back(record(at, place.begin + place.bytes));
  }
  return found;
}

std::uint64_t Reader::data_of(const Record& record) const {
  text(record.header, kLocalLength, "a local header");
  check(number<std::uint32_t>(record.header) == kLocalSignature,
        "{}: entry {} of the zip file has no local header at byte {}", name_, quote(record.name),
        record.header);
  return record.header + kLocalLength + number<std::uint16_t>(record.header + 26) +
         number<std::uint16_t>(record.header + 28);
}

}  // namespace

ZipDirectory::ZipDirectory(std::string_view file, const std::string& name) : name_(name) {
  const Reader reader(file, name_);
  std::vector<std::pair<std::uint64_t, std::uint64_t>> ranges;  // header to end of data
  for (const Record& record : reader.records()) {
    const std::uint64_t begin = reader.data_of(record);
    Entry entry{reader.text(begin, record.stored, "entry " + quote(record.name)), record.method,
                record.encrypted};
    check(record.method != 0 || record.stored == record.size,
          "{}: entry {} of the zip file has {} bytes in the file and {} unpacked, but is not "
          "compressed",
          name_, quote(record.name), record.stored, record.size);
    ranges.emplace_back(record.header, begin + record.stored);
    check(entries_.emplace(record.name, entry).second, "{}: entry {} is there twice", name_,
          quote(record.name));
  }
  std::sort(ranges.begin(), ranges.end());
  for (std::size_t i = 1; i < ranges.size(); ++i) {
    check(ranges[i].first >= ranges[i - 1].second, "{}: two entries of the zip file overlap at {}",
          name_, ranges[i].first);
  }
}

std::string_view ZipDirectory::at(std::string_view entry) const {
  const auto found = entries_.find(entry);
  check(found != entries_.end(), "{}: the zip file has no entry {}", name_, quote(entry));
  check(!found->second.encrypted, "{}: entry {} of the zip file is encrypted", name_, quote(entry));
  check(found->second.method == 0,
        "{}: entry {} of the zip file is compressed (method {}), expected it stored as it is",
        name_, quote(entry), found->second.method);
  return found->second.bytes;
}

std::string_view ZipDirectory::in_top_folder(std::string_view file) const {
  std::string_view result;
  for (const auto& [name, entry] : entries_) {
    const std::size_t slash = name.find('/');
    if (slash == 0 || slash == std::string_view::npos || name.substr(slash + 1) != file) continue;
    check(result.empty(), "{}: the zip file has {} in two folders", name_, quote(file));
    result = name;
  }
  return result;
}

}  // namespace pellucid
