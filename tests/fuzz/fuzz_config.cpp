// SPDX-License-Identifier: Apache-2.0
// Any bytes as config.json: an Error of one line, or a config whose every getter gives a value or
// such an Error.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include "pellucid/base/error.h"
#include "pellucid/io/config.h"

namespace {

template <class Action>
void try_to(const Action& action) {
  try {
    action();
  } catch (const pellucid::Error& error) {
    if (std::strchr(error.what(), '\n') != nullptr || std::strlen(error.what()) > 2000)
      std::abort();
  }
}

void read_as_anything(const pellucid::JsonObject& object, const std::string& key) {
  try_to([&] { object.integer(key, 0, 1 << 20); });
  try_to([&] { object.number(key); });
  try_to([&] { object.boolean(key); });
  try_to([&] { object.choice(key, {"gelu", "relu"}); });
  try_to([&] { object.integers(key, 0, 9); });
  try_to([&] { object.numbers(key); });
  try_to([&] { object.optional_texts(key); });
  try_to([&] {
    const auto inner = object.optional_object(key);
    if (!inner) return;
    for (const std::string& inner_key : inner->keys()) try_to([&] { inner->text(inner_key); });
  });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try_to([&] {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto config = pellucid::ModelConfig::parse(text, "config.json");
    config.warnings();
    try_to([&] { config.heads("num_attention_heads", "hidden_size", config.size("hidden_size")); });
    for (const std::string& key : config.fields.keys()) read_as_anything(config.fields, key);
    if (!config.fields.unread().empty() && config.fields.keys().empty()) std::abort();
  });
  return 0;
}
