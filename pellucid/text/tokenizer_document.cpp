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

/// Receives the parser's events and builds the JSON values, but sends the entries of model.vocab
/// and model.merges to the data.
class Reader {
 public:
  /// vocabulary_only: the whole file is what a tokenizer.json has under model.vocab.
  Reader(const std::string& name, ModelData* data, bool vocabulary_only)
      : name_(name), data_(data), vocabulary_only_(vocabulary_only) {}

  json take() { return std::move(root_); }

  bool null() { return put(nullptr); }
  bool boolean(bool value) { return put(value); }
  bool number_integer(std::int64_t value) {
    if (list_ == List::vocabulary) return add_token(value);
    return list_ == List::scores ? add_score(static_cast<double>(value)) : put(value);
  }
  bool number_unsigned(std::uint64_t value) {
    if (list_ == List::scores) return add_score(static_cast<double>(value));
    if (list_ == List::none) return put(value);
    return number_integer(static_cast<std::int64_t>(
        std::min<std::uint64_t>(value, std::numeric_limits<std::int64_t>::max())));
  }
  bool number_float(double value, const std::string&) {
    return list_ == List::scores ? add_score(value) : put(value);
  }
  bool string(std::string& value) {
    if (list_ == List::scores && depth_ == 1 && part_ == 0) {
      key_ = std::move(value);
      ++part_;
      return true;
    }
    return list_ == List::merges ? add_merge(value) : put(std::move(value));
  }
  bool binary(json::binary_t&) { fail("{}: holds a binary value", name_); }

  bool key(std::string& value) {
    if (list_ == List::none) {
      const auto [field, is_new] = open_.back()->emplace(value, nullptr);
      if (!is_new) fail("{}: the key {} occurs twice in an object", name_, quote(value));
      field_ = &*field;
    }
    key_ = std::move(value);
    return true;
  }

  bool start_object(std::size_t) {
    if (vocabulary_only_ && list_ == List::none && open_.empty()) field_ = &root_;
    if (field_ == &root_ || is_model_field("vocab")) return begin(List::vocabulary, json::object());
    const bool is_model = open_.size() == 1 && root_.is_object() && key_ == "model";
    open(json::object());
    if (is_model) model_ = open_.back();
    return true;
  }
  bool end_object() {
    if (list_ == List::none) {
      open_.pop_back();
    } else {
      list_ = List::none;
    }
    return true;
  }
  bool start_array(std::size_t) {
    if (is_model_field("vocab")) return begin(List::scores, json::array());
    if (is_model_field("merges")) return begin(List::merges, json::array());
    if ((list_ == List::scores || list_ == List::merges) && depth_ == 0) {
      ++depth_;
      part_ = 0;
      return true;
    }
    open(json::array());
    return true;
  }
  bool end_array() {
    if (list_ == List::none) {
      open_.pop_back();
    } else if (depth_ == 0) {
      list_ = List::none;
    } else {
      if (part_ != 2) refuse();
      --depth_;
    }
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
  /// Where the parser is: model.vocab as an object, as an array of tokens with scores,
  /// model.merges.
  enum class List { none, vocabulary, scores, merges };

  bool is_model_field(std::string_view name) const {
    return data_ && list_ == List::none && open_.size() == 2 && key_ == name &&
           open_.back() == model_;
  }
  bool begin(List list, json empty) {
    list_ = list;
    depth_ = 0;
    *field_ = std::move(empty);
    return true;
  }

  [[noreturn]] void refuse() const {
    if (list_ == List::vocabulary) {
      fail("{}: {}the id of {} is no whole number in [0, 2^31)", name_,
           vocabulary_only_ ? "" : "model.vocab: ", quote(key_));
    }
    if (list_ == List::scores) {
      fail("{}: model.vocab[{}]: expected a token and its score", name_, data_->scores.size());
    }
    fail("{}: model.merges[{}]: expected \"left right\" or [\"left\", \"right\"], all alike", name_,
         data_->merge_texts.size());
  }

  json* place(json value) {
    if (list_ != List::none) refuse();
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
  bool add_token(std::int64_t id) {
    data_->vocabulary.add(key_, checked_id(id, name_, key_));
    return true;
  }
  bool add_score(double score) {
    if (depth_ != 1 || part_ != 1) refuse();
    ++part_;
    data_->vocabulary.add(key_,
                          checked_id(static_cast<std::int64_t>(data_->scores.size()), name_, key_));
    data_->scores.push_back(score);
    return true;
  }
  bool add_merge(std::string& value) {
    if (data_->merge_texts.size() == 0 && part_ == 0) pairs_ = depth_ == 1;
    if (pairs_ != (depth_ == 1)) refuse();
    if (!pairs_) {
      // The first line of a merges.txt may have come along.
      if (!value.starts_with("#version") && !add_merge_line(value, data_->merge_texts)) refuse();
    } else if (part_ == 0) {
      ++part_;
      left_ = std::move(value);
    } else {
      if (part_++ != 1) refuse();
      data_->merge_texts.add(left_, value);
    }
    return true;
  }

  const std::string& name_;
  ModelData* data_;
  bool vocabulary_only_;
  json root_;
  std::vector<json*> open_;  // objects and arrays around the current value
  json* field_ = nullptr;    // of the last key
  json* model_ = nullptr;
  std::string key_;
  List list_ = List::none;
  int depth_ = 0;       // of arrays inside the list
  int part_ = 0;        // of the pair that has begun
  bool pairs_ = false;  // merges are pairs, not lines
  std::string left_;
};

json parse(std::string_view bytes, const std::string& name, ModelData* data,
           bool vocabulary_only = false) {
  Reader reader(name, data, vocabulary_only);
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
  document.settings = std::make_unique<json>(parse(bytes, document.name, &document.data));
  // Tokens with scores may occur twice, as they do in the library; then the last one counts.
  document.data.vocabulary.build(document.name + ": model.vocab",
                                 document.data.scores.empty() ? Vocabulary::Duplicates::refused
                                                              : Vocabulary::Duplicates::last_wins);
  return document;
}

Vocabulary read_vocabulary_json(std::string_view bytes, const std::string& name) {
  ModelData data;
  const json root = parse(bytes, name, &data, true);
  check(root.is_object(), "{}: expected an object of tokens and ids", name);
  data.vocabulary.build(name);
  return std::move(data.vocabulary);
}

json parse_tokenizer_config(std::string_view bytes, const std::string& name) {
  return parse(bytes, name, nullptr);
}

}  // namespace pellucid
