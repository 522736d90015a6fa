// SPDX-License-Identifier: Apache-2.0
// SentencePiece models of encoders that mark texts as BERT does: ALBERT, XLNet, DeBERTa-v3.
#include <unicode/uchar.h>

#include "pellucid/text/files/sentencepiece_folder.h"
#include "pellucid/text/unicode.h"

namespace pellucid {
namespace {

using nlohmann::json;

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

void lower_number_commas(SpmFolder& spm) {
  for (ScoredPiece& piece : spm.pieces) {
    if (ends_with_number_comma(piece.text)) piece.score -= 100;
  }
}

TemplateParts bert_single() { return {{"[CLS]", 0}, {"$A", 0}, {"[SEP]", 0}}; }
TemplateParts bert_pair() {
  return {{"[CLS]", 0}, {"$A", 0}, {"[SEP]", 0}, {"$B", 1}, {"[SEP]", 1}};
}

}  // namespace

TokenizerDocument albert_document(const FolderTokenizer& folder) {
  SpmFolder spm(folder);
  lower_number_commas(spm);
  TokenizerDocument document = spm.start_document(folder, spm.file.unknown_id);
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
  TokenizerDocument document = spm.start_document(folder, spm.file.unknown_id);
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
  TokenizerDocument document = spm.start_document(folder, spm.file.unknown_id);
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

}  // namespace pellucid
