// SPDX-License-Identifier: Apache-2.0
#include "pellucid/text/unicode.h"

#include <algorithm>
#include <cstring>

#include "pellucid/base/error.h"

namespace pellucid {
namespace {

constexpr std::int64_t kBlock = 64;

bool is_continuation(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

/// Number of bytes at the start of `bytes` that are ASCII, eight at a time.
std::size_t ascii_prefix(std::string_view bytes) {
  std::size_t size = 0;
  for (; size + 8 <= bytes.size(); size += 8) {
    std::uint64_t eight = 0;
    std::memcpy(&eight, bytes.data() + size, 8);
    if (eight & 0x8080808080808080ULL) break;
  }
  while (size < bytes.size() && static_cast<unsigned char>(bytes[size]) < 0x80) ++size;
  return size;
}

/// Length of the sequence that this lead byte opens, 0 if it opens none.
std::size_t sequence_length(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead < 0xC2) return 0;
  if (lead < 0xE0) return 2;
  if (lead < 0xF0) return 3;
  return lead < 0xF5 ? 4 : 0;
}

/// Decodes one character at the start of `bytes`; length 0 means invalid.
std::size_t decode_one(std::string_view bytes, char32_t& character) {
  static constexpr char32_t kSmallest[5] = {0, 0, 0x80, 0x800, 0x10000};
  const auto lead = static_cast<unsigned char>(bytes[0]);
  const std::size_t length = sequence_length(lead);
  if (length == 0 || length > bytes.size()) return 0;
  if (length == 1) {
    character = lead;
    return 1;
  }
  char32_t value = lead & (0x7FU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if (!is_continuation(bytes[i])) return 0;
    value = (value << 6) | (static_cast<unsigned char>(bytes[i]) & 0x3FU);
  }
  if (value < kSmallest[length] || value > 0x10FFFF || (value >= 0xD800 && value < 0xE000))
    return 0;
  character = value;
  return length;
}

/// Bytes of the longest beginning of a character at the start of bytes that hold none; at least 1.
std::size_t invalid_length(std::string_view bytes) {
  const auto lead = static_cast<unsigned char>(bytes[0]);
  const std::size_t length = std::min(sequence_length(lead), bytes.size());
  if (length < 2) return 1;
  // Overlong forms, surrogates and what lies above U+10FFFF are seen in the second byte.
  const auto second = static_cast<unsigned char>(bytes[1]);
  const unsigned char least = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  const unsigned char most = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  if (second < least || second > most) return 1;
  std::size_t size = 2;
  while (size < length && is_continuation(bytes[size])) ++size;
  return size;
}

}  // namespace

std::u32string decode_utf8(std::string_view bytes, std::string_view what) {
  std::u32string characters(bytes.size(), U'\0');
  char32_t* out = characters.data();
  std::size_t position = 0;
  while (position < bytes.size()) {
    const std::size_t ascii = ascii_prefix(bytes.substr(position));
    for (std::size_t i = 0; i < ascii; ++i)
      *out++ = static_cast<unsigned char>(bytes[position + i]);
    position += ascii;
    while (position < bytes.size() && static_cast<unsigned char>(bytes[position]) >= 0x80) {
      const std::size_t length = decode_one(bytes.substr(position), *out);
      check(length > 0, "{} is not valid UTF-8: byte 0x{:02X} at position {}", what,
            static_cast<unsigned char>(bytes[position]), position);
      ++out;
      position += length;
    }
  }
  characters.resize(static_cast<std::size_t>(out - characters.data()));
  return characters;
}

bool is_utf8(std::string_view bytes) {
  char32_t character = 0;
  while (!bytes.empty()) {
    const std::size_t length = decode_one(bytes, character);
    if (length == 0) return false;
    bytes.remove_prefix(length);
  }
  return true;
}

std::string repair_utf8(std::string_view bytes) {
  std::string result;
  while (!bytes.empty()) {
    char32_t character = 0;
    std::size_t length = decode_one(bytes, character);
    if (length > 0) {
      result.append(bytes.substr(0, length));
    } else {
      append_utf8(result, 0xFFFD);
      length = invalid_length(bytes);
    }
    bytes.remove_prefix(length);
  }
  return result;
}

void append_utf8(std::string& bytes, char32_t character) {
  const auto put = [&bytes](char32_t byte) { bytes.push_back(static_cast<char>(byte)); };
  if (character < 0x80) {
    put(character);
  } else if (character < 0x800) {
    put(0xC0 | (character >> 6));
    put(0x80 | (character & 0x3F));
  } else if (character < 0x10000) {
    put(0xE0 | (character >> 12));
    put(0x80 | ((character >> 6) & 0x3F));
    put(0x80 | (character & 0x3F));
  } else {
    put(0xF0 | (character >> 18));
    put(0x80 | ((character >> 12) & 0x3F));
    put(0x80 | ((character >> 6) & 0x3F));
    put(0x80 | (character & 0x3F));
  }
}

std::string encode_utf8(std::u32string_view characters) {
  std::string bytes;
  bytes.reserve(characters.size());
  for (const char32_t character : characters) append_utf8(bytes, character);
  return bytes;
}

std::int64_t count_characters(std::string_view text) {
  return std::count_if(text.begin(), text.end(), [](char byte) { return !is_continuation(byte); });
}

CharacterIndex::CharacterIndex(std::string_view text)
    : text_(text), characters_(count_characters(text)) {
  if (static_cast<std::size_t>(characters_) == text.size()) return;
  std::int64_t character = 0;
  for (std::size_t byte = 0; byte < text.size(); ++byte) {
    if (is_continuation(text[byte])) continue;
    if (character++ % kBlock == 0) blocks_.push_back(byte);
  }
}

std::size_t CharacterIndex::byte(std::int64_t character) const {
  if (character >= characters_) return text_.size();
  if (blocks_.empty()) return static_cast<std::size_t>(character);
  std::size_t byte = blocks_[static_cast<std::size_t>(character / kBlock)];
  for (std::int64_t rest = character % kBlock; rest > 0; --rest) {
    byte += sequence_length(static_cast<unsigned char>(text_[byte]));
  }
  return byte;
}

std::int64_t CharacterIndex::character(std::size_t byte) const {
  if (byte >= text_.size()) return characters_;
  if (blocks_.empty()) return static_cast<std::int64_t>(byte);
  const auto block = std::upper_bound(blocks_.begin(), blocks_.end(), byte) - blocks_.begin() - 1;
  const std::size_t start = blocks_[static_cast<std::size_t>(block)];
  return block * kBlock + count_characters(text_.substr(start, byte - start + 1)) - 1;
}

std::string_view CharacterIndex::slice(const Span& span) const {
  const std::size_t start = byte(span.start);
  return text_.substr(start, byte(span.end) - start);
}

}  // namespace pellucid
