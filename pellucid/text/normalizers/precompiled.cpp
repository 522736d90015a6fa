// SPDX-License-Identifier: Apache-2.0
// Precompiled: SentencePiece's map of character sequences, a double array (Darts) and the
// replacements, in base64. A grapheme cluster of less than 6 bytes becomes what the map has for its
// shortest beginning; all other characters are looked up one by one. Origins follow the
// spm_precompiled library.
#include <array>

#include "pellucid/base/error.h"
#include "pellucid/text/base64.h"
#include "pellucid/text/byte_characters.h"
#include "pellucid/text/grapheme.h"
#include "pellucid/text/normalizers/normalizer.h"
#include "pellucid/text/unicode.h"

namespace pellucid {
namespace {

/// https://github.com/google/sentencepiece, third_party/darts_clone: units of 32 bits.
class CharacterMap {
 public:
  explicit CharacterMap(const Fields& fields) {
    constexpr std::string_view kField = "precompiled_charsmap";
    const auto bytes = decode_base64(fields.string(kField));
    if (!bytes || bytes->size() < 4) fields.fail_field(kField, "a character map in base64");
    const std::size_t size = read_unit(*bytes, 0);
    if (size % 4 != 0 || size == 0 || size > bytes->size() - 4) {
      fields.fail_field(kField, "a character map whose double array is complete");
    }
    for (std::size_t at = 4; at < 4 + size; at += 4) units_.push_back(read_unit(*bytes, at));
    replacements_ = bytes->substr(4 + size);
    decode_utf8(replacements_, fields.place() + "." + std::string(kField));
  }

  /// What stands for the shortest beginning of the characters that the map has.
  const char* find(std::u32string_view characters) const {
    std::size_t node = offset(units_[0]);
    for (const char32_t character : characters) {
      const Utf8 utf8 = utf8_of(character);
      for (std::size_t i = 0; i < utf8.size; ++i) {
        const std::uint8_t byte = utf8.bytes[i];
        node ^= byte;
        if (byte == 0 || node >= units_.size() || label(units_[node]) != byte) return nullptr;
        const std::uint32_t unit = units_[node];
        node ^= offset(unit);
        if (has_leaf(unit)) return replacement(node);
      }
    }
    return nullptr;
  }

 private:
  static std::uint32_t read_unit(std::string_view bytes, std::size_t at) {
    std::uint32_t unit = 0;
    for (std::size_t i = 4; i-- > 0;) {
      unit = unit << 8 | static_cast<unsigned char>(bytes[at + i]);
    }
    return unit;
  }
  static bool has_leaf(std::uint32_t unit) { return unit >> 8 & 1; }
  static std::uint32_t label(std::uint32_t unit) { return unit & 0x800000FF; }
  static std::size_t offset(std::uint32_t unit) {
    return static_cast<std::size_t>(unit >> 10) << ((unit & 0x200) >> 6);
  }

  const char* replacement(std::size_t node) const {
    check(node < units_.size() && (units_[node] & 0x7FFFFFFF) < replacements_.size(),
          "precompiled_charsmap: a replacement lies outside the map");
    return replacements_.c_str() + (units_[node] & 0x7FFFFFFF);
  }

  std::vector<std::uint32_t> units_;
  std::string replacements_;  // each ends with NUL
};

class Precompiled : public Normalizer {
 public:
  explicit Precompiled(const Fields& fields) : map_(fields) {
    for (char32_t c = 0; c < kAscii; ++c) changes_ascii_[c] = map_.find({&c, 1}) != nullptr;
  }

  void normalize(NormalizedText& text) const override {
    const std::u32string_view characters = text.characters;
    std::vector<Change> changes;
    bool changed = false;
    for (std::size_t at = 0; at < characters.size();) {
      if (is_plain(characters, at)) {
        if (changed) changes.push_back({characters[at], 0});
        ++at;
        continue;
      }
      const std::size_t end = cluster_end(characters, at);
      const std::u32string_view cluster = characters.substr(at, end - at);
      if (!changed && changes_cluster(cluster)) {
        changed = true;
        changes.reserve(characters.size());
        for (const char32_t before : characters.substr(0, at)) changes.push_back({before, 0});
      }
      if (changed) append(cluster, changes);
      at = end;
    }
    if (changed) transform(text, changes);
  }

 private:
  static constexpr char32_t kAscii = 0x80;
  static constexpr std::size_t kShort = 6;  // bytes

  /// ASCII that stays, before ASCII (so no cluster of several characters).
  bool is_plain(std::u32string_view text, std::size_t at) const {
    return text[at] < kAscii && !changes_ascii_[text[at]] && text[at] != U'\r' &&
           (at + 1 == text.size() || text[at + 1] < kAscii);
  }

  const char* find_cluster(std::u32string_view cluster) const {
    std::size_t bytes = 0;
    for (const char32_t character : cluster) bytes += utf8_of(character).size;
    return bytes < kShort ? map_.find(cluster) : nullptr;
  }

  bool changes_cluster(std::u32string_view cluster) const {
    if (find_cluster(cluster)) return true;
    for (const char32_t& character : cluster) {
      if (map_.find({&character, 1})) return true;
    }
    return false;
  }

  void append(std::u32string_view cluster, std::vector<Change>& changes) const {
    if (const char* whole = find_cluster(cluster)) {
      return replace(cluster.size(), decode_utf8(whole, "precompiled_charsmap"), changes);
    }
    for (const char32_t& character : cluster) {
      if (const char* one = map_.find({&character, 1})) {
        replace(1, decode_utf8(one, "precompiled_charsmap"), changes);
      } else {
        changes.push_back({character, 0});
      }
    }
  }

  /// As many characters as before take their places; what is more is inserted behind the last one;
  /// what is missing is swallowed by the last character written, whatever it is.
  static void replace(std::size_t before, const std::u32string& after,
                      std::vector<Change>& changes) {
    for (std::size_t i = 0; i < after.size(); ++i) {
      changes.push_back({after[i], i < before ? 0 : 1});
    }
    if (after.size() < before && !changes.empty()) {
      changes.back().change -= static_cast<std::int32_t>(before - after.size());
    }
  }

  CharacterMap map_;
  std::array<bool, kAscii> changes_ascii_{};
};

}  // namespace

std::unique_ptr<Normalizer> make_precompiled(const Fields& fields) {
  return std::make_unique<Precompiled>(fields);
}

}  // namespace pellucid
