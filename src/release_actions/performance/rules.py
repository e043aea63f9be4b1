"""What a comparison is held to: the rules of the configuration laid over what is known of each metric."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from release_actions.performance.looks import Look
from release_actions.performance.metrics import Direction, known_metric
from release_actions.runner.report import Level

MIN_RUNS = 3
ALPHA = 0.05
NOTHING_LEFT = 1e-6
"""Part of alpha that is no more than a rounding error."""


LEVELS: dict[str, Level | None] = {
    "other-commit": Level.ERROR,
    "no-commit": Level.ERROR,
    "unmatched": Level.WARNING,
    "same-server": Level.WARNING,
    "missing-runs": Level.WARNING,
}
"""What a candidate's result of another commit, one of no commit, a group without a partner, runs of one start of a
server, and gaps in the numbers of runs are by default."""


@dataclass(frozen=True)
class MetricRule:
    """How one metric is judged.

    `tolerance`: the part by which it may get worse; a throughput may fall by it, a time may grow by it. `is_gated`:
    whether it decides; otherwise it is only shown. `is_required`: whether a candidate without it fails.
    """

    name: str
    direction: Direction
    tolerance: float = 0.0
    is_gated: bool = False
    is_required: bool = False
    needs_saturation: bool = False
    unit: str = ""

    @property
    def limit(self) -> float:
        """The tolerance as a shift of the logarithm of "worse by"."""
        return math.log1p(self.tolerance) if self.direction == "lower" else -math.log1p(-self.tolerance)

    def worse(self, logs: float) -> float:
        """A change of the logarithm, candidate minus baseline, turned so that more is worse."""
        return logs if self.direction == "lower" else -logs


@dataclass(frozen=True)
class Waiver:
    """A failure or doubt that is accepted: who says so, why, and until which day, that day included."""

    metric: str
    who: str
    why: str
    until: date
    group: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Rules:
    """All rules of a comparison.

    `metrics`: by name, over the defaults. `match`: metadata keys that runs must share too. `required`: settings of
    groups that must be compared. `looks`: how often these runs may be judged as more are added; `look`: which time this
    is. `warm_ups`: runs at the beginning of each side that are declared not to count.
    `levels`: by name of `LEVELS`, over the defaults; None is off.
    """

    metrics: Mapping[str, MetricRule] = field(default_factory=dict)
    match: tuple[str, ...] = ()
    min_runs: int = MIN_RUNS
    alpha: float = ALPHA
    looks: int = 1
    look: Look = field(default_factory=Look)
    warm_ups: int = 0
    required: tuple[Mapping[str, str], ...] = ()
    levels: Mapping[str, Level | None] = field(default_factory=dict)
    waivers: tuple[Waiver, ...] = ()

    @property
    def look_alpha(self) -> float:
        """The part of alpha that this look may spend; 0 when earlier ones have spent all."""
        left = self.alpha - self.look.spent
        return min(self.alpha / self.looks, left) if left > self.alpha * NOTHING_LEFT else 0.0

    @property
    def has_next_look(self) -> bool:
        """Whether alpha is left for one more look."""
        return self.alpha - self.look.spent - self.look_alpha > self.alpha * NOTHING_LEFT

    @property
    def next_alpha(self) -> float:
        """What a look with more runs decides at: the next one, or one of a plan with one look more."""
        return self.alpha / (self.looks if self.has_next_look else self.looks + 1)

    def level_of(self, name: str) -> Level | None:
        """How loud a finding of one name of `LEVELS` is; None when it is off."""
        return self.levels.get(name, LEVELS[name])

    def of(self, name: str) -> MetricRule | None:
        """The rule of a metric; None when nobody says which way is better."""
        if name in self.metrics:
            return self.metrics[name]
        metric = known_metric(name)
        if metric is None:
            return None
        return MetricRule(
            name,
            metric.direction,
            metric.gate or 0.0,
            is_gated=metric.gate is not None,
            needs_saturation=metric.needs_saturation,
            unit=metric.unit,
        )
