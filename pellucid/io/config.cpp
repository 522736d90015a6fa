// SPDX-License-Identifier: Apache-2.0
#include "pellucid/io/config.h"

#include <charconv>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>
#include <system_error>
#include <utility>

#include "pellucid/base/error.h"
#include "pellucid/base/spelling.h"

namespace pellucid {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kLongestConfig = 8U << 20;

const std::vector<std::string> kProblemTypes = {"regression", "single_label_classification",
                                                "multi_label_classification"};

/// Keys that change no output of a finished model: training, bookkeeping, what a call returns.
const std::vector<std::string> kWithoutEffect = {"_name_or_path",
                                                 "name_or_path",
                                                 "_commit_hash",
                                                 "_num_labels",
                                                 "transformers_version",
                                                 "initializer_range",
                                                 "initializer_factor",
                                                 "use_cache",
                                                 "torchscript",
                                                 "return_dict",
                                                 "output_attentions",
                                                 "output_hidden_states",
                                                 "gradient_checkpointing",
                                                 "finetuning_task",
                                                 "task_specific_params",
                                                 "tokenizer_class",
                                                 "language",
                                                 "use_bfloat16",
                                                 "directionality",
                                                 "chunk_size_feed_forward",
                                                 "_attn_implementation",
                                                 "attn_implementation",
                                                 "_attn_implementation_autoset",
                                                 "hidden_dropout_prob",
                                                 "attention_probs_dropout_prob",
                                                 "classifier_dropout",
                                                 "hidden_dropout",
                                                 "attention_dropout",
                                                 "activation_dropout",
                                                 "dropout"};

/// The index that a key of id2label stands for.
std::optional<std::int64_t> label_index(const std::string& key) {
  std::int64_t index = 0;
  const char* end = key.data() + key.size();
  const auto [rest, problem] = std::from_chars(key.data(), end, index);
  if (problem != std::errc() || rest != end || index < 0) return std::nullopt;
  return index;
}

}  // namespace

ModelConfig ModelConfig::read(const std::string& folder) {
  namespace fs = std::filesystem;
  std::error_code problem;
  check(fs::is_directory(folder, problem), "{}: is no folder of a model", quote(folder));
  const fs::path path = fs::path(folder) / "config.json";
  check(fs::exists(path, problem), "{}: there is no config.json", folder);
  return ModelConfig(JsonObject(path.string(), read_json_file(path.string(), kLongestConfig)));
}

ModelConfig ModelConfig::parse(std::string_view text, const std::string& name) {
  return ModelConfig(JsonObject(name, parse_json(text, name)));
}

ModelConfig::ModelConfig(JsonObject object) : fields(std::move(object)) {
  model_type = fields.text("model_type");
  if (fields.has("quantization_config")) {
    fail("{}: \"quantization_config\": quantised weights are not read", fields.name());
  }
  if (const auto pruned = fields.optional_object("pruned_heads");
      pruned && !pruned->keys().empty()) {
    fail("{}: \"pruned_heads\": pruned attention heads are not supported", fields.name());
  }
  if (fields.has("auto_map")) {
    oddities_.push_back(fmt::format(
        "{}: \"auto_map\" names code of the model's own, which is not run", fields.name()));
  }
  fields.ignore({"quantization_config", "auto_map"});
  fields.ignore(kWithoutEffect);
  read_labels();
  compare_label2id();
  read_tokens();
  read_options();
}

/// id2label decides, else num_labels, else two labels as Hugging Face has it, but three for BART.
void ModelConfig::read_labels() {
  const auto count = fields.optional_integer("num_labels", 0, kMaxLabels);
  const auto names = fields.optional_object("id2label");
  labels_given = names.has_value();
  if (!names) {
    for (std::int64_t i = 0; i < count.value_or(model_type == "bart" ? 3 : 2); ++i)
      labels.push_back(fmt::format("LABEL_{}", i));
    return;
  }
  const std::vector<std::string> keys = names->keys();
  std::vector<std::optional<std::string>> found(keys.size());
  std::set<std::string> distinct;
  const Json& members = *fields.value("id2label");
  for (const auto& [key, label] : members.items()) {
    const auto index = label_index(key);
    check(index.has_value(), "{}: \"id2label\" has the key {}, expected an index", fields.name(),
          quote(key));
    check(*index < static_cast<std::int64_t>(keys.size()),
          "{}: \"id2label\" has {} labels, but one for index {}", fields.name(), keys.size(),
          *index);
    auto& place = found[static_cast<std::size_t>(*index)];
    check(!place, "{}: \"id2label\" has two labels for index {}", fields.name(), *index);
    check(label.is_string() || label.is_number_integer(),
          "{}: \"id2label\" has no text for index {}", fields.name(), *index);
    place = label.is_string() ? label.get<std::string>() : label.dump();
    if (!distinct.insert(*place).second) {
      oddities_.push_back(
          fmt::format("{}: \"id2label\" has several labels {}", fields.name(), quote(*place)));
    }
  }
  names->ignore(keys);
  for (auto& label : found) labels.push_back(std::move(*label));
  if (count && *count != num_labels()) {
    oddities_.push_back(
        fmt::format("{}: \"num_labels\" is {}, but \"id2label\" has {} labels, which count",
                    fields.name(), *count, labels.size()));
  }
}

/// label2id says the same again; where it does not, the reader of the result should know.
void ModelConfig::compare_label2id() {
  const auto inverse = fields.optional_object("label2id");
  if (!inverse) return;
  inverse->ignore(inverse->keys());
  if (!labels_given) return;
  for (const auto& [label, index] : fields.value("label2id")->items()) {
    const bool same = index.is_number_unsigned() && index.get<std::uint64_t>() < labels.size() &&
                      labels[index.get<std::size_t>()] == label;
    if (same) continue;
    oddities_.push_back(
        fmt::format("{}: \"label2id\" and \"id2label\" differ at {}; id2label counts",
                    fields.name(), quote(label)));
    return;
  }
}

void ModelConfig::read_tokens() {
  // Some families write -1 for "none".
  const auto token = [&](std::string_view key) -> std::optional<std::int64_t> {
    const auto id = fields.optional_integer(key, -1, kMaxVocabulary);
    return id && *id >= 0 ? id : std::nullopt;
  };
  bos_token_id = token("bos_token_id");
  pad_token_id = token("pad_token_id");
  sep_token_id = token("sep_token_id");
  decoder_start_token_id = token("decoder_start_token_id");
  const Json* eos = fields.value("eos_token_id");
  if (eos != nullptr && eos->is_array()) {
    eos_token_ids = fields.integers("eos_token_id", 0, kMaxVocabulary);
  } else if (const auto id = token("eos_token_id")) {
    eos_token_ids = {*id};
  }
}

void ModelConfig::read_options() {
  architectures = fields.optional_texts("architectures").value_or(std::vector<std::string>{});
  problem_type = fields.optional_choice("problem_type", kProblemTypes);
  dtype = fields.optional_text("dtype");
  const auto older_name = fields.optional_text("torch_dtype");
  if (!dtype) dtype = older_name;
  tie_word_embeddings = fields.optional_boolean("tie_word_embeddings").value_or(true);
  is_decoder = fields.optional_boolean("is_decoder").value_or(false);
  is_encoder_decoder = fields.optional_boolean("is_encoder_decoder").value_or(false);
  add_cross_attention = fields.optional_boolean("add_cross_attention").value_or(false);
}

std::int64_t ModelConfig::heads(std::string_view key, std::string_view hidden_key,
                                std::int64_t hidden) const {
  const std::int64_t count = size(key);
  check(hidden % count == 0, "{}: \"{}\" is {}, expected a divisor of \"{}\", which is {}",
        fields.name(), key, count, hidden_key, hidden);
  return count;
}

std::vector<std::string> ModelConfig::warnings() const {
  std::vector<std::string> result = oddities_;
  for (const std::string& key : fields.unread()) {
    result.push_back(fmt::format("{}: {} has no effect here", fields.name(), quote(key)));
  }
  return result;
}

}  // namespace pellucid
