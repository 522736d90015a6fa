// SPDX-License-Identifier: Apache-2.0
// How components of tokenizer.json are found by their "type": each kind has one table of names and
// factories.
#pragma once

#include <fmt/ranges.h>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "pellucid/base/error.h"
#include "pellucid/base/spelling.h"
#include "pellucid/text/fields.h"

namespace pellucid {

template <class Component, class... Arguments>
struct Registration {
  std::string_view type;
  std::unique_ptr<Component> (*make)(const Fields& fields, Arguments... arguments);
};

/// The component that the object's "type" names; Error listing the known ones otherwise.
template <class Component, std::size_t kCount, class... Arguments>
std::unique_ptr<Component> make_component(
    std::string_view type, const Fields& fields,
    const Registration<Component, Arguments...> (&known)[kCount],
    std::type_identity_t<Arguments>... arguments) {
  for (const auto& registration : known) {
    if (registration.type == type) return registration.make(fields, std::move(arguments)...);
  }
  std::vector<std::string> names;
  for (const auto& registration : known) names.emplace_back(registration.type);
  fail("{}: type {} is not supported, expected one of {}{}", fields.place(), quote(type),
       fmt::join(names, ", "), did_you_mean(type, names));
}

}  // namespace pellucid
