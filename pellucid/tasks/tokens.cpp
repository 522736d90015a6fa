// SPDX-License-Identifier: Apache-2.0
#include "pellucid/tasks/tokens.h"

#include <algorithm>
#include <array>
#include <utility>

#include "pellucid/base/error.h"
#include "pellucid/base/spelling.h"
#include "pellucid/text/unicode.h"

namespace pellucid {
namespace {

constexpr std::array<std::pair<Grouping, std::string_view>, 5> kGroupings{{
    {Grouping::none, "none"},
    {Grouping::simple, "simple"},
    {Grouping::first, "first"},
    {Grouping::average, "average"},
    {Grouping::max, "max"},
}};

/// A token or a word with its label: what entities are made of.
struct Piece {
  std::vector<std::int64_t> tokens;
  std::int64_t label = 0;
  double score = 0;
};

using Rows = std::vector<std::vector<double>>;  // [tokens][labels]

std::int64_t largest(const std::vector<double>& row) {
  return std::max_element(row.begin(), row.end()) - row.begin();
}

Piece single_token(std::int64_t token, const Rows& probabilities) {
  const auto& row = probabilities[static_cast<std::size_t>(token)];
  const std::int64_t label = largest(row);
  return {{token}, label, row[static_cast<std::size_t>(label)]};
}

/// The label of a word from those of its tokens.
Piece whole_word(std::vector<std::int64_t> tokens, const Rows& probabilities, Grouping grouping) {
  Piece word = single_token(tokens.front(), probabilities);
  if (grouping == Grouping::max) {
    for (const std::int64_t token : tokens) {
      const Piece piece = single_token(token, probabilities);
      if (piece.score > word.score) word = piece;
    }
  } else if (grouping == Grouping::average) {
    std::vector<double> mean(probabilities.front().size());
    for (const std::int64_t token : tokens) {
      const auto& row = probabilities[static_cast<std::size_t>(token)];
      for (std::size_t c = 0; c < mean.size(); ++c) mean[c] += row[c];
    }
    word.label = largest(mean);
    word.score = mean[static_cast<std::size_t>(word.label)] / static_cast<double>(tokens.size());
  }
  word.tokens = std::move(tokens);
  return word;
}

bool same_word(const Token& a, const Token& b) {
  return a.word && b.word && *a.word == *b.word && a.segment == b.segment;
}

std::vector<Piece> pieces_of(const Encoding& encoding, const Rows& probabilities,
                             Grouping grouping) {
  const bool words = grouping != Grouping::none && grouping != Grouping::simple;
  std::vector<std::vector<std::int64_t>> groups;
  for (std::size_t i = 0; i < encoding.tokens.size(); ++i) {
    if (encoding.tokens[i].special) continue;
    const bool joins = words && !groups.empty() &&
                       groups.back().back() + 1 == static_cast<std::int64_t>(i) &&
                       same_word(encoding.tokens[i - 1], encoding.tokens[i]);
    if (!joins) groups.emplace_back();
    groups.back().push_back(static_cast<std::int64_t>(i));
  }
  std::vector<Piece> pieces;
  for (auto& group : groups) {
    pieces.push_back(whole_word(std::move(group), probabilities, grouping));
  }
  return pieces;
}

/// Runs of pieces with one tag. A tag that begins, or stands after one that ended, opens a new run.
std::vector<std::vector<Piece>> join_pieces(const std::vector<Piece>& pieces,
                                            const std::vector<Tag>& tags) {
  std::vector<std::vector<Piece>> runs;
  const Tag* last = nullptr;
  for (const Piece& piece : pieces) {
    const Tag& tag = tags[static_cast<std::size_t>(piece.label)];
    const bool continues = last && last->name == tag.name && last->place != Place::end &&
                           last->place != Place::single && tag.place != Place::begin &&
                           tag.place != Place::single;
    if (!continues) runs.emplace_back();
    runs.back().push_back(piece);
    last = &tag;
  }
  return runs;
}

Entity make_entity(const std::vector<Piece>& run, std::string label, const Encoding& encoding,
                   const CharacterIndex& characters) {
  Entity entity;
  entity.label = std::move(label);
  for (const Piece& piece : run) {
    entity.score += piece.score / static_cast<double>(run.size());
    entity.tokens.insert(entity.tokens.end(), piece.tokens.begin(), piece.tokens.end());
  }
  entity.span = {encoding.tokens[static_cast<std::size_t>(entity.tokens.front())].span.start,
                 encoding.tokens[static_cast<std::size_t>(entity.tokens.back())].span.end};
  entity.text = std::string(characters.slice(entity.span));
  return entity;
}

std::vector<TokenPrediction> all_tokens(const Encoding& encoding,
                                        const std::vector<std::string>& labels,
                                        const std::vector<std::vector<float>>& logits,
                                        const Rows& probabilities) {
  std::vector<TokenPrediction> tokens;
  for (std::size_t i = 0; i < encoding.tokens.size(); ++i) {
    const Token& token = encoding.tokens[i];
    const Piece piece = single_token(static_cast<std::int64_t>(i), probabilities);
    TokenPrediction prediction;
    prediction.token = token.text;
    prediction.label = labels[static_cast<std::size_t>(piece.label)];
    prediction.index = piece.label;
    prediction.score = piece.score;
    if (!token.special) prediction.span = token.span;
    prediction.logits = logits[i];
    tokens.push_back(std::move(prediction));
  }
  return tokens;
}

}  // namespace

std::string_view name(Grouping grouping) {
  for (const auto& [value, text] : kGroupings) {
    if (value == grouping) return text;
  }
  return "";
}

Grouping parse_grouping(std::string_view name) {
  std::vector<std::string> known;
  for (const auto& [value, text] : kGroupings) {
    if (text == name) return value;
    known.emplace_back(text);
  }
  fail_usage("grouping {} is unknown, expected one of {}{}", quote(name), fmt::join(known, ", "),
             did_you_mean(name, known));
}

Tag read_tag(std::string_view label, bool has_scheme) {
  if (label.size() < 3 || label[1] != '-') return {Place::inside, std::string(label)};
  const std::string rest(label.substr(2));
  switch (label[0]) {
    case 'B':
      return {Place::begin, rest};
    case 'I':
      return {Place::inside, rest};
    case 'E':
    case 'L':
      if (has_scheme) return {Place::end, rest};
      break;
    case 'S':
    case 'U':
      if (has_scheme) return {Place::single, rest};
      break;
    default:
      break;
  }
  return {Place::inside, std::string(label)};
}

TokensPrediction label_tokens(const Encoding& encoding, std::string_view text,
                              const std::vector<std::string>& labels,
                              const std::vector<std::vector<float>>& logits,
                              const TokenLabelOptions& options) {
  const bool has_scheme = std::any_of(labels.begin(), labels.end(), [](const std::string& label) {
    return label.starts_with("B-") || label.starts_with("I-");
  });
  std::vector<Tag> tags;
  for (const std::string& label : labels) tags.push_back(read_tag(label, has_scheme));
  Rows probabilities;
  for (const auto& row : logits) probabilities.push_back(softmax(row));

  TokensPrediction prediction;
  prediction.tokens = all_tokens(encoding, labels, logits, probabilities);
  const std::vector<Piece> pieces = pieces_of(encoding, probabilities, options.grouping);
  std::vector<std::vector<Piece>> runs;
  if (options.grouping == Grouping::none) {
    for (const Piece& piece : pieces) runs.push_back({piece});
  } else {
    runs = join_pieces(pieces, tags);
  }
  const auto ignored = [&](const std::string& label) {
    return std::find(options.ignored_labels.begin(), options.ignored_labels.end(), label) !=
           options.ignored_labels.end();
  };
  const CharacterIndex characters(text);
  for (const auto& run : runs) {
    const auto label = static_cast<std::size_t>(run.front().label);
    if (ignored(labels[label]) || ignored(tags[label].name)) continue;
    const bool alone = options.grouping == Grouping::none;
    prediction.entities.push_back(
        make_entity(run, alone ? labels[label] : tags[label].name, encoding, characters));
  }
  return prediction;
}

}  // namespace pellucid
