// SPDX-License-Identifier: Apache-2.0
#include "pellucid/text/tokenizer_document.h"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <vector>

#include "pellucid/base/error.h"
#include "pellucid/base/spelling.h"
#include "pellucid/text/fields.h"

namespace pellucid {
namespace {

using nlohmann::json;

/// Receives the parser's events and builds the JSON values, but sends the entries of model.vocab to
/// the vocabulary.
class Reader {
 public:
  Reader(const std::string& name, Vocabulary* vocabulary) : name_(name), vocabulary_(vocabulary) {}

  json take() { return std::move(root_); }

  bool null() { return put(nullptr); }
  bool boolean(bool value) { return put(value); }
  bool number_integer(std::int64_t value) { return in_vocabulary_ ? entry(value) : put(value); }
  bool number_unsigned(std::uint64_t value) {
    if (!in_vocabulary_) return put(value);
    return entry(static_cast<std::int64_t>(
        std::min<std::uint64_t>(value, std::numeric_limits<std::int64_t>::max())));
  }
  bool number_float(double value, const std::string&) { return put(value); }
  bool string(std::string& value) { return put(std::move(value)); }
  bool binary(json::binary_t&) { fail("{}: holds a binary value", name_); }

  bool key(std::string& value) {
    if (in_vocabulary_) {
      key_ = std::move(value);
      return true;
    }
    const auto [field, is_new] = open_.back()->emplace(value, nullptr);
    if (!is_new) fail("{}: the key {} occurs twice in an object", name_, quote(value));
    field_ = &*field;
    key_ = std::move(value);
    return true;
  }

  bool start_object(std::size_t) {
    if (vocabulary_ && open_.size() == 2 && key_ == "vocab" && open_.back() == model_) {
      in_vocabulary_ = true;
      *field_ = json::object();
      return true;
    }
    const bool is_model = open_.size() == 1 && root_.is_object() && key_ == "model";
    open(json::object());
    if (is_model) model_ = open_.back();
    return true;
  }
  bool end_object() {
    if (in_vocabulary_) {
      in_vocabulary_ = false;
    } else {
      open_.pop_back();
    }
    return true;
  }
  bool start_array(std::size_t) {
    open(json::array());
    return true;
  }
  bool end_array() {
    open_.pop_back();
    return true;
  }

  bool parse_error(std::size_t position, const std::string&, const json::exception& error) {
    // The parser's own text begins with its internal name in brackets.
    std::string message = error.what();
    const auto bracket = message.find("] ");
    if (bracket != std::string::npos) message = message.substr(bracket + 2);
    fail("{}: not valid JSON at byte {}: {}", name_, position, message);
  }

 private:
  static constexpr std::size_t kDeepest = 100;

  json* place(json value) {
    if (in_vocabulary_) {
      fail("{}: model.vocab: the id of {} is no whole number in [0, 2^31)", name_, quote(key_));
    }
    if (open_.empty()) {
      root_ = std::move(value);
      return &root_;
    }
    if (open_.back()->is_array()) {
      open_.back()->push_back(std::move(value));
      return &open_.back()->back();
    }
    *field_ = std::move(value);
    return field_;
  }
  bool put(json value) {
    place(std::move(value));
    return true;
  }
  void open(json value) {
    check(open_.size() < kDeepest, "{}: nested deeper than {} levels", name_, kDeepest);
    open_.push_back(place(std::move(value)));
  }
  bool entry(std::int64_t id) {
    vocabulary_->add(key_, checked_id(id, name_, key_));
    return true;
  }

  const std::string& name_;
  Vocabulary* vocabulary_;
  json root_;
  std::vector<json*> open_;  // objects and arrays around the current value
  json* field_ = nullptr;    // of the last key
  json* model_ = nullptr;
  std::string key_;
  bool in_vocabulary_ = false;
};

json parse(std::string_view bytes, const std::string& name, Vocabulary* vocabulary) {
  Reader reader(name, vocabulary);
  json::sax_parse(bytes.begin(), bytes.end(), &reader);
  return reader.take();
}

}  // namespace

TokenizerDocument::TokenizerDocument() = default;
TokenizerDocument::TokenizerDocument(TokenizerDocument&&) noexcept = default;
TokenizerDocument& TokenizerDocument::operator=(TokenizerDocument&&) noexcept = default;
TokenizerDocument::~TokenizerDocument() = default;

TokenizerDocument parse_tokenizer_json(std::string_view bytes, std::string name) {
  TokenizerDocument document;
  document.name = std::move(name);
  document.settings = std::make_unique<json>(parse(bytes, document.name, &document.vocabulary));
  document.vocabulary.build(document.name + ": model.vocab");
  return document;
}

json parse_tokenizer_config(std::string_view bytes, const std::string& name) {
  return parse(bytes, name, nullptr);
}

}  // namespace pellucid
