"""What goes into `performance.json` besides the envelope: comparisons, and the candidate's runs for the next release.

The runs are in the format of `own`, so that the next release reads this file as its baseline.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from release_actions.performance.comparing import Judged, Outcome
from release_actions.performance.groups import Group
from release_actions.performance.judging import Comparison
from release_actions.performance.model import WORK, Run
from release_actions.performance.rules import Rules


def details(outcome: Outcome, candidate: Sequence[Run], rules: Rules) -> dict[str, Any]:
    """All details of a comparison as JSON values."""
    return {
        "alpha": rules.alpha,
        "min-runs": rules.min_runs,
        "look": {
            "number": rules.look.number,
            "planned": rules.looks,
            "alpha": rules.look_alpha,
            "spent-before": rules.look.spent,
            "spends": outcome.spent_alpha,
        },
        "marks": outcome.marks,
        "comparisons": [document_of(item) for item in outcome.gated],
        "reported": [comparison_of(comparison) for comparison in outcome.reported],
        "groups": [group_of(group) for group in outcome.groups],
        "warm-ups": [str(run.source) for run in outcome.warm_ups],
        "runs": [run_of(run) for run in candidate],
    }


def document_of(item: Judged) -> dict[str, Any]:
    """A comparison that decides."""
    waiver = item.waiver
    return {
        **comparison_of(item.comparison),
        "verdict": item.verdict.value,
        "reason": item.comparison.reason,
        "improved": item.comparison.is_improved,
        "more-runs": item.comparison.more_runs,
        "p": item.comparison.p,
        "p-adjusted": item.adjusted_p,
        "waiver": waiver and {"who": waiver.who, "why": waiver.why, "until": waiver.until.isoformat()},
    }


def comparison_of(comparison: Comparison) -> dict[str, Any]:
    """The numbers of a comparison. Changes are parts: -0.05 is 5 % less."""
    return {
        "group": dict(comparison.group.key),
        "metric": comparison.rule.name,
        "unit": comparison.rule.unit,
        "direction": comparison.rule.direction,
        "tolerance": comparison.rule.tolerance,
        "baseline": [finite(value) for value in comparison.baseline],
        "candidate": [finite(value) for value in comparison.candidate],
        "change": comparison.change,
        "interval": None if comparison.interval is None else list(comparison.interval),
    }


def group_of(group: Group) -> dict[str, Any]:
    """What is known of the two sides of a group."""
    return {
        "settings": dict(group.key),
        "baseline": side_of(group.baseline),
        "candidate": side_of(group.candidate),
    }


def side_of(runs: Sequence[Run]) -> dict[str, Any]:
    """Provenance of one side."""
    return {
        "runs": len(runs),
        "commits": distinct(run.commit for run in runs),
        "engines": distinct(run.engine for run in runs),
        "runners": distinct(run.runner for run in runs),
        "files": distinct(run.source.file for run in runs),
        "work": {name: list(ends) for name, ends in work_of_side(runs).items()},
    }


def work_of_side(runs: Sequence[Run]) -> dict[str, tuple[float, float]]:
    """The fewest and the most tokens of a request in the runs of a side, by kind."""
    values = {name: [run.work[name] for run in runs if math.isfinite(run.work.get(name, math.nan))] for name in WORK}
    return {name: (min(tokens), max(tokens)) for name, tokens in values.items() if tokens}


def distinct(texts: Any) -> list[str]:
    """Texts without repetition and without the empty one."""
    return list(dict.fromkeys(text for text in texts if text))


def run_of(run: Run) -> dict[str, Any]:
    """A run in our own format."""
    return {
        "settings": dict(run.settings),
        "metrics": {name: finite(value) for name, value in run.metrics.items()},
        "defects": list(run.defects),
        "work": work_of(run.work),
        "commit": run.commit,
        "engine": run.engine,
        "runner": run.runner,
        "started": run.started,
        "unmeasured": sorted(run.unmeasured),
        "server": run.server,
        "appended-to": run.appended_to,
        "source": str(run.source),
    }


def work_of(work: Mapping[str, float]) -> dict[str, float | None]:
    """Tokens of a request."""
    return {name: finite(value) for name, value in work.items()}


def finite(value: float) -> float | None:
    """A number that JSON has; null for NaN and infinity, which is read as NaN again."""
    return value if math.isfinite(value) else None
