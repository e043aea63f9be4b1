"""The shape of `performance` in `release.yaml`: what a candidate's benchmark results are held to.

Which metrics are known, and what they are held to by default, is in the room `performance`; its page is
docs/perf-gate.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from release_actions.config.shapes import Boolean, Choice, Integer, ListOf, MapOf, Parsed, Record, RecordOf, Text, key

METRIC_NAME = r"[A-Za-z0-9_.:/%-]+"
SETTING = Text("a setting", pattern=r"[A-Za-z0-9_.-]+", example="kv_cache_dtype")
SETTINGS = MapOf(
    "a mapping of settings",
    key=SETTING,
    value=Text("a setting's value"),
    least=1,
)
LEVEL = Choice(("error", "warn", "info", "off"))


def parse_percent() -> Parsed[float]:
    """A part as text: `5%` is 0.05. A bare number is refused: 5 and 0.05 look alike."""
    text = Text("a percentage", pattern=r"[0-9]{1,2}(?:\.[0-9]{1,3})?%", example="5%")
    return Parsed(text, lambda value: float(value.removesuffix("%")) / 100)


def parse_alpha() -> Parsed[float]:
    """A probability below one half as text. At one half and above, chance alone would decide."""
    above_one = r"(?:[1-9]|[1-4][0-9])(?:\.[0-9]{1,3})?"
    below_one = r"0\.(?:[1-9][0-9]{0,2}|0[1-9][0-9]?|00[1-9])"
    text = Text("a percentage above 0 % and below 50 %", pattern=f"(?:{above_one}|{below_one})%", example="5%")
    return Parsed(text, lambda value: float(value.removesuffix("%")) / 100)


DAY = (
    r"[0-9]{3}[1-9]-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
    r"|02-(?:0[1-9]|1[0-9]|2[0-8]))"
)
"""A day of the calendar. The last of a leap year's February is left out, so that a pattern can say it."""


def parse_day() -> Parsed[date]:
    """A day: `2026-09-30`."""
    return Parsed(Text("a day", pattern=DAY, example="2026-09-30"), date.fromisoformat)


@dataclass(frozen=True, kw_only=True)
class MetricForm(Record):
    """One metric. What is not said is taken from the metric's default."""

    direction: str | None = key(
        Choice(("higher", "lower")), "Which way is better. Needed for metrics that are not known.", default=None
    )
    tolerance: float | None = key(
        parse_percent(),
        "How much worse it may get: what a time may grow by, what a throughput may fall by.",
        default=None,
    )
    gate: bool = key(Boolean(), "Whether it decides. Otherwise it is only shown.", default=True)
    required: bool = key(Boolean(), "Whether a candidate without it fails.", default=False)


@dataclass(frozen=True, kw_only=True)
class WaiverForm(Record):
    """A failure or a doubt that is accepted for a while."""

    metric: str = key(Text("a metric", pattern=METRIC_NAME, example="median_ttft_ms"), "The metric.")
    group: Mapping[str, str] = key(
        SETTINGS, "Settings of the groups that are meant. Without it every group is.", default={}
    )
    who: str = key(Text("a name"), "Who decided it.")
    why: str = key(Text("a reason"), "Why, for the summary.")
    until: date = key(parse_day(), "The last day on which it holds.")


@dataclass(frozen=True, kw_only=True)
class PerformanceLevels(Record):
    """How much findings besides the comparison count: `error` fails, `warn` and `info` report, `off` is silent."""

    other_commit: str = key(LEVEL, "A result of the candidate that measured another commit.", default="error")
    no_commit: str = key(LEVEL, "A result that could name the measured commit and does not.", default="error")
    unmatched: str = key(LEVEL, "A group that only one side has.", default="warn")
    same_server: str = key(
        LEVEL,
        "Runs of a side that measured one start of a server, or that share a file and do not name theirs.",
        default="warn",
    )
    missing_runs: str = key(LEVEL, "Gaps in the numbers of the runs of a side.", default="warn")


@dataclass(frozen=True, kw_only=True)
class PerformanceForm(Record):
    """What `perf-gate` holds a candidate to."""

    metrics: Mapping[str, MetricForm] = key(
        MapOf(
            "a mapping of metrics",
            key=Text("a metric's name", pattern=METRIC_NAME, example="output_throughput"),
            value=RecordOf("a metric", MetricForm),
        ),
        "Metrics by their name in the results, over the defaults.",
        default={},
    )
    match: tuple[str, ...] = key(
        ListOf("a list of settings", SETTING, unique=True),
        "Metadata that two runs must share to be compared, besides model, load and devices.",
        default=(),
    )
    min_runs: int = key(Integer(least=2), "Runs on each side below which nothing is decided.", default=3)
    alpha: float = key(parse_alpha(), "The part of false alarms that is accepted, in one direction.", default=0.05)
    looks: int = key(
        Integer(least=1),
        "How often the same runs may be judged as more are added. Each look decides at alpha divided by it.",
        default=1,
    )
    warm_ups: int = key(Integer(least=0), "Runs at the beginning of each side and group that do not count.", default=0)
    required: tuple[Mapping[str, str], ...] = key(
        ListOf("a list of settings of groups", SETTINGS),
        "Groups that both sides must have, by some of their settings.",
        default=(),
    )
    levels: PerformanceLevels = key(
        RecordOf("'levels'", PerformanceLevels), "How much other findings count.", default=PerformanceLevels()
    )
    waivers: tuple[WaiverForm, ...] = key(
        ListOf("a list of waivers", RecordOf("a waiver", WaiverForm)), "What is accepted for a while.", default=()
    )
