// SPDX-License-Identifier: Apache-2.0
// Decoders that change characters. Metaspace: the visible space becomes a space, in the first token
// nothing. Strip: takes up to so many of one character away at the ends of each token. Replace: a
// pattern within each token. Fuse: joins all tokens.
#include <algorithm>

#include "pellucid/text/decoders/decoder.h"
#include "pellucid/text/metaspace.h"
#include "pellucid/text/pattern.h"
#include "pellucid/text/unicode.h"

namespace pellucid {
namespace {

class MetaspaceDecoder : public Decoder {
 public:
  explicit MetaspaceDecoder(const Fields& fields) : settings_(read_metaspace(fields)) {
    append_utf8(replacement_, settings_.replacement);
    fields.boolean("split", true);
  }

  std::vector<std::string> decode(std::vector<std::string> tokens) const override {
    const bool prefixed = settings_.scheme != MetaspaceSettings::Scheme::never;
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      tokens[i] = replace_string(tokens[i], replacement_, i == 0 && prefixed ? "" : " ");
    }
    return tokens;
  }

 private:
  MetaspaceSettings settings_;
  std::string replacement_;
};

class StripDecoder : public Decoder {
 public:
  explicit StripDecoder(const Fields& fields) {
    append_utf8(content_, read_character(fields, "content"));
    start_ = read_count(fields, "start");
    stop_ = read_count(fields, "stop");
  }

  std::vector<std::string> decode(std::vector<std::string> tokens) const override {
    for (std::string& token : tokens) {
      std::string_view rest = token;
      for (std::size_t i = 0; i < stop_ && rest.ends_with(content_); ++i) {
        rest.remove_suffix(content_.size());
      }
      for (std::size_t i = 0; i < start_ && rest.starts_with(content_); ++i) {
        rest.remove_prefix(content_.size());
      }
      token = std::string(rest);
    }
    return tokens;
  }

 private:
  static std::size_t read_count(const Fields& fields, std::string_view name) {
    const std::int64_t count = fields.integer(name);
    if (count < 0) fields.fail_field(name, "0 or more");
    return static_cast<std::size_t>(count);
  }

  std::string content_;
  std::size_t start_;
  std::size_t stop_;
};

class ReplaceDecoder : public Decoder {
 public:
  explicit ReplaceDecoder(const Fields& fields)
      : pattern_(fields), content_(fields.string("content")) {}

  std::vector<std::string> decode(std::vector<std::string> tokens) const override {
    std::vector<Found> found;
    for (std::string& token : tokens) {
      const std::u32string text = decode_utf8(token, "token");
      found.clear();
      pattern_.find(text, found);
      token.clear();
      for (const Found& part : found) {
        token +=
            part.is_match
                ? content_
                : encode_utf8(std::u32string_view(text).substr(part.begin, part.end - part.begin));
      }
    }
    return tokens;
  }

 private:
  Pattern pattern_;
  std::string content_;
};

class Fuse : public Decoder {
 public:
  std::vector<std::string> decode(std::vector<std::string> tokens) const override {
    std::string joined;
    for (const std::string& token : tokens) joined += token;
    return {joined};
  }
};

}  // namespace

std::unique_ptr<Decoder> make_metaspace_decoder(const Fields& fields) {
  return std::make_unique<MetaspaceDecoder>(fields);
}
std::unique_ptr<Decoder> make_strip_decoder(const Fields& fields) {
  return std::make_unique<StripDecoder>(fields);
}
std::unique_ptr<Decoder> make_replace_decoder(const Fields& fields) {
  return std::make_unique<ReplaceDecoder>(fields);
}
std::unique_ptr<Decoder> make_fuse(const Fields&) { return std::make_unique<Fuse>(); }

}  // namespace pellucid
