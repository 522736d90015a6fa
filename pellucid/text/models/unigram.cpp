// SPDX-License-Identifier: Apache-2.0
// Unigram: the cut of a piece with the highest sum of scores (Kudo 2018, arXiv 1804.10959), by
// Viterbi: the best path to each place, from left to right; of equal ones the earliest start.
#include <algorithm>
#include <array>
#include <limits>

#include "pellucid/base/error.h"
#include "pellucid/base/spelling.h"
#include "pellucid/text/models/byte_trie.h"
#include "pellucid/text/models/model.h"
#include "pellucid/text/models/word_cache.h"
#include "pellucid/text/unicode.h"

namespace pellucid {
namespace {

constexpr double kUnknownPenalty = 10;  // below the lowest score, for a character without token
constexpr std::int32_t kAbsent = -1;

class Unigram : public TokenModel {
 public:
  Unigram(const Fields& fields, ModelData data)
      : TokenModel(std::move(data.vocabulary)),
        place_(fields.place()),
        scores_(std::move(data.scores)),
        byte_fallback_(fields.boolean("byte_fallback", false)) {
    const auto size = static_cast<std::int64_t>(scores_.size());
    if (const auto unknown = fields.optional_integer("unk_id")) {
      if (*unknown < 0 || *unknown >= size) {
        fields.fail_field("unk_id", fmt::format("0 to {}, an index of \"vocab\"", size - 1));
      }
      unknown_id_ = static_cast<std::int32_t>(*unknown);
    }
    double lowest = std::numeric_limits<double>::infinity();
    std::vector<ByteTrie::Item> items;
    items.reserve(scores_.size());
    for (std::int32_t id = 0; id < static_cast<std::int32_t>(size); ++id) {
      lowest = std::min(lowest, scores_[static_cast<std::size_t>(id)]);
      items.emplace_back(vocabulary().token(id).value(), id);
    }
    unknown_score_ = lowest - kUnknownPenalty;
    trie_ = ByteTrie(std::move(items));
    for (std::size_t i = 0; i < byte_ids_.size(); ++i) {
      byte_ids_[i] = vocabulary().id(byte_token(static_cast<unsigned char>(i))).value_or(kAbsent);
    }
  }

  void tokenize(std::u32string_view piece, std::vector<ModelToken>& tokens) const override {
    tokenize_cached(
        caches_, piece, tokens,
        [this](std::u32string_view word, std::vector<ModelToken>& result) { cut(word, result); });
  }

  std::string kind() const override { return "Unigram"; }
  std::optional<std::string> unknown_token() const override {
    if (unknown_id_ == kAbsent) return std::nullopt;
    return std::string(vocabulary().token(unknown_id_).value());
  }

 private:
  /// The best path that ends before a byte of the text.
  struct Node {
    double score = 0;
    std::int32_t start = kAbsent;  // byte at which its last token begins; kAbsent: no path
    std::int32_t id = 0;
  };
  struct Part {
    std::size_t begin, end;  // bytes
  };

  void cut(std::u32string_view piece, std::vector<ModelToken>& tokens) const {
    const std::string text = encode_utf8(piece);
    std::int32_t character = 0;
    std::size_t byte = 0;
    for (const Part& part : best_parts(text, best_paths(piece, text))) {
      const std::int32_t begin = character;
      for (; byte < part.end; ++character) {
        byte += utf8_size(piece[static_cast<std::size_t>(character)]);
      }
      const std::string_view token =
          std::string_view(text).substr(part.begin, part.end - part.begin);
      append(token, begin, character, tokens);
    }
  }

  std::vector<Node> best_paths(std::u32string_view piece, std::string_view text) const {
    std::vector<Node> nodes(text.size() + 1);
    std::size_t start = 0;
    for (const char32_t character : piece) {
      const double before = nodes[start].score;
      const std::size_t next = start + utf8_size(character);
      const auto offer = [&](std::size_t end, double score, std::int32_t id) {
        Node& node = nodes[end];
        if (node.start != kAbsent && score <= node.score) return;
        if (id == kAbsent) refuse(text);
        node = {score, static_cast<std::int32_t>(start), id};
      };
      bool has_single = false;
      std::uint32_t at = ByteTrie::kRoot;
      for (std::size_t end = start; end < text.size();) {
        if (!trie_.step(at, static_cast<unsigned char>(text[end++]))) break;
        const std::int32_t id = trie_.value(at);
        if (id == ByteTrie::kNone) continue;
        offer(end, scores_[static_cast<std::size_t>(id)] + before, id);
        has_single = has_single || end == next;
      }
      if (!has_single) offer(next, unknown_score_ + before, unknown_id_);
      start = next;
    }
    return nodes;
  }

  /// From the end back to the beginning; neighbours that are unknown become one part.
  std::vector<Part> best_parts(std::string_view text, const std::vector<Node>& nodes) const {
    std::vector<Part> parts;
    bool fuses = false;
    for (std::size_t end = text.size(); end > 0;) {
      const Node& node = nodes[end];
      const auto begin = static_cast<std::size_t>(node.start);
      const bool unknown = node.id == unknown_id_;
      if (unknown && fuses) {
        parts.back().begin = begin;
      } else {
        parts.push_back({begin, end});
      }
      fuses = unknown;
      end = begin;
    }
    std::reverse(parts.begin(), parts.end());
    return parts;
  }

  void append(std::string_view text, std::int32_t begin, std::int32_t end,
              std::vector<ModelToken>& tokens) const {
    if (const auto id = vocabulary().id(text)) {
      tokens.push_back({*id, begin, end});
      return;
    }
    const auto id_of = [this](char byte) { return byte_ids_[static_cast<unsigned char>(byte)]; };
    const auto has_id = [&](char byte) { return id_of(byte) != kAbsent; };
    if (byte_fallback_ && std::all_of(text.begin(), text.end(), has_id)) {
      for (const char byte : text) tokens.push_back({id_of(byte), begin, end});
      return;
    }
    if (unknown_id_ == kAbsent) refuse(text);
    tokens.push_back({unknown_id_, begin, end, true});
  }

  [[noreturn]] void refuse(std::string_view text) const {
    fail("{}: {} holds a character that is not in the vocabulary, and there is no unk_id", place_,
         quote(text));
  }

  std::string place_;
  std::vector<double> scores_;  // by id
  bool byte_fallback_;
  std::int32_t unknown_id_ = kAbsent;
  double unknown_score_ = 0;
  ByteTrie trie_;
  std::array<std::int32_t, 256> byte_ids_{};  // of "<0x00>" ...
  WordCachePool caches_;
};

}  // namespace

std::unique_ptr<TokenModel> make_unigram(const Fields& fields, ModelData data) {
  return std::make_unique<Unigram>(fields, std::move(data));
}

}  // namespace pellucid
