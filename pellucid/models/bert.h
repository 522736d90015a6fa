// SPDX-License-Identifier: Apache-2.0
// BERT and its kin: post-norm transformer encoders that differ in names and numbers.
// Devlin et al. 2018, arXiv 1810.04805
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "pellucid/models/encoder.h"

namespace pellucid {

/// Names of a layer's weights; `prefix` and `suffix` stand before and behind the layer's number.
struct BertLayerNames {
  std::string_view prefix = "encoder.layer.";
  std::string_view query = "attention.self.query";
  std::string_view key = "attention.self.key";
  std::string_view value = "attention.self.value";
  std::string_view project = "attention.output.dense";
  std::string_view attention_norm = "attention.output.LayerNorm";
  std::string_view up = "intermediate.dense";
  std::string_view down = "output.dense";
  std::string_view mlp_norm = "output.LayerNorm";
  std::string_view distances = "attention.self.distance_embedding";
};

/// Keys of config.json. The names that all models have in common (hidden_size ...) are read too.
struct BertKeys {
  std::string_view hidden = "hidden_size";
  std::string_view layers = "num_hidden_layers";
  std::string_view heads = "num_attention_heads";
  std::string_view intermediate = "intermediate_size";
  std::string_view activation = "hidden_act";
};

/// Which row of the position table a token gets.
enum class PositionScheme {
  columns,        ///< 0, 1, 2 ...
  after_padding,  ///< pad_token_id + 1, + 2 ...; a token that is padding has row pad_token_id
  after_one,      ///< the same as if pad_token_id were 1
};

/// A linear map from the width of a word to the hidden size.
enum class Projection { none, when_wider, always };

/// What sets a model of this family apart.
struct BertVariant {
  std::string_view model_type;
  std::string_view prefix;  ///< of the base model's weights
  HeadRecipes heads;
  BertLayerNames names = {};
  BertKeys keys = {};
  float epsilon = 0;        ///< of norms where no option says it; 0: layer_norm_eps
  float layer_epsilon = 0;  ///< of the norms inside layers; 0: as the others
  std::string_view default_activation = "gelu";
  PositionScheme positions = PositionScheme::columns;
  std::int64_t default_padding = 0;
  bool types = true;
  bool position_types = false;      ///< reads position_embedding_type
  bool unscaled_distances = false;  ///< terms of distances are added after scaling
  Projection projection = Projection::none;
  std::string_view projection_name = {};
  bool grouped = false;                 ///< 1-wide convolutions, cut by q_groups, k_groups ...
  bool layer_groups = false;            ///< layers share weights in groups (num_hidden_groups)
  std::string_view relative_bias = {};  ///< a table of biases by distance, for all layers
  std::vector<std::string> without_effect = {};  ///< options that change no result of the graph
};

/// The variant of this model type; null: none.
const BertVariant* find_bert_variant(std::string_view model_type);

/// A model whose variant is known.
std::unique_ptr<const Network> make_bert(HeadKind head, const ModelConfig& config,
                                         Checkpoint& checkpoint);
/// A variant of one's own.
std::unique_ptr<const Network> make_bert_variant(const BertVariant& variant, HeadKind head,
                                                 const ModelConfig& config, Checkpoint& checkpoint);

}  // namespace pellucid
