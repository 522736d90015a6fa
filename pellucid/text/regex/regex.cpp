// SPDX-License-Identifier: Apache-2.0
#include "pellucid/text/regex/regex.h"

#define PCRE2_CODE_UNIT_WIDTH 32
#include <fmt/format.h>
#include <pcre2.h>

#include <array>

#include "pellucid/base/error.h"
#include "pellucid/base/spelling.h"
#include "pellucid/text/regex/oniguruma.h"

namespace pellucid {
namespace {

/// A set as a class of numbers.
std::string class_of(const std::vector<std::uint16_t>& numbers) {
  if (numbers.empty()) return "(?:(?!))";
  std::string result = "[";
  for (std::size_t i = 0; i < numbers.size();) {
    std::size_t end = i + 1;
    while (end < numbers.size() && numbers[end] == numbers[end - 1] + 1) ++end;
    result += fmt::format("\\x{{{:x}}}-\\x{{{:x}}}", numbers[i], numbers[end - 1]);
    i = end;
  }
  return result + "]";
}

/// What PCRE2 needs for one match, kept by each thread: the JIT's stack grows up to its limit.
struct Workspace {
  static constexpr std::size_t kStack = std::size_t{64} << 20;

  pcre2_match_context_32* context = pcre2_match_context_create_32(nullptr);
  pcre2_jit_stack_32* stack = pcre2_jit_stack_create_32(32 << 10, kStack, nullptr);
  pcre2_match_data_32* data = pcre2_match_data_create_32(1, nullptr);
  std::vector<std::uint32_t> subject;

  Workspace() {
    check(context && stack && data, "no memory for regular expressions");
    pcre2_jit_stack_assign_32(context, nullptr, stack);
  }
  ~Workspace() {
    pcre2_match_data_free_32(data);
    pcre2_jit_stack_free_32(stack);
    pcre2_match_context_free_32(context);
  }
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;

  static Workspace& of_thread() {
    thread_local Workspace workspace;
    return workspace;
  }
};

std::string pcre2_message(int code) {
  std::array<PCRE2_UCHAR32, 200> buffer{};
  pcre2_get_error_message_32(code, buffer.data(), buffer.size());
  std::string message;
  for (std::size_t i = 0; i < buffer.size() && buffer[i] != 0; ++i) {
    message += static_cast<char>(buffer[i]);
  }
  return message;
}

}  // namespace

struct Regex::Code {
  CharacterNumbers numbers;
  pcre2_code_32* code = nullptr;

  explicit Code(const std::vector<CharacterSet>& sets) : numbers(sets) {}
  ~Code() { pcre2_code_free_32(code); }
  Code(const Code&) = delete;
  Code& operator=(const Code&) = delete;
};

Regex::Regex(std::string_view pattern, std::string place)
    : pattern_(pattern), place_(std::move(place)) {
  const RegexParts parts = parse_oniguruma(pattern_, place_);
  auto code = std::make_unique<Code>(parts.sets);
  std::u32string text;
  const auto add = [&text](const std::string& more) { text.append(more.begin(), more.end()); };
  add(parts.literals[0]);
  for (std::size_t i = 0; i < parts.set_of.size(); ++i) {
    add(class_of(code->numbers.of_set(parts.set_of[i])));
    add(parts.literals[i + 1]);
  }
  static_assert(sizeof(char32_t) == sizeof(PCRE2_UCHAR32));
  int error = 0;
  PCRE2_SIZE offset = 0;
  code->code = pcre2_compile_32(reinterpret_cast<PCRE2_SPTR32>(text.data()), text.size(),
                                PCRE2_NO_AUTO_CAPTURE, &error, &offset, nullptr);
  if (!code->code) {
    fail("{}: the pattern {} cannot be expressed: {}", place_, quote(pattern_),
         pcre2_message(error));
  }
  // Where there is no JIT, PCRE2's interpreter gives the same matches.
  pcre2_jit_compile_32(code->code, PCRE2_JIT_COMPLETE);
  code_ = std::move(code);
}

Regex::~Regex() = default;
Regex::Regex(Regex&&) noexcept = default;

void Regex::find(std::u32string_view text, std::vector<Found>& found) const {
  Workspace& workspace = Workspace::of_thread();
  std::vector<std::uint32_t>& subject = workspace.subject;
  subject.resize(text.size() + 1);
  for (std::size_t i = 0; i < text.size(); ++i) subject[i] = code_->numbers[text[i]];
  const PCRE2_SIZE* range = pcre2_get_ovector_pointer_32(workspace.data);
  std::size_t done = 0;  // everything before is in a part
  bool matched = false;  // a match ends at `done`
  for (std::size_t at = 0; at <= text.size();) {
    const int result = pcre2_match_32(code_->code, subject.data(), text.size(), at, 0,
                                      workspace.data, workspace.context);
    if (result == PCRE2_ERROR_NOMATCH) break;
    if (result < 0) {
      fail("{}: the pattern {} fails on a text of {} characters: {}", place_, quote(pattern_),
           text.size(), pcre2_message(result));
    }
    const std::size_t begin = range[0];
    const std::size_t end = range[1];
    if (begin == end && matched && end == done) {
      ++at;
      continue;
    }
    if (done < begin) found.push_back({done, begin, false});
    found.push_back({begin, end, true});
    at = done = end;
    matched = true;
  }
  if (done < text.size()) found.push_back({done, text.size(), false});
}

}  // namespace pellucid
