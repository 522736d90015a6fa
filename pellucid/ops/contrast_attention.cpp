// SPDX-License-Identifier: Apache-2.0
#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "pellucid/ops/contrast.h"

namespace pellucid {
namespace {

using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Stride = Eigen::OuterStride<>;
using View = Eigen::Map<const Matrix, 0, Stride>;
using Target = Eigen::Map<Matrix, 0, Stride>;

constexpr float kHidden = -std::numeric_limits<float>::infinity();

View view(const StridedRows<const float>& rows, std::int64_t count, std::int64_t width) {
  return {rows.data, count, width, Stride(rows.stride)};
}

/// Scores of one input, [queries, keys]: before a cap and the bias, and as softmax sees them.
struct Scores {
  Matrix plain, final;
};

Scores scores_of(const AttentionHead& head) {
  Scores scores;
  scores.plain = head.scale * view(head.query, head.queries, head.width) *
                 view(head.key, head.keys, head.width).transpose();
  scores.final = scores.plain;
  if (head.cap > 0) scores.final = head.cap * (scores.plain / head.cap).array().tanh();
  for (std::int64_t q = 0; head.views != nullptr && q < head.queries; ++q) {
    const QueryView& seen = head.views[q];
    for (std::int64_t k = 0; k < head.keys; ++k) {
      const std::int64_t place = head.places == nullptr ? k : head.places[k];
      if (k < seen.first || k >= seen.last) {
        scores.final(q, k) = kHidden;
      } else if (head.bias != nullptr) {
        scores.final(q, k) += head.bias[seen.bias + place];
      }
    }
  }
  return scores;
}

std::int64_t segment_of(const DistanceHead& head, std::int64_t q, std::int64_t k) {
  return head.segments[k] == head.segments[head.own_keys[q]] ? 0 : 1;
}

Scores scores_of(const DistanceHead& head) {
  const View queries = view(head.query, head.queries, head.width);
  const View keys = view(head.key, head.keys, head.width);
  const auto vector = [&](const StridedRows<const float>& rows, std::int64_t index) {
    return Eigen::Map<const Eigen::RowVectorXf>(rows.row(index), head.width);
  };
  Scores scores;
  scores.plain = queries * keys.transpose();
  for (std::int64_t q = 0; q < head.queries; ++q) {
    for (std::int64_t k = 0; k < head.keys; ++k) {
      float& score = scores.plain(q, k);
      if (head.has_distance()) {
        const std::int64_t row = head.row[head.distance(q, k)];
        if (head.position_key.data != nullptr) {
          score += queries.row(q).dot(vector(head.position_key, row));
        }
        if (head.position_query.data != nullptr) {
          score += keys.row(k).dot(vector(head.position_query, row));
        }
        if (head.bias != nullptr) score += head.bias[row];
      }
      if (head.segment_key.data == nullptr) continue;
      const std::int64_t segment = segment_of(head, q, k);
      score += queries.row(q).dot(vector(head.segment_key, segment));
      if (head.segment_bias != nullptr) score += head.segment_bias[segment];
    }
  }
  scores.plain *= head.scale;
  scores.final = scores.plain;
  for (std::int64_t k = 0; head.hidden != nullptr && k < head.keys; ++k) {
    for (std::int64_t q = 0; q < head.queries; ++q) {
      if (head.hidden[k] != 0 && head.own_keys[q] != k) scores.final(q, k) = kHidden;
    }
  }
  return scores;
}

/// What softmax needs to pull back, for a row of scores of both inputs: with e = exp(s - c), c one
/// for both, and r = 1 / sum e,
///   m_e = m_p (r + r') / 2 - r r' sum(m_p (e + e') / 2),  m_s = m_e (e - e') / (s - s')
struct SoftmaxPair {
  Matrix mean;                          // (p + p') / 2
  Matrix mean_exp;                      // (e + e') / 2
  Matrix slope;                         // (e - e') / (s - s')
  Eigen::VectorXf reciprocal, product;  // (r + r') / 2 and r r' of each query

  SoftmaxPair(const Matrix& s, const Matrix& base)
      : mean(s.rows(), s.cols()),
        mean_exp(s.rows(), s.cols()),
        slope(s.rows(), s.cols()),
        reciprocal(s.rows()),
        product(s.rows()) {
    std::vector<double> e(static_cast<std::size_t>(s.cols())), base_e(e.size());
    for (std::int64_t q = 0; q < s.rows(); ++q) {
      const double c = std::max(double{s.row(q).maxCoeff()}, double{base.row(q).maxCoeff()});
      double sum = 0, base_sum = 0;
      for (std::size_t k = 0; k < e.size(); ++k) {
        sum += e[k] = std::exp(double{s(q, std::int64_t(k))} - c);
        base_sum += base_e[k] = std::exp(double{base(q, std::int64_t(k))} - c);
      }
      const double r = 1 / sum, base_r = 1 / base_sum;
      reciprocal[q] = static_cast<float>((r + base_r) / 2);
      product[q] = static_cast<float>(r * base_r);
      for (std::size_t k = 0; k < e.size(); ++k) {
        const auto column = static_cast<std::int64_t>(k);
        mean(q, column) = static_cast<float>((e[k] * r + base_e[k] * base_r) / 2);
        mean_exp(q, column) = static_cast<float>((e[k] + base_e[k]) / 2);
        const double apart = double{s(q, column)} - double{base(q, column)};
        double quotient = base_e[k];
        if (std::isnan(apart)) {
          quotient = 0;  // hidden in both
        } else if (apart != 0) {
          quotient *= std::expm1(apart) / apart;
          if (apart > 0) quotient = e[k] * (-std::expm1(-apart)) / apart;
        }
        slope(q, column) = static_cast<float>(quotient);
      }
    }
  }

  /// m_p -> m_s
  void pull(Matrix& m) const {
    for (std::int64_t q = 0; q < m.rows(); ++q) {
      const float shared = product[q] * m.row(q).dot(mean_exp.row(q));
      m.row(q) = (m.row(q).array() * reciprocal[q] - shared) * slope.row(q).array();
    }
  }
};

/// Adds the terms of distances and segments.  m: of q k^T, [queries, keys]
void pull_terms(const DistanceHead& head, const Matrix& m, Target* queries, Target* keys) {
  const auto vector = [&](const StridedRows<const float>& rows, std::int64_t index) {
    return Eigen::Map<const Eigen::RowVectorXf>(rows.row(index), head.width);
  };
  for (std::int64_t q = 0; q < head.queries; ++q) {
    for (std::int64_t k = 0; k < head.keys; ++k) {
      const std::int64_t row = head.has_distance() ? head.row[head.distance(q, k)] : 0;
      if (queries != nullptr && head.position_key.data != nullptr) {
        queries->row(q) += m(q, k) * vector(head.position_key, row);
      }
      if (keys != nullptr && head.position_query.data != nullptr) {
        keys->row(k) += m(q, k) * vector(head.position_query, row);
      }
      if (queries != nullptr && head.segment_key.data != nullptr) {
        queries->row(q) += m(q, k) * vector(head.segment_key, segment_of(head, q, k));
      }
    }
  }
}
void pull_terms(const AttentionHead& /*head*/, const Matrix& /*m*/, Target* /*queries*/,
                Target* /*keys*/) {}

/// d score / d (q k^T): the scale, times the quotient of the cap.
Matrix chain(const Scores& scores, const Scores& base, float scale, float cap) {
  Matrix factor = Matrix::Constant(scores.plain.rows(), scores.plain.cols(), scale);
  for (std::int64_t i = 0; cap > 0 && i < factor.size(); ++i) {
    const float u = scores.plain.data()[i], base_u = base.plain.data()[i];
    const float t = std::tanh(u / cap);
    factor.data()[i] *= std::abs(u - base_u) < kContrastSmall
                            ? 1 - t * t
                            : cap * (t - std::tanh(base_u / cap)) / (u - base_u);
  }
  return factor;
}
float cap_of(const AttentionHead& head) { return head.cap; }
float cap_of(const DistanceHead& /*head*/) { return 0; }

template <class Head>
void pull_head(const Head& head, const Head& base, const AttentionHeadVjp& vjp) {
  const Scores scores = scores_of(head), base_scores = scores_of(base);
  const Matrix factor = chain(scores, base_scores, head.scale, cap_of(head));
  const SoftmaxPair softmax(scores.final, base_scores.final);
  const auto mean = [&](const StridedRows<const float>& a, const StridedRows<const float>& b,
                        std::int64_t rows) -> Matrix {
    return (view(a, rows, head.width) + view(b, rows, head.width)) / 2;
  };
  const Matrix queries = mean(head.query, base.query, head.queries);
  const Matrix keys = mean(head.key, base.key, head.keys);
  const Matrix values = mean(head.value, base.value, head.keys);
  const auto target = [&](const StridedRows<float>& rows, std::int64_t step, std::int64_t k,
                          std::int64_t count) -> Target {
    return {rows.data + k * step, count, head.width, Stride(rows.stride)};
  };
  for (std::int64_t k = 0; k < vjp.count; ++k) {
    const View m_y{vjp.dy.data + k * vjp.dy_step, head.queries, head.width, Stride(vjp.dy.stride)};
    if (vjp.value.data != nullptr) {
      target(vjp.value, vjp.key_step, k, head.keys) += softmax.mean.transpose() * m_y;
    }
    Matrix m = m_y * values.transpose();
    softmax.pull(m);
    m.array() *= factor.array();
    Target query_target = target(vjp.query, vjp.query_step, k, head.queries);
    Target key_target = target(vjp.key, vjp.key_step, k, head.keys);
    const bool wants_query = vjp.query.data != nullptr, wants_key = vjp.key.data != nullptr;
    if (wants_query) query_target += m * keys;
    if (wants_key) key_target += m.transpose() * queries;
    pull_terms(head, m, wants_query ? &query_target : nullptr, wants_key ? &key_target : nullptr);
  }
}

}  // namespace

void contrast_attention(const AttentionHead& head, const AttentionHead& base,
                        const AttentionHeadVjp& vjp) {
  pull_head(head, base, vjp);
}

void contrast_attention(const DistanceHead& head, const DistanceHead& base,
                        const AttentionHeadVjp& vjp) {
  pull_head(head, base, vjp);
}

}  // namespace pellucid
