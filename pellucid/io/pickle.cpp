// SPDX-License-Identifier: Apache-2.0
#include "pellucid/io/pickle.h"

#include <algorithm>
#include <cstring>
#include <unordered_map>
#include <utility>

#include "pellucid/base/error.h"
#include "pellucid/base/spelling.h"
#include "pellucid/io/pickle_opcodes.h"

namespace pellucid {
namespace {

using Index = PickleValue::Index;
using Kind = PickleValue::Kind;

constexpr std::size_t kMostValues = 1'000'000;  // some 50,000 tensors, and 60 MB
constexpr std::string_view kOrderedDict = "collections.OrderedDict";
constexpr std::uint8_t kNewestProtocol = 5;

PickleValue make(Kind kind, std::string_view text = {}) {
  PickleValue value;
  value.kind = kind;
  value.text = text;
  return value;
}

}  // namespace

class PickleReader {
 public:
  PickleReader(std::string_view bytes, const std::string& name,
               std::span<const std::string_view> globals)
      : bytes_(bytes), name_(name), globals_(globals) {}

  Pickle read() {
    for (;;) {
      opcode_at_ = at_;
      const auto opcode = number<std::uint8_t>();
      if (opcode == kStop) break;
      const bool known = read_number(opcode) || read_text(opcode) || read_stack(opcode) ||
                         read_container(opcode) || read_name(opcode);
      check(known, "{}: the pickle has opcode 0x{:02x} at byte {}, which no checkpoint needs",
            name_, opcode, opcode_at_);
    }
    result_.root_ = pop();
    result_.length_ = at_;
    return std::move(result_);
  }

 private:
  bool read_number(std::uint8_t opcode);
  bool read_text(std::uint8_t opcode);
  bool read_stack(std::uint8_t opcode);
  bool read_container(std::uint8_t opcode);
  bool read_name(std::uint8_t opcode);
  void reduce();
  void build();
  void push_global(std::string_view module, std::string_view name);

  template <class... Args>
  void require(bool condition, fmt::format_string<Args...> format, Args&&... args) const {
    if (condition) return;
    fail("{}: the pickle {} at byte {}", name_, fmt::format(format, std::forward<Args>(args)...),
         opcode_at_);
  }

  std::string_view take(std::uint64_t length) {
    require(length <= bytes_.size() - at_, "ends early: {} bytes are wanted, {} are left", length,
            bytes_.size() - at_);
    const std::string_view taken = bytes_.substr(at_, static_cast<std::size_t>(length));
    at_ += taken.size();
    return taken;
  }
  template <class Number>
  Number number() {
    Number value;
    std::memcpy(&value, take(sizeof value).data(), sizeof value);
    return value;
  }
  std::string_view line() {
    const std::size_t end = bytes_.find('\n', at_);
    require(end != std::string_view::npos, "ends early: a name has no end");
    const std::string_view text = bytes_.substr(at_, end - at_);
    at_ = end + 1;
    return text;
  }

  void push(PickleValue value) {
    require(result_.values_.size() < kMostValues, "has more than {} values", kMostValues);
    stack_.push_back(static_cast<Index>(result_.values_.size()));
    result_.values_.push_back(std::move(value));
  }
  void push_integer(std::int64_t value, Kind kind = Kind::integer) {
    push(make(kind));
    result_.values_.back().integer = value;
  }
  std::size_t floor() const { return marks_.empty() ? 0 : marks_.back(); }
  Index pop() {
    require(stack_.size() > floor(), "takes a value from an empty stack");
    const Index top = stack_.back();
    stack_.pop_back();
    return top;
  }
  PickleValue& top() {
    require(stack_.size() > floor(), "changes a value of an empty stack");
    return result_.values_[stack_.back()];
  }
  std::vector<Index> pop_mark() {
    require(!marks_.empty(), "ends a group that it did not begin");
    const auto first = stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back());
    std::vector<Index> items(first, stack_.end());
    stack_.erase(first, stack_.end());
    marks_.pop_back();
    return items;
  }
  /// The last `count` values, as a tuple.
  void push_tuple(std::size_t count) {
    PickleValue value = make(Kind::tuple);
    for (std::size_t i = 0; i < count; ++i) value.items.push_back(pop());
    std::reverse(value.items.begin(), value.items.end());
    push(std::move(value));
  }
  void extend(Kind kind, const std::vector<Index>& items) {
    PickleValue& target = top();
    require(target.kind == kind, "adds items to {}", describe(target));
    target.items.insert(target.items.end(), items.begin(), items.end());
    total_items_ += items.size();
    require(total_items_ <= kMostValues, "has more than {} items", kMostValues);
  }
  void get(std::uint32_t place) {
    const auto found = memo_.find(place);
    require(found != memo_.end(), "reads memo {}, which was not written,", place);
    stack_.push_back(found->second);
  }
  void put(std::uint32_t place) {
    top();
    memo_[place] = stack_.back();
  }

  std::string_view bytes_;
  const std::string& name_;
  std::span<const std::string_view> globals_;
  std::size_t at_ = 0;
  std::size_t opcode_at_ = 0;
  std::size_t total_items_ = 0;
  Pickle result_;
  std::vector<Index> stack_;
  std::vector<std::size_t> marks_;  // sizes that the stack had
  std::unordered_map<std::uint32_t, Index> memo_;
};

bool PickleReader::read_number(std::uint8_t opcode) {
  switch (opcode) {
    case kNone:
      push(PickleValue{});
      return true;
    case kNewTrue:
    case kNewFalse:
      push_integer(opcode == kNewTrue, Kind::boolean);
      return true;
    case kBinInt:
      push_integer(number<std::int32_t>());
      return true;
    case kBinInt1:
      push_integer(number<std::uint8_t>());
      return true;
    case kBinInt2:
      push_integer(number<std::uint16_t>());
      return true;
    case kLong1: {
      const std::string_view digits = take(number<std::uint8_t>());
      if (digits.size() > sizeof(std::int64_t)) {
        push(make(Kind::big_integer, digits));
        return true;
      }
      std::int64_t value = !digits.empty() && (digits.back() & 0x80) != 0 ? -1 : 0;
      std::memcpy(&value, digits.data(), digits.size());
      push_integer(value);
      return true;
    }
    case kBinFloat:  // no part of a tensor is one: what it is is kept, not how much
      take(sizeof(double));
      push(make(Kind::real));
      return true;
    default:
      return false;
  }
}

bool PickleReader::read_text(std::uint8_t opcode) {
  const bool bytes = opcode == kShortBinBytes || opcode == kBinBytes || opcode == kBinBytes8;
  const Kind kind = bytes ? Kind::bytes : Kind::text;
  switch (opcode) {
    case kShortBinString:  // a str of Python 2, which names of tensors may be
    case kShortBinUnicode:
    case kShortBinBytes:
      push(make(kind, take(number<std::uint8_t>())));
      return true;
    case kBinString:
    case kBinUnicode:
    case kBinBytes:
      push(make(kind, take(number<std::uint32_t>())));
      return true;
    case kBinUnicode8:
    case kBinBytes8:
      push(make(kind, take(number<std::uint64_t>())));
      return true;
    default:
      return false;
  }
}

bool PickleReader::read_stack(std::uint8_t opcode) {
  switch (opcode) {
    case kProto: {
      const auto protocol = number<std::uint8_t>();
      require(2 <= protocol && protocol <= kNewestProtocol, "is of protocol {}, expected 2 to {},",
              protocol, kNewestProtocol);
      return true;
    }
    case kFrame:  // the length of what follows, for readers that fetch in pieces
      number<std::uint64_t>();
      return true;
    case kMark:
      require(marks_.size() < kMostValues, "begins more than {} groups", kMostValues);
      marks_.push_back(stack_.size());
      return true;
    case kPop:
      pop();
      return true;
    case kPopMark:
      pop_mark();
      return true;
    case kDup:
      top();
      stack_.push_back(stack_.back());
      return true;
    case kBinGet:
      get(number<std::uint8_t>());
      return true;
    case kLongBinGet:
      get(number<std::uint32_t>());
      return true;
    case kBinPut:
      put(number<std::uint8_t>());
      return true;
    case kLongBinPut:
      put(number<std::uint32_t>());
      return true;
    case kMemoize:
      put(static_cast<std::uint32_t>(memo_.size()));
      return true;
    default:
      return false;
  }
}

bool PickleReader::read_container(std::uint8_t opcode) {
  switch (opcode) {
    case kEmptyTuple:
      push_tuple(0);
      return true;
    case kTuple1:
    case kTuple2:
    case kTuple3:
      push_tuple(opcode - kTuple1 + std::size_t{1});
      return true;
    case kTuple: {
      PickleValue value = make(Kind::tuple);
      value.items = pop_mark();
      push(std::move(value));
      return true;
    }
    case kEmptyList:
      push(make(Kind::list));
      return true;
    case kEmptyDict:
      push(make(Kind::dictionary));
      return true;
    case kAppend: {
      const Index item = pop();
      extend(Kind::list, {item});
      return true;
    }
    case kAppends:
      extend(Kind::list, pop_mark());
      return true;
    case kSetItem: {
      const Index value = pop();
      const Index key = pop();
      extend(Kind::dictionary, {key, value});
      return true;
    }
    case kSetItems: {
      const std::vector<Index> items = pop_mark();
      require(items.size() % 2 == 0, "gives a dictionary a key without a value");
      extend(Kind::dictionary, items);
      return true;
    }
    default:
      return false;
  }
}

bool PickleReader::read_name(std::uint8_t opcode) {
  switch (opcode) {
    case kGlobal: {
      const std::string_view module = line();
      push_global(module, line());
      return true;
    }
    case kStackGlobal: {
      const PickleValue& name = result_.values_[pop()];
      const PickleValue& module = result_.values_[pop()];
      require(name.kind == Kind::text && module.kind == Kind::text, "names a global by {} and {}",
              describe(module), describe(name));
      push_global(module.text, name.text);
      return true;
    }
    case kBinPersId: {
      PickleValue value = make(Kind::persistent);
      value.items.push_back(pop());
      push(std::move(value));
      return true;
    }
    case kReduce:
      reduce();
      return true;
    case kBuild:
      build();
      return true;
    default:
      return false;
  }
}

void PickleReader::push_global(std::string_view module, std::string_view name) {
  const std::string whole = fmt::format("{}.{}", module, name);
  const auto found = std::find(globals_.begin(), globals_.end(), whole);
  require(found != globals_.end(),
          "asks for {}, which has no place in a checkpoint and is not run,", quote(whole));
  push(make(Kind::global, *found));
}

/// A call stays a record; only an OrderedDict becomes what it is, empty or from a list of pairs.
void PickleReader::reduce() {
  const PickleValue arguments = result_.values_[pop()];
  const PickleValue function = result_.values_[pop()];
  require(function.kind == Kind::global && arguments.kind == Kind::tuple, "calls {} with {}",
          describe(function), describe(arguments));
  if (function.text != kOrderedDict) {
    PickleValue value = make(Kind::call, function.text);
    value.items = arguments.items;
    total_items_ += value.items.size();
    require(total_items_ <= kMostValues, "has more than {} items", kMostValues);
    push(std::move(value));
    return;
  }
  require(arguments.items.size() <= 1, "calls {} with {} arguments", kOrderedDict,
          arguments.items.size());
  std::vector<Index> items;
  for (const Index list : arguments.items) {
    require(result_.values_[list].kind == Kind::list, "calls {} with {}", kOrderedDict,
            describe(result_.values_[list]));
    for (const Index index : result_.values_[list].items) {
      const PickleValue& pair = result_.values_[index];
      require((pair.kind == Kind::list || pair.kind == Kind::tuple) && pair.items.size() == 2,
              "calls {} with {} in place of a pair", kOrderedDict, describe(pair));
      items.insert(items.end(), pair.items.begin(), pair.items.end());
    }
  }
  push(make(Kind::dictionary));
  extend(Kind::dictionary, items);
}

/// The attributes of an OrderedDict (torch keeps versions of modules there) are of no use here.
void PickleReader::build() {
  const PickleValue& state = result_.values_[pop()];
  require(top().kind == Kind::dictionary && state.kind == Kind::dictionary,
          "sets the state of {} to {}", describe(top()), describe(state));
}

std::string describe(const PickleValue& value) {
  constexpr std::string_view kNames[] = {
      "None",    "a boolean", "a number",     "a number",  "a number",     "a text",   "bytes",
      "a tuple", "a list",    "a dictionary", "the name ", "the call of ", "a storage"};
  std::string text(kNames[static_cast<std::size_t>(value.kind)]);
  if (value.kind == Kind::global || value.kind == Kind::call) text += value.text;
  return text;
}

Pickle Pickle::read(std::string_view bytes, const std::string& name,
                    std::span<const std::string_view> globals) {
  return PickleReader(bytes, name, globals).read();
}

}  // namespace pellucid
