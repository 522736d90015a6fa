// SPDX-License-Identifier: Apache-2.0
#include "pellucid/tasks/preset_perturbations.h"

#include <fmt/ranges.h>

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>

#include "pellucid/attributions/lasso.h"
#include "pellucid/attributions/sampling.h"
#include "pellucid/base/error.h"
#include "pellucid/io/safetensors.h"

namespace pellucid {
namespace {

using Eigen::MatrixXd;
using Eigen::VectorXd;

/// What all of them know.
struct Peer {
  std::vector<Coalition> masks;
  Replacement replacement{.kind = Replacement::Kind::mask};
  std::string distance = "cosine";
  std::optional<double> width{};
  std::string order = "first";
};

/// Values of the recorded masks, in their order.
struct Replay {
  Replay(Evaluator& evaluator, const Peer& peer, bool special_player)
      : game(evaluator, peer.replacement) {
    const std::size_t columns = game.players() + (special_player ? 1 : 0);
    for (const Coalition& mask : peer.masks) {
      check_usage(mask.size() == columns, "draws: masks of {} units, expected {}", mask.size(),
                  columns);
      played.emplace_back(mask.begin() + (special_player ? 1 : 0), mask.end());
    }
    values = game(played);
  }

  VectorXd answers(std::size_t target) const {
    VectorXd y(std::ssize(values));
    for (Eigen::Index row = 0; row < y.size(); ++row) {
      y(row) = values[static_cast<std::size_t>(row)][target];
    }
    return y;
  }

  Game game;
  std::vector<Coalition> played;
  Values values;  // [rows][targets]
};

/// [rows, 1 + units]: ones, then 1 where a unit is kept.
MatrixXd design(const std::vector<Coalition>& masks) {
  const auto units = std::ssize(masks.front());
  MatrixXd x = MatrixXd::Ones(std::ssize(masks), 1 + units);
  for (Eigen::Index row = 0; row < x.rows(); ++row) {
    for (Eigen::Index i = 0; i < units; ++i) {
      x(row, 1 + i) = masks[static_cast<std::size_t>(row)][static_cast<std::size_t>(i)] ? 1 : 0;
    }
  }
  return x;
}

/// Coefficients of weighted least squares, with the ridge on the intercept too.
std::vector<double> regress(const MatrixXd& x, const VectorXd& y, const VectorXd& weights,
                            double ridge) {
  MatrixXd squares = x.transpose() * weights.asDiagonal() * x;
  squares.diagonal().array() += ridge;
  const VectorXd products = x.transpose() * weights.cwiseProduct(y);
  const VectorXd found = squares.completeOrthogonalDecomposition().solve(products);
  return {found.begin() + 1, found.end()};
}

Attribution finish(Evaluator& evaluator, Replay& replay,
                   const std::vector<std::vector<double>>& scores, bool is_signed = true) {
  Attribution result{.unit_scores = unit_scores(evaluator, scores)};
  result.is_signed = is_signed;
  result.baseline_values = replay.game.none();
  return result;
}

/// interpreto: the distance of a mask is that of its *replaced* units, so that with the cosine what
/// is damaged most counts most; exp(-d^2 / width^2); kernel-shap has no weights at all.
struct InterpretoRegression {
  std::string method;
  Peer peer;

  std::string name() const { return method; }
  Parameters parameters() const {
    Parameters shown{{"samples", std::int64_t{std::ssize(peer.masks)}},
                     {"replacement", peer.replacement.name()}};
    if (method == "lime") shown.emplace_back("distance", peer.distance);
    return shown;
  }

  double weight(const Coalition& mask) const {
    if (method == "kernel-shap") return 1;
    const auto units = static_cast<double>(mask.size());
    const auto replaced = static_cast<double>(std::count(mask.begin(), mask.end(), false));
    const double width = peer.width.value_or(0.75 * std::sqrt(units));
    double distance = replaced;
    if (peer.distance == "euclidean") distance = std::sqrt(replaced);
    if (peer.distance == "cosine") {
      distance = 1 - replaced / std::max(std::sqrt(replaced) * std::sqrt(units), 1e-8);
    }
    return std::exp(-distance * distance / (width * width));
  }

  Attribution operator()(Evaluator& evaluator) const {
    Replay replay(evaluator, peer, false);
    const MatrixXd x = design(replay.played);
    VectorXd weights(x.rows());
    for (Eigen::Index row = 0; row < x.rows(); ++row) {
      weights(row) = weight(replay.played[static_cast<std::size_t>(row)]);
    }
    std::vector<std::vector<double>> scores;
    for (std::size_t t = 0; t < replay.game.targets(); ++t) {
      scores.push_back(regress(x, replay.answers(t), weights, 1e-6));
    }
    return finish(evaluator, replay, scores);
  }
};

/// interpreto: rows of A, of B, then those of every unit's C; the variance over A alone, plus 1e-6.
struct InterpretoSobol {
  Peer peer;

  std::string name() const { return "sobol"; }
  Parameters parameters() const {
    return {{"order", peer.order},
            {"samples", std::int64_t{std::ssize(peer.masks)}},
            {"replacement", peer.replacement.name()}};
  }

  Attribution operator()(Evaluator& evaluator) const {
    Replay replay(evaluator, peer, false);
    const auto units = static_cast<Eigen::Index>(replay.game.players());
    const Eigen::Index rows = std::ssize(peer.masks) / (units + 2);
    check_usage(rows >= 2 && rows * (units + 2) == std::ssize(peer.masks),
                "draws: {} masks, expected a multiple of {}", peer.masks.size(), units + 2);
    std::vector<std::vector<double>> scores;
    for (std::size_t t = 0; t < replay.game.targets(); ++t) {
      const VectorXd y = replay.answers(t);
      const VectorXd a = y.head(rows), b = y.segment(rows, rows);
      const auto count = static_cast<double>(rows);
      const double variance = (a.array() - a.mean()).square().sum() / (count - 1);
      auto& of_target = scores.emplace_back();
      for (Eigen::Index i = 0; i < units; ++i) {
        const VectorXd c = y.segment((2 + i) * rows, rows);
        of_target.push_back(peer.order == "total"
                                ? (a - c).squaredNorm() / count / (2 * variance + 1e-6)
                                : (variance - (b - c).squaredNorm() / count / 2) /
                                      (variance + 1e-6));
      }
    }
    return finish(evaluator, replay, scores, false);
  }
};

/// captum: the special tokens are one more player, first among the columns, which changes nothing
/// and still gets a coefficient.
struct CaptumRegression {
  std::string method;
  Peer peer;

  std::string name() const { return method; }
  Parameters parameters() const {
    return {{"samples", std::int64_t{std::ssize(peer.masks)}},
            {"replacement", peer.replacement.name()}};
  }

  /// kernel-shap: the two ends weigh a million. lime: exp(-d^2 / 2), d: one minus the cosine of the
  /// token ids as numbers.
  double weight(const Coalition& mask, const std::vector<std::int32_t>& ids,
                const std::vector<std::int32_t>& changed) const {
    if (method == "kernel-shap") {
      const auto kept = std::count(mask.begin(), mask.end(), true);
      return kept == 0 || kept == std::ssize(mask) ? 1e6 : 1;
    }
    double product = 0, own = 0, other = 0;
    for (std::size_t i = 0; i < ids.size(); ++i) {
      product += static_cast<double>(ids[i]) * changed[i];
      own += static_cast<double>(ids[i]) * ids[i];
      other += static_cast<double>(changed[i]) * changed[i];
    }
    const double distance = 1 - product / std::sqrt(own * other);
    return std::exp(-distance * distance / 2);
  }

  Attribution operator()(Evaluator& evaluator) const {
    Replay replay(evaluator, peer, true);
    const std::vector<std::vector<std::int32_t>> rows = variants(evaluator, replay);
    const std::vector<std::int32_t> ids = evaluator.encoding().ids();
    VectorXd weights(std::ssize(peer.masks));
    for (std::size_t row = 0; row < rows.size(); ++row) {
      weights(static_cast<Eigen::Index>(row)) = weight(peer.masks[row], ids, rows[row]);
    }
    std::vector<std::vector<double>> scores;
    for (std::size_t t = 0; t < replay.game.targets(); ++t) {
      const VectorXd y = replay.answers(t);
      std::vector<double> all =
          method == "lime" ? lasso_of(y, weights) : regress(design(peer.masks), y, weights, 0);
      all.erase(all.begin());  // the special tokens
      scores.push_back(std::move(all));
    }
    return finish(evaluator, replay, scores);
  }

  std::vector<double> lasso_of(const VectorXd& y, const VectorXd& weights) const {
    std::vector<std::vector<double>> columns(peer.masks.front().size());
    for (const Coalition& mask : peer.masks) {
      for (std::size_t i = 0; i < mask.size(); ++i) columns[i].push_back(mask[i] ? 1 : 0);
    }
    const std::vector<double> shares(weights.begin(), weights.end());
    return lasso(std::move(columns), {y.begin(), y.end()}, 0.01, shares).coefficients;
  }

  std::vector<std::vector<std::int32_t>> variants(Evaluator& evaluator,
                                                  const Replay& replay) const {
    const std::vector<std::size_t> places = players(evaluator);
    const auto id = evaluator.model().tokenizer().id(evaluator.shown(peer.replacement));
    check_usage(id.has_value(), "preset captum: replacement {} is no token",
                peer.replacement.name());
    std::vector<std::vector<std::int32_t>> rows;
    for (const Coalition& mask : replay.played) {
      auto& row = rows.emplace_back(evaluator.encoding().ids());
      for (std::size_t i = 0; i < mask.size(); ++i) {
        if (mask[i]) continue;
        for (const std::int64_t token : evaluator.units().units[places[i]].tokens) {
          row[static_cast<std::size_t>(token)] = *id;
        }
      }
    }
    return rows;
  }
};

/// captum's ShapleyValueSampling: nobody, then one player after the other along each order.
struct CaptumOrders {
  Peer peer;

  std::string name() const { return "permutation-shap"; }
  Parameters parameters() const {
    return {{"samples", std::int64_t{std::ssize(peer.masks)}},
            {"replacement", peer.replacement.name()}};
  }

  Attribution operator()(Evaluator& evaluator) const {
    Replay replay(evaluator, peer, true);
    const std::size_t columns = replay.game.players() + 1;
    check_usage((peer.masks.size() - 1) % columns == 0,
                "draws: {} masks, expected 1 and a multiple of {}", peer.masks.size(), columns);
    const double orders = static_cast<double>(peer.masks.size() - 1) / static_cast<double>(columns);
    std::vector<std::vector<double>> scores(replay.game.targets(),
                                            std::vector<double>(replay.game.players()));
    for (std::size_t row = 1; row < peer.masks.size(); ++row) {
      const std::size_t before = (row - 1) % columns == 0 ? 0 : row - 1;
      for (std::size_t i = 1; i < columns; ++i) {
        if (peer.masks[row][i] == peer.masks[before][i]) continue;
        for (std::size_t t = 0; t < scores.size(); ++t) {
          scores[t][i - 1] += (replay.values[row][t] - replay.values[before][t]) / orders;
        }
      }
    }
    return finish(evaluator, replay, scores);
  }
};

/// captum: windows start at 0, stride, 2 stride ... and are cut off at the end, where ours are
/// shifted back.
struct CaptumOcclusion {
  int window = 1;
  int stride = 1;
  Replacement replacement{.kind = Replacement::Kind::zero};

  std::string name() const { return "occlusion"; }
  Parameters parameters() const {
    return {{"window", std::int64_t{window}},
            {"stride", std::int64_t{stride}},
            {"replacement", replacement.name()}};
  }

  Attribution operator()(Evaluator& evaluator) const {
    Game game(evaluator, replacement);
    const std::size_t units = game.players();
    std::vector<Coalition> without;
    std::size_t begin = 0;
    while (begin < units) {
      auto& coalition = without.emplace_back(units, true);
      const std::size_t end = std::min(units, begin + static_cast<std::size_t>(window));
      std::fill(coalition.begin() + static_cast<std::ptrdiff_t>(begin),
                coalition.begin() + static_cast<std::ptrdiff_t>(end), false);
      if (end == units) break;
      begin += static_cast<std::size_t>(stride);
    }
    const Values values = game(without);
    std::vector<std::vector<double>> scores(game.targets(), std::vector<double>(units));
    for (std::size_t t = 0; t < game.targets(); ++t) {
      for (std::size_t i = 0; i < units; ++i) {
        Spread effects;
        for (std::size_t w = 0; w < without.size(); ++w) {
          if (!without[w][i]) effects.add(game.all()[t] - values[w][t]);
        }
        scores[t][i] = effects.mean();
      }
    }
    return {.unit_scores = unit_scores(evaluator, scores)};
  }
};

CaptumOcclusion captum_occlusion(const MethodOptions& options) {
  CaptumOcclusion method;
  for (const auto& [option, value] : options) {
    if (option == "window") {
      method.window = static_cast<int>(parse_whole(option, value, 1, 1000000, "1 or more"));
    } else if (option == "stride") {
      method.stride = static_cast<int>(parse_whole(option, value, 1, 1000000, "1 or more"));
    } else if (option == "replacement") {
      method.replacement = Replacement::parse(value);
    } else {
      fail_usage("option {}: --preset captum has window, stride and replacement for occlusion",
                 option);
    }
  }
  check_usage(method.stride <= method.window, "stride is {}, expected 1 to the window, {}",
              method.stride, method.window);
  return method;
}

void read_options(Peer& peer, const std::string& method, const MethodOptions& options) {
  for (const auto& [option, value] : options) {
    if (option == "replacement") {
      peer.replacement = Replacement::parse(value);
    } else if (option == "distance" && method == "lime") {
      check_usage(value == "cosine" || value == "hamming" || value == "euclidean",
                  "distance is \"{}\", expected cosine, hamming or euclidean", value);
      peer.distance = value;
    } else if (option == "width" && method == "lime") {
      peer.width = parse_number("width", value, 1e-9, 1e9, "over 0");
    } else if (option == "order" && method == "sobol") {
      check_usage(value == "first" || value == "total", "order is \"{}\", expected first or total",
                  value);
      peer.order = value;
    } else {
      fail_usage("option {}: with a preset the method {} replays its draws, which settle it",
                 option, method);
    }
  }
}

}  // namespace

std::vector<Coalition> read_masks(const std::string& path) {
  const SafetensorsFile file = SafetensorsFile::open(path);
  const TensorView* tensor = file.find("masks");
  check(tensor != nullptr, "{}: no tensor masks", path);
  check(tensor->shape.size() == 2 && tensor->shape[0] > 0,
        "{}: masks has shape [{}], expected [rows, units]", path, fmt::join(tensor->shape, ", "));
  const auto columns = static_cast<std::size_t>(tensor->shape[1]);
  const auto numbers = tensor->floats();
  std::vector<Coalition> masks(static_cast<std::size_t>(tensor->shape[0]), Coalition(columns));
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    check(numbers[i] == 0 || numbers[i] == 1, "{}: masks holds {}, expected 0 or 1", path,
          numbers[i]);
    masks[i / columns][i % columns] = numbers[i] == 1;
  }
  return masks;
}

std::optional<Method> peer_perturbation(Preset preset, const std::string& method,
                                        MethodOptions options) {
  const bool interpreto = preset == Preset::interpreto, captum = preset == Preset::captum;
  const bool random = method == "lime" || method == "kernel-shap" ||
                      (interpreto && method == "sobol") || (captum && method == "permutation-shap");
  if (!(interpreto || captum) || !random) {
    if (captum && method == "occlusion") return captum_occlusion(options);
    return std::nullopt;
  }
  const auto draws = options.extract("draws");
  check_usage(!draws.empty(),
              "preset {}: {} draws at random there: --draws FILE says what was drawn", name(preset),
              method);
  Peer peer{.masks = read_masks(draws.mapped())};
  read_options(peer, method, options);
  if (method == "sobol") return InterpretoSobol{std::move(peer)};
  if (method == "permutation-shap") return CaptumOrders{std::move(peer)};
  if (captum) return CaptumRegression{method, std::move(peer)};
  return InterpretoRegression{method, std::move(peer)};
}

}  // namespace pellucid
