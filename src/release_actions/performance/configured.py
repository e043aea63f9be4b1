"""From `performance` in `release.yaml` to the rules of a comparison. Raises what no schema can say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from release_actions.config.performance import MetricForm, PerformanceForm, PerformanceLevels
from release_actions.errors import ConfigurationError, Problem
from release_actions.performance.metrics import KNOWN, Direction, known_metric
from release_actions.performance.model import canonical, text_of
from release_actions.performance.rules import MetricRule, Rules, Waiver
from release_actions.runner.report import Level

LEVELS: Mapping[str, Level | None] = {
    "error": Level.ERROR,
    "warn": Level.WARNING,
    "info": Level.NOTICE,
    "off": None,
}


def rules_of(form: PerformanceForm) -> Rules:
    """The rules of a form. Raises `ConfigurationError` with every metric whose direction or tolerance is not known."""
    problems = [problem for name in form.metrics for problem in problems_of(name, form)]
    if problems:
        raise ConfigurationError(problems=problems)
    return Rules(
        metrics={name: rule_of(name, metric) for name, metric in form.metrics.items()},
        match=tuple(canonical(name) for name in form.match),
        min_runs=form.min_runs,
        alpha=form.alpha,
        looks=form.looks,
        warm_ups=form.warm_ups,
        required=tuple(settings_of(settings) for settings in form.required),
        levels=levels_of(form.levels),
        waivers=tuple(
            Waiver(waiver.metric, waiver.who, waiver.why, waiver.until, settings_of(waiver.group))
            for waiver in form.waivers
        ),
    )


def problems_of(name: str, form: PerformanceForm) -> Iterator[Problem]:
    """What is missing of one metric."""
    metric = form.metrics[name]
    known = known_metric(name)
    place = form.origin.key_at("metrics", name)
    if known is None and metric.direction is None:
        hint = f"Write direction: higher or lower. Known names are for example {', '.join(sorted(KNOWN)[:3])}."
        yield Problem(f"The metric {name} is not known, so its direction has to be given.", hint, place)
    if known is not None and metric.direction not in {None, known.direction}:
        yield Problem(
            f"The metric {name} is better when it is {known.direction}, and the rule says {metric.direction}.",
            "Take direction out: it is known.",
            place,
        )
    has_tolerance = metric.tolerance is not None or (known is not None and known.gate is not None)
    if metric.gate and not has_tolerance:
        yield Problem(
            f"The metric {name} is to decide, and has no tolerance.", "Write for example tolerance: 5%.", place
        )


def rule_of(name: str, metric: MetricForm) -> MetricRule:
    """The rule of one metric over what is known of it."""
    known = known_metric(name)
    direction: Direction = known.direction if known else "lower"
    if metric.direction == "higher":
        direction = "higher"
    elif metric.direction == "lower":
        direction = "lower"
    default = known.gate if known and known.gate is not None else 0.0
    return MetricRule(
        name,
        direction,
        default if metric.tolerance is None else metric.tolerance,
        is_gated=metric.gate,
        is_required=metric.required,
        needs_saturation=known is not None and known.needs_saturation,
        unit=known.unit if known else "",
    )


def settings_of(settings: Mapping[str, str]) -> dict[str, str]:
    """Settings as groups write them."""
    return {canonical(name): text_of(value) for name, value in settings.items()}


def levels_of(form: PerformanceLevels) -> dict[str, Level | None]:
    """How loud each finding is."""
    return {
        "other-commit": LEVELS[form.other_commit],
        "no-commit": LEVELS[form.no_commit],
        "unmatched": LEVELS[form.unmatched],
        "same-server": LEVELS[form.same_server],
        "missing-runs": LEVELS[form.missing_runs],
    }
