// SPDX-License-Identifier: Apache-2.0
// Python's pickle format read as data: https://docs.python.org/3/library/pickletools.html
// Protocols 2 to 5, the opcodes that dictionaries of tensors are written with. Nothing is ever
// called: a call stays a record of its name and its arguments, and only names that the reader was
// given may occur.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pellucid {

struct PickleValue {
  using Index = std::uint32_t;  ///< of a value in its Pickle
  enum class Kind : std::uint8_t {
    none,
    boolean,
    integer,
    big_integer,  ///< text: its bytes, lowest first
    real,         ///< its value is of no use here
    text,
    bytes,
    tuple,
    list,
    dictionary,  ///< items: key, value, key, value ...; an OrderedDict too
    global,      ///< text: "module.name"
    call,        ///< text: of the function; items: its arguments
    persistent,  ///< items: the one value that names it
  };

  Kind kind = Kind::none;
  std::int64_t integer = 0;    ///< boolean: 0 or 1
  std::string_view text;       ///< inside the file, or one of the names that may occur
  std::vector<Index> items{};  ///< elements
};

/// "a list", "the call of torch.Size"
std::string describe(const PickleValue& value);

class Pickle {
 public:
  /// Reads the pickle that `bytes` begin with; they must outlive it. `name` opens the messages,
  /// `globals` ("module.name") are all that may be named. Values may share parts, so walk them with
  /// care: their nesting is not bounded.
  static Pickle read(std::string_view bytes, const std::string& name,
                     std::span<const std::string_view> globals);

  const PickleValue& operator[](PickleValue::Index index) const { return values_[index]; }
  const PickleValue& root() const { return values_[root_]; }
  std::span<const PickleValue> values() const { return values_; }
  std::size_t length() const { return length_; }  ///< bytes, the final opcode included

 private:
  friend class PickleReader;
  std::vector<PickleValue> values_;
  PickleValue::Index root_ = 0;
  std::size_t length_ = 0;
};

}  // namespace pellucid
