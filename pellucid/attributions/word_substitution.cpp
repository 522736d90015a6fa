// SPDX-License-Identifier: Apache-2.0
// HotFlip: words of one token give way to other words. Ebrahimi et al. 2018, arXiv 1712.06751
//   gain of word w at token i, to first order: (e_w - e_i) . g_i
#include <algorithm>
#include <numeric>

#include "pellucid/attributions/counterfactual.h"
#include "pellucid/attributions/smallest_set.h"
#include "pellucid/base/error.h"
#include "pellucid/text/unicode.h"

namespace pellucid {
namespace {

constexpr std::size_t kPerPlace = 20;  // candidates at one token
constexpr std::size_t kTried = 64;     // candidates that are run

using Ids = std::vector<std::int32_t>;

/// What a token is to a reader: its letters without a mark of word begin or continuation.
struct Spelling {
  char32_t mark = 0;  ///< of a leading space, '#' for a continuation
  std::u32string letters;

  explicit Spelling(const std::string& token) : letters(decode_utf8(token)) {
    if (letters.starts_with(U"##")) {
      mark = U'#';
      letters.erase(0, 2);
    } else if (!letters.empty() && (letters[0] == U'\u0120' || letters[0] == U'\u2581')) {
      mark = letters[0];
      letters.erase(0, 1);
    }
    for (char32_t& c : letters) {
      if (c >= U'A' && c <= U'Z') c += U'a' - U'A';
    }
  }

  bool is_word() const {
    return !letters.empty() && std::all_of(letters.begin(), letters.end(), [](char32_t c) {
      return (c >= U'a' && c <= U'z') || c >= 0xC0;
    });
  }
};

struct Candidate {
  std::size_t token;
  std::int32_t id;
  double gain;
};

class WordSubstitution {
 public:
  WordSubstitution(Evaluator& evaluator, std::size_t target, const Decision& decision)
      : evaluator_(evaluator), target_(target), decision_(decision) {
    for (const Token& token : evaluator.encoding().tokens) original_.push_back(token.id);
    const Tokenizer& tokenizer = evaluator.model().tokenizer();
    const std::int64_t known =
        std::min(tokenizer.vocabulary_size(), evaluator.model().network().shape().vocabulary);
    std::vector<std::int32_t> ids;
    for (std::int32_t id = 0; id < known; ++id) {
      spellings_.emplace_back(tokenizer.is_special(id) ? "" : tokenizer.token(id).value_or(""));
      ids.push_back(id);
    }
    table_ = evaluator.model().network().embed(ids);
    for (const TextUnit& unit : evaluator.units().units) {
      const bool whole = unit.tokens.size() == 1;
      const auto place = whole ? static_cast<std::size_t>(unit.tokens.front()) : 0;
      if (whole && spelling(original_[place]).is_word()) places_.push_back(place);
    }
  }

  Counterfactual run(int flips) {
    Counterfactual result;
    result.logits = evaluator_.logits();
    Ids ids = original_;
    double nearest = decision_.change(result.logits);
    for (int flip = 0; flip < flips && nearest <= 0; ++flip) {
      const std::vector<Candidate> tried = candidates(ids);
      if (tried.empty()) break;
      std::vector<Ids> variants;
      for (const Candidate& candidate : tried) {
        variants.push_back(ids);
        variants.back()[candidate.token] = candidate.id;
      }
      const auto logits = ask(variants);
      std::size_t best = 0;
      for (std::size_t i = 1; i < logits.size(); ++i) {
        if (decision_.change(logits[i]) > decision_.change(logits[best])) best = i;
      }
      if (decision_.change(logits[best]) <= nearest) break;  // none comes nearer
      nearest = decision_.change(logits[best]);
      ids = variants[best];
    }
    result.found = nearest > 0;
    if (result.found) ids = spared(ids);
    result.logits = ids == original_ ? evaluator_.logits() : ask({ids}).front();
    const auto& units = evaluator_.units().units;
    for (std::size_t unit = 0; unit < units.size(); ++unit) {
      if (units[unit].tokens.size() != 1) continue;
      const auto place = static_cast<std::size_t>(units[unit].tokens.front());
      if (ids[place] == original_[place]) continue;
      result.edits.push_back({static_cast<std::int64_t>(unit), units[unit].text,
                              encode_utf8(spelling(ids[place]).letters)});
    }
    result.evaluations = asked_;
    return result;
  }

 private:
  const Spelling& spelling(std::int32_t id) const {
    return spellings_[static_cast<std::size_t>(id)];
  }

  std::vector<std::vector<float>> ask(const std::vector<Ids>& variants) {
    Values values;
    std::vector<std::vector<float>> logits;
    evaluator_.ask_ids(variants, values, &logits);
    evaluator_.run();
    asked_ += std::ssize(variants);
    return logits;
  }

  /// The words that promise most, over all places that are not changed yet.
  std::vector<Candidate> candidates(const Ids& ids) {
    const Tensor rows = evaluator_.model().network().embed(ids);
    std::vector<std::vector<float>> slopes(ids.size());
    evaluator_.ask_gradients(
        "embeddings", 1,
        [&rows](std::int64_t, float* to) { std::copy_n(rows.data(), rows.size(), to); },
        [&](std::size_t, std::span<const double>, const GradientView& gradients) {
          for (const std::size_t place : places_) {
            const float* slope =
                gradients.row(static_cast<std::int64_t>(target_), static_cast<std::int64_t>(place));
            slopes[place].assign(slope, slope + gradients.hidden);
          }
        });
    evaluator_.run();
    ++asked_;
    std::vector<Candidate> all;
    for (const std::size_t place : places_) {
      if (ids[place] != original_[place]) continue;
      const std::vector<Candidate> best = candidates_at(place, slopes[place]);
      all.insert(all.end(), best.begin(), best.end());
    }
    keep_best(all, kTried);
    return all;
  }

  std::vector<Candidate> candidates_at(std::size_t place, const std::vector<float>& slope) const {
    const std::int32_t own = original_[place];
    const auto along = [&](std::int32_t id) {
      const float* row = table_.row(id);
      return std::inner_product(slope.begin(), slope.end(), row, 0.0) *
             (decision_.falls() ? -1 : 1);
    };
    const double here = along(own);
    std::vector<Candidate> found;
    for (std::size_t i = 0; i < spellings_.size(); ++i) {
      const Spelling& word = spellings_[i];
      if (!word.is_word() || word.mark != spelling(own).mark ||
          word.letters == spelling(own).letters || word.letters.size() < 2) {
        continue;
      }
      const auto id = static_cast<std::int32_t>(i);
      found.push_back({place, id, along(id) - here});
    }
    keep_best(found, kPerPlace);
    return found;
  }

  static void keep_best(std::vector<Candidate>& candidates, std::size_t count) {
    std::stable_sort(candidates.begin(), candidates.end(),
                     [](const Candidate& a, const Candidate& b) { return a.gain > b.gain; });
    if (candidates.size() > count) {
      candidates.erase(candidates.begin() + static_cast<std::ptrdiff_t>(count), candidates.end());
    }
  }

  /// Puts words back whose return keeps the change.
  Ids spared(const Ids& ids) {
    PlayerSet changed;
    for (std::size_t i = 0; i < ids.size(); ++i) {
      if (ids[i] != original_[i]) changed.push_back(i);
    }
    const auto with = [&](const PlayerSet& places) {
      Ids variant = original_;
      for (const std::size_t place : places) variant[place] = ids[place];
      return variant;
    };
    return with(pruned(changed, changed, [&](const std::vector<PlayerSet>& sets) {
      std::vector<Ids> variants;
      for (const PlayerSet& set : sets) variants.push_back(with(set));
      std::vector<double> near;
      for (const auto& logits : ask(variants)) near.push_back(decision_.change(logits));
      return near;
    }));
  }

  Evaluator& evaluator_;
  std::size_t target_;
  const Decision& decision_;
  Ids original_;
  std::vector<Spelling> spellings_;  // [vocabulary]
  Tensor table_;                     // [vocabulary, width]
  std::vector<std::size_t> places_;  // tokens that are whole words
  std::int64_t asked_ = 0;
};

}  // namespace

Counterfactual substitute_words(Evaluator& evaluator, std::size_t target, const Decision& decision,
                                int flips) {
  return WordSubstitution(evaluator, target, decision).run(flips);
}

}  // namespace pellucid
