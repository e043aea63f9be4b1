"""What perf-gate's verdicts are worth, and what reading costs: `python benchmarks/perf_gate.py [--check]`.

Simulates runs of an unchanged and of a changed candidate, and counts verdicts. A candidate that is exactly at the
tolerance is the hardest honest case: it must fail in at most alpha of the repetitions. The shares are printed, and the
same seed is used every time. Then times 2,000 result files, and one detailed file of 100 MB with the memory it takes.

    --power     write the table of docs/perf-gate.md
    --factors   print how much wider exact bounds are than normal ones, as planning.py has it
    --check     end with 1 when an aim is missed
"""

from __future__ import annotations

import argparse
import json
import math
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import NormalDist

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "src"))

from release_actions.performance import planning, ranks  # noqa: E402  # found by the line above
from release_actions.performance.judging import decide  # noqa: E402  # found by the line above
from release_actions.performance.reading import read_results  # noqa: E402  # found by the line above
from release_actions.performance.rules import MetricRule, Rules  # noqa: E402  # found by the line above
from release_actions.runner.envelope import Verdict  # noqa: E402  # found by the line above

RULE = MetricRule("median_tpot_ms", "lower", 0.05, is_gated=True)
RULES = Rules()
SEED = 20260820
EFFECTS = (-20, -10, -5, -2, 0, 2, 5, 10, 20)
"""Percent by which the candidate is really slower."""

SPREADS = (1, 2, 3, 5, 10, 20)
"""Percent by which runs of one version differ (standard deviation of the logarithm)."""

RUNS = (3, 4, 5, 7, 10)
PAGE = ROOT / "docs" / "perf-gate.md"
BEGIN, END = "<!-- power: written by benchmarks/perf_gate.py --power -->\n", "<!-- end of power -->\n"

FILES = 2000
FILES_AIM = 3.0
"""Seconds for that many files."""

DETAILED_MB = 100
MEMORY_AIM_MB = 200
SAMPLING_ERRORS = 4.5
"""Standard errors by which one of the many simulated shares may exceed alpha."""

MEAN_ERRORS = 3.0
"""The same for the mean of all."""

Noise = Callable[[random.Random], float]


def normal(generator: random.Random) -> float:
    """Ordinary noise with deviation 1."""
    return generator.gauss(0, 1)


def heavy(generator: random.Random) -> float:
    """Student's t with 2 degrees of freedom: one run in ten is far off. Has no finite deviation."""
    return generator.gauss(0, 1) / math.sqrt(generator.gammavariate(1, 1))


def skewed(generator: random.Random) -> float:
    """Noise that only slows down: exponential with deviation 1."""
    return generator.expovariate(1)


NOISES: dict[str, Noise] = {"normal": normal, "heavy tails": heavy, "skewed": skewed}


def verdict(generator: random.Random, noise: Noise, effect: float, spread: float, runs: int) -> Verdict:
    """One simulated comparison. `effect` is a shift of the logarithm."""
    before = [spread * noise(generator) for _ in range(runs)]
    after = [effect + spread * noise(generator) for _ in range(runs)]
    bounds = ranks.bounds(after, before, RULES.alpha)
    return decide(bounds, RULE.limit, fewest=runs, rules=RULES)[0]


def shares(noise: Noise, effect: float, spread: float, runs: int, repetitions: int) -> dict[Verdict, float]:
    """The share of each verdict."""
    generator = random.Random(f"{SEED} {noise.__name__} {effect:.6f} {spread:.6f} {runs}")  # noqa: S311  # a simulation
    counts = Counter(verdict(generator, noise, effect, spread, runs) for _ in range(repetitions))
    return {kind: counts[kind] / repetitions for kind in (Verdict.PASS, Verdict.INCONCLUSIVE, Verdict.FAIL)}


def false_alarms(repetitions: int) -> Iterator[tuple[str, int, int, float, float]]:
    """Noise, spread, runs, share of fails at the tolerance, share of passes just beyond it."""
    beyond = RULE.limit * (1 + 1e-9)
    for name, noise in NOISES.items():
        for spread in (1, 5, 20):
            for runs in RUNS:
                at_limit = shares(noise, RULE.limit, spread / 100, runs, repetitions)
                past_limit = shares(noise, beyond, spread / 100, runs, repetitions)
                yield name, spread, runs, at_limit[Verdict.FAIL], past_limit[Verdict.PASS]


def print_false_alarms(repetitions: int) -> bool:
    """Whether neither wrong verdict at the tolerance exceeds alpha by more than chance, alone and in the mean."""
    error = math.sqrt(RULES.alpha * (1 - RULES.alpha) / repetitions)
    print(f"Wrong verdicts for a candidate exactly at the tolerance; alpha is {RULES.alpha:.0%}, {repetitions} each:")
    print(f"{'noise':12} {'spread':>6} {'runs':>5} {'fails':>7} {'passes':>7}")
    wrong: list[float] = []
    for name, spread, runs, fails, passes in false_alarms(repetitions):
        wrong += fails, passes
        print(f"{name:12} {spread:>5}% {runs:>5} {fails:>7.1%} {passes:>7.1%}")
    mean = sum(wrong) / len(wrong)
    print(f"In the mean of all {len(wrong)}: {mean:.2%}")
    is_rare = max(wrong) <= RULES.alpha + SAMPLING_ERRORS * error
    return is_rare and mean <= RULES.alpha + MEAN_ERRORS * error / math.sqrt(len(wrong))


@dataclass(frozen=True)
class Plan:
    """How often runs are judged while more are added: at `first` on each side, then after each `step` more."""

    first: int
    step: int
    looks: int


PLANS = (Plan(5, 3, 2), Plan(5, 3, 4), Plan(4, 2, 4), Plan(3, 1, 8))


def fails_at_a_look(generator: random.Random, noise: Noise, spread: float, plan: Plan, rules: Rules) -> bool:
    """Whether a candidate exactly at the tolerance fails at any look. Looking ends with a decision."""
    before: list[float] = []
    after: list[float] = []
    for look in range(plan.looks):
        count = plan.step if look else plan.first
        before += [spread * noise(generator) for _ in range(count)]
        after += [RULE.limit + spread * noise(generator) for _ in range(count)]
        bounds = ranks.bounds(after, before, rules.look_alpha)
        decision = decide(bounds, RULE.limit, fewest=len(before), rules=rules)[0]
        if decision is not Verdict.INCONCLUSIVE:
            return decision is Verdict.FAIL
    return False


def share_of_fails(noise: Noise, plan: Plan, rules: Rules, repetitions: int) -> float:
    """How often a plan ends in a false fail."""
    generator = random.Random(f"{SEED} {noise.__name__} {plan}")  # noqa: S311  # a simulation
    return sum(fails_at_a_look(generator, noise, 0.05, plan, rules) for _ in range(repetitions)) / repetitions


def print_looks(repetitions: int) -> bool:
    """Whether false fails stay below alpha where looks are planned. Prints what they are where they are not."""
    print(f"False fails of a candidate exactly at the tolerance that is judged again as runs are added, {repetitions}:")
    print(f"{'noise':12} {'looks':>5} {'first':>5} {'step':>5} {'planned':>8} {'unplanned':>9}")
    error = math.sqrt(RULES.alpha * (1 - RULES.alpha) / repetitions)
    is_rare = True
    for name, noise in NOISES.items():
        for plan in PLANS:
            planned = share_of_fails(noise, plan, Rules(looks=plan.looks), repetitions)
            unplanned = share_of_fails(noise, plan, RULES, repetitions)
            print(f"{name:12} {plan.looks:>5} {plan.first:>5} {plan.step:>5} {planned:>8.1%} {unplanned:>9.1%}")
            is_rare &= planned <= RULES.alpha + MEAN_ERRORS * error
    return is_rare


def power_rows(
    noise: Noise, spreads: Sequence[int], runs_of_side: Sequence[int], repetitions: int
) -> Iterator[list[str]]:
    """A row for each spread and number of runs: share of pass, inconclusive and fail for each effect."""
    for spread in spreads:
        for runs in runs_of_side:
            cells = []
            for effect in EFFECTS:
                found = shares(noise, math.log1p(effect / 100), spread / 100, runs, repetitions)
                cells.append(" / ".join(f"{100 * share:.0f}" for share in found.values()))
            yield [f"{spread} %", f"{runs}+{runs}", *cells]


def power_table(rows: Iterator[list[str]]) -> str:
    """Rows as a Markdown table."""
    head = ["Spread", "Runs", *(f"{effect:+d} %" if effect else "0 %" for effect in EFFECTS)]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in (head, ["---"] * len(head), *rows))


def power_text(repetitions: int) -> str:
    """Both tables with what they show."""
    return (
        f"Each cell: pass / inconclusive / fail in percent of {repetitions} repetitions; seed {SEED}. The columns say\n"
        "how much slower the candidate really is. Spread is the standard deviation between runs.\n\n"
        f"{power_table(power_rows(normal, SPREADS, RUNS, repetitions))}\n"
        "With heavy tails, where one run in ten is far off (Student's t with 2 degrees of freedom; spread is its\n"
        "scale):\n\n"
        f"{power_table(power_rows(heavy, SPREADS[::2], RUNS[::2], repetitions))}"
    )


def write_power(repetitions: int) -> None:
    """Put the table into the page."""
    page = PAGE.read_text(encoding="utf-8")
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{BEGIN}\n{power_text(repetitions)}\n{END}{after}", encoding="utf-8")
    print(f"Wrote {PAGE.relative_to(ROOT)}.")


def print_factors(repetitions: int) -> None:
    """How much more than the normal formula a shift must be for the exact bounds to decide in 80 %."""
    quantiles = NormalDist().inv_cdf(1 - RULES.alpha) + NormalDist().inv_cdf(planning.POWER)
    for runs in range(3, 13):
        low, high = 0.0, 6.0
        for _ in range(12):
            middle = (low + high) / 2
            is_enough = power_of_shift(middle, runs, repetitions) >= planning.POWER
            low, high = (low, middle) if is_enough else (middle, high)
        print(f"{runs:3} runs: {high / (quantiles * math.sqrt(2 / runs)):.2f}")


def power_of_shift(shift: float, runs: int, repetitions: int) -> float:
    """The share in which a shift in deviations is found."""
    generator = random.Random(SEED)  # noqa: S311  # a simulation
    rank = ranks.bound_rank(runs, runs, RULES.alpha)
    found = 0
    for _ in range(repetitions):
        after = [shift + normal(generator) for _ in range(runs)]
        before = [normal(generator) for _ in range(runs)]
        found += ranks.differences(after, before)[rank - 1] > 0
    return found / repetitions


def print_advice(repetitions: int) -> None:
    """How often the advised number of runs decides. The spread is taken from the runs themselves, so it is a guess."""
    generator = random.Random(SEED)  # noqa: S311  # a simulation
    decided = advised = 0
    for _ in range(repetitions):
        effect, spread = generator.choice((0.0, 0.02, 0.1)), generator.choice((0.02, 0.03, 0.05))
        before = [generator.gauss(0, spread) for _ in range(5)]
        after = [generator.gauss(effect, spread) for _ in range(5)]
        bounds = ranks.bounds(after, before, RULES.alpha)
        deviation = planning.pooled_spread(before, after)
        if bounds is None or deviation is None or bounds[0] > RULE.limit or bounds[1] <= RULE.limit:
            continue
        distance = abs(ranks.shift(after, before) - RULE.limit)
        needed = planning.runs_needed(distance, deviation, RULES.alpha, least=6)
        if needed is None:
            continue
        advised += 1
        before += [generator.gauss(0, spread) for _ in range(needed - 5)]
        after += [generator.gauss(effect, spread) for _ in range(needed - 5)]
        again = ranks.bounds(after, before, RULES.alpha)
        decided += again is not None and (again[0] > RULE.limit or again[1] <= RULE.limit)
    print(f"Doubts with an advice: {advised}; decided after it: {decided / max(advised, 1):.0%}")


@dataclass(frozen=True)
class Cost:
    """What reading took."""

    seconds: float
    peak_mb: float


def result(number: int) -> dict[str, object]:
    """A result like those of `vllm bench serve`."""
    return {
        "date": f"202608{1 + number // 1440 % 28:02}-{number // 60 % 24:02}{number % 60:02}00",
        "model_id": f"model-{number % 40}",
        "num_prompts": 500,
        "completed": 500,
        "failed": 0,
        "request_rate": "inf",
        "max_concurrency": None,
        "request_throughput": 10 + number % 7,
        "output_throughput": 1280.5,
        "median_ttft_ms": 100.25,
        "median_tpot_ms": 10.5,
        "median_itl_ms": 10.25,
        "p99_ttft_ms": 310.5,
        "number": number,
    }


def time_many_files() -> float:
    """Seconds to read `FILES` result files."""
    with tempfile.TemporaryDirectory() as folder:
        for number in range(FILES):
            Path(folder, f"{number}.json").write_text(json.dumps(result(number), indent=1), encoding="utf-8")
        began = time.perf_counter()
        found = read_results(["."], Path(folder))
        seconds = time.perf_counter() - began
        if len(found.runs) != FILES:
            message = f"{len(found.runs)} of {FILES} files were read"
            raise RuntimeError(message)
        return seconds


def write_detailed(path: Path) -> None:
    """A detailed result of `DETAILED_MB`: times of every token, and every answer."""
    generator = random.Random(SEED)  # noqa: S311  # a simulation
    itls = [[round(generator.random() / 50, 17) for _ in range(200)] for _ in range(60)]
    texts = ['An answer with "quotes", [brackets] and \\ marks. ' * 8 for _ in range(60)]
    with path.open("w", encoding="utf-8") as file:
        head = json.dumps(result(1))[:-1]
        file.write(f'{head}, "itls": [')
        size, first = 0, True
        while size < DETAILED_MB * 1024 * 1024 * 0.8:
            text = json.dumps(itls)[1:-1]
            size += file.write(text if first else f", {text}")
            first = False
        file.write('], "generated_texts": [')
        first = True
        while size < DETAILED_MB * 1024 * 1024:
            text = json.dumps(texts)[1:-1]
            size += file.write(text if first else f", {text}")
            first = False
        file.write("]}")


READ = """
import resource, sys, time
sys.path.insert(0, {source!r})
from pathlib import Path
from release_actions.performance.reading import read_results
began = time.perf_counter()
found = read_results([{name!r}], Path({folder!r}))
assert found.runs[0].metrics["median_ttft_ms"] == 100.25, found
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
print(time.perf_counter() - began, peak)
"""


def cost_of_detailed() -> Cost:
    """Time and memory of reading a detailed result, in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "detailed.json")
        write_detailed(path)
        code = READ.format(source=str(ROOT / "src"), name=path.name, folder=folder)
        ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    seconds, peak = map(float, ended.stdout.split())
    return Cost(seconds, peak)


def print_costs() -> bool:
    """Whether reading keeps its aims."""
    many = time_many_files()
    print(f"{FILES} result files: {many:.2f} s, {1000 * many / FILES:.2f} ms a file; aim {FILES_AIM:g} s")
    detailed = cost_of_detailed()
    print(
        f"A detailed file of {DETAILED_MB} MB: {detailed.seconds:.2f} s, {detailed.peak_mb:.0f} MB of memory, "
        f"{detailed.peak_mb / DETAILED_MB:.2f} of its size; aim {MEMORY_AIM_MB} MB"
    )
    return many < FILES_AIM and detailed.peak_mb < MEMORY_AIM_MB


def main(arguments: Sequence[str] | None = None) -> int:
    """Print everything that was asked for. 1 when `--check` finds an aim missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repetitions", type=int, default=2000, help="simulated comparisons for each share")
    parser.add_argument("--power", action="store_true", help="write the table of docs/perf-gate.md")
    parser.add_argument("--factors", action="store_true", help="print the factors of planning.py")
    parser.add_argument("--check", action="store_true", help="end with 1 when an aim is missed")
    given = parser.parse_args(arguments)
    if given.power:
        write_power(given.repetitions)
        return 0
    if given.factors:
        print_factors(given.repetitions)
        return 0
    is_good = print_false_alarms(given.repetitions)
    is_good &= print_looks(given.repetitions)
    print_advice(given.repetitions)
    is_good &= print_costs()
    return 1 if given.check and not is_good else 0


if __name__ == "__main__":
    sys.exit(main())
