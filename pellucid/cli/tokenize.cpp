// SPDX-License-Identifier: Apache-2.0
// pellucid tokenize: tokens with their places in the text, and back. Texts are read in blocks, a
// block is cut by all threads, and written in order: memory grows with the block, not the file.
#include <filesystem>
#include <limits>
#include <variant>

#include "pellucid/base/error.h"
#include "pellucid/base/parallel.h"
#include "pellucid/cli/input.h"
#include "pellucid/cli/model_argument.h"
#include "pellucid/cli/output.h"
#include "pellucid/cli/signals.h"
#include "pellucid/cli/verbs.h"
#include "pellucid/report/characters.h"
#include "pellucid/report/json.h"
#include "pellucid/report/token_page.h"
#include "pellucid/text/tokenizer.h"

namespace pellucid::cli {
namespace {

constexpr std::size_t kBlockBytes = std::size_t{1} << 18;  // of text that is read before any is cut
constexpr std::size_t kBlockTexts = 1024;

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

/// Texts from ids, or tokens from texts, in one of the formats.
class Converter {
 public:
  Converter(const Arguments& arguments, const Tokenizer& tokenizer, Format format)
      : tokenizer_(tokenizer),
        options_(encode_options(arguments)),
        format_(format),
        decode_(arguments.has("decode")),
        keep_special_(arguments.has("keep-special-tokens")) {
    tokenizer.encode("", options_);  // throws UsageError for what is wrong with any text
  }

  /// Html is drawn by the page, which counts its sections.
  std::variant<std::string, Encoding> operator()(const Input& input) const {
    if (input.error) fail("{}", *input.error);
    const Item& item = input.item;
    if (decode_) {
      const std::string text = decode(input.ids);
      return format_ == Format::text ? report::printable(text) + "\n" : decoded_json(item.id, text);
    }
    Encoding encoding = item.pair ? tokenizer_.encode(item.text, *item.pair, options_)
                                  : tokenizer_.encode(item.text, options_);
    if (format_ == Format::html) return encoding;
    if (format_ == Format::text) return tokens_to_terminal(item.text, item.pair, encoding);
    return encoding_json(item.id, item.text, item.pair, encoding);
  }

 private:
  std::string decode(const std::vector<std::int32_t>& ids) const {
    for (std::size_t position = 0; position < ids.size(); ++position) {
      check(tokenizer_.token(ids[position]).has_value(),
            "id {} at position {} is not in the vocabulary", ids[position], position);
    }
    return tokenizer_.decode(ids, !keep_special_);
  }

  const Tokenizer& tokenizer_;
  EncodeOptions options_;
  Format format_;
  bool decode_;
  bool keep_special_;
};

/// Results on their way out, with the errors between them.
class Writer {
 public:
  Writer(const Arguments& arguments, Output& output, Format format, TokenPage& page)
      : arguments_(arguments),
        output_(output),
        format_(format),
        json_(output, format),
        page_(page) {}

  void add(const Item& item, const std::variant<std::string, Encoding>& result) {
    tally_.add();
    if (const auto* encoding = std::get_if<Encoding>(&result)) {
      if (!begun_) output_.write(page_.head());
      begun_ = true;
      output_.write(page_.section(item.text, item.pair, *encoding));
    } else if (format_ == Format::text) {
      output_.write(std::get<std::string>(result));
    } else {
      json_.add(std::get<std::string>(result));
    }
  }

  void add_error(const std::string& place, const Input& input, const std::string& error) {
    tally_.add();
    const bool as_json = format_ == Format::json || format_ == Format::jsonl;
    tally_.fail(arguments_, place + ": " + error, !as_json);
    if (as_json) json_.add(error_json(input.item.id, error, input.line));
  }

  int finish() {
    if (output_.closed()) return 0;
    if (format_ == Format::json || format_ == Format::jsonl) json_.finish();
    if (format_ == Format::html) {
      check(begun_, "nothing to draw: no text was cut into tokens");
      output_.write(page_.tail());
    }
    output_.finish();
    return tally_.finish(arguments_);
  }

 private:
  const Arguments& arguments_;
  Output& output_;
  Format format_;
  JsonResults json_;
  TokenPage& page_;
  bool begun_ = false;
  Tally tally_;
};

/// What can be had without waiting, up to a bound; empty at the end.
std::vector<Input> read_block(TextSource& source) {
  std::vector<Input> block;
  std::size_t bytes = 0;
  Input input;
  while (bytes < kBlockBytes && block.size() < kBlockTexts &&
         (block.empty() || source.is_ready()) && source.next(input)) {
    bytes += input.item.text.size() + input.item.pair.value_or("").size() + input.ids.size();
    block.push_back(std::move(input));
  }
  return block;
}

void convert_block(const std::vector<Input>& block, const Converter& convert,
                   const TextSource& source, Writer& writer) {
  if (source.is_single()) {  // its error is the program's, with its exit code
    for (const Input& input : block) writer.add(input.item, convert(input));
    return;
  }
  struct Result {
    std::variant<std::string, Encoding> value;
    std::string error;
  };
  std::vector<Result> results(block.size());
  parallel_tasks(static_cast<std::int64_t>(block.size()), [&](std::int64_t index) {
    const auto at = static_cast<std::size_t>(index);
    try {
      results[at].value = convert(block[at]);
    } catch (const Error& error) {
      results[at].error = error.what();
    }
  });
  for (std::size_t i = 0; i < block.size(); ++i) {
    if (results[i].error.empty()) {
      writer.add(block[i].item, results[i].value);
    } else {
      writer.add_error(source.place(block[i]), block[i], results[i].error);
    }
  }
}

/// The folder's name, or that of the file; a name of the cache as it was written.
std::string shown_name(const ModelArgument& choice) {
  if (!choice.name.empty()) return choice.name;
  const std::filesystem::path path = std::filesystem::path(choice.model).lexically_normal();
  return path.has_filename() ? path.filename().string() : path.parent_path().filename().string();
}

}  // namespace

int tokenize(const Arguments& arguments) {
  encode_options(arguments);  // what is wrong with them is said before any file is read
  apply_run_flags(arguments);
  const bool decode = arguments.has("decode");
  check_usage(!arguments.has("keep-special-tokens") || decode,
              "--keep-special-tokens needs --decode");
  for (const char* flag : {"no-special-tokens", "max-length", "text", "pair", "file", "csv"}) {
    check_usage(!decode || !arguments.has(flag), "--decode takes ids from --input, no --{}", flag);
  }
  Output output(arguments);
  const Format format = choose_format(arguments, output, Format::jsonl, Format::jsonl);
  check_usage(!decode || format != Format::html,
              "--decode gives texts: --format text, json or jsonl");
  const ModelArgument choice = choose_model(arguments, false);
  check_usage(!decode || choice.texts.empty(), "--decode takes ids from --input, no texts");
  TextSource source(arguments, choice.texts);
  const Tokenizer tokenizer = Tokenizer::load(choice.model);
  HtmlOptions page_options;
  page_options.command = arguments.command();
  page_options.theme = wanted_theme(arguments);
  TokenPage page(tokenizer, shown_name(choice), !source.is_single(), page_options);
  Writer writer(arguments, output, format, page);
  const Converter convert(arguments, tokenizer, format);
  const GracefulStop graceful;
  while (!output.closed()) {
    const std::vector<Input> block = read_block(source);
    if (block.empty()) break;
    convert_block(block, convert, source, writer);
  }
  return writer.finish();
}

}  // namespace pellucid::cli
