// SPDX-License-Identifier: Apache-2.0
// OptionTable: the options of a method bound to its members, so that reading them, showing them and
// documenting them all come from one place.
#pragma once

#include <cmath>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "pellucid/attributions/method.h"
#include "pellucid/attributions/reduction.h"
#include "pellucid/evaluator/replacement.h"

namespace pellucid {

/// Options by their names on the command line ("steps", "baseline", ...), as text.
using MethodOptions = std::map<std::string, std::string>;

struct MethodOption {
  std::string name;           ///< "steps"
  std::string default_value;  ///< "32"
  std::string values;         ///< "1 or more, or auto"
  std::string summary;        ///< one line
};

/// What `pellucid methods` says of a method, and how to make one from options.
struct MethodEntry {
  std::string name;
  std::string summary;  ///< one line
  std::string source;   ///< paper
  std::string cost;     ///< "steps + 2 forwards, steps VJPs"
  bool complete;        ///< scores sum to value - baseline value
  bool perturbs;        ///< replaces units (else differentiates)
  std::vector<MethodOption> options{};
  std::function<Method(const MethodOptions&)> make{};
};

/// Parse the text of an option; throw UsageError "NAME is "TEXT", expected EXPECTED".
double parse_number(const std::string& name, const std::string& text, double least, double most,
                    const std::string& expected);
std::int64_t parse_whole(const std::string& name, const std::string& text, std::int64_t least,
                         std::int64_t most, const std::string& expected);
bool parse_flag(const std::string& name, const std::string& text);
/// The tap that a layer is called in graphs: the output of layer N is "layer.N.hidden".
std::string parse_layer(const std::string& text);

/// As in `--NAME TEXT`.
std::string parameter_text(const Parameter& parameter);

/// The number itself of one that may be missing.
template <class Number>
struct PlainNumber {
  using type = Number;
};
template <class Number>
struct PlainNumber<std::optional<Number>> {
  using type = Number;
};

/// Options in the order in which they are shown.
template <class M>
class OptionTable {
 public:
  using Read = std::function<void(M&, const std::string& text)>;
  /// None: not shown, its default is "none".
  using Show = std::function<std::optional<Parameter>(const M&)>;

  OptionTable& option(std::string name, std::string values, std::string summary, Read read,
                      Show show) {
    const std::optional<Parameter> value = show(M{});
    rows_.push_back({{std::move(name), value ? parameter_text(*value) : "none", std::move(values),
                      std::move(summary)},
                     std::move(read),
                     std::move(show)});
    return *this;
  }

  /// A whole or a real number in [least, most]; `expected` says so in words.
  template <class Number>
  OptionTable& number(const std::string& name, Number M::*member, double least, double most,
                      const std::string& expected, const std::string& summary) {
    return option(
        name, expected, summary,
        [=](M& method, const std::string& text) {
          if constexpr (std::is_integral_v<typename PlainNumber<Number>::type>) {
            method.*member = static_cast<typename PlainNumber<Number>::type>(
                parse_whole(name, text, static_cast<std::int64_t>(least),
                            static_cast<std::int64_t>(most), expected));
          } else {
            method.*member = parse_number(name, text, least, most, expected);
          }
        },
        [=](const M& method) { return shown(method.*member); });
  }

  OptionTable& flag(const std::string& name, bool M::*member, const std::string& summary) {
    return option(
        name, "true or false", summary,
        [=](M& method, const std::string& text) { method.*member = parse_flag(name, text); },
        [=](const M& method) { return Parameter(method.*member); });
  }

  /// A value of an enumeration: `parse` reads its name, name() shows it.
  template <class Enum>
  OptionTable& choice(const std::string& option_name, Enum M::*member,
                      Enum (*parse)(std::string_view), const std::string& values,
                      const std::string& summary) {
    return option(
        option_name, values, summary,
        [=](M& method, const std::string& text) { method.*member = parse(text); },
        [=](const M& method) { return Parameter(std::string(name(method.*member))); });
  }

  /// Where a path starts.
  OptionTable& baseline(Replacement M::*member, const std::string& summary) {
    return replacement("baseline", member,
                       "pad, mask, unk, zero, all-zero, mean, a token or ID,ID,...", summary);
  }
  /// What stands in the place of a unit.
  OptionTable& replacement(Replacement M::*member) {
    option(
        "replacement",
        "auto, mask, pad, unk, zero, mean, delete, attention, model, a token or ID,ID,...",
        "what stands where units are taken away; auto: mask, for causal models delete",
        [=](M& method, const std::string& text) {
          Replacement& replacement = method.*member;
          const Replacement named = Replacement::parse(text);
          replacement.kind = named.kind;
          replacement.token = named.token;
          replacement.ids = named.ids;
        },
        [=](const M& method) { return Parameter((method.*member).name()); });
    option(
        "replacement-model", "a folder or a name",
        "the masked language model that replacement model draws from; without it the model's own",
        [=](M& method, const std::string& text) { (method.*member).proposer = text; },
        [=](const M& method) -> std::optional<Parameter> {
          if ((method.*member).proposer.empty()) return std::nullopt;
          return Parameter((method.*member).proposer);
        });
    return option(
        "collapse", "true or false", "one replacement token for a whole unit",
        [=](M& method, const std::string& text) {
          (method.*member).collapse = parse_flag("collapse", text);
        },
        [=](const M& method) -> std::optional<Parameter> {
          if (!(method.*member).collapse) return std::nullopt;
          return Parameter(true);
        });
  }

  OptionTable& reduce(Reduce M::*member) {
    return choice("reduce", member, parse_reduce, "dot, l2, l1 or mean-abs",
                  "from the vector of a token to a number; only dot is signed and adds up");
  }

  OptionTable& layer(std::string M::*member) {
    return option(
        "layer", "embeddings, position-embeddings, embedding-block, layer.N or N",
        "activation where gradients are taken and paths run",
        [=](M& method, const std::string& text) { method.*member = parse_layer(text); },
        [=](const M& method) { return Parameter(method.*member); });
  }

  M read(const MethodOptions& options) const {
    M method;
    for (const Row& row : rows_) {
      const auto given = options.find(row.text.name);
      if (given != options.end()) row.read(method, given->second);
    }
    return method;
  }

  Parameters show(const M& method) const {
    Parameters shown;
    for (const Row& row : rows_) {
      if (auto value = row.show(method)) shown.emplace_back(row.text.name, std::move(*value));
    }
    return shown;
  }

  /// `entry` with its options, made by read().
  MethodEntry complete(MethodEntry entry) const {
    for (const Row& row : rows_) entry.options.push_back(row.text);
    entry.make = [*this](const MethodOptions& options) { return Method(read(options)); };
    return entry;
  }

 private:
  struct Row {
    MethodOption text;
    Read read;
    Show show;
  };

  OptionTable& replacement(const std::string& name, Replacement M::*member,
                           const std::string& values, const std::string& summary) {
    return option(
        name, values, summary,
        [=](M& method, const std::string& text) { method.*member = Replacement::parse(text); },
        [=](const M& method) { return Parameter((method.*member).name()); });
  }

  template <class Number>
  static std::optional<Parameter> shown(const Number& value) {
    if constexpr (std::is_integral_v<Number>) {
      return Parameter(static_cast<std::int64_t>(value));
    } else if constexpr (std::is_floating_point_v<Number>) {
      return Parameter(double{value});
    } else {
      if (!value) return std::nullopt;
      return shown(*value);
    }
  }

  std::vector<Row> rows_;
};

}  // namespace pellucid
