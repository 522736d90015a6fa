// SPDX-License-Identifier: Apache-2.0
// A folder with a SentencePiece model: what the classes that read one have in common. Control
// pieces become special added tokens, user-defined ones plain added tokens. Inside text/files only.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "pellucid/text/files/folder.h"
#include "pellucid/text/files/sentencepiece_model.h"

namespace pellucid {

/// A piece and its score in the vocabulary of a class.
struct ScoredPiece {
  std::string text;
  double score = 0;
};

/// The file, its pieces, and the document that grows from them.
struct SpmFolder {
  Fields settings;
  SentencePieceModel file;
  std::vector<ScoredPiece> pieces;

  explicit SpmFolder(const FolderTokenizer& folder);

  /// Vocabulary, scores or merges, and the settings of the model.
  TokenizerDocument start_document(const FolderTokenizer& folder, std::int64_t unknown_id,
                                   bool byte_fallback = false) const;
  void use_control_pieces(AddedTokenList& tokens) const;
  /// Appends the normalizer of the file, if it has one.
  void append_precompiled(nlohmann::json& parts) const;

 private:
  nlohmann::json make_model(const FolderTokenizer& folder, std::int64_t unknown_id,
                            bool byte_fallback, ModelData& data) const;
};

void add_roles(AddedTokenList& tokens, const Fields& settings,
               const std::vector<std::pair<const char*, RoleToken>>& roles);

}  // namespace pellucid
