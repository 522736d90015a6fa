// SPDX-License-Identifier: Apache-2.0
#include "pellucid/text/encoding.h"

namespace pellucid {

std::vector<std::int32_t> Encoding::ids() const {
  std::vector<std::int32_t> result;
  result.reserve(tokens.size());
  for (const Token& token : tokens) result.push_back(token.id);
  return result;
}

std::vector<std::int32_t> Encoding::types() const {
  std::vector<std::int32_t> result;
  result.reserve(tokens.size());
  for (const Token& token : tokens) result.push_back(token.type);
  return result;
}

}  // namespace pellucid
