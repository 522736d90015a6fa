// SPDX-License-Identifier: Apache-2.0
// Decoders of bytes. ByteLevel: the characters of all tokens are bytes of one UTF-8 text.
// ByteFallback: tokens <0x00> to <0xFF> are bytes; a run of them that is no UTF-8 as a whole is one
// U+FFFD for each.
#include <optional>

#include "pellucid/text/byte_characters.h"
#include "pellucid/text/decoders/decoder.h"
#include "pellucid/text/unicode.h"

namespace pellucid {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

class ByteLevelDecoder : public Decoder {
 public:
  explicit ByteLevelDecoder(const Fields& fields) {
    for (const char* name : {"add_prefix_space", "trim_offsets"}) fields.boolean(name);
    fields.boolean("use_regex", true);
  }

  std::vector<std::string> decode(std::vector<std::string> tokens) const override {
    std::string bytes;
    for (const std::string& token : tokens) append_bytes(token, bytes);
    return {repair_utf8(bytes)};
  }

 private:
  /// A token with a character that stands for no byte is written as it is.
  static void append_bytes(const std::string& token, std::string& bytes) {
    const std::size_t before = bytes.size();
    for (const char32_t character : decode_utf8(token, "token")) {
      const auto byte = byte_of_character(character);
      if (!byte) {
        bytes.resize(before);
        bytes += token;
        return;
      }
      bytes += static_cast<char>(*byte);
    }
  }
};

class ByteFallback : public Decoder {
 public:
  std::vector<std::string> decode(std::vector<std::string> tokens) const override {
    std::vector<std::string> result;
    std::string bytes;
    const auto flush = [&] {
      if (bytes.empty()) return;
      if (is_utf8(bytes)) {
        result.push_back(bytes);
      } else {
        result.insert(result.end(), bytes.size(), std::string(kReplacement));
      }
      bytes.clear();
    };
    for (std::string& token : tokens) {
      if (const auto byte = byte_of_token(token)) {
        bytes += static_cast<char>(*byte);
        continue;
      }
      flush();
      result.push_back(std::move(token));
    }
    flush();
    return result;
  }

 private:
  static int digit(char character) {
    if (character >= '0' && character <= '9') return character - '0';
    const char lower = static_cast<char>(character | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
  }

  /// <0xHH>; the library's parser of numbers also takes a + for the first digit.
  static std::optional<std::uint8_t> byte_of_token(std::string_view token) {
    if (token.size() != 6 || token.substr(0, 3) != "<0x" || token[5] != '>') return std::nullopt;
    const int high = token[3] == '+' ? 0 : digit(token[3]);
    const int low = digit(token[4]);
    if (high < 0 || low < 0) return std::nullopt;
    return static_cast<std::uint8_t>(16 * high + low);
  }
};

}  // namespace

std::unique_ptr<Decoder> make_byte_level_decoder(const Fields& fields) {
  return std::make_unique<ByteLevelDecoder>(fields);
}
std::unique_ptr<Decoder> make_byte_fallback(const Fields&) {
  return std::make_unique<ByteFallback>();
}

}  // namespace pellucid
