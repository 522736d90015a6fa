// SPDX-License-Identifier: Apache-2.0
#include "pellucid/tasks/preset.h"

#include <string_view>

#include "pellucid/attributions/integrated_gradients.h"
#include "pellucid/text/unicode.h"

namespace pellucid {
namespace {

bool is_space(char32_t c) {
  return (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x20) || c == 0x85 || c == 0xA0 ||
         c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F ||
         c == 0x205F || c == 0x3000;
}

}  // namespace

Settings settle(const ExplainOptions& options) {
  const bool peer = options.preset == Preset::transformers_interpret;
  ExecutorOptions run = options.run;
  if (peer && run.precision == Precision::automatic) run.precision = Precision::f32;
  run.precision = effective_precision(run.precision);
  return {options.method.value_or(peer ? IntegratedGradients{.steps = 50} : IntegratedGradients{}),
          options.unit.value_or(peer ? Unit::all_tokens : Unit::word),
          options.aggregate.value_or(Aggregate::sum),
          options.normalize.value_or(peer ? Normalize::l2 : Normalize::none), run};
}

std::string preset_text(Preset preset, const std::string& text) {
  if (preset != Preset::transformers_interpret) return text;
  std::u32string spaced;
  for (const char32_t c : decode_utf8(text)) {
    const bool mark = std::u32string_view(U".,!?()").find(c) != std::u32string_view::npos;
    if (mark) spaced += U' ';
    spaced += c;
    if (mark) spaced += U' ';
  }
  std::u32string cleaned;
  for (std::size_t i = 0; i < spaced.size();) {
    std::size_t end = i;
    while (end < spaced.size() && is_space(spaced[end])) ++end;
    if (end - i >= 2) {
      cleaned += U' ';
      i = end;
    } else {
      cleaned += spaced[i++];
    }
  }
  return encode_utf8(cleaned);
}

void change_types(Preset preset, const Encoding& encoding, bool pair, Sequence& input) {
  if (preset != Preset::transformers_interpret || pair || input.types.empty()) return;
  if (!encoding.tokens.empty() && encoding.tokens.back().special) input.types.back() = 1;
}

std::optional<Sequence> stated_start(Preset preset, const Encoding& encoding, std::int32_t pad_id,
                                     const Sequence& input) {
  if (preset != Preset::transformers_interpret) return std::nullopt;
  Sequence start;
  start.reads = input.reads;
  for (const Token& token : encoding.tokens) {
    start.ids.push_back(token.special ? token.id : pad_id);
  }
  start.positions.assign(start.ids.size(), 0);
  return start;
}

}  // namespace pellucid
