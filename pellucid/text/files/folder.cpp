// SPDX-License-Identifier: Apache-2.0
#include "pellucid/text/files/folder.h"

#include <algorithm>
#include <charconv>

#include "pellucid/base/error.h"
#include "pellucid/base/spelling.h"

namespace pellucid {
namespace {

using nlohmann::json;

RoleToken read_token(const Fields& fields) {
  RoleToken token;
  token.content = fields.string("content");
  token.lstrip = fields.boolean("lstrip", false);
  token.rstrip = fields.boolean("rstrip", false);
  token.single_word = fields.boolean("single_word", false);
  token.normalized = fields.boolean("normalized", !fields.boolean("special", false));
  return token;
}

std::int64_t parse_id(std::string_view key, const std::string& place) {
  std::int64_t id = -1;
  const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), id);
  check(error == std::errc{} && end == key.data() + key.size(),
        "{}: {} is no token id, expected a whole number", place, quote(key));
  return checked_id(id, place, key);
}

}  // namespace

RoleToken role_token(const Fields& settings, std::string_view role, RoleToken otherwise) {
  if (!settings.has(role)) return otherwise;
  if (settings.value(role).is_object()) return read_token(settings.object(role));
  otherwise.content = settings.string(role);
  return otherwise;
}

AddedTokenList::AddedTokenList(const Fields& settings, const Vocabulary& vocabulary)
    : place_(settings.place()), vocabulary_(vocabulary), next_(vocabulary.size()) {
  const std::optional<Fields> listed = settings.optional_object("added_tokens_decoder");
  if (!listed) return;
  std::vector<std::pair<std::int64_t, std::string>> keys;
  for (const std::string& key : listed->names()) {
    keys.emplace_back(parse_id(key, listed->place()), key);
  }
  std::sort(keys.begin(), keys.end());
  for (const auto& [id, key] : keys) {
    const Fields fields = listed->object(key);
    put(read_token(fields), fields.boolean("special", false), id);
  }
}

const json* AddedTokenList::find(std::string_view content) const {
  const auto found = places_.find(content);
  return found == places_.end() ? nullptr : &tokens_[found->second];
}

void AddedTokenList::put(const RoleToken& token, bool special, std::optional<std::int64_t> id) {
  if (token.content.empty()) return;
  const auto known = places_.emplace(token.content, tokens_.size());
  if (!known.second) {  // one with a role is special, whatever a list says
    if (special) tokens_[known.first->second]["special"] = true;
    return;
  }
  if (!id) id = vocabulary_.id(token.content);
  if (!id) id = next_;
  next_ = std::max(next_, *id + 1);
  tokens_.push_back({{"id", *id},
                     {"content", token.content},
                     {"single_word", token.single_word},
                     {"lstrip", token.lstrip},
                     {"rstrip", token.rstrip},
                     {"normalized", token.normalized},
                     {"special", special}});
}

void AddedTokenList::add(const RoleToken& token, bool special) {
  put(token, special, std::nullopt);
}

void AddedTokenList::add_further(const Fields& settings,
                                 const std::vector<std::string>& otherwise) {
  if (!settings.has("additional_special_tokens")) {
    for (const std::string& content : otherwise) add({content});
    return;
  }
  const json& list = settings.value("additional_special_tokens");
  if (!list.is_array()) settings.fail_field("additional_special_tokens", "an array of tokens");
  for (const json& token : list) {
    if (token.is_string()) {
      add({token.get<std::string>()});
    } else {
      add(read_token(Fields(token, place_ + " additional_special_tokens")));
    }
  }
}

std::int64_t AddedTokenList::id(std::string_view content) const {
  if (const json* token = find(content)) return (*token)["id"].get<std::int64_t>();
  const auto id = vocabulary_.id(content);
  if (!id) fail("{} the special token {} is not in the vocabulary", place_, quote(content));
  return *id;
}

json AddedTokenList::take() {
  std::stable_sort(tokens_.begin(), tokens_.end(), [](const json& left, const json& right) {
    return left["id"].get<std::int64_t>() < right["id"].get<std::int64_t>();
  });
  return std::move(tokens_);
}

json template_component(const TemplateParts& single, const TemplateParts& pair,
                        const AddedTokenList& tokens) {
  json special = json::object();
  const auto write = [&](const TemplateParts& parts) {
    json result = json::array();
    for (const auto& [name, type] : parts) {
      const bool is_text = name == "$A" || name == "$B";
      const std::string id = is_text ? name.substr(1) : name;
      result.push_back({{is_text ? "Sequence" : "SpecialToken", {{"id", id}, {"type_id", type}}}});
      if (is_text) continue;
      special[name] = {
          {"id", name}, {"ids", json::array({tokens.id(name)})}, {"tokens", json::array({name})}};
    }
    return result;
  };
  json result = {{"type", "TemplateProcessing"}, {"single", write(single)}, {"pair", write(pair)}};
  result["special_tokens"] = std::move(special);
  return result;
}

json sequence_component(const char* field, json parts) {
  return {{"type", "Sequence"}, {field, std::move(parts)}};
}

json byte_level_component(bool add_prefix_space, bool trim_offsets, bool use_regex) {
  return {{"type", "ByteLevel"},
          {"add_prefix_space", add_prefix_space},
          {"trim_offsets", trim_offsets},
          {"use_regex", use_regex}};
}

json metaspace_component(const char* prepend_scheme, bool split) {
  return {{"type", "Metaspace"},
          {"replacement", "\u2581"},
          {"prepend_scheme", prepend_scheme},
          {"split", split}};
}

json split_component(const char* pattern, const char* behavior, bool invert) {
  return {{"type", "Split"},
          {"pattern", {{"Regex", pattern}}},
          {"behavior", behavior},
          {"invert", invert}};
}

json replace_component(const char* kind, const char* pattern, const char* content) {
  return {{"type", "Replace"}, {"pattern", {{kind, pattern}}}, {"content", content}};
}

}  // namespace pellucid
