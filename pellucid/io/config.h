// SPDX-License-Identifier: Apache-2.0
// config.json: the fields that mean the same in all families of models. A family reads the others
// from `fields`, so that a key which nobody reads can be told to the user.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pellucid/base/json.h"

namespace pellucid {

/// Largest sizes that are believed; a larger one is an error in the file.
inline constexpr std::int64_t kMaxWidth = 1 << 20;  ///< hidden and intermediate sizes, heads
inline constexpr std::int64_t kMaxLayers = 1 << 14;
inline constexpr std::int64_t kMaxVocabulary = 1 << 27;  ///< also positions
inline constexpr std::int64_t kMaxLabels = 1 << 20;

struct ModelConfig {
  /// Reads FOLDER/config.json.
  static ModelConfig read(const std::string& folder);
  /// The same from memory; `name` opens the error messages.
  static ModelConfig parse(std::string_view text, const std::string& name);

  std::string model_type;
  std::vector<std::string> architectures;  ///< class names, often one; may be empty
  std::vector<std::string> labels;  ///< by index; LABEL_0, LABEL_1 ... where the file names none
  bool labels_given = false;        ///< the file has id2label
  std::optional<std::string> problem_type;  ///< regression, single_ or multi_label_classification
  std::optional<std::string> dtype;         ///< of the weights as written, e.g. "float16"
  std::optional<std::int64_t> bos_token_id;
  std::vector<std::int64_t> eos_token_ids;  ///< several for some decoders
  std::optional<std::int64_t> pad_token_id;
  std::optional<std::int64_t> sep_token_id;
  std::optional<std::int64_t> decoder_start_token_id;
  bool tie_word_embeddings = true;
  bool is_decoder = false;
  bool is_encoder_decoder = false;
  bool add_cross_attention = false;
  JsonObject fields;  ///< the whole file

  std::int64_t num_labels() const { return static_cast<std::int64_t>(labels.size()); }

  /// A size from 1 to `highest`.
  std::int64_t size(std::string_view key, std::int64_t highest = kMaxWidth) const {
    return fields.integer(key, 1, highest);
  }
  /// The number of heads under `key`; throws Error unless it divides `hidden`, the value of
  /// `hidden_key`.
  std::int64_t heads(std::string_view key, std::string_view hidden_key, std::int64_t hidden) const;

  /// What the file says that is odd; then, once a family has read its part, the keys without
  /// effect.
  std::vector<std::string> warnings() const;

 private:
  explicit ModelConfig(JsonObject object);
  void read_labels();
  void compare_label2id();
  void read_tokens();
  void read_options();

  std::vector<std::string> oddities_;
};

}  // namespace pellucid
