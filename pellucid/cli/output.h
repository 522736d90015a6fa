// SPDX-License-Identifier: Apache-2.0
// Where results go: standard output, or a file that appears when it is complete.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "pellucid/base/file.h"
#include "pellucid/cli/arguments.h"
#include "pellucid/report/terminal.h"

namespace pellucid::cli {

enum class Format { text, json, jsonl, html };

class Output {
 public:
  /// From -o. Throws Error if the file could not be written, before any work is done.
  explicit Output(const Arguments& arguments);
  /// Standard output for "-", else a file.
  explicit Output(std::string path);

  /// Written at once, so that a reader of a pipe sees every record.
  void write(std::string_view text);
  /// The file appears under its name.
  void finish();

  bool is_file() const { return path_ != "-"; }
  const std::string& path() const { return path_; }
  bool is_terminal() const;  ///< standard output is a terminal
  /// The reader of standard output is gone: nothing more need be computed.
  bool closed() const { return closed_; }

 private:
  std::string path_;
  std::unique_ptr<AtomicFile> file_;  // made by the first write: an interrupted run leaves nothing
  bool closed_ = false;
};

/// --format, else the suffix of -o, else `on_terminal` or `otherwise`. Throws UsageError for
/// formats that the verb does not have, and for a suffix that says another.
Format choose_format(const Arguments& arguments, const Output& output, Format on_terminal,
                     Format otherwise);
/// Results as lines of JSON, or as one value: the object if there is one, an array of several.
class JsonResults {
 public:
  JsonResults(Output& output, Format format) : output_(output), format_(format) {}
  void add(const std::string& json);
  void finish();

 private:
  Output& output_;
  Format format_;
  std::string first_;  // held back until it is known whether there are several
  std::int64_t count_ = 0;
};

/// Counts what was asked for and what failed.
class Tally {
 public:
  void add() { ++count_; }
  /// message: with its place. aloud: said at once, for output that has no place for it.
  void fail(const Arguments& arguments, const std::string& message, bool aloud);
  std::int64_t count() const { return count_; }
  /// Says on standard error how many of several failed; returns the exit code: of a signal, else 1
  /// if any failed, else 0.
  int finish(const Arguments& arguments) const;

 private:
  std::int64_t count_ = 0;
  std::int64_t failed_ = 0;
  bool said_ = false;
  std::string first_;
};

Theme wanted_theme(const Arguments& arguments);
/// --color, --theme, --top and the environment. Files are never coloured unless asked for.
TerminalStyle terminal_style(const Arguments& arguments, const Output& output);

/// One line on standard error: "pellucid: VERB: message". An Error of writing there is nobody's
/// business.
void complain(const Arguments& arguments, std::string_view message);
/// The same with "warning: ", unless --quiet.
void warn(const Arguments& arguments, std::string_view message);

}  // namespace pellucid::cli
