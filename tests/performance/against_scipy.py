"""Hold the statistics of perf-gate to scipy's: `python tests/performance/against_scipy.py [--cases N] [--seed N]`.

Needs requirements/statistics.lock, so it is no test of `./release-actions test`. `.ci/run` checks 500 cases and the
nightly workflow 10,000 others. Each case is checked four ways:

* p-values without ties against `mannwhitneyu(method="exact")`;
* bounds as the inversion of that test: it rejects just outside of them and not just inside;
* p-values with ties against the distribution over all permutations, from `permutation_test`;
* the trend of a series against `kendalltau(method="exact")`.
"""

from __future__ import annotations

import argparse
import math
import random
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "src"))

from scipy.stats import (  # type: ignore[import-untyped]  # noqa: E402  # not in the development environment
    kendalltau,
    mannwhitneyu,
    permutation_test,
    rankdata,
)

from release_actions.performance import ranks  # noqa: E402  # found by the path above

CLOSE = 1e-9
STEP = 1e-9
"""How far inside and outside of a bound is tried, in deviations."""

MOST_PERMUTED = 6
"""Values on a side up to which all permutations are enumerated."""

Sample = list[float]


def sample(generator: random.Random, size: int, *, has_ties: bool) -> Sample:
    """Values of one side, from one of four distributions."""
    if has_ties:
        return [float(generator.randint(0, 5)) for _ in range(size)]
    draw: Callable[[], float] = generator.choice(
        (
            lambda: generator.gauss(0, 1),
            lambda: generator.expovariate(1),
            lambda: generator.gauss(0, 1) / math.sqrt(generator.gammavariate(1, 1)),
            generator.random,
        )
    )
    return [draw() for _ in range(size)]


def exact_p(candidate: Sequence[float], baseline: Sequence[float], margin: float = 0.0) -> float:
    """scipy's exact p-value of "the candidate is larger by more than the margin"."""
    shifted = [value - margin for value in candidate]
    return float(mannwhitneyu(shifted, baseline, alternative="greater", method="exact").pvalue)


def check_p(generator: random.Random) -> str:
    """P-values without ties."""
    candidate = sample(generator, generator.randint(2, 12), has_ties=False)
    baseline = sample(generator, generator.randint(2, 12), has_ties=False)
    margin = generator.gauss(0, 0.5)
    ours, theirs = ranks.p_greater(candidate, baseline, margin), exact_p(candidate, baseline, margin)
    return (
        ""
        if math.isclose(ours, theirs, abs_tol=CLOSE)
        else f"p {ours} and {theirs} for {candidate}, {baseline}, {margin}"
    )


def check_bounds(generator: random.Random) -> str:
    """Bounds as the inversion of scipy's test."""
    candidate = sample(generator, generator.randint(3, 10), has_ties=False)
    baseline = sample(generator, generator.randint(3, 10), has_ties=False)
    alpha = generator.choice((0.01, 0.025, 0.05, 0.1))
    bounds = ranks.bounds(candidate, baseline, alpha)
    everything = f"alpha {alpha}, {candidate}, {baseline}"
    if bounds is None:
        far = max(map(abs, (*candidate, *baseline))) * 3 + 1
        return "" if exact_p(candidate, baseline, -far) > alpha else f"no bound although scipy has one: {everything}"
    lower, upper = bounds
    mirrored = [-value for value in candidate], [-value for value in baseline]
    slack = alpha * (1 + CLOSE)
    is_right = exact_p(candidate, baseline, lower - STEP) <= slack < exact_p(
        candidate, baseline, lower + STEP
    ) and exact_p(*mirrored, -upper - STEP) <= slack < exact_p(*mirrored, -upper + STEP)
    return "" if is_right else f"bounds {bounds} are not those of scipy: {everything}"


def check_ties(generator: random.Random) -> str:
    """P-values with ties, over all permutations."""
    candidate = sample(generator, generator.randint(2, MOST_PERMUTED), has_ties=True)
    baseline = sample(generator, generator.randint(2, MOST_PERMUTED), has_ties=True)
    ranked = rankdata([*candidate, *baseline])
    theirs = permutation_test(
        (ranked[: len(candidate)], ranked[len(candidate) :]),
        lambda mine, _others: float(sum(mine)),
        alternative="greater",
        n_resamples=math.inf,
        vectorized=False,
    ).pvalue
    ours = ranks.p_greater(candidate, baseline)
    return (
        "" if math.isclose(ours, theirs, abs_tol=CLOSE) else f"p with ties {ours} and {theirs}: {candidate}, {baseline}"
    )


def check_trend(generator: random.Random) -> str:
    """The trend of a series without ties."""
    values = sample(generator, generator.randint(3, 10), has_ties=False)
    ours = ranks.trend_p(values)
    theirs = float(kendalltau(range(len(values)), values, method="exact").pvalue)
    return "" if math.isclose(ours, theirs, abs_tol=CLOSE) else f"trend {ours} and {theirs}: {values}"


CHECKS = (check_p, check_bounds, check_ties, check_trend)


def main(arguments: Sequence[str] | None = None) -> int:
    """Check the cases; 1 when one differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(arguments)
    faults: list[str] = []
    for case in range(given.cases):
        generator = random.Random(f"{given.seed} {case}")
        faults += [f"case {case} of seed {given.seed}: {fault}" for check in CHECKS if (fault := check(generator))]
    for fault in faults:
        print(fault)  # noqa: T201  # what was asked for
    print(f"{given.cases} cases against scipy, seed {given.seed}: {len(faults)} differ")  # noqa: T201  # as above
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
