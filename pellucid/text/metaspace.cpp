// SPDX-License-Identifier: Apache-2.0
#include "pellucid/text/metaspace.h"

#include "pellucid/text/unicode.h"

namespace pellucid {

MetaspaceSettings read_metaspace(const Fields& fields) {
  MetaspaceSettings settings;
  settings.replacement = read_character(fields, "replacement");
  if (fields.has("prepend_scheme")) {
    settings.scheme = static_cast<MetaspaceSettings::Scheme>(
        fields.choice("prepend_scheme", {"always", "first", "never"}));
  }
  if (!fields.boolean("add_prefix_space", true) &&
      settings.scheme != MetaspaceSettings::Scheme::never) {
    fields.fail_field("add_prefix_space", R"(true, or "prepend_scheme": "never" beside it)");
  }
  return settings;
}

char32_t read_character(const Fields& fields, std::string_view name) {
  const std::u32string text = decode_utf8(fields.string(name), fields.place());
  if (text.size() != 1) fields.fail_field(name, "one character");
  return text[0];
}

}  // namespace pellucid
