// SPDX-License-Identifier: Apache-2.0
// Texts to work on, from wherever the command line says: arguments, a file of lines, JSON Lines, a
// table, standard input.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "pellucid/cli/arguments.h"
#include "pellucid/cli/lines.h"
#include "pellucid/tasks/options.h"

namespace pellucid::cli {

/// What the objects of JSON Lines are read for.
enum class ItemUse { explain, predict, tokenize, decode };

/// A text to work on, or what is wrong with its line.
struct Input {
  Item item;
  std::optional<std::string> error;
  std::int64_t line = 0;          ///< in the file, from 1; among the arguments likewise
  std::vector<std::int32_t> ids;  ///< of tokenize --decode
};

/// Where the texts come from is decided before any is read.
class TextSource {
 public:
  /// texts: positionals that are no model. Throws UsageError when there is no text, or texts from
  /// two places.
  TextSource(const Arguments& arguments, std::vector<std::string> texts);

  /// False at the end. A line that cannot be used is an input with an error.
  bool next(Input& input);
  /// True when next() answers at once: what is read in blocks must not make a pipe wait.
  bool is_ready() const { return lines_ == nullptr || lines_->is_ready(); }
  /// One text from the arguments: its error is the program's. Else errors stand in the output.
  bool is_single() const { return lines_ == nullptr && texts_.size() == 1; }
  std::optional<std::int64_t> count() const;  ///< none: not known
  /// "a.jsonl:17", "text 2"
  std::string place(const Input& input) const;

 private:
  enum class Kind { arguments, lines, json, table };
  void open_table(const Arguments& arguments);
  void fill_from_arguments(Input& input);

  Kind kind_ = Kind::arguments;
  std::vector<std::string> texts_;
  std::vector<std::string> pairs_;
  std::vector<UserSpans> spans_;
  std::size_t at_ = 0;  // of the next argument
  ItemUse use_ = ItemUse::predict;
  std::unique_ptr<Lines> lines_;
  std::size_t column_ = 0;
  std::size_t columns_ = 0;
};

/// True when texts come from a flag, not from positionals.
bool has_text_flags(const Arguments& arguments);
bool has_file_flags(const Arguments& arguments);

/// {"id", "error", "line"}; id: a JSON value as text.
std::string error_json(const std::string& id, const std::string& error, std::int64_t line);

}  // namespace pellucid::cli
