// SPDX-License-Identifier: Apache-2.0
#include "pellucid/text/files/sentencepiece_folder.h"

#include <memory>

#include "pellucid/base/error.h"
#include "pellucid/text/base64.h"
#include "pellucid/text/files/implied_merges.h"

namespace pellucid {

using nlohmann::json;

SpmFolder::SpmFolder(const FolderTokenizer& folder)
    : settings(folder.fields()), file(read_sentencepiece(folder.bytes, folder.name)) {
  for (const SentencePiece& piece : file.pieces) {
    pieces.push_back({std::string(piece.text), piece.score});
  }
}

json SpmFolder::make_model(const FolderTokenizer& folder, std::int64_t unknown_id,
                           bool byte_fallback, ModelData& data) const {
  std::vector<float> scores;
  for (const ScoredPiece& piece : pieces) {
    data.vocabulary.add(
        piece.text, checked_id(static_cast<std::int64_t>(scores.size()), folder.name, piece.text));
    scores.push_back(static_cast<float>(piece.score));
    data.scores.push_back(piece.score);
  }
  data.vocabulary.build(folder.name, Vocabulary::Duplicates::last_wins);
  if (file.kind == SentencePieceModel::unigram) {
    return {{"type", "Unigram"},
            {"vocab", json::array()},
            {"unk_id", unknown_id},
            {"byte_fallback", byte_fallback}};
  }
  check(file.kind == SentencePieceModel::bpe,
        "{}: the model type is {}, expected 1 (unigram) or 2 (BPE)", folder.name, file.kind);
  data.scores.clear();
  data.merges = merges_by_score(data.vocabulary, scores);
  return {{"type", "BPE"},
          {"vocab", json::object()},
          {"fuse_unk", true},
          {"unk_token", file.unknown_piece},
          {"byte_fallback", byte_fallback}};
}

TokenizerDocument SpmFolder::start_document(const FolderTokenizer& folder, std::int64_t unknown_id,
                                            bool byte_fallback) const {
  TokenizerDocument document;
  document.name = folder.name;
  json model = make_model(folder, unknown_id, byte_fallback, document.data);
  document.settings = std::make_unique<json>(json{{"model", std::move(model)}});
  return document;
}

void SpmFolder::use_control_pieces(AddedTokenList& tokens) const {
  for (const SentencePiece& piece : file.pieces) {
    const bool control = piece.type == SentencePiece::control;
    if (!control && piece.type != SentencePiece::user_defined) continue;
    tokens.add({std::string(piece.text)}, control);
  }
}

void SpmFolder::append_precompiled(json& parts) const {
  if (file.character_map.empty()) return;
  parts.push_back(
      {{"type", "Precompiled"}, {"precompiled_charsmap", encode_base64(file.character_map)}});
}

void add_roles(AddedTokenList& tokens, const Fields& settings,
               const std::vector<std::pair<const char*, RoleToken>>& roles) {
  for (const auto& [role, token] : roles) tokens.add(role_token(settings, role, token));
}

}  // namespace pellucid
