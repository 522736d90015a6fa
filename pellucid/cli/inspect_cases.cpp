// SPDX-License-Identifier: Apache-2.0
#include "pellucid/cli/inspect_cases.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <nlohmann/json.hpp>

#include "pellucid/base/error.h"
#include "pellucid/base/json.h"
#include "pellucid/base/spelling.h"
#include "pellucid/cli/arguments.h"

namespace pellucid::cli {
namespace {

using Json = nlohmann::ordered_json;

std::vector<std::int32_t> numbers(const std::string& field, const Json& list) {
  std::vector<std::int32_t> result;
  for (const Json& entry : list) {
    check(entry.is_number_integer() && entry >= 0 &&
              entry <= std::numeric_limits<std::int32_t>::max(),
          "field \"{}\": entry {} is {}, expected an integer, 0 or more", field, result.size(),
          quote(entry.dump()));
    result.push_back(entry.get<std::int32_t>());
  }
  return result;
}

/// A list of numbers is a batch of one.
InspectRows rows(const Json& object, const std::string& field) {
  const auto found = object.find(field);
  if (found == object.end() || found->is_null()) return {};
  check(found->is_array(), "field \"{}\" is {}, expected a list of numbers, or of lists", field,
        quote(found->dump()));
  if (found->empty() || !found->front().is_array()) return {numbers(field, *found)};
  InspectRows result;
  for (const Json& row : *found) {
    check(row.is_array(), "field \"{}\": {} stands among lists", field, quote(row.dump()));
    result.push_back(numbers(field, row));
  }
  return result;
}

InspectTarget target(const Json& value) {
  check(value.is_object() && value.contains("indices"),
        "field \"gradients\": {}, expected {{\"output\": ..., \"indices\": [[row, ...], ...]}}",
        quote(value.dump()));
  InspectTarget result;
  if (value.contains("output")) {
    check(value["output"].is_string(), "field \"gradients\": \"output\" is {}, expected a name",
          quote(value["output"].dump()));
    result.output = value["output"].get<std::string>();
  }
  check(value["indices"].is_array(), "field \"gradients\": \"indices\" is {}, expected lists",
        quote(value["indices"].dump()));
  for (const Json& index : value["indices"]) {
    check(index.is_array(), "field \"gradients\": {} in \"indices\", expected a list",
          quote(index.dump()));
    const auto entries = numbers("indices", index);
    result.indices.emplace_back(entries.begin(), entries.end());
  }
  return result;
}

}  // namespace

NamedCase read_case(std::string_view line) {
  static const std::vector<std::string> kKnown{
      "name",         "input_ids",         "attention_mask", "token_type_ids",
      "position_ids", "decoder_input_ids", "gradients"};
  const Json object = parse_json(line, "the line");
  check(object.is_object(), "the line is {}, expected an object", quote(object.dump()));
  for (const auto& [key, value] : object.items()) {
    check(std::find(kKnown.begin(), kKnown.end(), key) != kKnown.end(),
          "unknown field {} (fields: {}{})", quote(key), fmt::join(kKnown, ", "),
          did_you_mean(key, kKnown));
  }
  check(object.contains("input_ids"), "field \"input_ids\" is missing");
  NamedCase result;
  if (object.contains("name")) {
    check(object["name"].is_string(), "field \"name\" is {}, expected a text",
          quote(object["name"].dump()));
    result.name = object["name"].get<std::string>();
  }
  result.input.input_ids = rows(object, "input_ids");
  result.input.attention_mask = rows(object, "attention_mask");
  result.input.token_type_ids = rows(object, "token_type_ids");
  result.input.position_ids = rows(object, "position_ids");
  result.input.decoder_input_ids = rows(object, "decoder_input_ids");
  if (object.contains("gradients")) {
    check(object["gradients"].is_array(), "field \"gradients\" is {}, expected a list",
          quote(object["gradients"].dump()));
    for (const Json& value : object["gradients"]) {
      result.input.gradients.push_back(target(value));
    }
  }
  return result;
}

GradientFlag parse_gradient(const std::string& text) {
  const auto refuse = [&] {
    fail_usage(
        "--gradient is {}, expected logits[CLASS], logits[POSITION,CLASS], start_logits[POSITION] "
        "or end_logits[POSITION]",
        quote(text));
  };
  const std::size_t bracket = text.find('[');
  if (bracket == std::string::npos || !text.ends_with(']')) refuse();
  GradientFlag flag{text.substr(0, bracket), {}};
  for (const std::string& part :
       split_commas(std::string_view(text).substr(bracket + 1, text.size() - bracket - 2))) {
    std::int64_t number = 0;
    const auto [rest, problem] = std::from_chars(part.data(), part.data() + part.size(), number);
    if (problem != std::errc() || rest != part.data() + part.size() || number < 0) refuse();
    flag.index.push_back(number);
  }
  const bool logits = flag.output == "logits";
  if (!logits && flag.output != "start_logits" && flag.output != "end_logits") refuse();
  if (flag.index.empty() || flag.index.size() > (logits ? 2 : 1)) refuse();
  return flag;
}

InspectTarget for_rows(const GradientFlag& flag, std::size_t rows) {
  InspectTarget target{flag.output, {}};
  for (std::size_t row = 0; row < rows; ++row) {
    std::vector<std::int64_t> index{static_cast<std::int64_t>(row)};
    index.insert(index.end(), flag.index.begin(), flag.index.end());
    target.indices.push_back(std::move(index));
  }
  return target;
}

}  // namespace pellucid::cli
