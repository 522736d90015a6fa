// SPDX-License-Identifier: Apache-2.0
#include "pellucid/text/padding.h"

#include <algorithm>

namespace pellucid {
namespace {

void pad_to(Encoding& encoding, std::size_t length, const Padding& padding) {
  for (Encoding& window : encoding.overflowing) pad_to(window, length, padding);
  if (encoding.tokens.size() >= length) return;
  Token token;
  token.id = padding.id;
  token.text = padding.token;
  token.type = padding.type;
  token.special = true;
  token.padding = true;
  const auto at = padding.left ? encoding.tokens.begin() : encoding.tokens.end();
  encoding.tokens.insert(at, length - encoding.tokens.size(), token);
}

}  // namespace

void pad(std::vector<Encoding>& batch, const Padding& padding) {
  std::int64_t length = padding.length.value_or(0);
  for (const Encoding& encoding : batch) {
    if (padding.length) break;
    length = std::max(length, static_cast<std::int64_t>(encoding.tokens.size()));
  }
  const std::int64_t multiple = padding.multiple_of.value_or(0);
  if (multiple > 0) length = (length + multiple - 1) / multiple * multiple;
  for (Encoding& encoding : batch) pad_to(encoding, static_cast<std::size_t>(length), padding);
}

}  // namespace pellucid
