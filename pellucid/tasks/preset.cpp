// SPDX-License-Identifier: Apache-2.0
#include "pellucid/tasks/preset.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <string_view>

#include "pellucid/attributions/integrated_gradients.h"
#include "pellucid/base/error.h"
#include "pellucid/base/spelling.h"
#include "pellucid/text/unicode.h"

namespace pellucid {
namespace {

bool is_space(char32_t c) {
  return (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x20) || c == 0x85 || c == 0xA0 ||
         c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F ||
         c == 0x205F || c == 0x3000;
}

}  // namespace

namespace {

/// Methods of interpreto and captum whose numbers come out.
void check_peer_method(Preset preset, const std::string& method) {
  const std::vector<std::string> known =
      preset == Preset::interpreto
          ? std::vector<std::string>{"occlusion", "lime", "kernel-shap", "sobol"}
          : std::vector<std::string>{"occlusion", "leave-one-out", "shapley",
                                     "lime",      "kernel-shap",   "permutation-shap"};
  check_usage(std::find(known.begin(), known.end(), method) != known.end(),
              "preset {} does not do the method {} (it does {})", name(preset), quote(method),
              fmt::join(known, ", "));
}

Unit usual_unit(Preset preset) {
  if (preset == Preset::none) return Unit::word;
  return preset == Preset::interpreto ? Unit::tokenizer_word : Unit::all_tokens;
}

}  // namespace

Settings settle(const ExplainOptions& options) {
  const Preset preset = options.preset;
  const bool interprets = preset == Preset::transformers_interpret;
  ExecutorOptions run = options.run;
  if (preset != Preset::none && run.precision == Precision::automatic) {
    run.precision = Precision::f32;
  }
  run.precision = effective_precision(run.precision);
  Settings settings{
      options.method.value_or(interprets ? IntegratedGradients{.steps = 50}
                                         : IntegratedGradients{}),
      options.unit.value_or(usual_unit(preset)),
      options.output,
      options.aggregate.value_or(preset == Preset::interpreto ? Aggregate::mean : Aggregate::sum),
      options.normalize.value_or(interprets ? Normalize::l2 : Normalize::none),
      run};
  if (preset == Preset::interpreto && !options.output) settings.output = Output::logit;
  if (preset == Preset::interpreto || preset == Preset::captum) {
    check_peer_method(preset, settings.method.name());
  }
  return settings;
}

std::string preset_text(Preset preset, const std::string& text) {
  if (preset == Preset::interpreto) {  // strips white space at the end
    std::u32string kept = decode_utf8(text);
    while (!kept.empty() && is_space(kept.back())) kept.pop_back();
    return encode_utf8(kept);
  }
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

void change_units(Preset preset, const Encoding& encoding, Units& units) {
  if (preset != Preset::interpreto || units.kind == Unit::all_tokens) return;
  const auto places = units.unit_of_token(static_cast<std::int64_t>(encoding.tokens.size()));
  std::optional<std::int64_t> next;  // the unit of the token behind
  for (std::size_t i = encoding.tokens.size(); i-- > 0;) {
    const Token& token = encoding.tokens[i];
    if (places[i]) next = places[i];
    if (places[i] || token.special || token.span.start != token.span.end) continue;
    const auto position = static_cast<std::int64_t>(i);
    if (units.kind == Unit::token) {
      const auto behind =
          std::find_if(units.units.begin(), units.units.end(), [&](const TextUnit& unit) {
            return !unit.tokens.empty() && unit.tokens.front() > position;
          });
      units.units.insert(behind, {token.text, token.span, token.segment, {position}});
    } else if (next) {
      auto& tokens = units.units[static_cast<std::size_t>(*next)].tokens;
      tokens.insert(tokens.begin(), position);
    }
  }
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
