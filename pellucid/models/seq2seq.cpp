// SPDX-License-Identifier: Apache-2.0
// The graph of all encoder-decoders: the encoder runs once, the decoder looks its outputs up.
// Vaswani et al. 2017, arXiv 1706.03762; Lewis et al. 2019, arXiv 1910.13461 (BART); Raffel et al.
// 2019, arXiv 1910.10683 (T5).
#include <algorithm>
#include <numeric>
#include <string>
#include <utility>

#include "pellucid/base/error.h"
#include "pellucid/models/encoder.h"
#include "pellucid/models/seq2seq_stack.h"
#include "pellucid/ops/scale.h"
#include "pellucid/ops/select.h"

namespace pellucid {
namespace {

/// Names of the tables of words. Files hold one table under any of three names, or several equal
/// ones, or where the stacks do not share words one for each.
struct WordTables {
  std::string encoder, decoder;

  WordTables(const Seq2SeqOptions& options, const ModuleReader& reader) {
    const std::string shared = "shared", own = "encoder.embed_tokens";
    const std::string other = "decoder.embed_tokens";
    const auto first_of = [&](const std::vector<std::string>& names) {
      const auto found = std::find_if(names.begin(), names.end(), [&](const std::string& name) {
        return reader.has(name + ".weight");
      });
      return found == names.end() ? names.front() : *found;
    };
    if (options.shared_words) {
      encoder = decoder = first_of({shared, own, other});
      for (const std::string& name : {shared, own, other}) reader.skip(name + ".weight");
    } else {
      encoder = first_of({own, shared});
      decoder = first_of({other, shared});
    }
  }
};

class Seq2Seq : public Network {
 public:
  Seq2Seq(HeadKind head, Seq2SeqOptions options, Checkpoint& checkpoint)
      : options_(std::move(options)) {
    const ModuleReader reader(checkpoint, options_.prefix);
    const WordTables words(options_, reader);
    encoder_ = {options_, options_.encoder, words.encoder, options_.vocabulary, reader};
    if (options_.has_decoder) {
      decoder_ = {options_, options_.decoder, words.decoder, options_.decoder_vocabulary, reader};
    }
    if (head == HeadKind::seq2seq_lm) {
      head_.output = read_language_head(words.decoder, reader);
    } else {
      HeadRecipes recipes;
      recipes.sequence = {.dense = "classification_head.dense",
                          .activation = Activation::tanh,
                          .output = "classification_head.out_proj"};
      if (options_.has_decoder) recipes.token = {};
      if (options_.decoder_ids == DecoderIds::none) recipes.sequence = recipes.answer = {};
      head_ =
          read_head(head, recipes, {.hidden = options_.hidden, .labels = options_.labels}, reader);
    }
    describe(head);
  }

  Variable operator()(const Batch& batch, Tap& tap) const override {
    if (!options_.has_decoder) {
      Variable encoded = encoder_.encode(batch, tap);
      if (!batch.reads_all()) encoded = select_rows(encoded, batch.reads);
      return finish(std::move(encoded), tap);
    }
    const Variable encoded = tap("encoder-outputs", [&] { return encoder_.encode(batch, tap); });
    if (batch.decoder_ids.empty()) return decode(with_decoder_ids(batch), encoded, false, tap);
    return decode(batch, encoded, true, tap);
  }

  void encode(const Batch& source, std::span<KeyValueCache* const> caches) const override {
    check(can_extend() && std::ssize(caches) == source.sequences(),
          "{} caches for {} sequences of a model that {} be continued", caches.size(),
          source.sequences(), can_extend() ? "can" : "cannot");
    Tap none;
    const Variable encoded = encoder_.encode(source, none);
    for (const Seq2SeqLayer& layer : decoder_.layers()) {
      const Tensor rows = layer.encoded_keys_values(encoded).value;
      for (std::size_t s = 0; s < caches.size(); ++s) {
        caches[s]->add_encoded(rows.row_slice(source.offsets[s], source.offsets[s + 1]));
      }
    }
  }

  Tensor extend(const Batch& batch, std::span<KeyValueCache* const> caches) const override {
    const bool encoded = std::all_of(caches.begin(), caches.end(), [&](const KeyValueCache* cache) {
      return cache->encoded().size() == decoder_.layers().size();
    });
    check(can_extend() && encoded && std::ssize(caches) == batch.sequences(),
          "an encoder-decoder goes on from caches that its encoder has filled, one for each "
          "sequence");
    Tap none;
    Variable x = decoder_.embedding_block(batch.ids, batch.positions, none);
    x = decoder_.decode(std::move(x), Variable(), DecoderRows(batch, caches), !batch.reads_all(),
                        none);
    for (std::size_t s = 0; s < caches.size(); ++s) {
      caches[s]->add_tokens(batch.offsets[s + 1] - batch.offsets[s]);
    }
    return finish(std::move(x), none).value;
  }

  bool can_extend() const override { return shape_.head == HeadKind::seq2seq_lm; }

  Tensor embed(std::span<const std::int32_t> ids) const override { return encoder_.embed(ids); }
  Tensor embed_decoder(std::span<const std::int32_t> ids) const override {
    return options_.has_decoder ? decoder_.embed(ids) : Network::embed_decoder(ids);
  }

  std::vector<std::int32_t> decoder_ids(std::span<const std::int32_t> ids) const override {
    std::int64_t first = options_.start_id.value_or(-1);
    switch (options_.decoder_ids) {
      case DecoderIds::none:
        fail("decoder_input_ids: are missing, and the model has no rule to make them of input_ids");
      case DecoderIds::shifted:
        check(
            is_decoder_id(first),
            "decoder_input_ids: begin with \"decoder_start_token_id\", which is {}, not one of the "
            "decoder's ids, 0 to {}",
            first < 0 ? "missing" : std::to_string(first), options_.decoder_vocabulary - 1);
        break;
      case DecoderIds::last_first: {
        const auto padding = std::count(ids.begin(), ids.end(), options_.pad_id.value_or(-1));
        check(padding < std::ssize(ids), "input_ids: nothing but padding");
        first = ids[static_cast<std::size_t>(std::ssize(ids) - padding - 1)];
        break;
      }
    }
    std::vector<std::int32_t> shifted{static_cast<std::int32_t>(first)};
    shifted.insert(shifted.end(), ids.begin(), ids.end() - 1);
    return shifted;
  }

  /// The last end token.
  std::int64_t pooled_position(std::span<const std::int32_t> ids) const override {
    if (!shape_.pooled()) return 0;
    check(options_.end_id.has_value(),
          "\"eos_token_id\" is missing: the model's head reads the decoder's state at that token");
    const auto found = std::find(ids.rbegin(), ids.rend(), *options_.end_id);
    check(found != ids.rend(),
          "the input has no end token (id {}), at which the model's head reads the decoder's state",
          *options_.end_id);
    return ids.rend() - found - 1;
  }

 private:
  bool is_decoder_id(std::int64_t id) const { return 0 <= id && id < options_.decoder_vocabulary; }

  Batch with_decoder_ids(Batch batch) const {
    const std::span ids(batch.ids);
    for (std::size_t s = 0; s + 1 < batch.offsets.size(); ++s) {
      const auto begin = static_cast<std::size_t>(batch.offsets[s]);
      const auto end = static_cast<std::size_t>(batch.offsets[s + 1]);
      const auto made = decoder_ids(ids.subspan(begin, end - begin));
      batch.decoder_ids.insert(batch.decoder_ids.end(), made.begin(), made.end());
    }
    batch.decoder_offsets = batch.offsets;
    return batch;
  }

  /// given: the batch came with decoder ids, which go by columns; else they go by its tokens.
  Variable decode(const Batch& batch, const Variable& encoded, bool given, Tap& tap) const {
    // Heads that pool read single rows even where every sequence has but one: a sequence's bits
    // must not depend on the others.
    const bool some = shape_.pooled() || !batch.reads_all();
    std::vector<std::int64_t> reads = batch.reads, read_offsets = batch.read_offsets;
    if (shape_.pooled()) {
      reads = pooled_rows(batch, given);
      std::iota(read_offsets.begin(), read_offsets.end(), 0);
    }
    const DecoderRows rows(batch.decoder_offsets, std::move(reads), std::move(read_offsets),
                           batch.offsets);
    std::vector<std::int32_t> positions;
    for (std::size_t s = 0; s + 1 < batch.decoder_offsets.size(); ++s) {
      const std::int64_t length = batch.decoder_offsets[s + 1] - batch.decoder_offsets[s];
      for (std::int64_t i = 0; i < length; ++i) positions.push_back(static_cast<std::int32_t>(i));
    }
    Variable x = decoder_.embedding_block(batch.decoder_ids, std::move(positions), tap);
    return finish(decoder_.decode(std::move(x), encoded, rows, some, tap), tap);
  }

  /// The row of each sequence that the head reads.
  std::vector<std::int64_t> pooled_rows(const Batch& batch, bool given) const {
    std::vector<std::int64_t> rows;
    const std::span ids(batch.ids);
    for (std::size_t s = 0; s + 1 < batch.offsets.size(); ++s) {
      const std::int64_t begin = batch.offsets[s], end = batch.offsets[s + 1];
      const std::int64_t token =
          pooled_position(ids.subspan(std::size_t(begin), std::size_t(end - begin)));
      const std::int64_t place = given ? batch.columns[std::size_t(begin + token)] : token;
      const std::int64_t first = batch.decoder_offsets[s];
      const std::int64_t length = batch.decoder_offsets[s + 1] - first;
      check(place < length, "decoder_input_ids: the head reads position {}, but there are only {}",
            place, length);
      rows.push_back(first + place);
    }
    return rows;
  }

  Variable finish(Variable x, Tap& tap) const {
    if (shape_.head == HeadKind::seq2seq_lm) x = scale(std::move(x), options_.head_scale);
    if (head_.dense) x = activation(head_.activation, head_.dense(x));
    if (shape_.pooled()) x = tap("pooled", std::move(x));
    return tap("logits", head_.output ? head_.output(x) : std::move(x));
  }

  Linear read_language_head(const std::string& words, const ModuleReader& reader) const {
    check(options_.has_decoder, "{}: a model of this type has no head of this kind",
          reader.checkpoint_name());
    const ModuleReader top = reader.head();
    const std::int64_t outputs = options_.decoder_vocabulary, hidden = options_.hidden;
    const std::string own = "lm_head.weight", bias_name = "final_logits_bias";
    MatrixSource matrix = options_.tied ? reader.matrix(words + ".weight", outputs, hidden)
                                        : top.matrix(own, outputs, hidden);
    top.skip(own);  // the same numbers as the table
    std::vector<float> bias;
    if (options_.logits_bias && top.has(bias_name)) {
      const Tensor values = top.tensor(bias_name, {1, outputs});
      bias.assign(values.data(), values.data() + values.size());
    }
    return Linear(std::make_shared<const LinearWeights>(std::vector{std::move(matrix)}, bias));
  }

  void describe(HeadKind head) {
    const std::int64_t hidden = options_.hidden;
    const StackOptions &encoder = options_.encoder, &decoder = options_.decoder;
    const auto floats = [&](const StackOptions& stack, std::int64_t attentions) {
      return attentions * (2 * hidden + 4 * stack.heads * stack.head_width) + 2 * hidden +
             3 * stack.intermediate;
    };
    shape_.head = head;
    shape_.vocabulary = options_.vocabulary;
    shape_.max_positions = options_.max_positions;
    shape_.positions_bounded = options_.places != PlaceTable::none;
    shape_.hidden = hidden;
    shape_.layers = encoder.layers;
    shape_.heads = encoder.heads;
    shape_.outputs = head_.output ? head_.output.weights().outputs() : hidden;
    shape_.tracked_floats_per_token = 2 * hidden + encoder.layers * floats(encoder, 1);
    shape_.untracked_floats_per_token = 4 * hidden + floats(encoder, 1);
    if (!options_.has_decoder) return;
    shape_.decoder_layers = decoder.layers;
    shape_.decoder_heads = decoder.heads;
    shape_.decoder_vocabulary = options_.decoder_vocabulary;
    const std::int64_t start = options_.start_id.value_or(options_.bos_id.value_or(-1));
    shape_.decoder_start = is_decoder_id(start) ? start : -1;
    shape_.tracked_floats_per_token += 2 * hidden + decoder.layers * floats(decoder, 2);
    shape_.untracked_floats_per_token =
        std::max(shape_.untracked_floats_per_token, 5 * hidden + floats(decoder, 2));
  }

  Seq2SeqOptions options_;
  Seq2SeqStack encoder_, decoder_;
  EncoderHead head_;
};

}  // namespace

std::unique_ptr<const Network> make_seq2seq(HeadKind head, const Seq2SeqOptions& options,
                                            Checkpoint& checkpoint) {
  return std::make_unique<Seq2Seq>(head, options, checkpoint);
}

}  // namespace pellucid
