// SPDX-License-Identifier: Apache-2.0
#include "pellucid/models/bart.h"

#include <cmath>
#include <string_view>

#include "pellucid/base/error.h"
#include "pellucid/models/decoder_config.h"
#include "pellucid/models/seq2seq_options.h"
#include "pellucid/nn/options.h"

namespace pellucid {
namespace {

/// What a family is, and what it gives to options that a file leaves out (-1: nothing).
struct BartFamily {
  std::string_view model_type;
  bool pre_norm, embedding_norm, sinusoidal, scale_in_table;
  std::int64_t vocabulary, start, bos, pad, end;
  DecoderIds decoder_ids;
};

constexpr BartFamily kBartFamilies[] = {
    {"bart", false, true, false, true, 50265, 2, 0, 1, 2, DecoderIds::shifted},
    {"mbart", true, true, false, true, 50265, -1, 0, 1, 2, DecoderIds::last_first},
    {"marian", false, false, true, false, 58101, 58100, -1, 58100, 0, DecoderIds::none},
    {"pegasus", true, false, true, false, 50265, 0, -1, 0, 1, DecoderIds::none},
};

const BartFamily& family_of(const ModelConfig& config) {
  for (const BartFamily& family : kBartFamilies) {
    if (family.model_type == config.model_type) return family;
  }
  fail("{}: \"model_type\" is \"{}\", no family like BART", config.fields.name(),
       config.model_type);
}

/// Files of old library versions say again what the family is.
void check_old_options(const JsonObject& fields, const BartFamily& family) {
  const auto expect = [&](std::string_view key, bool expected) {
    if (fields.optional_boolean(key).value_or(expected) == expected) return;
    fields.refuse(key, expected ? "true for this model" : "false for this model");
  };
  expect("normalize_before", family.pre_norm);
  expect("add_final_layer_norm", family.pre_norm);
  expect("normalize_embedding", family.embedding_norm);
  expect("static_position_embeddings", family.sinusoidal);
  expect("is_encoder_decoder", true);
  require_false(fields, {"tie_encoder_decoder", "is_decoder"});
  fields.ignore({"encoder_layerdrop", "decoder_layerdrop", "init_std", "num_hidden_layers",
                 "classif_dropout", "extra_pos_embeddings", "add_bias_logits", "eos_token_ids",
                 "force_bos_token_to_be_generated", "add_cross_attention"});
}

StackOptions stack(const DecoderConfig& reader, const std::string& name, std::int64_t hidden) {
  StackOptions options{.name = name};
  options.layers = reader.size(name + "_layers", 12, kMaxLayers);
  options.heads = reader.size(name + "_attention_heads", 16);
  options.intermediate = reader.size(name + "_ffn_dim", 4096);
  check(hidden % options.heads == 0,
        "{}: \"{}_attention_heads\" is {}, expected a divisor of \"d_model\", {}",
        reader.fields().name(), name, options.heads, hidden);
  options.head_width = hidden / options.heads;
  return options;
}

}  // namespace

std::unique_ptr<const Network> make_bart(HeadKind head, const ModelConfig& config,
                                         Checkpoint& checkpoint) {
  const BartFamily& family = family_of(config);
  const DecoderConfig reader(config);
  check_old_options(config.fields, family);
  Seq2SeqOptions options;
  options.hidden = reader.size("d_model", 1024);
  options.vocabulary = reader.size("vocab_size", family.vocabulary, kMaxVocabulary);
  options.decoder_vocabulary = options.vocabulary;
  options.max_positions = reader.size("max_position_embeddings", 1024, kMaxVocabulary);
  options.encoder = stack(reader, "encoder", options.hidden);
  options.decoder = stack(reader, "decoder", options.hidden);
  options.tied = options.shared_words = reader.flag("tie_word_embeddings", true);
  if (family.model_type == "marian") {
    options.shared_words = reader.flag("share_encoder_decoder_embeddings", true);
    const std::int64_t words =
        reader.size("decoder_vocab_size", options.vocabulary, kMaxVocabulary);
    if (!options.shared_words) options.decoder_vocabulary = words;
  }
  if (reader.flag("scale_embedding", false)) {
    (family.scale_in_table ? options.table_scale : options.embedding_scale) =
        static_cast<float>(std::sqrt(static_cast<double>(options.hidden)));
  }
  options.places = family.sinusoidal ? PlaceTable::sinusoidal : PlaceTable::learned;
  options.place_offset = 2;
  options.embedding_norm = family.embedding_norm;
  options.pre_norm = family.pre_norm;
  options.activation = reader.activation("activation_function", "gelu");
  options.labels = config.num_labels();
  options.decoder_ids = family.decoder_ids;
  const auto id_or = [](const std::optional<std::int64_t>& id, std::int64_t usual) {
    return id || usual < 0 ? id : usual;
  };
  options.pad_id = id_or(config.pad_token_id, family.pad);
  options.start_id = id_or(config.decoder_start_token_id, family.start);
  options.bos_id = id_or(config.bos_token_id, family.bos);
  options.end_id = config.eos_token_ids.empty() ? family.end : config.eos_token_ids.front();
  return make_seq2seq(head, options, checkpoint);
}

}  // namespace pellucid
