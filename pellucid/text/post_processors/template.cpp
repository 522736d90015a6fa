// SPDX-License-Identifier: Apache-2.0
// TemplateProcessing: the order of texts and special tokens, each with its type, written out for
// one text and for two.
#include <algorithm>
#include <map>
#include <utility>

#include "pellucid/base/error.h"
#include "pellucid/base/spelling.h"
#include "pellucid/text/post_processors/post_processor.h"

namespace pellucid {
namespace {

struct SpecialToken {
  std::vector<std::int32_t> ids;
  std::vector<std::string> texts;
};

/// One part of a template: a text (0: A, 1: B) or a special token.
struct Part {
  std::size_t text = 0;
  const SpecialToken* special = nullptr;
  std::int32_t type = 0;
};

class TemplateProcessing : public PostProcessor {
 public:
  explicit TemplateProcessing(const Fields& fields) {
    const Fields special = fields.object("special_tokens");
    for (const std::string& name : special.names()) read_special_token(special.object(name), name);
    single_ = read_parts(fields, "single", 1);
    pair_ = read_parts(fields, "pair", 2);
  }

  std::int64_t added(bool pair) const override {
    std::int64_t sum = 0;
    for (const Part& part : pair ? pair_ : single_) {
      if (part.special) sum += static_cast<std::int64_t>(part.special->ids.size());
    }
    return sum;
  }

  void process(Parts& parts, bool special_tokens) const override {
    check(parts.size() == 1 || parts.size() == 2,
          "TemplateProcessing got {} parts, expected one text or a pair: one template cannot "
          "follow another",
          parts.size());
    Parts result;
    std::int32_t segment = 0;  // of the text that stands last
    const std::vector<Part>& order = parts.size() == 2 ? pair_ : single_;
    for (std::size_t i = 0; i < order.size(); ++i) {
      const Part& part = order[i];
      if (!part.special) {
        segment = static_cast<std::int32_t>(part.text);
        const bool again = std::any_of(
            order.begin() + static_cast<std::ptrdiff_t>(i) + 1, order.end(),
            [&](const Part& later) { return !later.special && later.text == part.text; });
        if (again) {
          result.push_back(parts[part.text]);
        } else {
          result.push_back(std::move(parts[part.text]));
        }
        // As in the library the further windows keep the types that they had.
        for (Token& token : result.back()[0]) token.type = part.type;
      } else if (special_tokens) {
        result.push_back({special_tokens_of(part, segment)});
      }
    }
    parts = std::move(result);
  }

 private:
  static std::vector<Token> special_tokens_of(const Part& part, std::int32_t segment) {
    std::vector<Token> tokens;
    for (std::size_t i = 0; i < part.special->ids.size(); ++i) {
      tokens.push_back(
          special_token(part.special->ids[i], part.special->texts[i], part.type, segment));
    }
    return tokens;
  }

  void read_special_token(const Fields& fields, const std::string& name) {
    SpecialToken token;
    for (const std::int64_t id : fields.integers("ids")) {
      token.ids.push_back(checked_id(id, fields.place(), "ids"));
    }
    token.texts = fields.strings("tokens");
    check(token.ids.size() == token.texts.size(), "{}: {} ids but {} tokens", fields.place(),
          token.ids.size(), token.texts.size());
    special_tokens_.emplace(name, std::move(token));
  }

  std::vector<Part> read_parts(const Fields& fields, std::string_view name, std::size_t texts) {
    std::vector<Part> parts;
    for (const Fields& item : fields.objects(name)) {
      const bool is_text = item.has("Sequence");
      check(is_text || item.has("SpecialToken"), "{}: expected 'Sequence' or 'SpecialToken'",
            item.place());
      const Fields inner = item.object(is_text ? "Sequence" : "SpecialToken");
      Part part;
      part.type = checked_id(inner.integer("type_id"), inner.place(), "type_id");
      if (is_text) {
        part.text = inner.choice("id", {"A", "B"});
        check(part.text < texts, "{}: a template for one text has no text B", inner.place());
      } else {
        part.special = &find_special_token(inner);
      }
      parts.push_back(part);
    }
    return parts;
  }

  const SpecialToken& find_special_token(const Fields& fields) const {
    const std::string id = fields.string("id");
    const auto found = special_tokens_.find(id);
    std::vector<std::string> known;
    for (const auto& [name, token] : special_tokens_) known.push_back(name);
    check(found != special_tokens_.end(), "{}: {} is not among the special_tokens{}",
          fields.place(), quote(id), did_you_mean(id, known));
    return found->second;
  }

  std::map<std::string, SpecialToken> special_tokens_;
  std::vector<Part> single_;
  std::vector<Part> pair_;
};

}  // namespace

std::unique_ptr<PostProcessor> make_template_processing(const Fields& fields) {
  return std::make_unique<TemplateProcessing>(fields);
}

}  // namespace pellucid
