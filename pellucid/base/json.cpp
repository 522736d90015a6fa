// SPDX-License-Identifier: Apache-2.0
// The parser is nlohmann's event parser, which does not recurse, with a handler of our own: it
// refuses what strict JSON refuses and appends members without the search that ordered_json's own
// insertion makes.
#include "pellucid/base/json.h"

#include <nlohmann/json.hpp>
#include <unordered_set>
#include <utility>

#include "pellucid/base/error.h"
#include "pellucid/base/file.h"
#include "pellucid/base/spelling.h"

namespace pellucid {
namespace {

using Json = nlohmann::ordered_json;
using Members = std::vector<std::pair<const std::string, Json>>;  // what ordered_json's object is

class Builder {
 public:
  Builder(const std::string& name, std::size_t depth_limit)
      : name_(name), depth_limit_(depth_limit) {}

  Json take() { return std::move(root_); }

  bool null() { return add(nullptr); }
  bool boolean(bool value) { return add(value); }
  bool number_integer(std::int64_t value) { return add(value); }
  bool number_unsigned(std::uint64_t value) { return add(value); }
  bool number_float(double value, const std::string&) { return add(value); }
  bool string(std::string& value) { return add(std::move(value)); }
  bool binary(Json::binary_t&) { return false; }
  bool start_object(std::size_t) { return open(Json::object()); }
  bool start_array(std::size_t) { return open(Json::array()); }
  bool end_object() { return close(); }
  bool end_array() { return close(); }

  bool key(std::string& text) {
    Level& level = levels_.back();
    check(level.keys.insert(text).second, "{}: {} stands twice in one object", name_, quote(text));
    level.key = std::move(text);
    return true;
  }

  bool parse_error(std::size_t position, const std::string& token, const Json::exception& error) {
    std::string what = error.what();
    // "[json.exception.parse_error.101] parse error at line 1, column 2: syntax error while ..."
    if (const std::size_t end = what.find("] "); end != std::string::npos) what.erase(0, end + 2);
    for (char& byte : what) {
      if (static_cast<unsigned char>(byte) < 0x20) byte = ' ';
    }
    // The parser quotes at length what it last read: cut it.
    if (const std::size_t end = what.find("; last read: "); end != std::string::npos) {
      what.resize(end);
    }
    fail("{}: is not valid JSON{}: {}, near {} before byte {}", name_, where(), what, quote(token),
         position);
  }

 private:
  struct Level {
    Json* container;
    std::string key;  // of the member being read; empty in arrays
    std::unordered_set<std::string> keys;
  };

  /// ` at "outer.inner"`: the key whose value is being read.
  std::string where() const {
    std::string path;
    for (const Level& level : levels_) {
      if (level.key.empty()) continue;
      path += path.empty() ? level.key : "." + level.key;
    }
    return path.empty() ? "" : " at " + quote(path);
  }

  Json* place(Json&& value) {
    if (levels_.empty()) {
      root_ = std::move(value);
      return &root_;
    }
    Json& container = *levels_.back().container;
    if (container.is_array()) {
      auto& elements = container.get_ref<Json::array_t&>();
      elements.push_back(std::move(value));
      return &elements.back();
    }
    Members& members = container.get_ref<Json::object_t&>();
    members.emplace_back(levels_.back().key, std::move(value));
    return &members.back().second;
  }

  bool add(Json&& value) {
    place(std::move(value));
    return true;
  }

  bool open(Json&& value) {
    check(levels_.size() < depth_limit_, "{}: is nested deeper than {} levels", name_,
          depth_limit_);
    levels_.push_back({place(std::move(value)), {}, {}});
    return true;
  }

  bool close() {
    levels_.pop_back();
    return true;
  }

  const std::string& name_;
  std::size_t depth_limit_;
  Json root_;
  std::vector<Level> levels_;
};

}  // namespace

Json parse_json(std::string_view text, const std::string& name, std::size_t depth_limit) {
  check(!text.empty(), "{}: is empty, expected JSON", name);
  // nlohmann's lexer takes a NUL byte for the end of the text.
  const std::size_t nul = text.find('\0');
  check(nul == std::string_view::npos, "{}: is not valid JSON: byte {} is NUL", name, nul + 1);
  Builder builder(name, depth_limit);
  Json::sax_parse(text.begin(), text.end(), &builder);
  return builder.take();
}

Json read_json_file(const std::string& path, std::size_t size_limit) {
  const auto file = MappedFile::open(path);
  check(file->size() <= size_limit, "{}: is {} bytes long, expected at most {}", path, file->size(),
        size_limit);
  return parse_json(file->text(), path);
}

}  // namespace pellucid
