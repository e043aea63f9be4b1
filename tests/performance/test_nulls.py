"""Values that a report has as null, and requests that a load planned."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.performance.maker import run_of

from release_actions.performance import document, own
from release_actions.performance.comparing import Outcome, compare
from release_actions.performance.model import Run
from release_actions.performance.reading import Results, read_results
from release_actions.performance.rules import MetricRule, Rules
from release_actions.runner.envelope import Verdict

FILES = Path(__file__).parent / "files"
TTFT, ITL = "median_ttft_ms", "median_itl_ms"
STEADY = (100.0, 100.4, 99.8, 100.1, 99.7)
NO_RULES = Rules()


def null_guidellm(folder: Path) -> str:
    report = json.loads((FILES / "guidellm.json").read_text(encoding="utf-8"))
    distribution = report["benchmarks"][0]["metrics"]["time_to_first_token_ms"]["successful"]
    distribution |= {"mean": None, "median": None}
    (folder / "report.json").write_text(json.dumps(report), encoding="utf-8")
    return "report.json"


def unstreamed_guidellm(folder: Path) -> str:
    report = json.loads((FILES / "guidellm.json").read_text(encoding="utf-8"))
    distribution = report["benchmarks"][0]["metrics"]["time_to_first_token_ms"]["successful"]
    distribution |= {"mean": 0.0, "median": 0.0}
    (folder / "report.json").write_text(json.dumps(report), encoding="utf-8")
    return "report.json"


def absent_guidellm(folder: Path) -> str:
    report = json.loads((FILES / "guidellm.json").read_text(encoding="utf-8"))
    report["benchmarks"][0]["metrics"]["time_to_first_token_ms"] = {"successful": None}
    (folder / "report.json").write_text(json.dumps(report), encoding="utf-8")
    return "report.json"


def null_inference_perf(folder: Path) -> str:
    path = FILES / "inference-perf-0.7.0" / "stage_0_lifecycle_metrics.json"
    report = json.loads(path.read_text(encoding="utf-8"))
    report["successes"]["latency"]["time_to_first_token"] = {"mean": None, "median": None}
    (folder / path.name).write_text(json.dumps(report), encoding="utf-8")
    return path.name


def absent_inference_perf(folder: Path) -> str:
    path = FILES / "inference-perf-0.7.0" / "stage_0_lifecycle_metrics.json"
    report = json.loads(path.read_text(encoding="utf-8"))
    report["successes"]["latency"]["time_to_first_token"] = None
    (folder / path.name).write_text(json.dumps(report), encoding="utf-8")
    return path.name


def null_llm_d(folder: Path) -> str:
    report = yaml.safe_load((FILES / "llm-d-report-0.2.1.yaml").read_text(encoding="utf-8"))
    report["results"]["request_performance"]["aggregate"]["latency"]["time_to_first_token"]["p50"] = None
    (folder / "report.yaml").write_text(yaml.safe_dump(report), encoding="utf-8")
    return "report.yaml"


@pytest.mark.parametrize(
    "write",
    [
        *(null_guidellm, unstreamed_guidellm, absent_guidellm),
        *(null_inference_perf, absent_inference_perf, null_llm_d),
    ],
)
def test_a_metric_that_a_report_has_as_null_is_known_as_unmeasured(
    tmp_path: Path, write: Callable[[Path], str]
) -> None:
    (run,) = read_results([write(tmp_path)], tmp_path).runs

    assert TTFT in run.unmeasured
    assert run.metrics[TTFT] != run.metrics[TTFT]
    assert ITL not in run.unmeasured


def side(name: str, *, is_null: bool, metrics: Mapping[str, float] | None = None) -> Results:
    nulls: dict[str, Any] = {"unmeasured": frozenset({TTFT})} if is_null else {}
    first = {TTFT: float("nan")} if is_null else {}
    runs = [
        run_of({TTFT: value, ITL: value, **first, **(metrics or {})}, side=name, number=number, **nulls)
        for number, value in enumerate(STEADY, start=1)
    ]
    return Results(tuple(runs))


def judge(before: Results, after: Results, rules: Rules = NO_RULES) -> Outcome:
    return compare(before, after, rules, commit="", today=date(2026, 8, 20))


def test_a_candidate_that_no_longer_has_a_metric_fails() -> None:
    outcome = judge(side("baseline", is_null=False), side("candidate", is_null=True))

    assert outcome.verdict is Verdict.FAIL
    assert "broken-candidate" in {finding.rule for finding in outcome.findings}


def test_a_baseline_that_has_no_such_metric_is_inconclusive() -> None:
    outcome = judge(side("baseline", is_null=True), side("candidate", is_null=False))

    assert outcome.verdict is Verdict.INCONCLUSIVE


def test_a_metric_that_neither_side_measured_is_named_and_decides_nothing() -> None:
    outcome = judge(side("baseline", is_null=True), side("candidate", is_null=True))

    (message,) = [str(finding.problem) for finding in outcome.findings if finding.rule == "unmeasured"]
    assert message.startswith(f"{TTFT} is null in every run, so it is not compared in vllm serve")
    assert outcome.verdict is Verdict.PASS
    assert [item.comparison.rule.name for item in outcome.gated] == [ITL]


def test_a_required_metric_that_neither_side_measured_fails() -> None:
    rules = Rules(metrics={TTFT: MetricRule(TTFT, "lower", 0.1, is_gated=True, is_required=True)})

    outcome = judge(side("baseline", is_null=True), side("candidate", is_null=True), rules)

    assert outcome.verdict is Verdict.FAIL


def test_a_group_of_the_candidate_alone_is_not_broken_by_what_was_not_measured() -> None:
    after = side("candidate", is_null=True)
    other = Results(tuple(run_of({ITL: 10.0}, side="baseline", settings={"tp": "8"}) for _ in STEADY))

    outcome = judge(other, after)

    assert "broken-candidate" not in {finding.rule for finding in outcome.findings}


def test_the_next_release_knows_what_was_not_measured() -> None:
    run = side("candidate", is_null=True).runs[0]

    (again,) = own.read_runs({"runs": [json.loads(json.dumps(document.run_of(run)))]}, "performance.json")

    assert again.unmeasured == {TTFT}


def guidellm(tmp_path: Path, constraints: Mapping[str, Any], **totals: int) -> Run:
    report = json.loads((FILES / "guidellm.json").read_text(encoding="utf-8"))
    benchmark = report["benchmarks"][0]
    benchmark["config"]["constraints"] = constraints
    benchmark["metrics"]["request_totals"] |= totals
    benchmark["scheduler_state"]["successful_requests"] = totals.get("scheduled", totals.get("successful", 30))
    (tmp_path / "report.json").write_text(json.dumps(report), encoding="utf-8")
    (run,) = read_results(["report.json"], tmp_path).runs
    return run


NEWER = {"max_requests": {"type_": "max_requests", "args": {"kind": "max_requests", "count": 30}, "current_index": 0}}
OLDER = {"max_requests": {"type_": "max_number", "max_num": 30, "current_index": 0}}
LISTED = {"max_requests": {"args": {"count": [10, 30]}, "current_index": 1}}


@pytest.mark.parametrize("constraints", [NEWER, OLDER, LISTED])
def test_a_benchmark_of_guidellm_that_sent_fewer_requests_than_planned_is_broken(
    tmp_path: Path, constraints: Mapping[str, Any]
) -> None:
    run = guidellm(tmp_path, constraints, successful=12)

    assert run.defects == ("12 of 30 requests were completed",)
    assert run.settings["num-prompts"] == "30"


def test_requests_of_warming_up_count_as_sent(tmp_path: Path) -> None:
    assert guidellm(tmp_path, NEWER, successful=24, scheduled=30).defects == ()


def test_a_benchmark_of_guidellm_that_ends_after_a_time_need_not_send_all(tmp_path: Path) -> None:
    constraints = {**NEWER, "max_duration": {"type_": "max_duration", "args": {"seconds": 10}}}

    assert guidellm(tmp_path, constraints, successful=12).defects == ()


def test_drawn_lengths_of_guidellm_keep_loads_apart(tmp_path: Path) -> None:
    report = json.loads((FILES / "guidellm.json").read_text(encoding="utf-8"))
    report["config"]["spec"]["data"] = [
        {"kind": "synthetic_text", "prompt_tokens": 512, "prompt_tokens_stdev": 64, "output_tokens": 128}
    ]
    (tmp_path / "report.json").write_text(json.dumps(report), encoding="utf-8")

    (run,) = read_results(["report.json"], tmp_path).runs

    assert (run.settings["input-len"], run.settings["length-range"]) == ("512", "prompt_tokens_stdev 64")
