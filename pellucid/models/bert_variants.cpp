// SPDX-License-Identifier: Apache-2.0
// What sets the models of BERT's family apart, as data.
#include <algorithm>
#include <vector>

#include "pellucid/models/bert.h"

namespace pellucid {
namespace {

/// BERT and SqueezeBERT.
HeadRecipes bert_heads() {
  return {.sequence = {.dense = "pooler.dense",
                       .dense_of_base = true,
                       .activation = Activation::tanh,
                       .output = "classifier"},
          .masked = {.dense = "cls.predictions.transform.dense",
                     .norm = "cls.predictions.transform.LayerNorm",
                     .output = "cls.predictions.decoder",
                     .bias = "cls.predictions.bias"}};
}

/// RoBERTa's, XLM-RoBERTa's, CamemBERT's and MPNet's.
HeadRecipes roberta_heads() {
  return {.sequence = {.dense = "classifier.dense",
                       .activation = Activation::tanh,
                       .output = "classifier.out_proj"},
          .masked = {.dense = "lm_head.dense",
                     .activation = Activation::gelu,
                     .norm = "lm_head.layer_norm",
                     .output = "lm_head.decoder",
                     .bias = "lm_head.bias"}};
}

/// RoBERTa under several names.
BertVariant roberta(std::string_view model_type) {
  return {.model_type = model_type,
          .prefix = "roberta.",
          .heads = roberta_heads(),
          .positions = PositionScheme::after_padding,
          .default_padding = 1,
          .position_types = true};
}

/// Sanh et al. 2019, arXiv 1910.01108
BertVariant distilbert() {
  return {.model_type = "distilbert",
          .prefix = "distilbert.",
          .heads = {.sequence = {.dense = "pre_classifier",
                                 .activation = Activation::relu,
                                 .output = "classifier"},
                    .masked = {.dense = "vocab_transform",
                               .norm = "vocab_layer_norm",
                               .output = "vocab_projector"}},
          .names = {.prefix = "transformer.layer.",
                    .query = "attention.q_lin",
                    .key = "attention.k_lin",
                    .value = "attention.v_lin",
                    .project = "attention.out_lin",
                    .attention_norm = "sa_layer_norm",
                    .up = "ffn.lin1",
                    .down = "ffn.lin2",
                    .mlp_norm = "output_layer_norm"},
          .keys = {.hidden = "dim",
                   .layers = "n_layers",
                   .heads = "n_heads",
                   .intermediate = "hidden_dim",
                   .activation = "activation"},
          .epsilon = 1e-12F,
          .types = false,
          // Sinusoidal positions are stored like any others.
          .without_effect = {"sinusoidal_pos_embds", "qa_dropout", "seq_classif_dropout"}};
}

/// Clark et al. 2020, arXiv 2003.10555
BertVariant electra() {
  return {.model_type = "electra",
          .prefix = "electra.",
          .heads = {.sequence = {.dense = "classifier.dense",
                                 .activation = Activation::gelu,
                                 .output = "classifier.out_proj"},
                    .masked = {.dense = "generator_predictions.dense",
                               .activation = Activation::gelu,
                               .norm = "generator_predictions.LayerNorm",
                               .output = "generator_lm_head"},
                    .replaced = {.dense = "discriminator_predictions.dense",
                                 .output = "discriminator_predictions.dense_prediction"}},
          .position_types = true,
          .projection = Projection::when_wider,
          .projection_name = "embeddings_project",
          // The summary serves multiple choice alone.
          .without_effect = {"summary_type", "summary_use_proj", "summary_activation",
                             "summary_last_dropout"}};
}

/// Lan et al. 2019, arXiv 1909.11942
BertVariant albert() {
  return {.model_type = "albert",
          .prefix = "albert.",
          .heads = {.sequence = {.dense = "pooler",
                                 .dense_of_base = true,
                                 .activation = Activation::tanh,
                                 .output = "classifier"},
                    .masked = {.dense = "predictions.dense",
                               .norm = "predictions.LayerNorm",
                               .output = "predictions.decoder",
                               .bias = "predictions.bias"}},
          .names = {.prefix = "encoder.albert_layer_groups.",
                    .query = "attention.query",
                    .key = "attention.key",
                    .value = "attention.value",
                    .project = "attention.dense",
                    .attention_norm = "attention.LayerNorm",
                    .up = "ffn",
                    .down = "ffn_output",
                    .mlp_norm = "full_layer_layer_norm",
                    .distances = "attention.distance_embedding"},
          .default_activation = "gelu_new",
          .position_types = true,
          .unscaled_distances = true,
          .projection = Projection::always,
          .projection_name = "encoder.embedding_hidden_mapping_in",
          .layer_groups = true,
          .without_effect = {"classifier_dropout_prob", "net_structure_type", "down_scale_factor",
                             "gap_size", "num_memory_blocks"}};
}

/// Song et al. 2020, arXiv 2004.09297
BertVariant mpnet() {
  return {.model_type = "mpnet",
          .prefix = "mpnet.",
          .heads = roberta_heads(),
          .names = {.query = "attention.attn.q",
                    .key = "attention.attn.k",
                    .value = "attention.attn.v",
                    .project = "attention.attn.o",
                    .attention_norm = "attention.LayerNorm"},
          .positions = PositionScheme::after_one,
          .types = false,
          .relative_bias = "encoder.relative_attention_bias",
          .without_effect = {"type_vocab_size"}};
}

/// Iandola et al. 2020, arXiv 2006.11316
BertVariant squeezebert() {
  return {.model_type = "squeezebert",
          .prefix = "transformer.",
          .heads = bert_heads(),
          .names = {.prefix = "encoder.layers.",
                    .query = "attention.query",
                    .key = "attention.key",
                    .value = "attention.value",
                    .project = "post_attention.conv1d",
                    .attention_norm = "post_attention.layernorm",
                    .up = "intermediate.conv1d",
                    .down = "output.conv1d",
                    .mlp_norm = "output.layernorm"},
          .layer_epsilon = 1e-12F,  // whatever layer_norm_eps says
          .grouped = true};
}

}  // namespace

const BertVariant* find_bert_variant(std::string_view model_type) {
  static const std::vector<BertVariant> kVariants{
      {.model_type = "bert",
       .prefix = "bert.",
       .heads = bert_heads(),
       .position_types = true,
       .without_effect = {"pooler_fc_size", "pooler_num_attention_heads", "pooler_num_fc_layers",
                          "pooler_size_per_head", "pooler_type"}},
      roberta("roberta"),
      roberta("xlm-roberta"),
      roberta("camembert"),
      distilbert(),
      electra(),
      albert(),
      mpnet(),
      squeezebert(),
  };
  const auto found =
      std::find_if(kVariants.begin(), kVariants.end(),
                   [&](const BertVariant& variant) { return variant.model_type == model_type; });
  return found == kVariants.end() ? nullptr : &*found;
}

}  // namespace pellucid
