"""The uncertainty analysis of a table as a vectorised numpy program: a peer of `innogauge score`.

    python3 uncertainty_numpy.py write DIR     table.csv, framework.yaml, options.yaml: 51 units, 49 indicators
    python3 uncertainty_numpy.py run DIR       1,000 runs; quantiles of scores and ranks into DIR/numpy.json
    python3 uncertainty_numpy.py replay DIR    the same, treating and scaling in each run, as COINr does

With `run` it works out each combination of treatment and scale once, as innogauge does; a run weights, aggregates and ranks.
It does so for the index alone, where innogauge does it for every element, and correlations and statistics besides.
"""

import csv
import json
import sys
from pathlib import Path

import numpy as np

UNITS, RUNS = 51, 1000
SIZES = [[6, 7, 5], [8, 6, 5, 7, 5]]  # indicators by sub-dimension, by dimension


def write(folder):
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(1)
    n = sum(map(sum, SIZES))
    x = random.lognormal(size=(UNITS, n)) ** random.uniform(0.3, 1.8, n)
    names = [f"x{i}" for i in range(n)]
    with open(folder / "table.csv", "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["unit", *names])
        writer.writerows([f"u{u}", *(f"{v:.10g}" for v in row)] for u, row in enumerate(x))
    lines, next_name = ["index:", "  id: Index", "  children:"], iter(names)
    for d, dimension in enumerate(SIZES):
        lines += [f"    - id: D{d}", "      children:"]
        for s, size in enumerate(dimension):
            lines += [f"        - id: D{d}S{s}", "          indicators:"]
            lines += [f"            - {{id: {next(next_name)}}}" for _ in range(size)]
    (folder / "framework.yaml").write_text("\n".join(lines) + "\n")
    treat = ", ".join(f"{{method: winsorise_then_log, max_winsorised: {k}}}" for k in range(1, 6))
    (folder / "options.yaml").write_text(
        f"treat: {{method: winsorise_then_log, max_winsorised: 5}}\n"
        f"uncertainty:\n  runs: {RUNS}\n  vary:\n    treat: [{treat}]\n"
        "    normalise: [min_max, {method: z_score, mean: 10, sd: 2}]\n"
        "    aggregate: [arithmetic, geometric]\n    weights: {relative: 0.25}\n"
    )


def shape(x):
    n, d = len(x), x - x.mean()
    m2, m3, m4 = (d**2).mean(), (d**3).mean(), (d**4).mean()
    g1 = m3 / m2**1.5 * np.sqrt(n * (n - 1)) / (n - 2)
    g2 = (n - 1) / ((n - 2) * (n - 3)) * ((n + 1) * (m4 / m2**2 - 3) + 6)
    return g1, g2


def treated(x, most):
    x = x.copy()
    for column in x.T:
        original, moved = column.copy(), 0
        while True:
            g1, g2 = shape(column)
            if abs(g1) < 2 or g2 < 3.5:
                break
            if moved >= most:
                low, high = original.min(), original.max()
                column[:] = np.log(original - low + 0.01 * (high - low))
                break
            end = column.max() if g1 >= 0 else column.min()
            rest = column[column != end]
            column[column == end] = rest.max() if g1 >= 0 else rest.min()
            moved = (column == column.max()).sum() if g1 >= 0 else (column == column.min()).sum()
    return x


def means(parts, weights, method):
    weights = weights / weights.sum()
    return parts @ weights if method == 0 else np.exp(np.log(np.maximum(parts, 1e-300)) @ weights)


def score(x, weights, method):
    start, level, dimensions = 0, 0, []
    for dimension in SIZES:
        subs = []
        for size in dimension:
            subs.append(means(x[:, start : start + size], weights[start : start + size], method))
            start += size
        count = len(subs)
        dimensions.append(means(np.column_stack(subs), weights[49 + level : 49 + level + count], method))
        level += count
    return means(np.column_stack(dimensions), weights[-2:], method)


def variant(x, most, scale):
    y = treated(x, most + 1)
    return (y - y.min(0)) / (y.max(0) - y.min(0)) * 100 if scale == 0 else 10 + 2 * (y - y.mean(0)) / y.std(0, ddof=1)


def run(folder, each=False):
    with open(folder / "table.csv", newline="") as file:
        rows = list(csv.reader(file))
    x = np.array([[float(cell) for cell in row[1:]] for row in rows[1:]])
    random = np.random.default_rng(1)
    variants = {} if each else {(most, scale): variant(x, most, scale) for most in range(5) for scale in range(2)}
    number = 49 + sum(map(len, SIZES)) + len(SIZES)
    scores, scales = np.empty((RUNS, UNITS)), np.empty(RUNS, int)
    for r in range(RUNS):
        most, scales[r], method = random.integers(5), random.integers(2), random.integers(2)
        weights = 1 + random.uniform(-0.25, 0.25, number)
        on_scale = variant(x, most, scales[r]) if each else variants[most, scales[r]]
        scores[r] = score(on_scale, weights, method)
    ranks = 1 + (scores[:, None, :] > scores[:, :, None]).sum(2)
    quantiles = lambda of: np.quantile(of, [0.05, 0.5, 0.95], axis=0).tolist()
    frequency = np.stack([(ranks == k + 1).mean(0) for k in range(UNITS)], 1)
    pairwise = sum((r[:, None] < r[None, :]).astype(int) for r in ranks) / RUNS
    result = {
        "score": quantiles(scores[scales == 0]),
        "rank": quantiles(ranks),
        "rank_frequency": frequency.tolist(),
        "pairwise": pairwise.tolist(),
    }
    (folder / "numpy.json").write_text(json.dumps(result))


if __name__ == "__main__":
    {"write": write, "run": run, "replay": lambda folder: run(folder, each=True)}[sys.argv[1]](Path(sys.argv[2]))
