// SPDX-License-Identifier: Apache-2.0
// Normalizers change the characters of a text before it is cut: one file per component beside this
// one, one line each in normalizer.cpp.
#pragma once

#include <memory>

#include "pellucid/text/fields.h"
#include "pellucid/text/normalized_text.h"

namespace pellucid {

class Normalizer {
 public:
  virtual ~Normalizer() = default;
  virtual void normalize(NormalizedText& text) const = 0;
};

/// From an object of tokenizer.json with "type".
std::unique_ptr<Normalizer> make_normalizer(const Fields& fields);

// Factories of the components, by file.
std::unique_ptr<Normalizer> make_bert_normalizer(const Fields& fields);
std::unique_ptr<Normalizer> make_byte_level_normalizer(const Fields& fields);
std::unique_ptr<Normalizer> make_lowercase(const Fields& fields);
std::unique_ptr<Normalizer> make_normalizer_sequence(const Fields& fields);
std::unique_ptr<Normalizer> make_nmt(const Fields& fields);
std::unique_ptr<Normalizer> make_precompiled(const Fields& fields);
std::unique_ptr<Normalizer> make_prepend(const Fields& fields);
std::unique_ptr<Normalizer> make_replace_normalizer(const Fields& fields);
std::unique_ptr<Normalizer> make_strip_normalizer(const Fields& fields);
std::unique_ptr<Normalizer> make_strip_accents(const Fields& fields);
std::unique_ptr<Normalizer> make_nfc(const Fields& fields);
std::unique_ptr<Normalizer> make_nfd(const Fields& fields);
std::unique_ptr<Normalizer> make_nfkc(const Fields& fields);
std::unique_ptr<Normalizer> make_nfkd(const Fields& fields);

// Steps that several components share.
void lowercase(NormalizedText& text);
void remove_characters(NormalizedText& text, int mask);  ///< of these classes (characters.h)

}  // namespace pellucid
