// SPDX-License-Identifier: Apache-2.0
// Errors: everything that a user, a file or an option can get wrong is thrown as Error with one
// line of text that names what was found and what was expected. assert() is for our own bugs only.
#pragma once

#include <fmt/format.h>

#include <stdexcept>
#include <string>
#include <utility>

namespace pellucid {

/// Something failed: a file, a model, a computation. One line, no line end. Exit code 1.
class Error : public std::runtime_error {
 public:
  explicit Error(const std::string& message) : std::runtime_error(message) {}
};

/// The caller asked for something that does not exist or does not fit together. Exit code 2.
class UsageError : public Error {
 public:
  using Error::Error;
};

template <class... Args>
[[noreturn]] void fail(fmt::format_string<Args...> format, Args&&... args) {
  throw Error(fmt::format(format, std::forward<Args>(args)...));
}

template <class... Args>
[[noreturn]] void fail_usage(fmt::format_string<Args...> format, Args&&... args) {
  throw UsageError(fmt::format(format, std::forward<Args>(args)...));
}

/// Throws Error unless the condition holds.
template <class... Args>
void check(bool condition, fmt::format_string<Args...> format, Args&&... args) {
  if (!condition) fail(format, std::forward<Args>(args)...);
}

/// Throws UsageError unless the condition holds.
template <class... Args>
void check_usage(bool condition, fmt::format_string<Args...> format, Args&&... args) {
  if (!condition) fail_usage(format, std::forward<Args>(args)...);
}

}  // namespace pellucid
