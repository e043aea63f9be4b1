from __future__ import annotations

from datetime import date

import pytest

from release_actions.config.load import load_text
from release_actions.errors import ConfigurationError
from release_actions.performance.configured import rules_of
from release_actions.performance.rules import MetricRule, Rules
from release_actions.runner.report import Level

HEAD = "repository: org/name\nimages:\n  app: {platforms: [linux/amd64]}\n"


def rules(text: str) -> Rules:
    return rules_of(load_text(HEAD + text).performance)


def mistakes(text: str) -> str:
    with pytest.raises(ConfigurationError) as raised:
        rules(text)
    return str(raised.value)


def test_a_file_without_the_section_has_the_defaults() -> None:
    found = rules("")

    assert (found.min_runs, found.alpha, found.warm_ups) == (3, 0.05, 0)
    assert found.of("median_ttft_ms") == MetricRule("median_ttft_ms", "lower", 0.10, is_gated=True, unit="ms")
    assert found.of("p99_ttft_ms") == MetricRule("p99_ttft_ms", "lower", unit="ms")
    assert found.of("unheard_of") is None


def test_every_key_is_taken_over() -> None:
    found = rules(
        """
performance:
  metrics:
    output_throughput: {tolerance: 3%, required: true}
    p99_ttft_ms: {tolerance: 25%}
    rows_per_s: {direction: higher, tolerance: 7.5%}
    median_itl_ms: {gate: false}
  match: [kv_cache_dtype, tensor_parallel_size]
  min-runs: 5
  alpha: 1%
  warm-ups: 1
  required: [{model: meta-llama/Llama-3.1-8B, request_rate: Infinity, tp: 4}]
  levels: {no-commit: warn, unmatched: off, other-commit: info}
  waivers:
    - {metric: median_ttft_ms, who: lead, why: known, until: 2026-09-30, group: {tp: 4}}
"""
    )

    assert found.of("output_throughput") == MetricRule(
        "output_throughput", "higher", 0.03, is_gated=True, is_required=True, needs_saturation=True, unit="tok/s"
    )
    assert found.of("p99_ttft_ms") == MetricRule("p99_ttft_ms", "lower", 0.25, is_gated=True, unit="ms")
    assert found.of("rows_per_s") == MetricRule("rows_per_s", "higher", 0.075, is_gated=True)
    assert found.of("median_itl_ms") == MetricRule("median_itl_ms", "lower", 0.05, unit="ms")
    assert found.match == ("kv_cache_dtype", "tp")
    assert (found.min_runs, found.alpha, found.warm_ups) == (5, 0.01, 1)
    assert found.required == ({"model": "meta-llama/Llama-3.1-8B", "rate": "inf", "tp": "4"},)
    assert [found.level_of(name) for name in ("no-commit", "unmatched", "other-commit")] == [
        Level.WARNING,
        None,
        Level.NOTICE,
    ]
    assert found.waivers[0].until == date(2026, 9, 30)
    assert found.waivers[0].group == {"tp": "4"}


def test_a_metric_that_is_not_known_needs_direction_and_tolerance() -> None:
    said = mistakes("performance:\n  metrics:\n    rows_per_s: {}\n")

    assert "release.yaml:6:5: The metric rows_per_s is not known, so its direction has to be given." in said
    assert "release.yaml:6:5: The metric rows_per_s is to decide, and has no tolerance." in said


def test_a_reported_metric_that_is_to_decide_needs_a_tolerance() -> None:
    assert "p99_ttft_ms is to decide, and has no tolerance" in mistakes("performance: {metrics: {p99_ttft_ms: {}}}")


@pytest.mark.parametrize("tolerance", ["5", "0.05", "105%", "-5%", "five"])
def test_a_tolerance_is_a_percentage(tolerance: str) -> None:
    with pytest.raises(ConfigurationError, match=r"tolerance"):
        load_text(f"{HEAD}performance: {{metrics: {{median_ttft_ms: {{tolerance: {tolerance}}}}}}}")


def test_the_last_day_of_a_waiver_is_a_day_of_the_calendar() -> None:
    with pytest.raises(ConfigurationError, match="which is not a day"):
        load_text(f"{HEAD}performance: {{waivers: [{{metric: a, who: b, why: c, until: 2026-02-30}}]}}")


@pytest.mark.parametrize("alpha", ["0%", "0.0%", "0.000%", "50%", "90%", "99.9%", "5"])
def test_an_alpha_that_decides_by_chance_or_never_is_refused(alpha: str) -> None:
    with pytest.raises(ConfigurationError, match=r"alpha"):
        load_text(f"{HEAD}performance: {{alpha: {alpha}}}")


@pytest.mark.parametrize(("alpha", "part"), [("5%", 0.05), ("0.5%", 0.005), ("0.001%", 0.00001), ("49.999%", 0.49999)])
def test_an_alpha_below_one_half_is_taken(alpha: str, part: float) -> None:
    assert rules(f"performance: {{alpha: {alpha}}}").alpha == pytest.approx(part)


def test_a_known_metric_cannot_be_turned_round() -> None:
    said = mistakes("performance:\n  metrics:\n    median_tpot_ms: {direction: higher}\n")

    assert "release.yaml:6:5: The metric median_tpot_ms is better when it is lower, and the rule says higher." in said
    assert rules("performance: {metrics: {median_tpot_ms: {direction: lower}}}").of("median_tpot_ms") is not None
