#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fits the approximations in pellucid/ops/simd-inl.h and prints their coefficients.

erf(x) = x P(x^2) / Q(x^2) and tanh(x) likewise, up to the x from which the float is 1; exp(r) = a
polynomial for |r| <= log(2) / 2.  The relative error is minimised: least squares at Chebyshev
points, linearised by the last denominator (Loeb), and weighted by the last error (Lawson) until the
largest errors are level.  All in 60 digits, standard library only.
"""
import decimal
import math
from decimal import Decimal

decimal.getcontext().prec = 60
POINTS = 240


def erf(x):
    """Maclaurin series; the 60 digits swallow its cancellation."""
    term, total, n = x, x, 0
    while abs(term) > Decimal(10) ** -40:
        n += 1
        term = -term * x * x / n
        total += term / (2 * n + 1)
    return 2 * total / Decimal(math.pi).sqrt()


def tanh(x):
    e = (-2 * x).exp()
    return (1 - e) / (1 + e)


def solve(matrix, right):
    """Gauss with partial pivoting."""
    size = len(right)
    rows = [row + [value] for row, value in zip(matrix, right)]
    for i in range(size):
        pivot = max(range(i, size), key=lambda r: abs(rows[r][i]))
        rows[i], rows[pivot] = rows[pivot], rows[i]
        for r in range(i + 1, size):
            factor = rows[r][i] / rows[i][i]
            rows[r] = [a - factor * b for a, b in zip(rows[r], rows[i])]
    solution = [Decimal(0)] * size
    for i in reversed(range(size)):
        known = sum(rows[i][j] * solution[j] for j in range(i + 1, size))
        solution[i] = (rows[i][size] - known) / rows[i][i]
    return solution


def polynomial(coefficients, w):
    total = Decimal(0)
    for c in reversed(coefficients):
        total = total * w + c
    return total


def fit(name, function, low, high, numerator, denominator):
    middle, half = (high + low) / 2, (high - low) / 2
    points = [middle + half * Decimal(math.cos(math.pi * (i + 0.5) / POINTS)) for i in range(POINTS)]
    values = [function(w) for w in points]
    weights = [Decimal(1)] * POINTS
    scales = [Decimal(1)] * POINTS
    best = None
    for _ in range(40):
        basis = []
        for w, f in zip(points, values):
            powers = [w**n for n in range(max(numerator, denominator) + 1)]
            basis.append([p / f for p in powers[: numerator + 1]] + [-p for p in powers[1 : denominator + 1]])
        size = numerator + denominator + 1
        matrix = [[Decimal(0)] * size for _ in range(size)]
        right = [Decimal(0)] * size
        for row, weight, scale in zip(basis, weights, scales):
            factor = weight / scale**2
            for i in range(size):
                right[i] += factor * row[i]
                for j in range(size):
                    matrix[i][j] += factor * row[i] * row[j]
        solution = solve(matrix, right)
        p, q = solution[: numerator + 1], [Decimal(1)] + solution[numerator + 1 :]
        scales = [polynomial(q, w) for w in points]
        errors = [abs(polynomial(p, w) / s / f - 1) for w, s, f in zip(points, scales, values)]
        if best is None or max(errors) < best[0]:
            best = (max(errors), p, q)
        mean = sum(errors) / POINTS
        weights = [weight * (error / mean + Decimal("0.01")) for weight, error in zip(weights, errors)]
        total = sum(weights) / POINTS
        weights = [weight / total for weight in weights]
    error, p, q = best
    print(f"{name}: relative error {float(error):.2e}")
    print("  numerator  ", ", ".join(f"{float(c):.9e}F" for c in p))
    if denominator:
        print("  denominator", ", ".join(f"{float(c):.9e}F" for c in q))


def odd_quotient(function):
    return lambda w: function(w.sqrt()) / w.sqrt()


fit("erf(x) / x, w = x^2, |x| <= 3.9196", odd_quotient(erf), Decimal("1e-9"), Decimal("3.92") ** 2, 4, 6)
fit("tanh(x) / x, w = x^2, |x| <= 9.011", odd_quotient(tanh), Decimal("1e-9"), Decimal("9.011") ** 2, 5, 4)
fit("exp(r), |r| <= log(2) / 2", lambda r: r.exp(), -Decimal(2).ln() / 2, Decimal(2).ln() / 2, 6, 0)
