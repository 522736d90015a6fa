// SPDX-License-Identifier: Apache-2.0
#include "pellucid/text/files/classes.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "pellucid/base/error.h"
#include "pellucid/base/spelling.h"
#include "pellucid/text/files/sentencepiece_model.h"

namespace pellucid {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

enum class Kind { lines, merges, sentencepiece, ranks };
constexpr std::array<std::string_view, 4> kKindNames = {"vocab.txt", "vocab.json with merges.txt",
                                                        "a SentencePiece model", "tiktoken ranks"};

struct TokenizerClass {
  Kind kind;
  TokenizerDocument (*make)(const FolderTokenizer& folder);
  std::vector<std::string_view> classes;      ///< of transformers, without "Fast"
  std::vector<std::string_view> model_types;  ///< of config.json
};

/// Classes that share a pipeline stand together.
const std::vector<TokenizerClass>& known_classes() {
  static const std::vector<TokenizerClass> known = {
      {Kind::lines,
       bert_document,
       {"BertTokenizer", "DistilBertTokenizer", "ElectraTokenizer", "MobileBertTokenizer",
        "ConvBertTokenizer", "SqueezeBertTokenizer", "LxmertTokenizer", "LayoutLMTokenizer",
        "RetriBertTokenizer", "DPRReaderTokenizer", "DPRQuestionEncoderTokenizer",
        "DPRContextEncoderTokenizer"},
       {"bert", "distilbert", "electra", "mobilebert", "convbert", "squeezebert", "lxmert",
        "layoutlm", "dpr"}},
      {Kind::merges,
       gpt2_document,
       {"GPT2Tokenizer", "CodeGenTokenizer"},
       {"gpt2", "gpt_neo", "gptj", "codegen"}},
      {Kind::merges,
       roberta_document,
       {"RobertaTokenizer", "BartTokenizer", "LongformerTokenizer", "LEDTokenizer", "MvpTokenizer"},
       {"roberta", "bart", "longformer", "led", "mvp"}},
      {Kind::merges, clip_document, {"CLIPTokenizer"}, {"clip", "clip_text_model"}},
      {Kind::merges, gpt1_document, {"OpenAIGPTTokenizer"}, {"openai-gpt"}},
      {Kind::merges, qwen2_document, {"Qwen2Tokenizer"}, {"qwen2", "qwen3"}},
      {Kind::sentencepiece, albert_document, {"AlbertTokenizer"}, {"albert"}},
      {Kind::sentencepiece, xlnet_document, {"XLNetTokenizer"}, {"xlnet"}},
      {Kind::sentencepiece, deberta_document, {"DebertaV2Tokenizer"}, {"deberta-v2"}},
      {Kind::sentencepiece, t5_document, {"T5Tokenizer"}, {"t5", "mt5", "umt5"}},
      {Kind::sentencepiece, llama_document, {"LlamaTokenizer"}, {"llama", "mistral", "mixtral"}},
      {Kind::sentencepiece, xlm_roberta_document, {"XLMRobertaTokenizer"}, {"xlm-roberta"}},
      {Kind::ranks, llama3_document, {"LlamaTokenizer"}, {"llama"}},
      {Kind::ranks, qwen_document, {"QWenTokenizer"}, {"qwen"}},
  };
  return known;
}

/// Lines of base64 and a number are ranks; a SentencePiece model begins with a byte that is no
/// letter.
bool are_ranks(std::string_view bytes) {
  const std::string_view line = bytes.substr(0, bytes.find('\n'));
  const std::size_t space = line.find(' ');
  const auto is_printable = [](char byte) { return byte > 0x20 && byte < 0x7F; };
  return space != std::string_view::npos && space > 0 &&
         std::all_of(line.begin(), line.begin() + static_cast<std::ptrdiff_t>(space), is_printable);
}

Kind kind_of(const FolderTokenizer& folder) {
  const fs::path file = folder.name;
  if (file.extension() == ".txt") return Kind::lines;
  if (file.extension() == ".json") return Kind::merges;
  if (file.extension() == ".tiktoken") return Kind::ranks;
  check(file.extension() == ".model",
        "{}: not a tokenizer file, expected a name ending with "
        ".json, .txt, .model or .tiktoken",
        folder.name);
  return are_ranks(folder.bytes) ? Kind::ranks : Kind::sentencepiece;
}

const TokenizerClass& find_class(Kind kind, TokenizerDocument (*make)(const FolderTokenizer&)) {
  const auto& known = known_classes();
  return *std::find_if(known.begin(), known.end(), [&](const TokenizerClass& item) {
    return item.kind == kind && item.make == make;
  });
}

/// By tokens that only one class has.
const TokenizerClass& class_by_content(const FolderTokenizer& folder, Kind kind) {
  if (kind == Kind::lines) return find_class(kind, bert_document);
  if (kind == Kind::ranks) {
    const bool is_qwen = fs::path(folder.name).extension() == ".tiktoken";
    return find_class(kind, is_qwen ? qwen_document : llama3_document);
  }
  if (kind == Kind::merges) {
    const Vocabulary vocabulary = read_vocabulary_json(folder.bytes, folder.name);
    const auto has = [&](std::string_view token) { return vocabulary.id(token).has_value(); };
    if (has("<|startoftext|>")) return find_class(kind, clip_document);
    if (has("<mask>") && has("<s>")) return find_class(kind, roberta_document);
    // GPT-1 marks the ends of words; byte-level vocabularies mark their beginnings.
    if (has("the</w>") || has("e</w>")) return find_class(kind, gpt1_document);
    return find_class(kind, gpt2_document);
  }
  const SentencePieceModel model = read_sentencepiece(folder.bytes, folder.name);
  if (model.kind == SentencePieceModel::bpe) return find_class(kind, llama_document);
  const auto has = [&](std::string_view text) {
    return std::any_of(model.pieces.begin(), model.pieces.end(),
                       [&](const SentencePiece& piece) { return piece.text == text; });
  };
  if (has("[CLS]")) return find_class(kind, has("[MASK]") ? albert_document : deberta_document);
  if (has("<sep>") && has("<cls>")) return find_class(kind, xlnet_document);
  const std::string name = fs::path(folder.name).filename().string();
  if (name == "sentencepiece.bpe.model") return find_class(kind, xlm_roberta_document);
  return find_class(kind, t5_document);
}

bool contains(const std::vector<std::string_view>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::string text_field(const json& object, const char* field) {
  const auto found = object.find(field);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

/// The class that a name stands for and whose vocabulary is of this kind; none for "".
const TokenizerClass* class_by_name(const FolderTokenizer& folder, Kind kind, std::string name) {
  if (name.ends_with("Fast")) name.resize(name.size() - 4);
  if (name.empty() || name == "PreTrainedTokenizer") return nullptr;
  std::vector<std::string> names;
  const TokenizerClass* other = nullptr;
  for (const TokenizerClass& item : known_classes()) {
    names.insert(names.end(), item.classes.begin(), item.classes.end());
    if (!contains(item.classes, name)) continue;
    if (item.kind == kind) return &item;
    other = &item;
  }
  if (!other) {
    fail("{}: tokenizer_class {} is not supported, expected one of {}{}", folder.name, quote(name),
         fmt::join(names, ", "), did_you_mean(name, names));
  }
  fail("{}: is {}, but tokenizer_class {} has {}", folder.name,
       kKindNames[static_cast<std::size_t>(kind)], quote(name),
       kKindNames[static_cast<std::size_t>(other->kind)]);
}

const TokenizerClass& class_of(const FolderTokenizer& folder, const json& config) {
  const Kind kind = kind_of(folder);
  for (const json* settings : {&folder.settings, &config}) {
    const TokenizerClass* found =
        class_by_name(folder, kind, text_field(*settings, "tokenizer_class"));
    if (found) return *found;
  }
  // Models borrow tokenizers, so here the kind of the vocabulary has the last word.
  const std::string model_type = text_field(config, "model_type");
  for (const TokenizerClass& item : known_classes()) {
    if (item.kind == kind && contains(item.model_types, model_type)) return item;
  }
  return class_by_content(folder, kind);
}

}  // namespace

TokenizerDocument read_folder(const FolderTokenizer& folder, const json& config) {
  return class_of(folder, config).make(folder);
}

}  // namespace pellucid
