from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from datetime import date, datetime, timezone

import pytest
from tests.performance.maker import AFTER, run_of, side_of

from release_actions.performance import document, own, plot, suggesting, summary
from release_actions.performance.comparing import Outcome, compare
from release_actions.performance.model import Run
from release_actions.performance.reading import Results
from release_actions.performance.rules import Rules
from release_actions.runner.envelope import Envelope

STEADY = (100.0, 100.4, 99.8, 100.1, 99.7)
TODAY = date(2026, 8, 20)
RULES = Rules()


def runs(side: str, factor: float, *, model: str = "org/a|b") -> tuple[Run, ...]:
    return tuple(
        run_of(
            {"median_tpot_ms": value * factor, "median_itl_ms": value, "p99_itl_ms": value},
            side=side,
            number=number,
            settings={"model": model},
        )
        for number, value in enumerate(STEADY, start=1)
    )


def outcome_of(factor: float, **more: str) -> Outcome:
    baseline, candidate = Results(runs("baseline", 1.0, **more)), Results(runs("candidate", factor, **more))
    return compare(baseline, candidate, RULES, commit=AFTER, today=TODAY)


def test_summary_has_the_worst_first_and_says_how_many_were_compared() -> None:
    text = summary.summary(outcome_of(1.2), title="Performance of v0.8.0")

    assert text.startswith("## ❌ Performance of v0.8.0\n\nThe candidate is slower than the tolerances allow")
    rows = [line for line in text.splitlines() if line.startswith("| vllm serve")]
    assert rows[0] == (
        "| vllm serve, org/a\\|b, rate inf | `median_tpot_ms` | 100 ms | 120 ms | +20.0 % | +19.6 % to +20.4 % "
        "| at most +5 % | ❌ fail | 5+5 | 0.00794 |"
    )
    assert "2 comparisons decide." in text
    assert "<summary>Metrics that are only reported</summary>" in text


def test_bars_show_interval_change_and_tolerance() -> None:
    bars = summary.bars(outcome_of(1.2).gated)

    first = bars.splitlines()[1]
    assert re.fullmatch(r"median_tpot_ms \.{25}\|\.+=*o=*", first)


def test_a_hostile_model_name_breaks_neither_table_nor_picture() -> None:
    outcome = outcome_of(1.2, model="a|b\n::error::x <script>\x00\x1b[31m\ufffe")

    text = summary.summary(outcome, title="x")
    picture = plot.svg(outcome.gated, title="x")

    assert "<script>" not in text.replace("\\<script\\>", "")
    assert "\n::error" not in text
    assert "\x1b" not in text
    ET.fromstring(picture)
    assert "<script>" not in picture


def test_picture_has_a_row_a_comparison_with_its_verdict() -> None:
    picture = plot.svg(outcome_of(1.2).gated, title="Performance of v0.8.0")

    root = ET.fromstring(picture)
    texts = [element.text for element in root.iter() if element.text]
    assert "Performance of v0.8.0" in texts
    assert "fail" in texts
    assert "pass" in texts
    assert len(list(root.iter("{http://www.w3.org/2000/svg}circle"))) == 2


def test_picture_of_nothing_says_so() -> None:
    assert "No comparison has an interval." in plot.svg((), title="x")


def test_written_runs_are_read_again_as_the_next_baseline() -> None:
    outcome = outcome_of(1.2)
    candidate = runs("candidate", 1.2)
    envelope = Envelope(
        "perf-gate",
        outcome.verdict,
        datetime(2026, 8, 20, tzinfo=timezone.utc),
        tag="v0.8.0",
        commit=AFTER,
        details=document.details(outcome, candidate, RULES),
    )

    again = own.read_runs(json.loads(envelope.text()), "performance.json")

    assert [run.metrics for run in again] == [run.metrics for run in candidate]
    assert [run.settings for run in again] == [run.settings for run in candidate]
    assert {run.commit for run in again} == {AFTER}


def test_document_names_both_sides_and_every_number() -> None:
    details = document.details(outcome_of(1.2), runs("candidate", 1.2), RULES)

    first = details["comparisons"][0]
    assert (first["metric"], first["verdict"], first["direction"]) == ("median_tpot_ms", "fail", "lower")
    assert first["change"] == pytest.approx(0.2)
    assert first["p-adjusted"] == pytest.approx(2 / 252)
    assert details["groups"][0]["candidate"]["commits"] == [AFTER]


def test_nan_of_a_broken_run_is_null_in_the_document() -> None:
    broken = run_of({"median_tpot_ms": float("nan")}, side="candidate")

    assert document.run_of(broken)["metrics"] == {"median_tpot_ms": None}
    again = own.read_run(document.run_of(broken), broken.source)
    assert str(again.metrics["median_tpot_ms"]) == "nan"


def test_suggestions_name_the_tolerance_that_the_spread_allows() -> None:
    baseline = side_of("median_tpot_ms", (100.0, 103.0, 98.0, 101.0, 99.0), side="baseline")

    (suggestion,) = suggesting.suggest(baseline.runs, RULES)

    tolerances = dict(suggestion.tolerances)
    assert suggestion.spread == pytest.approx(0.0194, abs=0.0005)
    assert tolerances[3] > tolerances[5] > tolerances[10]
    assert tolerances[5] == pytest.approx(0.0356, abs=0.001)
    assert suggestion.runs_for_rule == 4
    assert "| 1.9 % | 5.0 % | 3.5 % |" in summary.suggestions([suggestion])


def test_two_runs_suggest_nothing() -> None:
    (suggestion,) = suggesting.suggest(side_of("median_tpot_ms", (100.0, 103.0), side="baseline").runs, RULES)

    assert suggestion.spread is None
    assert "too few runs" in summary.suggestions([suggestion])
