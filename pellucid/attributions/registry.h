// SPDX-License-Identifier: Apache-2.0
// The list of methods by name, for the command line and for `pellucid methods`.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "pellucid/attributions/method.h"

namespace pellucid {

/// Options by their names on the command line ("steps", "baseline", ...), as text.
using MethodOptions = std::map<std::string, std::string>;

struct MethodOption {
  std::string name;           ///< "steps"
  std::string default_value;  ///< "32"
  std::string values;         ///< "1 or more, or auto"
  std::string summary;        ///< one line
};

struct MethodEntry {
  std::string name;
  std::string summary;  ///< one line
  std::string source;   ///< paper
  std::string cost;     ///< "steps + 2 forwards, steps VJPs"
  bool complete;        ///< scores sum to value - baseline value
  bool perturbs;        ///< replaces units (else differentiates)
  std::vector<MethodOption> options;
  std::function<Method(const MethodOptions&)> make;
};

const std::vector<MethodEntry>& methods();

/// Throws UsageError for an unknown name (with the nearest), an option that the method does not
/// have, or a bad value.
Method make_method(const std::string& name, const MethodOptions& options);

}  // namespace pellucid
