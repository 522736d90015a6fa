// SPDX-License-Identifier: Apache-2.0
// SentencePiece models: ALBERT, XLNet, DeBERTa-v3, T5, LLaMA, XLM-RoBERTa. Control pieces become
// special added tokens, user-defined ones plain added tokens.
#include <unicode/uchar.h>

#include <algorithm>

#include "pellucid/base/error.h"
#include "pellucid/base/spelling.h"
#include "pellucid/text/base64.h"
#include "pellucid/text/files/folder.h"
#include "pellucid/text/files/implied_merges.h"
#include "pellucid/text/files/sentencepiece_model.h"
#include "pellucid/text/unicode.h"

namespace pellucid {
namespace {

using nlohmann::json;

/// A piece and its score in the vocabulary of a class.
struct ScoredPiece {
  std::string text;
  double score = 0;
};

/// What the classes have in common: the file, its pieces, and the document that grows from them.
struct SpmFolder {
  Fields settings;
  SentencePieceModel file;
  std::vector<ScoredPiece> pieces;

  explicit SpmFolder(const FolderTokenizer& folder)
      : settings(folder.fields()), file(read_sentencepiece(folder.bytes, folder.name)) {
    for (const SentencePiece& piece : file.pieces) {
      pieces.push_back({std::string(piece.text), piece.score});
    }
  }

  void use_control_pieces(AddedTokenList& tokens) const {
    for (const SentencePiece& piece : file.pieces) {
      const bool control = piece.type == SentencePiece::control;
      if (!control && piece.type != SentencePiece::user_defined) continue;
      tokens.add({std::string(piece.text)}, control);
    }
  }

  /// Appends the normalizer of the file, if it has one.
  void append_precompiled(json& parts) const {
    if (file.character_map.empty()) return;
    parts.push_back(
        {{"type", "Precompiled"}, {"precompiled_charsmap", encode_base64(file.character_map)}});
  }
};

/// Vocabulary, scores or merges, and the settings of the model.
json make_spm_model(const FolderTokenizer& folder, const SpmFolder& spm, std::int64_t unknown_id,
                    bool byte_fallback, ModelData& data) {
  std::vector<float> scores;
  for (const ScoredPiece& piece : spm.pieces) {
    data.vocabulary.add(
        piece.text, checked_id(static_cast<std::int64_t>(scores.size()), folder.name, piece.text));
    scores.push_back(static_cast<float>(piece.score));
    data.scores.push_back(piece.score);
  }
  data.vocabulary.build(folder.name, Vocabulary::Duplicates::last_wins);
  if (spm.file.kind == SentencePieceModel::unigram) {
    return {{"type", "Unigram"},
            {"vocab", json::array()},
            {"unk_id", unknown_id},
            {"byte_fallback", byte_fallback}};
  }
  check(spm.file.kind == SentencePieceModel::bpe,
        "{}: the model type is {}, expected 1 (unigram) or 2 (BPE)", folder.name, spm.file.kind);
  data.scores.clear();
  data.merges = merges_by_score(data.vocabulary, scores);
  return {{"type", "BPE"},
          {"vocab", json::object()},
          {"fuse_unk", true},
          {"unk_token", spm.file.unknown_piece},
          {"byte_fallback", byte_fallback}};
}

TokenizerDocument start_document(const FolderTokenizer& folder, const SpmFolder& spm,
                                 std::int64_t unknown_id, bool byte_fallback = false) {
  TokenizerDocument document;
  document.name = folder.name;
  json model = make_spm_model(folder, spm, unknown_id, byte_fallback, document.data);
  document.settings = std::make_unique<json>(json{{"model", std::move(model)}});
  return document;
}

/// Digit and comma at the end: such pieces would cut numbers badly.
bool ends_with_number_comma(std::string_view piece) {
  const std::u32string text = decode_utf8(piece);
  if (text.size() < 2 || text.back() != U',') return false;
  const int type =
      u_getIntPropertyValue(static_cast<UChar32>(text[text.size() - 2]), UCHAR_NUMERIC_TYPE);
  return type == U_NT_DECIMAL || type == U_NT_DIGIT;
}

/// ALBERT and XLNet.
json quote_normalizer(const SpmFolder& spm, bool lowercase) {
  json parts = json::array(
      {replace_component("String", "``", "\""), replace_component("String", "''", "\"")});
  if (!spm.settings.boolean("keep_accents", false)) {
    parts.push_back({{"type", "NFKD"}});
    parts.push_back({{"type", "StripAccents"}});
  }
  if (lowercase) parts.push_back({{"type", "Lowercase"}});
  spm.append_precompiled(parts);
  parts.push_back(replace_component("Regex", " {2,}", " "));
  return sequence_component("normalizers", std::move(parts));
}

/// T5 and XLM-RoBERTa.
json trailing_space_normalizer(const SpmFolder& spm) {
  json parts = json::array();
  spm.append_precompiled(parts);
  parts.push_back({{"type", "Strip"}, {"strip_left", false}, {"strip_right", true}});
  parts.push_back(replace_component("Regex", " {2,}", "\u2581"));
  return sequence_component("normalizers", std::move(parts));
}

void lower_number_commas(SpmFolder& spm) {
  for (ScoredPiece& piece : spm.pieces) {
    if (ends_with_number_comma(piece.text)) piece.score -= 100;
  }
}

TemplateParts bert_single() { return {{"[CLS]", 0}, {"$A", 0}, {"[SEP]", 0}}; }
TemplateParts bert_pair() {
  return {{"[CLS]", 0}, {"$A", 0}, {"[SEP]", 0}, {"$B", 1}, {"[SEP]", 1}};
}

void add_roles(AddedTokenList& tokens, const Fields& settings,
               const std::vector<std::pair<const char*, RoleToken>>& roles) {
  for (const auto& [role, token] : roles) tokens.add(role_token(settings, role, token));
}

const char* prepend_scheme(const Fields& settings) {
  if (!settings.boolean("add_prefix_space", true)) return "never";
  return settings.boolean("legacy", true) ? "always" : "first";
}

}  // namespace

TokenizerDocument albert_document(const FolderTokenizer& folder) {
  SpmFolder spm(folder);
  lower_number_commas(spm);
  TokenizerDocument document = start_document(folder, spm, spm.file.unknown_id);
  AddedTokenList tokens(spm.settings, document.data.vocabulary);
  add_roles(tokens, spm.settings,
            {{"bos_token", {"[CLS]"}},
             {"eos_token", {"[SEP]"}},
             {"unk_token", {"<unk>"}},
             {"sep_token", {"[SEP]"}},
             {"pad_token", {"<pad>"}},
             {"cls_token", {"[CLS]"}},
             {"mask_token", {.content = "[MASK]", .lstrip = true}}});
  spm.use_control_pieces(tokens);
  tokens.add_further(spm.settings);
  json& components = *document.settings;
  components["normalizer"] = quote_normalizer(spm, spm.settings.boolean("do_lower_case", true));
  components["pre_tokenizer"] = metaspace_component("always");
  components["decoder"] = metaspace_component("always");
  components["post_processor"] = template_component(bert_single(), bert_pair(), tokens);
  components["added_tokens"] = tokens.take();
  return document;
}

TokenizerDocument xlnet_document(const FolderTokenizer& folder) {
  SpmFolder spm(folder);
  lower_number_commas(spm);
  TokenizerDocument document = start_document(folder, spm, spm.file.unknown_id);
  AddedTokenList tokens(spm.settings, document.data.vocabulary);
  add_roles(tokens, spm.settings,
            {{"bos_token", {"<s>"}},
             {"eos_token", {"</s>"}},
             {"unk_token", {"<unk>"}},
             {"sep_token", {"<sep>"}},
             {"pad_token", {"<pad>"}},
             {"cls_token", {"<cls>"}},
             {"mask_token", {.content = "<mask>", .lstrip = true, .normalized = true}}});
  spm.use_control_pieces(tokens);
  tokens.add_further(spm.settings, {"<eop>", "<eod>"});
  json& components = *document.settings;
  components["normalizer"] = quote_normalizer(spm, spm.settings.boolean("do_lower_case", false));
  components["pre_tokenizer"] = metaspace_component("always");
  components["decoder"] = metaspace_component("always");
  components["post_processor"] =
      template_component({{"$A", 0}, {"<sep>", 0}, {"<cls>", 2}},
                         {{"$A", 0}, {"<sep>", 0}, {"$B", 1}, {"<sep>", 1}, {"<cls>", 2}}, tokens);
  components["added_tokens"] = tokens.take();
  return document;
}

TokenizerDocument deberta_document(const FolderTokenizer& folder) {
  const SpmFolder spm(folder);
  TokenizerDocument document = start_document(folder, spm, spm.file.unknown_id);
  AddedTokenList tokens(spm.settings, document.data.vocabulary);
  add_roles(tokens, spm.settings,
            {{"bos_token", {"[CLS]"}},
             {"eos_token", {"[SEP]"}},
             {"unk_token", {.content = "[UNK]", .normalized = true}},
             {"sep_token", {"[SEP]"}},
             {"pad_token", {"[PAD]"}},
             {"cls_token", {"[CLS]"}},
             {"mask_token", {"[MASK]"}}});
  spm.use_control_pieces(tokens);
  tokens.add_further(spm.settings);
  json normalizers = json::array();
  if (spm.settings.boolean("do_lower_case", false)) normalizers.push_back({{"type", "Lowercase"}});
  normalizers.push_back({{"type", "Strip"}, {"strip_left", true}, {"strip_right", true}});
  spm.append_precompiled(normalizers);
  normalizers.push_back(replace_component("Regex", " {2,}", " "));
  json cuts = json::array();
  if (spm.settings.boolean("split_by_punct", false)) {
    cuts.push_back({{"type", "Punctuation"}, {"behavior", "Isolated"}});
  }
  cuts.push_back(metaspace_component("always"));
  json& components = *document.settings;
  components["normalizer"] = sequence_component("normalizers", std::move(normalizers));
  components["pre_tokenizer"] = sequence_component("pretokenizers", std::move(cuts));
  components["decoder"] = metaspace_component("always");
  components["post_processor"] = template_component(bert_single(), bert_pair(), tokens);
  components["added_tokens"] = tokens.take();
  return document;
}

namespace {

/// "extra_ids", else the number of "<extra_id_N>" among the further special tokens, else 100.
std::int64_t extra_ids(const Fields& settings) {
  constexpr std::int64_t kMost = 100'000;
  if (const auto count = settings.optional_integer("extra_ids")) {
    if (*count < 0 || *count > kMost) settings.fail_field("extra_ids", "0 to 100000");
    return *count;
  }
  if (!settings.has("additional_special_tokens")) return 100;
  std::int64_t count = 0;
  for (const json& token : settings.value("additional_special_tokens")) {
    const json& content = token.is_object() && token.contains("content") ? token["content"] : token;
    if (content.is_string() && content.get<std::string>().find("<extra_id_") == 0) ++count;
  }
  return count > 0 ? count : 100;
}

}  // namespace

TokenizerDocument t5_document(const FolderTokenizer& folder) {
  SpmFolder spm(folder);
  std::vector<std::string> extra;
  for (std::int64_t i = extra_ids(spm.settings); i-- > 0;) {
    extra.push_back("<extra_id_" + std::to_string(i) + ">");
    spm.pieces.push_back({extra.back(), 0});
  }
  TokenizerDocument document = start_document(folder, spm, spm.file.unknown_id);
  AddedTokenList tokens(spm.settings, document.data.vocabulary);
  const RoleToken end = role_token(spm.settings, "eos_token", {"</s>"});
  tokens.add(end);
  add_roles(tokens, spm.settings, {{"unk_token", {"<unk>"}}, {"pad_token", {"<pad>"}}});
  spm.use_control_pieces(tokens);
  for (const std::string& content : extra) tokens.add({content});
  tokens.add_further(spm.settings);
  const char* scheme = prepend_scheme(spm.settings);
  json& components = *document.settings;
  components["normalizer"] = trailing_space_normalizer(spm);
  components["pre_tokenizer"] = metaspace_component(scheme);
  components["decoder"] = metaspace_component(scheme);
  components["post_processor"] = template_component(
      {{"$A", 0}, {"</s>", 0}}, {{"$A", 0}, {"</s>", 0}, {"$B", 0}, {"</s>", 0}}, tokens);
  components["added_tokens"] = tokens.take();
  return document;
}

namespace {

/// The first pieces and the unknown id of fairseq's dictionary stand before the file's own; the
/// file's first three are among them.
void use_fairseq_pieces(SpmFolder& spm) {
  const std::size_t own = std::min<std::size_t>(3, spm.pieces.size());
  spm.pieces.erase(spm.pieces.begin(), spm.pieces.begin() + static_cast<std::ptrdiff_t>(own));
  spm.pieces.insert(spm.pieces.begin(), {{"<s>"}, {"<pad>"}, {"</s>"}, {"<unk>"}});
  spm.pieces.push_back({"<mask>"});
}

json llama_normalizer(bool prefix_space) {
  json parts = json::array();
  if (prefix_space) parts.push_back({{"type", "Prepend"}, {"prepend", "\u2581"}});
  parts.push_back(replace_component("String", " ", "\u2581"));
  return sequence_component("normalizers", std::move(parts));
}

json llama_decoder(bool prefix_space) {
  json parts = json::array(
      {replace_component("String", "\u2581", " "), {{"type", "ByteFallback"}}, {{"type", "Fuse"}}});
  if (prefix_space) {
    parts.push_back({{"type", "Strip"}, {"content", " "}, {"start", 1}, {"stop", 0}});
  }
  return sequence_component("decoders", std::move(parts));
}

}  // namespace

TokenizerDocument xlm_roberta_document(const FolderTokenizer& folder) {
  SpmFolder spm(folder);
  use_fairseq_pieces(spm);
  TokenizerDocument document = start_document(folder, spm, 3);
  AddedTokenList tokens(spm.settings, document.data.vocabulary);
  add_roles(tokens, spm.settings,
            {{"bos_token", {"<s>"}},
             {"eos_token", {"</s>"}},
             {"unk_token", {"<unk>"}},
             {"sep_token", {"</s>"}},
             {"pad_token", {"<pad>"}},
             {"cls_token", {"<s>"}},
             {"mask_token", {.content = "<mask>", .lstrip = true, .normalized = true}}});
  spm.use_control_pieces(tokens);
  tokens.add_further(spm.settings);
  json& components = *document.settings;
  components["normalizer"] = trailing_space_normalizer(spm);
  components["pre_tokenizer"] = metaspace_component("always");
  components["decoder"] = metaspace_component("always");
  components["post_processor"] = template_component(
      {{"<s>", 0}, {"$A", 0}, {"</s>", 0}},
      {{"<s>", 0}, {"$A", 0}, {"</s>", 0}, {"</s>", 0}, {"$B", 0}, {"</s>", 0}}, tokens);
  components["added_tokens"] = tokens.take();
  return document;
}

TokenizerDocument llama_document(const FolderTokenizer& folder) {
  SpmFolder spm(folder);
  for (std::size_t i = 0; i < std::min<std::size_t>(3, spm.pieces.size()); ++i) {
    spm.pieces[i].score = 0;
  }
  TokenizerDocument document = start_document(folder, spm, 0, true);
  const Fields& settings = spm.settings;
  AddedTokenList tokens(settings, document.data.vocabulary);
  const RoleToken start = role_token(settings, "bos_token", {"<s>"});
  const RoleToken end = role_token(settings, "eos_token", {"</s>"});
  tokens.add(start);
  tokens.add(end);
  add_roles(tokens, settings, {{"unk_token", {"<unk>"}}, {"pad_token", {""}}});
  spm.use_control_pieces(tokens);
  tokens.add_further(settings);
  TemplateParts single;
  TemplateParts second;
  if (settings.boolean("add_bos_token", true)) {
    single.emplace_back(start.content, 0);
    second.emplace_back(start.content, 1);
  }
  single.emplace_back("$A", 0);
  second.emplace_back("$B", 1);
  if (settings.boolean("add_eos_token", false)) {
    single.emplace_back(end.content, 0);
    second.emplace_back(end.content, 1);
  }
  TemplateParts pair = single;
  pair.insert(pair.end(), second.begin(), second.end());
  const bool prefix_space = settings.boolean("add_prefix_space", true);
  json& components = *document.settings;
  if (settings.boolean("legacy", true)) {
    components["normalizer"] = llama_normalizer(prefix_space);
  } else {
    components["pre_tokenizer"] = metaspace_component(prepend_scheme(settings), false);
  }
  components["decoder"] = llama_decoder(prefix_space);
  components["post_processor"] = template_component(single, pair, tokens);
  components["added_tokens"] = tokens.take();
  return document;
}

}  // namespace pellucid
