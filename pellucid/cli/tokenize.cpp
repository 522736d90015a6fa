// SPDX-License-Identifier: Apache-2.0
// pellucid tokenize: tokens with their places in the text, and back.
#include <limits>
#include <nlohmann/json.hpp>

#include "pellucid/base/error.h"
#include "pellucid/cli/input.h"
#include "pellucid/cli/model_argument.h"
#include "pellucid/cli/output.h"
#include "pellucid/cli/signals.h"
#include "pellucid/cli/verbs.h"
#include "pellucid/report/json.h"
#include "pellucid/text/tokenizer.h"

namespace pellucid::cli {
namespace {

EncodeOptions encode_options(const Arguments& arguments) {
  EncodeOptions options;
  options.special_tokens = !arguments.has("no-special-tokens");
  constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
  options.max_length = arguments.integer("max-length", 1, kMost);
  options.stride = arguments.integer("stride", 0, kMost).value_or(0);
  check_usage(options.stride == 0 || options.max_length, "--stride needs --max-length");
  const auto how = arguments.choice("truncation", {"longest_first", "only_first", "only_second"});
  check_usage(!how || options.max_length, "--truncation needs --max-length");
  if (how == "only_first") options.truncation = Truncation::only_first;
  if (how == "only_second") options.truncation = Truncation::only_second;
  return options;
}

std::string encoded(const Tokenizer& tokenizer, const Item& item, const EncodeOptions& options) {
  const Encoding encoding = item.pair ? tokenizer.encode(item.text, *item.pair, options)
                                      : tokenizer.encode(item.text, options);
  return encoding_json(item.text, item.pair, encoding);
}

std::string decoded(const Tokenizer& tokenizer, const std::vector<std::int32_t>& ids,
                    bool keep_special) {
  for (std::size_t position = 0; position < ids.size(); ++position) {
    check(tokenizer.token(ids[position]).has_value(),
          "id {} at position {} is not in the vocabulary", ids[position], position);
  }
  nlohmann::ordered_json object;
  object["text"] = tokenizer.decode(ids, !keep_special);
  return object.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace

int tokenize(const Arguments& arguments) {
  const EncodeOptions options = encode_options(arguments);
  const bool decode = arguments.has("decode");
  const bool keep_special = arguments.has("keep-special-tokens");
  check_usage(!keep_special || decode, "--keep-special-tokens needs --decode");
  Output output(arguments);
  const Format format = choose_format(arguments, output, Format::jsonl, Format::jsonl);
  const ModelArgument choice = choose_model(arguments, false);
  check_usage(!decode || choice.texts.empty(), "--decode takes ids from --input, no texts");
  TextSource source(arguments, choice.texts);
  const Tokenizer tokenizer = Tokenizer::load(choice.model);
  JsonResults results(output, format);
  const GracefulStop graceful;
  Tally tally;
  Input input;
  while (!output.closed() && source.next(input)) {
    tally.add();
    try {
      if (input.error) fail("{}", *input.error);
      results.add(decode ? decoded(tokenizer, input.ids, keep_special)
                         : encoded(tokenizer, input.item, options));
    } catch (const Error& error) {
      if (source.is_single()) throw;
      tally.fail(arguments, source.place(input) + ": " + error.what(), false);
      results.add(error_json(input.item.id, error.what(), input.line));
    }
  }
  if (output.closed()) return 0;
  results.finish();
  output.finish();
  return tally.finish(arguments);
}

}  // namespace pellucid::cli
