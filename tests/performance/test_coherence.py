"""What of a side, or of the rules, does not fit together."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tests.performance.maker import AFTER, BEFORE, run_of, serve, side_of, write_runs

from release_actions.performance import document, summary
from release_actions.performance.comparing import Outcome, compare
from release_actions.performance.model import Run
from release_actions.performance.reading import Results, read_results
from release_actions.performance.rules import MetricRule, Rules
from release_actions.runner.envelope import Verdict
from release_actions.runner.report import Level

TODAY = date(2026, 8, 20)
STEADY = (100.0, 100.4, 99.8, 100.1, 99.7)
METRIC = "median_tpot_ms"
DEFAULTS = Rules()


def runs_of(side: str, *, works: tuple[float, ...] = (128.0,) * 5, **more: Any) -> Results:
    runs = [
        run_of({METRIC: value}, side=side, number=number, work={"output tokens": work}, **more)
        for number, (value, work) in enumerate(zip(STEADY, works, strict=True), start=1)
    ]
    return Results(tuple(runs))


def judge(before: Results, after: Results, rules: Rules = DEFAULTS, commit: str = AFTER) -> Outcome:
    return compare(before, after, rules, commit=commit, today=TODAY)


def messages(outcome: Outcome, rule: str) -> list[str]:
    return [str(finding.problem) for finding in outcome.findings if finding.rule == rule]


@pytest.mark.parametrize("side", ["baseline", "candidate"])
def test_runs_of_a_side_that_did_other_work_are_inconclusive(side: str) -> None:
    works = {"baseline": (128.0,) * 5, "candidate": (128.0,) * 5} | {side: (128.0, 128.0, 128.0, 64.0, 64.0)}

    outcome = judge(runs_of("baseline", works=works["baseline"]), runs_of("candidate", works=works["candidate"]))

    assert outcome.verdict is Verdict.INCONCLUSIVE
    (message,) = messages(outcome, "mixed-work")
    assert f"The runs of the {side} did not do the same work in vllm serve" in message
    assert f"64 output tokens a request in {side}/run-4.json, 128 in {side}/run-1.json." in message


def test_benchmarks_of_several_lengths_are_not_judged_as_one(tmp_path: Path) -> None:
    for minute, (side, commit) in enumerate((("before", BEFORE), ("after", AFTER))):
        runs = [
            serve(
                commit=commit,
                median_tpot_ms=value,
                date=f"202608{day + 1:02}-1{hour}{minute:02}00",
                total_input_tokens=given,
                total_output_tokens=generated,
            )
            for day, (given, generated) in enumerate(((204800, 51200), (51200, 204800)))
            for hour, value in enumerate(STEADY)
        ]
        write_runs(tmp_path / side, runs)

    outcome = judge(read_results(["before"], tmp_path), read_results(["after"], tmp_path))

    assert outcome.verdict is Verdict.INCONCLUSIVE
    assert "have to be named to be compared each on its own" in messages(outcome, "mixed-work")[0]


DRAWN = (128.0, 126.0, 131.0, 127.0, 129.0)
"""Mean lengths of runs whose requests draw their own."""


@pytest.mark.parametrize("settings", [{}, {"dataset": "random"}, {"input-len": "512"}])
def test_lengths_that_differ_and_are_not_declared_are_not_pooled(settings: dict[str, str]) -> None:
    before, after = (runs_of(side, works=DRAWN, settings=settings) for side in ("baseline", "candidate"))

    outcome = judge(before, after)

    assert outcome.verdict is Verdict.INCONCLUSIVE
    assert "126 output tokens a request in baseline/run-2.json, 131 in" in messages(outcome, "mixed-work")[0]
    assert "random_range_ratio=0.3" in messages(outcome, "mixed-work")[0]


@pytest.mark.parametrize("settings", [{"output-len": "128"}, {"length-range": "0.3"}, {"dataset": "sharegpt"}])
def test_lengths_that_are_drawn_as_declared_are_one_load_and_said(settings: dict[str, str]) -> None:
    before, after = (runs_of(side, works=DRAWN, settings=settings) for side in ("baseline", "candidate"))

    outcome = judge(before, after)

    assert outcome.verdict is Verdict.PASS
    (message,) = messages(outcome, "drawn-lengths")
    assert message.startswith("The runs that are compared had 126 to 131 output tokens a request in vllm serve")


def test_another_range_of_lengths_is_another_load() -> None:
    before, after = (
        runs_of(side, settings={"output-len": "128", "length-range": ratio})
        for side, ratio in (("baseline", "0.1"), ("candidate", "0.5"))
    )

    outcome = judge(before, after)

    assert "length-range is 0.1, there 0.5" in messages(outcome, "unmatched")[0]


def test_the_range_of_vllm_is_known_by_its_argument(tmp_path: Path) -> None:
    write_runs(tmp_path / "side", [serve(random_range_ratio="0.3", random_prefix_len=64)])

    (run,) = read_results(["side"], tmp_path).runs

    assert (run.settings["length-range"], run.settings["prefix-len"]) == ("0.3", "64")


def test_lengths_that_agree_need_no_word() -> None:
    outcome = judge(runs_of("baseline"), runs_of("candidate"))

    assert (outcome.verdict, outcome.findings) == (Verdict.PASS, ())


def test_the_report_says_what_a_request_had() -> None:
    before, after = (runs_of(side, works=DRAWN, settings={"output-len": "128"}) for side in ("baseline", "candidate"))

    outcome = judge(before, after)

    (group,) = document.details(outcome, after.runs, DEFAULTS)["groups"]
    assert group["baseline"]["work"] == {"output tokens": [126.0, 131.0]}
    assert "126 to 131 output tokens" in summary.summary(outcome, title="x")


def test_work_that_is_no_number_agrees_with_nothing() -> None:
    outcome = judge(runs_of("baseline"), runs_of("candidate", works=(128.0, 128.0, float("nan"), 128.0, 128.0)))

    assert outcome.verdict is Verdict.INCONCLUSIVE
    assert len(messages(outcome, "mixed-work")) == 1


def mixed(side: str, *commits: str) -> Results:
    runs = [
        run_of({METRIC: value}, side=side, number=number, commit=commits[number % len(commits)])
        for number, value in enumerate(STEADY, start=1)
    ]
    return Results(tuple(runs))


def test_a_side_of_several_commits_warns() -> None:
    before, after = mixed("baseline", BEFORE, "c" * 40), mixed("candidate", AFTER, "d" * 40)

    outcome = judge(before, after, commit="")

    assert outcome.verdict is Verdict.WARN
    candidate, baseline = messages(outcome, "mixed-commits")
    assert "The runs of the candidate measured 2 commits" in candidate
    assert (
        "The runs of the baseline measured 2 commits: cccccccccccc in baseline/run-1.json, aaaaaaaaaaaa in" in baseline
    )


def test_a_shortened_commit_is_no_second_one() -> None:
    outcome = judge(mixed("baseline", BEFORE, BEFORE[:12]), mixed("candidate", AFTER))

    assert messages(outcome, "mixed-commits") == []


def test_a_rule_for_a_metric_that_no_run_has_warns() -> None:
    rules = Rules(metrics={"median_tpot": MetricRule("median_tpot", "lower", 0.05, is_gated=True)})

    outcome = judge(runs_of("baseline"), runs_of("candidate"), rules)

    assert outcome.verdict is Verdict.WARN
    assert messages(outcome, "unused-rule")[0].startswith(
        "performance.metrics has a rule for median_tpot, and no run has it."
    )


def test_a_name_to_match_that_no_run_has_warns() -> None:
    outcome = judge(runs_of("baseline"), runs_of("candidate"), Rules(match=("kv_cache", "model")))

    assert outcome.verdict is Verdict.WARN
    (message,) = messages(outcome, "unused-match")
    assert message.startswith("Runs are to match in kv_cache, and no run names it")


def test_settings_that_differ_between_the_sides_are_named() -> None:
    before = side_of(METRIC, STEADY, side="baseline", settings={"backend": "vllm", "run_id": "1"})
    after = side_of(METRIC, STEADY, side="candidate", settings={"backend": "openai-chat", "kv": "fp8", "run_id": "2"})

    outcome = judge(before, after)

    (message,) = messages(outcome, "other-settings")
    assert "backend is vllm, then openai-chat; kv is not named, then fp8." in message
    assert [finding.level for finding in outcome.findings] == [Level.NOTICE]


def with_values(side: str, metric: str, values: tuple[float, ...], **more: Any) -> tuple[Run, ...]:
    return side_of(metric, values, side=side, **more).runs


def test_zeros_of_a_declared_warm_up_fail() -> None:
    before = Results(with_values("baseline", METRIC, (99.9, *STEADY)))
    after = Results(with_values("candidate", METRIC, (0.0, *STEADY)))

    outcome = judge(before, after, Rules(warm_ups=1))

    assert outcome.verdict is Verdict.FAIL
    (message,) = messages(outcome, "broken-candidate")
    assert "is declared as warm-up failed" in message
    assert "candidate/run-1.json: median_tpot_ms is 0." in message


def test_zeros_of_a_group_that_only_the_candidate_has_fail() -> None:
    more = with_values("candidate", METRIC, (0.0,) * 5, settings={"tp": "8"})
    after = Results((*with_values("candidate", METRIC, STEADY), *more))

    outcome = judge(Results(with_values("baseline", METRIC, STEADY)), after)

    assert outcome.verdict is Verdict.FAIL
    assert "5 runs of the candidate cannot be trusted" in messages(outcome, "broken-candidate")[0]
    assert "median_tpot_ms is 0." in messages(outcome, "broken-candidate")[0]


@pytest.mark.parametrize("value", [None, "NaN"])
def test_null_or_text_in_every_run_of_the_candidate_fails(tmp_path: Path, value: str | None) -> None:
    for side, commit in (("before", BEFORE), ("after", AFTER)):
        runs = [
            serve(
                commit=commit,
                median_tpot_ms=number if side == "before" else value,
                date=f"202608{1 + day:02}-{'10' if side == 'before' else '11'}0000",
            )
            for day, number in enumerate(STEADY)
        ]
        write_runs(tmp_path / side, runs)

    outcome = judge(read_results(["before"], tmp_path), read_results(["after"], tmp_path))

    assert outcome.verdict is Verdict.FAIL
    assert "median_tpot_ms is nan" in messages(outcome, "broken-candidate")[0]
    assert messages(outcome, "broken-baseline") == []


def test_a_metric_that_only_the_candidate_lacks_asks_for_the_candidate() -> None:
    before = Results(tuple(run_of({METRIC: 10.0, "median_itl_ms": 9.0}, side="baseline", number=n) for n in range(4)))
    after = Results(tuple(run_of({METRIC: 10.0}, side="candidate", number=n) for n in range(4)))

    outcome = judge(before, after)

    assert "Measure the candidate again" in messages(outcome, "broken-baseline")[0]


REPORTED = Rules(metrics={"p99_ttft_ms": MetricRule("p99_ttft_ms", "lower", is_required=True)})


def test_a_required_metric_that_is_only_reported_is_no_missing_one() -> None:
    before, after = (
        Results(tuple(run_of({METRIC: value, "p99_ttft_ms": 3 * value}, side=side) for value in STEADY))
        for side in ("baseline", "candidate")
    )

    outcome = judge(before, after, REPORTED)

    assert (outcome.verdict, outcome.findings) == (Verdict.PASS, ())


def test_a_required_metric_that_is_only_reported_fails_where_the_candidate_lacks_it() -> None:
    before = Results(tuple(run_of({METRIC: value, "p99_ttft_ms": 3 * value}, side="baseline") for value in STEADY))

    outcome = judge(before, Results(with_values("candidate", METRIC, STEADY)), REPORTED)

    assert outcome.verdict is Verdict.FAIL
    assert messages(outcome, "required-metric")[0].startswith(
        "The rules require p99_ttft_ms, and no run of the candidate has it in vllm serve"
    )
