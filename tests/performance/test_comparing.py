from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tests.performance.maker import AFTER, BEFORE, MODEL, run_of, serve, side_of, write_runs, write_side

from release_actions.errors import InputError
from release_actions.performance.comparing import Outcome, compare
from release_actions.performance.metrics import Direction
from release_actions.performance.model import Run, Source
from release_actions.performance.reading import Results, Unused, read_results
from release_actions.performance.rules import MetricRule, Rules, Waiver
from release_actions.runner.envelope import Verdict
from release_actions.runner.report import Finding, Level

TODAY = date(2026, 8, 20)
STEADY = (100.0, 100.4, 99.8, 100.1, 99.7)
"""Five runs that differ by less than a percent and have no trend."""

NO_RULES = Rules()


def judge(
    metric: str,
    before: Sequence[float],
    after: Sequence[float],
    rules: Rules = NO_RULES,
    *,
    both: Mapping[str, Any] | None = None,
) -> Outcome:
    baseline = side_of(metric, before, side="baseline", **(both or {}))
    candidate = side_of(metric, after, side="candidate", **(both or {}))
    return compare(baseline, candidate, rules, commit=AFTER, today=TODAY)


def of_rule(outcome: Outcome, rule: str) -> list[Finding]:
    return [finding for finding in outcome.findings if finding.rule == rule]


def only(outcome: Outcome, rule: str) -> str:
    (finding,) = of_rule(outcome, rule)
    return str(finding.problem)


def gate(name: str, direction: Direction, tolerance: float, *, required: bool = False) -> Rules:
    return Rules(metrics={name: MetricRule(name, direction, tolerance, is_gated=True, is_required=required)})


def scaled(factor: float) -> list[float]:
    return [value * factor for value in STEADY]


def test_a_time_that_grew_beyond_the_tolerance_fails() -> None:
    outcome = judge("median_tpot_ms", STEADY, scaled(1.12))

    assert outcome.verdict is Verdict.FAIL
    assert only(outcome, "slower") == (
        f"median_tpot_ms changed by +12.0 % (+11.7 % to +12.3 %) in vllm serve, {MODEL}, rate inf; at most +5 % is "
        "allowed. Find the change that did it, or accept it with a waiver in performance.waivers of release.yaml."
    )


def test_a_throughput_that_fell_beyond_the_tolerance_fails() -> None:
    outcome = judge("output_throughput", STEADY, scaled(0.90))

    assert outcome.verdict is Verdict.FAIL
    assert "output_throughput changed by -10.0 %" in only(outcome, "slower")
    assert "at least -5 % is allowed" in only(outcome, "slower")


@pytest.mark.parametrize(("metric", "factor"), [("median_tpot_ms", 1.02), ("output_throughput", 0.98)])
def test_a_change_within_the_tolerance_passes(metric: str, factor: float) -> None:
    outcome = judge(metric, STEADY, scaled(factor))

    assert outcome.verdict is Verdict.PASS
    assert outcome.findings == ()


def test_an_improvement_is_no_regression_and_is_to_be_verified() -> None:
    outcome = judge("median_tpot_ms", STEADY, scaled(0.88))

    assert outcome.verdict is Verdict.PASS
    assert "Verify it: large improvements are often broken runs" in only(outcome, "improved")


def test_a_surprising_improvement_warns() -> None:
    assert judge("median_tpot_ms", STEADY, scaled(0.5)).verdict is Verdict.WARN


def test_runs_that_differ_too_much_are_inconclusive_with_the_runs_that_would_decide() -> None:
    outcome = judge("median_tpot_ms", (100, 103, 97, 101), (104, 99, 102, 106))

    assert outcome.verdict is Verdict.INCONCLUSIVE
    assert "that is not decided: the tolerance lies inside the interval" in only(outcome, "inconclusive")
    assert "more runs on each side would decide" in only(outcome, "inconclusive")


def test_a_change_at_the_tolerance_is_said_to_be_undecidable() -> None:
    outcome = judge("median_tpot_ms", (100, 112, 89, 101), (105, 116, 94, 106))

    assert "No sensible number of runs decides this" in only(outcome, "inconclusive")


def test_two_runs_are_never_enough_however_clear_they_look() -> None:
    outcome = judge("median_tpot_ms", (100, 100.1), (200, 200.1))

    assert outcome.verdict is Verdict.INCONCLUSIVE
    assert "2 of at least 3 runs on a side" in only(outcome, "inconclusive")
    assert "About 1 more run on each side" in only(outcome, "inconclusive")


def test_one_run_of_a_thousand_requests_is_one_sample() -> None:
    outcome = judge("median_tpot_ms", (100,), (150,), both={"settings": {"num-prompts": "1000"}})

    assert outcome.verdict is Verdict.INCONCLUSIVE
    assert "1 of at least 3 runs" in only(outcome, "inconclusive")


def test_alpha_that_the_runs_cannot_reach_is_inconclusive() -> None:
    outcome = judge("median_tpot_ms", (100, 101, 102), (150, 151, 152), Rules(alpha=0.01))

    assert "too few runs to decide anything at alpha 0.01" in only(outcome, "inconclusive")


@pytest.mark.parametrize("value", [0.0, -1.0, math.nan, math.inf])
def test_a_candidate_of_zeros_or_nan_fails_and_is_no_improvement(value: float) -> None:
    outcome = judge("median_tpot_ms", STEADY, (100, 100, value, 100))

    assert outcome.verdict is Verdict.FAIL
    assert f"candidate run candidate/run-3.json: median_tpot_ms is {value:g}" in only(outcome, "broken-candidate")
    assert "A broken run never counts as an improvement" in only(outcome, "broken-candidate")


def test_a_baseline_of_zeros_is_inconclusive() -> None:
    outcome = judge("median_tpot_ms", (100, 0, 100, 100), STEADY)

    assert outcome.verdict is Verdict.INCONCLUSIVE
    assert "baseline run baseline/run-2.json: median_tpot_ms is 0" in only(outcome, "broken-baseline")


def test_failed_requests_of_the_candidate_fail_once_for_all_metrics(tmp_path: Path) -> None:
    write_side(tmp_path / "before", "median_ttft_ms", STEADY)
    write_side(tmp_path / "after", "median_ttft_ms", [50.0, 51.0, 52.0, 53.0], failed=3, completed=197)

    outcome = compare_folders(tmp_path)

    assert outcome.verdict is Verdict.FAIL
    assert "4 runs of the candidate cannot be trusted" in only(outcome, "broken-candidate")
    assert "after/run-1.json: 3 requests failed, 197 of 200 requests were completed." in only(
        outcome, "broken-candidate"
    )


def test_a_broken_run_fails_even_without_the_metric(tmp_path: Path) -> None:
    write_side(tmp_path / "before", "median_ttft_ms", STEADY)
    runs = [serve(median_ttft_ms=value, date=f"2026080{number + 2}-120000") for number, value in enumerate(STEADY)]
    broken = {name: runs[0][name] for name in ("model_id", "num_prompts", "request_rate", "burstiness", "backend")}
    write_runs(tmp_path / "after", [*runs, {**broken, "completed": 0, "request_throughput": 0.0}])

    assert compare_folders(tmp_path).verdict is Verdict.FAIL


def compare_folders(tmp_path: Path, rules: Rules = NO_RULES) -> Outcome:
    baseline, candidate = read_results(["before"], tmp_path), read_results(["after"], tmp_path)
    return compare(baseline, candidate, rules, commit="", today=TODAY)


def test_an_unreadable_candidate_fails_and_an_unreadable_baseline_is_inconclusive() -> None:
    good, bad = side_of("median_tpot_ms", STEADY, side="baseline"), Unused("x.json", "it ends too early")
    after = side_of("median_tpot_ms", STEADY, side="candidate")
    broken_after = Results(after.runs, (bad,), digests=after.digests)
    broken_before = Results(good.runs, (bad,), digests=good.digests)

    assert compare(good, broken_after, NO_RULES, commit=AFTER, today=TODAY).verdict is Verdict.FAIL
    outcome = compare(broken_before, after, NO_RULES, commit=AFTER, today=TODAY)
    assert outcome.verdict is Verdict.INCONCLUSIVE
    assert only(outcome, "unreadable").startswith("x.json: A result of the baseline cannot be read: it ends too early.")


def test_groups_of_one_side_are_named_with_the_nearest_partner() -> None:
    baseline = side_of("median_tpot_ms", STEADY, side="baseline", settings={"tp": "4", "dtype": "bfloat16"})
    candidate = side_of("median_tpot_ms", STEADY, side="candidate", settings={"tp": "8", "dtype": "bfloat16"})

    outcome = compare(baseline, candidate, NO_RULES, commit=AFTER, today=TODAY)

    assert outcome.verdict is Verdict.INCONCLUSIVE
    first, second = of_rule(outcome, "unmatched")
    assert str(first.problem) == (
        f"Only the baseline has runs of: vllm serve, {MODEL}, rate inf, tp 4, dtype bfloat16. "
        "The nearest group of the candidate differs: tp is 4, there 8."
    )
    assert second.level is Level.WARNING
    assert only(outcome, "nothing-compared").startswith("Nothing was compared: of 2 groups, none has runs on both")


def test_a_rate_of_infinity_never_meets_a_number() -> None:
    baseline = side_of("median_tpot_ms", STEADY, side="baseline", settings={"rate": "inf"})
    candidate = side_of("median_tpot_ms", STEADY, side="candidate", settings={"rate": "1000000"})

    assert compare(baseline, candidate, NO_RULES, commit=AFTER, today=TODAY).verdict is Verdict.INCONCLUSIVE


def test_metadata_keys_of_match_keep_groups_apart() -> None:
    baseline = side_of("median_tpot_ms", STEADY, side="baseline", settings={"kv-cache": "fp8"})
    candidate = side_of("median_tpot_ms", STEADY, side="candidate", settings={"kv-cache": "auto"})

    together = compare(baseline, candidate, NO_RULES, commit=AFTER, today=TODAY)
    apart = compare(baseline, candidate, Rules(match=("kv-cache",)), commit=AFTER, today=TODAY)

    assert (together.verdict, apart.verdict) == (Verdict.PASS, Verdict.INCONCLUSIVE)


def test_a_required_group_that_is_missing_fails() -> None:
    rules = Rules(required=({"model": "mistralai/Mixtral-8x7B-Instruct-v0.1"},))

    outcome = judge("median_tpot_ms", STEADY, scaled(1.0), rules)

    assert outcome.verdict is Verdict.FAIL
    assert "The rules require a comparison of model mistralai/Mixtral-8x7B" in only(outcome, "required-group")


def test_a_required_metric_that_the_candidate_lacks_fails() -> None:
    rules = gate("median_itl_ms", "lower", 0.05, required=True)
    baseline = Results(
        tuple(run_of({"median_itl_ms": 10.0, "median_tpot_ms": 10.0}, side="baseline", number=n) for n in range(4))
    )
    candidate = Results(tuple(run_of({"median_tpot_ms": 10.0}, side="candidate", number=n) for n in range(4)))

    outcome = compare(baseline, candidate, rules, commit=AFTER, today=TODAY)

    assert outcome.verdict is Verdict.FAIL
    assert "median_itl_ms cannot be compared" in only(outcome, "broken-candidate")
    assert "no run of the candidate has it" in only(outcome, "broken-candidate")


def test_a_required_metric_that_nobody_has_fails() -> None:
    rules = gate("median_itl_mss", "lower", 0.05, required=True)

    outcome = judge("median_tpot_ms", STEADY, scaled(1.0), rules)

    assert only(outcome, "required-metric").startswith("The rules require median_itl_mss, and no group has it.")
    assert outcome.verdict is Verdict.FAIL


def test_throughput_at_a_fixed_rate_says_nothing_and_decides_nothing() -> None:
    outcome = judge("output_throughput", STEADY, scaled(0.5), both={"settings": {"rate": "4"}})

    assert outcome.verdict is Verdict.INCONCLUSIVE
    assert "no metric of the compared groups is gated" in only(outcome, "nothing-compared")
    assert [comparison.rule.name for comparison in outcome.reported] == ["output_throughput"]


def test_throughput_under_a_concurrency_limit_decides() -> None:
    both = {"settings": {"rate": "4", "concurrency": "16"}}

    assert judge("output_throughput", STEADY, scaled(0.8), both=both).verdict is Verdict.FAIL


def test_percentiles_are_reported_and_decide_nothing() -> None:
    outcome = judge("p99_ttft_ms", STEADY, scaled(3.0))

    assert outcome.verdict is Verdict.INCONCLUSIVE
    assert outcome.gated == ()


def test_first_token_has_the_wider_tolerance() -> None:
    assert judge("median_ttft_ms", STEADY, scaled(1.08)).verdict is Verdict.PASS
    assert judge("median_itl_ms", STEADY, scaled(1.08)).verdict is Verdict.FAIL


def test_the_same_file_on_both_sides_is_refused(tmp_path: Path) -> None:
    write_side(tmp_path / "before", "median_ttft_ms", STEADY)
    write_side(tmp_path / "after", "median_ttft_ms", STEADY)

    with pytest.raises(InputError, match=r"The same result is on both sides: before/run-\d.json and after/run-\d.json"):
        compare_folders(tmp_path)


def test_the_same_run_in_other_files_of_both_sides_is_refused() -> None:
    started = "2026-08-01T10:00:00"
    baseline = side_of("median_tpot_ms", STEADY, side="baseline", commit="", started=started)
    candidate = side_of("median_tpot_ms", STEADY, side="candidate", commit="", started=started)

    with pytest.raises(InputError, match=r"The same run is on both sides: baseline/run-1\.json and candidate/run-1"):
        compare(baseline, candidate, NO_RULES, commit="", today=TODAY)


def test_runs_of_one_side_that_differ_in_a_setting_are_pointed_out() -> None:
    def side(name: str) -> Results:
        return Results(
            tuple(
                run_of({"median_tpot_ms": value}, side=name, number=n, settings={"max_num_seqs": str(4 + 4 * (n % 2))})
                for n, value in enumerate(STEADY)
            )
        )

    mixed = compare(side("baseline"), side("candidate"), NO_RULES, commit=AFTER, today=TODAY)
    apart = compare(side("baseline"), side("candidate"), Rules(match=("max_num_seqs",)), commit=AFTER, today=TODAY)

    messages = [str(finding.problem) for finding in of_rule(mixed, "mixed-settings")]
    assert messages[0].startswith("The runs of the baseline differ in max_num_seqs (4, 8) in vllm serve")
    assert "name max_num_seqs in performance.match" in messages[0]
    assert of_rule(apart, "mixed-settings") == []
    assert len(apart.gated) == 2


def test_what_a_run_only_observed_is_no_setting_in_which_runs_differ(tmp_path: Path) -> None:
    for minute, (commit, side) in enumerate(((BEFORE, "baseline"), (AFTER, "candidate"))):
        observed = [
            serve(
                commit=commit,
                date=f"20260801-1200{minute:02}",
                median_tpot_ms=value,
                max_concurrent_requests=112 + number % 3,
                spec_decode_num_drafts=1000 + number,
                spec_decode_accepted_tokens=3000 - number,
                probe_p99_e2el_ms=90.0 + number,
                p99_client_queue_time_ms=3.0 + number / 10,
            )
            for number, value in enumerate(STEADY)
        ]
        write_runs(tmp_path / side, observed)
    baseline, candidate = (read_results((side,), tmp_path) for side in ("baseline", "candidate"))

    outcome = compare(baseline, candidate, NO_RULES, commit=AFTER, today=TODAY)

    assert of_rule(outcome, "mixed-settings") == []
    reported = {comparison.rule.name: comparison.rule.direction for comparison in outcome.reported}
    assert (reported["probe_p99_e2el_ms"], reported["p99_client_queue_time_ms"]) == ("lower", "lower")


def test_a_candidate_whose_commit_is_not_known_is_not_taken_for_a_commit_in_silence() -> None:
    baseline, candidate = (side_of("median_tpot_ms", STEADY, side=name) for name in ("baseline", "candidate"))
    outcome = compare(baseline, candidate, NO_RULES, commit="", today=TODAY)

    (message,) = (str(finding.problem) for finding in of_rule(outcome, "no-commit"))
    assert f"They say that they measured {AFTER[:12]}." in message
    assert "Pass the commit with --commit" in message


def test_the_same_run_on_both_sides_is_refused_without_any_date() -> None:
    metrics = {"median_tpot_ms": 10.123456789, "median_ttft_ms": 99.87654321}
    baseline, candidate = (
        Results((run_of(metrics, side=side), run_of({"median_tpot_ms": 10.0}, side=side, number=2)))
        for side in ("baseline", "candidate")
    )

    with pytest.raises(InputError, match="The same run is on both sides"):
        compare(baseline, candidate, NO_RULES, commit=AFTER, today=TODAY)


def test_a_baseline_of_the_candidates_commit_is_refused_although_the_candidate_names_none() -> None:
    baseline = side_of("median_tpot_ms", STEADY, side="baseline", commit=AFTER)
    candidate = side_of("median_tpot_ms", scaled(1.01), side="candidate", commit="")

    with pytest.raises(InputError, match="The baseline measured the commit bbbbbbbbbbbb, which is the candidate's"):
        compare(baseline, candidate, NO_RULES, commit=AFTER, today=TODAY)


def test_equal_names_of_commits_are_one_commit_however_short() -> None:
    baseline = side_of("median_tpot_ms", STEADY, side="baseline", commit="v0.7")
    candidate = side_of("median_tpot_ms", scaled(1.01), side="candidate", commit="v0.7")

    with pytest.raises(InputError, match=r"Both sides measured the commit v0\.7"):
        compare(baseline, candidate, NO_RULES, commit="", today=TODAY)


def test_a_candidate_that_ran_before_the_baseline_may_be_swapped() -> None:
    sides = [
        Results(
            tuple(
                run_of({"median_tpot_ms": value}, side=side, number=number, started=f"2026-08-{day}T{number:02}:00")
                for number, value in enumerate(STEADY)
            )
        )
        for side, day in (("baseline", "02"), ("candidate", "01"))
    ]

    outcome = compare(sides[0], sides[1], NO_RULES, commit=AFTER, today=TODAY)

    assert outcome.verdict is Verdict.WARN
    assert "The candidate ran wholly before the baseline" in only(outcome, "not-interleaved")
    assert "Check that the sides are not swapped" in only(outcome, "not-interleaved")


@pytest.mark.parametrize("value", [1e300, 1e-300, 1e19])
def test_a_value_that_nothing_measures_is_broken_and_no_error(value: float) -> None:
    outcome = judge("median_tpot_ms", STEADY, (*STEADY[:4], value))

    assert outcome.verdict is Verdict.FAIL
    assert f"median_tpot_ms is {value:g}" in only(outcome, "broken-candidate")


def test_work_that_is_no_number_does_not_agree() -> None:
    baseline = side_of("median_tpot_ms", STEADY, side="baseline", work={"output tokens": 128.0})
    candidate = side_of("median_tpot_ms", STEADY, side="candidate", work={"output tokens": math.nan})

    outcome = compare(baseline, candidate, NO_RULES, commit=AFTER, today=TODAY)

    assert outcome.verdict is Verdict.INCONCLUSIVE


def test_the_same_commit_on_both_sides_is_refused() -> None:
    baseline = side_of("median_tpot_ms", STEADY, side="baseline", commit=AFTER[:12])
    candidate = side_of("median_tpot_ms", scaled(1.1), side="candidate")

    with pytest.raises(InputError, match="Both sides measured the commit bbbbbbbbbbbb"):
        compare(baseline, candidate, NO_RULES, commit=AFTER, today=TODAY)


def test_results_of_another_commit_are_refused() -> None:
    baseline = side_of("median_tpot_ms", STEADY, side="baseline")
    candidate = side_of("median_tpot_ms", scaled(1.0), side="candidate", commit="e" * 40)

    outcome = compare(baseline, candidate, NO_RULES, commit=AFTER, today=TODAY)

    assert outcome.verdict is Verdict.FAIL
    assert "5 runs of the candidate measured eeeeeeeeeeee, not the candidate bbbbbbbbbbbb" in only(
        outcome, "other-commit"
    )


def test_results_that_could_name_a_commit_and_do_not_are_refused_unless_the_rules_say_less() -> None:
    baseline = side_of("median_tpot_ms", STEADY, side="baseline")
    candidate = side_of("median_tpot_ms", scaled(1.0), side="candidate", commit="")
    lenient = Rules(levels={"no-commit": Level.WARNING})
    silent = Rules(levels={"no-commit": None})

    strict = compare(baseline, candidate, NO_RULES, commit=AFTER, today=TODAY)

    assert strict.verdict is Verdict.FAIL
    assert "--metadata commit=" in only(strict, "no-commit")
    assert compare(baseline, candidate, lenient, commit=AFTER, today=TODAY).verdict is Verdict.WARN
    assert compare(baseline, candidate, silent, commit=AFTER, today=TODAY).verdict is Verdict.PASS


def test_a_format_without_a_place_for_a_commit_is_noted_only() -> None:
    baseline = side_of("p50_latency", STEADY, side="baseline", commit="", names_commit=False)
    candidate = side_of("p50_latency", scaled(1.0), side="candidate", commit="", names_commit=False)

    outcome = compare(baseline, candidate, NO_RULES, commit=AFTER, today=TODAY)

    assert outcome.verdict is Verdict.PASS
    assert "have a format that names no commit" in only(outcome, "no-commit")


@pytest.mark.parametrize(("settings", "warnings"), [({}, 1), ({"model": MODEL}, 0)])
def test_results_that_nobody_names_a_model_for_are_pointed_out(settings: dict[str, str], warnings: int) -> None:
    def side(name: str) -> Results:
        runs = [
            Run(Source(f"{name}/{n}.json"), {"tool": "vllm latency", **settings}, {"p50_latency": value}, commit=name)
            for n, value in enumerate(STEADY)
        ]
        return Results(tuple(runs))

    outcome = compare(side("baseline"), side("candidate"), NO_RULES, commit="", today=TODAY)

    assert len(of_rule(outcome, "unnamed-model")) == warnings


def test_different_work_on_the_two_sides_is_inconclusive() -> None:
    baseline = side_of("median_tpot_ms", STEADY, side="baseline", work={"output tokens": 128.0})
    candidate = side_of("median_tpot_ms", scaled(0.7), side="candidate", work={"output tokens": 80.0})

    outcome = compare(baseline, candidate, NO_RULES, commit=AFTER, today=TODAY)

    assert outcome.verdict is Verdict.INCONCLUSIVE
    assert "128 output tokens a request in the baseline, 80 in the candidate" in only(outcome, "different-work")


def test_a_cold_first_run_is_pointed_out_and_still_counts() -> None:
    outcome = judge("median_tpot_ms", STEADY, (140.0, 100.2, 99.9, 100.3, 100.1))

    assert "The first run of the candidate is cold" in only(outcome, "cold-first-run")
    assert "It counts like any other" in only(outcome, "cold-first-run")
    assert len(outcome.gated[0].comparison.candidate) == 5


def test_declared_warm_ups_do_not_count_and_are_listed() -> None:
    outcome = judge("median_tpot_ms", STEADY, (140.0, 100.2, 99.9, 100.3, 100.1), Rules(warm_ups=1))

    assert outcome.gated[0].comparison.candidate == (100.2, 99.9, 100.3, 100.1)
    assert [str(run.source) for run in outcome.warm_ups] == ["baseline/run-1.json", "candidate/run-1.json"]
    assert of_rule(outcome, "cold-first-run") == []


@pytest.mark.parametrize("warm_ups", [3, 7])
def test_warm_ups_that_leave_no_run_are_said_and_decide_nothing(warm_ups: int) -> None:
    outcome = judge("median_tpot_ms", (100.0, 100.2, 99.9), (100.1, 100.3, 99.8), Rules(warm_ups=warm_ups))

    assert outcome.verdict is Verdict.INCONCLUSIVE
    first, second = of_rule(outcome, "warm-ups")
    assert "All runs of the baseline are declared as warm-up" in first.problem.message
    assert f"it has 3 runs, and performance.warm-ups is {warm_ups}" in second.problem.message
    assert of_rule(outcome, "unmatched") == of_rule(outcome, "nothing-compared") == []


@pytest.mark.parametrize(("side", "verdict"), [("candidate", Verdict.FAIL), ("baseline", Verdict.WARN)])
def test_a_warm_up_with_failed_requests_is_not_passed_over(side: str, verdict: Verdict) -> None:
    sides = {name: side_of("median_tpot_ms", STEADY, side=name) for name in ("baseline", "candidate")}
    first, *others = sides[side].runs
    sides[side] = Results((replace(first, defects=("7 requests failed",)), *others), digests=sides[side].digests)

    outcome = compare(sides["baseline"], sides["candidate"], Rules(warm_ups=1), commit=AFTER, today=TODAY)

    assert outcome.verdict is verdict
    assert f"A run of the {side} that is declared as warm-up failed" in only(outcome, f"broken-{side}")
    assert "7 requests failed" in only(outcome, f"broken-{side}")


def test_drift_between_first_and_last_runs_is_pointed_out() -> None:
    outcome = judge("median_tpot_ms", STEADY, (100.0, 102.0, 104.0, 106.0, 108.0))

    assert "The runs of the candidate drift" in only(outcome, "drift")
    assert "A B A B" in only(outcome, "drift")


def test_other_runners_on_the_two_sides_warn() -> None:
    baseline = side_of("median_tpot_ms", STEADY, side="baseline", runner="h100-1")
    candidate = side_of("median_tpot_ms", scaled(1.0), side="candidate", runner="h100-2")

    outcome = compare(baseline, candidate, NO_RULES, commit=AFTER, today=TODAY)

    assert outcome.verdict is Verdict.WARN
    assert "ran on different runners" in only(outcome, "other-runner")


def test_sides_that_ran_one_after_the_other_are_noted() -> None:
    baseline = side_of("median_tpot_ms", STEADY, side="baseline", started="2026-08-01T10:00:00")
    candidate = side_of("median_tpot_ms", scaled(1.0), side="candidate", started="2026-08-02T10:00:00")

    outcome = compare(baseline, candidate, NO_RULES, commit=AFTER, today=TODAY)

    assert "One side ran wholly before the other" in only(outcome, "not-interleaved")
    assert outcome.verdict is Verdict.PASS


def waiver(until: date, **more: Any) -> Rules:
    return Rules(waivers=(Waiver("median_tpot_ms", "release-lead", "known, fixed in 0.24.1", until, **more),))


def test_a_waived_failure_warns_with_who_why_and_until() -> None:
    outcome = judge("median_tpot_ms", STEADY, scaled(1.12), waiver(TODAY))

    assert outcome.verdict is Verdict.WARN
    assert only(outcome, "waived").endswith("release-lead waives it until 2026-08-20: known, fixed in 0.24.1")


def test_a_waiver_ends_with_its_day() -> None:
    outcome = judge("median_tpot_ms", STEADY, scaled(1.12), waiver(date(2026, 8, 19)))

    assert outcome.verdict is Verdict.FAIL
    assert "ended on 2026-08-19" in only(outcome, "expired-waiver")


def test_a_waiver_of_another_group_waives_nothing() -> None:
    outcome = judge("median_tpot_ms", STEADY, scaled(1.12), waiver(TODAY, group={"model": "other"}))

    assert outcome.verdict is Verdict.FAIL


def test_broken_runs_cannot_be_waived() -> None:
    assert judge("median_tpot_ms", STEADY, (100, 0, 100), waiver(TODAY)).verdict is Verdict.FAIL


def test_any_failure_outweighs_doubts_and_the_worst_comes_first() -> None:
    before = Results(
        tuple(
            run_of({"median_tpot_ms": tpot, "median_itl_ms": itl, "median_ttft_ms": 100.0}, side="baseline", number=n)
            for n, (tpot, itl) in enumerate(zip(STEADY, (10.0, 10.8, 9.2, 10.1, 10.4), strict=True))
        )
    )
    after = Results(
        tuple(
            run_of({"median_tpot_ms": tpot, "median_itl_ms": itl, "median_ttft_ms": 100.0}, side="candidate", number=n)
            for n, (tpot, itl) in enumerate(zip(scaled(1.3), (10.2, 11.0, 9.5, 10.3, 10.9), strict=True))
        )
    )

    outcome = compare(before, after, NO_RULES, commit=AFTER, today=TODAY)

    assert outcome.verdict is Verdict.FAIL
    assert [item.comparison.rule.name for item in outcome.gated] == [
        "median_tpot_ms",
        "median_itl_ms",
        "median_ttft_ms",
    ]


def test_p_is_adjusted_for_the_number_of_comparisons() -> None:
    baseline = Results(
        tuple(
            run_of({"median_tpot_ms": v, "median_itl_ms": v}, side="baseline", number=n) for n, v in enumerate(STEADY)
        )
    )
    candidate = Results(
        tuple(
            run_of({"median_tpot_ms": v, "median_itl_ms": v}, side="candidate", number=n)
            for n, v in enumerate(scaled(1.3))
        )
    )

    outcome = compare(baseline, candidate, NO_RULES, commit=AFTER, today=TODAY)

    assert [item.comparison.p for item in outcome.gated] == [pytest.approx(1 / 252)] * 2
    assert [item.adjusted_p for item in outcome.gated] == [pytest.approx(2 / 252)] * 2


def test_an_own_metric_decides_once_the_rules_give_its_direction() -> None:
    without = judge("rows_per_s", STEADY, scaled(0.8))
    with_rule = judge("rows_per_s", STEADY, scaled(0.8), gate("rows_per_s", "higher", 0.1))

    assert (without.verdict, with_rule.verdict) == (Verdict.INCONCLUSIVE, Verdict.FAIL)
    assert BEFORE != AFTER
