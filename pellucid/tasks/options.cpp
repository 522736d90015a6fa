// SPDX-License-Identifier: Apache-2.0
#include "pellucid/tasks/options.h"

#include "pellucid/base/names.h"
#include "pellucid/tasks/preset_gradients.h"

namespace pellucid {
namespace {

constexpr Names<Preset, 4> kPresetNames{{{Preset::none, "none"},
                                         {Preset::transformers_interpret, "transformers-interpret"},
                                         {Preset::interpreto, "interpreto"},
                                         {Preset::captum, "captum"}}};
constexpr Names<LongText, 2> kLongTextNames{
    {{LongText::truncate, "truncate"}, {LongText::error, "error"}}};

}  // namespace

std::string_view name(Preset preset) { return find_name(kPresetNames, preset); }
Preset parse_preset(std::string_view name) { return parse_name(kPresetNames, "preset", name); }
LongText parse_long_text(std::string_view name) { return parse_name(kLongTextNames, "long", name); }

MethodOptions preset_method_options(Preset preset, const std::string& method) {
  if (preset == Preset::transformers_interpret && method == "integrated-gradients") {
    return {{"steps", "50"}};
  }
  if (preset == Preset::interpreto && method == "occlusion") return {{"replacement", "mask"}};
  return gradient_preset_options(preset, method);
}

}  // namespace pellucid
