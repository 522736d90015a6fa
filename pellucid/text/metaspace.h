// SPDX-License-Identifier: Apache-2.0
// The settings that Metaspace has as a pre-tokenizer and as a decoder.
#pragma once

#include "pellucid/text/fields.h"

namespace pellucid {

struct MetaspaceSettings {
  enum class Scheme { always, first, never };

  char32_t replacement = 0x2581;
  Scheme scheme = Scheme::always;  ///< where a replacement is put before a text
};

/// Old files have "add_prefix_space" in place of "prepend_scheme": true says nothing, false must
/// come with "never". "str_rep" is ignored, as in the library.
MetaspaceSettings read_metaspace(const Fields& fields);

/// A field that is one character.
char32_t read_character(const Fields& fields, std::string_view name);

}  // namespace pellucid
