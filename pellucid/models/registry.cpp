// SPDX-License-Identifier: Apache-2.0
// Model types by name. A family is one file; a new one is one line here.
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "pellucid/base/error.h"
#include "pellucid/base/spelling.h"
#include "pellucid/io/config.h"
#include "pellucid/models/bart.h"
#include "pellucid/models/bert.h"
#include "pellucid/models/deberta.h"
#include "pellucid/models/gpt.h"
#include "pellucid/models/llama.h"
#include "pellucid/models/mobilebert.h"
#include "pellucid/models/modernbert.h"
#include "pellucid/models/neox.h"
#include "pellucid/models/network.h"
#include "pellucid/models/t5.h"
#include "pellucid/models/xlnet.h"

namespace pellucid {
namespace {

struct Family {
  std::string_view model_type;
  std::unique_ptr<const Network> (*make)(HeadKind, const ModelConfig&, Checkpoint&);
};

constexpr std::array kFamilies{
    Family{"bert", make_bert},
    Family{"distilbert", make_bert},
    Family{"roberta", make_bert},
    Family{"xlm-roberta", make_bert},
    Family{"camembert", make_bert},
    Family{"electra", make_bert},
    Family{"albert", make_bert},
    Family{"mpnet", make_bert},
    Family{"squeezebert", make_bert},
    Family{"deberta", make_deberta},
    Family{"deberta-v2", make_deberta},
    Family{"modernbert", make_modernbert},
    Family{"mobilebert", make_mobilebert},
    Family{"xlnet", make_xlnet},
    Family{"bart", make_bart},
    Family{"mbart", make_bart},
    Family{"marian", make_bart},
    Family{"pegasus", make_bart},
    Family{"t5", make_t5},
    Family{"mt5", make_t5},
    Family{"bloom", make_gpt},
    Family{"falcon", make_neox},
    Family{"gemma", make_llama},
    Family{"gemma2", make_llama},
    Family{"gemma3_text", make_llama},
    Family{"gpt2", make_gpt},
    Family{"gpt_neo", make_gpt},
    Family{"gpt_neox", make_neox},
    Family{"gptj", make_neox},
    Family{"llama", make_llama},
    Family{"mistral", make_llama},
    Family{"mixtral", make_llama},
    Family{"olmo2", make_llama},
    Family{"opt", make_gpt},
    Family{"phi", make_neox},
    Family{"phi3", make_llama},
    Family{"qwen2", make_llama},
    Family{"qwen2_moe", make_llama},
    Family{"qwen3", make_llama},
    Family{"stablelm", make_llama},
};

struct HeadName {
  std::string_view suffix;  ///< of a class name in "architectures"
  HeadKind head;
};

constexpr std::array kHeads{
    HeadName{"ElectraForPreTraining", HeadKind::replaced_token_detection},
    HeadName{"ForSequenceClassification", HeadKind::sequence_classification},
    HeadName{"ForTokenClassification", HeadKind::token_classification},
    HeadName{"ForQuestionAnsweringSimple", HeadKind::question_answering},
    HeadName{"ForQuestionAnswering", HeadKind::question_answering},
    HeadName{"ForMaskedLM", HeadKind::masked_lm},
    HeadName{"ForPreTraining", HeadKind::masked_lm},
    HeadName{"GPT2LMHeadModel", HeadKind::causal_lm},
    HeadName{"ForCausalLM", HeadKind::causal_lm},
    HeadName{"ForConditionalGeneration", HeadKind::seq2seq_lm},
    HeadName{"T5WithLMHeadModel", HeadKind::seq2seq_lm},
    HeadName{"MarianMTModel", HeadKind::seq2seq_lm},
    HeadName{"LMHeadModel", HeadKind::masked_lm},
    HeadName{"Model", HeadKind::none},
};

}  // namespace

Tensor Network::extend(const Batch& /*batch*/, std::span<KeyValueCache* const> /*caches*/) const {
  fail("this model does not continue texts");
}

Tensor Network::embed_decoder(std::span<const std::int32_t> /*ids*/) const {
  fail("this model is no encoder-decoder");
}

void Network::encode(const Batch& /*source*/, std::span<KeyValueCache* const> /*caches*/) const {
  fail("this model is no encoder-decoder");
}

std::vector<std::int32_t> Network::decoder_ids(std::span<const std::int32_t> /*ids*/) const {
  fail("this model is no encoder-decoder");
}

HeadKind named_head(const ModelConfig& config) {
  check(!config.architectures.empty(),
        "{}: \"architectures\" is missing: it names the head; choose one with --task",
        config.fields.name());
  const std::string& architecture = config.architectures.front();
  if (architecture.ends_with("DoubleHeadsModel")) {
    fail("{}: \"architectures\" names {}, a head that is not supported", config.fields.name(),
         architecture);
  }
  for (const HeadName& known : kHeads) {
    if (architecture.ends_with(known.suffix)) return known.head;
  }
  fail("{}: \"architectures\" names {}, a head that is not supported", config.fields.name(),
       architecture);
}

bool is_supported(std::string_view model_type) {
  return std::any_of(kFamilies.begin(), kFamilies.end(),
                     [&](const Family& family) { return family.model_type == model_type; });
}

std::unique_ptr<const Network> make_network(HeadKind head, const ModelConfig& config,
                                            Checkpoint& checkpoint) {
  std::vector<std::string> known;
  for (const Family& family : kFamilies) {
    if (family.model_type == config.model_type) return family.make(head, config, checkpoint);
    known.emplace_back(family.model_type);
  }
  fail("{}: \"model_type\" is \"{}\", expected one of: {}{}", config.fields.name(),
       config.model_type, fmt::format("{}", fmt::join(known, ", ")),
       did_you_mean(config.model_type, known));
}

}  // namespace pellucid
