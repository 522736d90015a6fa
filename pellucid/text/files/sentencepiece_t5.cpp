// SPDX-License-Identifier: Apache-2.0
// SentencePiece models of T5, XLM-RoBERTa and LLaMA.
#include <algorithm>

#include "pellucid/text/files/sentencepiece_folder.h"

namespace pellucid {
namespace {

using nlohmann::json;

/// T5 and XLM-RoBERTa.
json trailing_space_normalizer(const SpmFolder& spm) {
  json parts = json::array();
  spm.append_precompiled(parts);
  parts.push_back({{"type", "Strip"}, {"strip_left", false}, {"strip_right", true}});
  parts.push_back(replace_component("Regex", " {2,}", "\u2581"));
  return sequence_component("normalizers", std::move(parts));
}

const char* prepend_scheme(const Fields& settings) {
  if (!settings.boolean("add_prefix_space", true)) return "never";
  return settings.boolean("legacy", true) ? "always" : "first";
}

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

TokenizerDocument t5_document(const FolderTokenizer& folder) {
  SpmFolder spm(folder);
  std::vector<std::string> extra;
  for (std::int64_t i = extra_ids(spm.settings); i-- > 0;) {
    extra.push_back("<extra_id_" + std::to_string(i) + ">");
    spm.pieces.push_back({extra.back(), 0});
  }
  TokenizerDocument document = spm.start_document(folder, spm.file.unknown_id);
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

TokenizerDocument xlm_roberta_document(const FolderTokenizer& folder) {
  SpmFolder spm(folder);
  use_fairseq_pieces(spm);
  TokenizerDocument document = spm.start_document(folder, 3);
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
  TokenizerDocument document = spm.start_document(folder, 0, true);
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
