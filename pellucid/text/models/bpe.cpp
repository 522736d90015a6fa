// SPDX-License-Identifier: Apache-2.0
// BPE: a word falls into characters, then pairs of neighbours are merged by rank (Sennrich et al.
// 2016, arXiv 1508.07909). A character that is not in the vocabulary becomes the tokens of its
// bytes, the unknown token, or nothing.
#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "pellucid/base/error.h"
#include "pellucid/base/spelling.h"
#include "pellucid/text/models/merging.h"
#include "pellucid/text/models/model.h"
#include "pellucid/text/models/word_cache.h"
#include "pellucid/text/unicode.h"

namespace pellucid {
namespace {

constexpr std::int32_t kAbsent = -1;

/// Ids of the merges. A continuing prefix goes when a token is merged to its left neighbour.
std::vector<Merge> resolve(const MergeTexts& texts, const Vocabulary& vocabulary,
                           std::size_t prefix_size, const std::string& place) {
  std::vector<std::string> without_prefix;  // results that do not stand in the texts
  if (prefix_size > 0) without_prefix.reserve(texts.size());
  std::vector<std::string_view> tokens;  // left, right, result of each merge
  tokens.reserve(3 * texts.size());
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const auto [left, right] = texts[i];
    if (right.size() < prefix_size) {
      fail("{}: merges[{}]: {} is shorter than the prefix", place, i, quote(right));
    }
    tokens.push_back(left);
    tokens.push_back(right);
    if (prefix_size == 0) {
      tokens.push_back(texts.joined(i));
    } else {
      without_prefix.push_back(std::string(left).append(right.substr(prefix_size)));
      tokens.push_back(without_prefix.back());
    }
  }
  const std::vector<std::int32_t> ids = vocabulary.look_up(tokens);
  const auto absent = std::find(ids.begin(), ids.end(), Vocabulary::kAbsent);
  if (absent != ids.end()) {
    const auto at = static_cast<std::size_t>(absent - ids.begin());
    fail("{}: merges[{}]: {} is not in the vocabulary", place, at / 3, quote(tokens[at]));
  }
  std::vector<Merge> merges(texts.size());
  for (std::size_t i = 0; i < merges.size(); ++i) {
    merges[i] = {ids[3 * i], ids[3 * i + 1], ids[3 * i + 2]};
  }
  return merges;
}

class Bpe : public TokenModel {
 public:
  Bpe(const Fields& fields, ModelData data)
      : TokenModel(std::move(data.vocabulary)),
        place_(fields.place()),
        unknown_(fields.optional_string("unk_token")),
        prefix_(fields.optional_string("continuing_subword_prefix").value_or("")),
        suffix_(fields.optional_string("end_of_word_suffix").value_or("")),
        fuse_unknown_(fields.boolean("fuse_unk", false)),
        byte_fallback_(fields.boolean("byte_fallback", false)),
        ignore_merges_(fields.boolean("ignore_merges", false)) {
    check_dropout(fields);
    if (unknown_) unknown_id_ = vocabulary().id(*unknown_).value_or(kAbsent);
    if (data.merges.empty()) {
      data.merges = resolve(data.merge_texts, vocabulary(), prefix_.size(), place_);
    }
    table_ = MergeTable(data.merges);
    for (std::size_t i = 0; i < byte_ids_.size(); ++i) {
      byte_ids_[i] = vocabulary().id(byte_token(static_cast<unsigned char>(i))).value_or(kAbsent);
    }
    if (!prefix_.empty() || !suffix_.empty()) return;
    for (std::size_t i = 0; i < usual_.size(); ++i) {
      usual_[i] = look_up(static_cast<char32_t>(i), {}, {});
    }
  }

  void tokenize(std::u32string_view piece, std::vector<ModelToken>& tokens) const override {
    tokenize_cached(
        caches_, piece, tokens,
        [this](std::u32string_view word, std::vector<ModelToken>& result) { cut(word, result); });
  }

  std::string kind() const override { return "BPE"; }
  std::optional<std::string> unknown_token() const override { return unknown_; }

 private:
  static void check_dropout(const Fields& fields) {
    if (!fields.has("dropout")) return;
    const nlohmann::json& dropout = fields.value("dropout");
    if (!dropout.is_number() || dropout.get<double>() != 0) {
      fields.fail_field("dropout", "null or 0: tokens must not be random");
    }
  }

  std::int32_t look_up(char32_t character, std::string_view prefix, std::string_view suffix) const {
    std::string text(prefix);
    append_utf8(text, character);
    text.append(suffix);
    return vocabulary().id(text).value_or(kAbsent);
  }

  void cut(std::u32string_view word, std::vector<ModelToken>& tokens) const {
    if (ignore_merges_) {
      if (const auto id = vocabulary().id(encode_utf8(word))) {
        tokens.push_back({*id, 0, static_cast<std::int32_t>(word.size())});
        return;
      }
    }
    std::vector<MergeSymbol> symbols = first_symbols(word);
    merge_symbols(table_, symbols);
    append_tokens(word, symbols, tokens);
  }

  /// The characters of a word, as they are before any merge.
  std::vector<MergeSymbol> first_symbols(std::u32string_view word) const {
    std::vector<MergeSymbol> symbols;
    symbols.reserve(word.size());
    MergeSymbol unknown;  // not among the symbols yet; 0 bytes: none
    const auto flush = [&] {
      if (unknown.bytes > 0) symbols.push_back(unknown);
      unknown.bytes = 0;
    };
    const bool plain = prefix_.empty() && suffix_.empty();
    for (std::size_t i = 0; i < word.size(); ++i) {
      const std::string_view prefix = i > 0 ? std::string_view(prefix_) : std::string_view();
      const std::string_view suffix =
          i + 1 == word.size() ? std::string_view(suffix_) : std::string_view();
      const std::uint32_t bytes = utf8_size(word[i]);
      const std::int32_t id =
          plain && word[i] < usual_.size() ? usual_[word[i]] : look_up(word[i], prefix, suffix);
      if (id != kAbsent) {
        flush();
        symbols.push_back({id, bytes});
      } else if (!byte_fallback_ || !append_bytes(word[i], prefix, suffix, symbols)) {
        // Bytes do not flush: the library writes a waiting unknown token behind them, and so must
        // the model have seen it.
        if (!unknown_) continue;
        if (!fuse_unknown_) flush();
        unknown = {known_unknown(word), unknown.bytes + bytes};
      }
    }
    flush();
    return symbols;
  }

  /// False if not all bytes are in the vocabulary.
  bool append_bytes(char32_t character, std::string_view prefix, std::string_view suffix,
                    std::vector<MergeSymbol>& symbols) const {
    std::string text(prefix);
    append_utf8(text, character);
    text.append(suffix);
    const auto id_of = [this](char byte) { return byte_ids_[static_cast<unsigned char>(byte)]; };
    for (const char byte : text) {
      if (id_of(byte) == kAbsent) return false;
    }
    for (const char byte : text) symbols.push_back({id_of(byte), 1});
    return true;
  }

  std::int32_t known_unknown(std::u32string_view word) const {
    if (unknown_id_ == kAbsent) {
      fail("{}: unk_token {} is not in the vocabulary, but {} needs it", place_, quote(*unknown_),
           quote(encode_utf8(word)));
    }
    return unknown_id_;
  }

  /// Symbols count bytes one after the other; a token covers the characters that hold its bytes.
  static void append_tokens(std::u32string_view word, const std::vector<MergeSymbol>& symbols,
                            std::vector<ModelToken>& tokens) {
    std::size_t at = 0;          // character
    std::uint32_t at_byte = 0;   // its first byte
    std::uint32_t end_byte = 0;  // of the symbol
    const auto go_to = [&](std::uint32_t byte) {
      while (at < word.size() && at_byte + utf8_size(word[at]) <= byte) {
        at_byte += utf8_size(word[at++]);
      }
      return static_cast<std::int32_t>(at);
    };
    // Bytes of a prefix or suffix may lie behind the word: they belong to its last character.
    const std::int32_t last = static_cast<std::int32_t>(word.size()) - 1;
    for (const MergeSymbol& symbol : symbols) {
      const std::int32_t begin = std::min(go_to(end_byte), last);
      end_byte += symbol.bytes;
      tokens.push_back({symbol.id, begin, std::min(go_to(end_byte - 1), last) + 1});
    }
  }

  std::string place_;
  std::optional<std::string> unknown_;
  std::int32_t unknown_id_ = kAbsent;
  std::string prefix_;
  std::string suffix_;
  bool fuse_unknown_;
  bool byte_fallback_;
  bool ignore_merges_;
  MergeTable table_;
  std::array<std::int32_t, 256> byte_ids_{};  // of "<0x00>" ...
  std::array<std::int32_t, 512> usual_{};     // by character: letters, and what stands for bytes
  WordCachePool caches_;
};

}  // namespace

std::unique_ptr<TokenModel> make_bpe(const Fields& fields, ModelData data) {
  return std::make_unique<Bpe>(fields, std::move(data));
}

}  // namespace pellucid
