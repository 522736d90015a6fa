// SPDX-License-Identifier: Apache-2.0
#include "pellucid/cli/json_item.h"

#include <fmt/ranges.h>

#include <array>
#include <limits>
#include <nlohmann/json.hpp>

#include "pellucid/base/error.h"
#include "pellucid/base/json.h"
#include "pellucid/base/spelling.h"

namespace pellucid::cli {
namespace {

using Json = nlohmann::ordered_json;

/// Fields with a meaning that this program does not have: explaining without them would explain
/// something else.
constexpr std::array kUnsupported{"continuation", "continuation_ids", "input_ids"};

std::string brief(const Json& value) {
  return quote(value.dump(-1, ' ', false, Json::error_handler_t::replace));
}

[[noreturn]] void refuse(const char* field, const Json& value, const char* expected) {
  fail("field \"{}\" is {}, expected {}", field, brief(value), expected);
}

std::optional<std::string> text_field(const Json& object, const char* field) {
  const auto found = object.find(field);
  if (found == object.end() || found->is_null()) return std::nullopt;
  if (!found->is_string()) refuse(field, *found, "a text");
  return found->get<std::string>();
}

/// A label or an index, as text.
std::string target_text(const char* field, const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number_integer()) return value.dump();
  refuse(field, value, "a label or an index");
}

/// Texts under "labels" are the candidates of zero-shot classification; numbers there are a data
/// set's own.
void refuse_candidates(const Json& object) {
  const auto labels = object.find("labels");
  const bool candidates = labels != object.end() && labels->is_array() && !labels->empty() &&
                          labels->front().is_string();
  check(!candidates, "field \"labels\" (zero-shot candidates) is not supported");
}

void refuse_unsupported(const Json& object, ItemUse use) {
  const auto refuse_field = [&](const char* field) {
    const auto found = object.find(field);
    check(found == object.end() || found->is_null(),
          "field \"{}\" is not supported (supported: text, pair, question, context, target, label, "
          "id)",
          field);
  };
  for (const char* field : kUnsupported) refuse_field(field);
  if (use == ItemUse::tokenize) return;
  if (use != ItemUse::explain) refuse_field("spans");
  refuse_candidates(object);
}

void read_texts(const Json& object, Input& input) {
  const auto text = text_field(object, "text");
  const auto question = text_field(object, "question");
  const auto context = text_field(object, "context");
  if (question || context) {
    check(!text, "fields \"text\" and \"{}\" do not go together",
          question ? "question" : "context");
    check(question.has_value(), "field \"question\" is missing");
    check(context.has_value(), "field \"context\" is missing");
    input.item.text = *question;
    input.item.pair = *context;
    return;
  }
  if (!text) {
    std::vector<std::string> keys;
    for (const auto& [key, value] : object.items()) keys.push_back(key);
    fail("field \"text\" is missing (found: {})",
         keys.empty() ? "nothing" : fmt::format("{}", fmt::join(keys, ", ")));
  }
  input.item.text = *text;
  input.item.pair = text_field(object, "pair");
}

void read_ids(const Json& object, Input& input) {
  const auto found = object.find("ids");
  check(found != object.end(), "field \"ids\" is missing");
  if (!found->is_array()) refuse("ids", *found, "a list of token ids");
  for (const Json& id : *found) {
    if (!id.is_number_integer() || id < 0 || id > std::numeric_limits<std::int32_t>::max()) {
      refuse("ids", id, "token ids");
    }
    input.ids.push_back(id.get<std::int32_t>());
  }
}

/// [start, end], [start, end, segment], or an object with these fields, as the units of a saved
/// explanation have them.
void add_span(const Json& value, UserSpans& spans) {
  constexpr const char* kExpected = "a list of [start, end], or of units of an explanation";
  std::array<std::int64_t, 3> numbers{0, 0, 0};
  const std::array names{"start", "end", "segment"};
  const bool fits = value.is_object()
                        ? value.contains("start") && value.contains("end")
                        : value.is_array() && (value.size() == 2 || value.size() == 3);
  if (!fits) refuse("spans", value, kExpected);
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const bool given = value.is_object() ? value.contains(names[i]) : i < value.size();
    if (!given) continue;
    const Json& number = value.is_object() ? value[names[i]] : value[i];
    if (!number.is_number_integer()) refuse("spans", value, kExpected);
    numbers[i] = number.get<std::int64_t>();
  }
  if (numbers[2] != 0 && numbers[2] != 1) refuse("spans", value, "the segment 0 or 1");
  (numbers[2] == 0 ? spans.text : spans.pair).push_back({numbers[0], numbers[1]});
}

void read_spans(const Json& object, Input& input) {
  const auto found = object.find("spans");
  if (found == object.end() || found->is_null()) return;
  if (!found->is_array()) refuse("spans", *found, "a list of [start, end]");
  UserSpans& spans = input.item.spans.emplace();
  for (const Json& value : *found) add_span(value, spans);
}

}  // namespace

void read_json_item(std::string_view line, ItemUse use, Input& input) {
  const Json object = parse_json(line, "the line");
  check(object.is_object(), "the line is {}, expected an object", brief(object));
  if (const auto id = object.find("id"); id != object.end()) input.item.id = id->dump();
  if (use == ItemUse::decode) return read_ids(object, input);
  refuse_unsupported(object, use);
  read_texts(object, input);
  if (use == ItemUse::explain) read_spans(object, input);
  if (use == ItemUse::tokenize) return;  // labels, targets and spans change no token
  if (const auto target = object.find("target"); target != object.end() && !target->is_null()) {
    if (target->is_array()) {
      for (const Json& one : *target) input.item.targets.push_back(target_text("target", one));
    } else {
      input.item.targets.push_back(target_text("target", *target));
    }
  }
  if (const auto label = object.find("label"); label != object.end() && !label->is_null()) {
    input.item.true_label = target_text("label", *label);
  }
}

std::string error_json(const std::string& id, const std::string& error, std::int64_t line) {
  Json object;
  object["id"] = Json::parse(id);
  object["error"] = error;
  object["line"] = line;
  return object.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace pellucid::cli
