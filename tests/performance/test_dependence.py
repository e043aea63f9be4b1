"""Runs that are no samples of their own, series of runs with gaps, and what three runs say of their order."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tests.performance.maker import AFTER, BEFORE, run_of, serve, side_of, write_runs

from release_actions.performance import document, own
from release_actions.performance.comparing import Outcome, compare
from release_actions.performance.model import Source
from release_actions.performance.reading import Results, Unused, read_results
from release_actions.performance.rules import Rules
from release_actions.runner.envelope import Verdict
from release_actions.runner.report import Level

METRIC = "median_tpot_ms"
STEADY = (100.0, 100.4, 99.8, 100.1, 99.7)
TODAY = date(2026, 8, 20)
NO_RULES = Rules()


def judge(before: Results, after: Results, rules: Rules = NO_RULES) -> Outcome:
    return compare(before, after, rules, commit=AFTER, today=TODAY)


def messages(outcome: Outcome, rule: str) -> list[str]:
    return [str(finding.problem) for finding in outcome.findings if finding.rule == rule]


def lines(side: str, commit: str, **more: Any) -> str:
    minute = 0 if side == "before" else 1
    results = [
        serve(commit=commit, median_tpot_ms=value, date=f"20260801-1{number}{minute:02}00", **more)
        for number, value in enumerate(STEADY)
    ]
    return "\n".join(json.dumps(result) for result in results)


def appended(tmp_path: Path, rules: Rules = NO_RULES) -> Outcome:
    """A baseline of separate files against a candidate written with --append-result."""
    write_runs(tmp_path / "before", [json.loads(line) for line in lines("before", BEFORE).splitlines()])
    (tmp_path / "after.json").write_text(lines("after", AFTER), encoding="utf-8")
    return judge(read_results(["before"], tmp_path), read_results(["after.json"], tmp_path), rules)


def test_lines_of_one_file_are_pointed_out_as_maybe_of_one_server(tmp_path: Path) -> None:
    outcome = appended(tmp_path)

    assert outcome.verdict is Verdict.WARN
    (message,) = messages(outcome, "same-server")
    assert message.startswith(
        "after.json: 5 of the 5 runs of the candidate are in after.json and do not say which start of a server"
    )
    assert "--metadata server_start=NUMBER" in message


@pytest.mark.parametrize(("level", "verdict"), [(Level.ERROR, Verdict.INCONCLUSIVE), (None, Verdict.PASS)])
def test_the_rules_say_how_much_one_server_counts(tmp_path: Path, level: Level | None, verdict: Verdict) -> None:
    assert appended(tmp_path, Rules(levels={"same-server": level})).verdict is verdict


def test_runs_that_name_one_start_of_a_server_are_named(tmp_path: Path) -> None:
    before = side_of(METRIC, STEADY, side="baseline", server="start-1")
    after = Results(
        tuple(
            run_of({METRIC: value}, side="candidate", number=number, server=f"start-{number}")
            for number, value in enumerate(STEADY, start=1)
        )
    )

    outcome = judge(before, after)

    (message,) = messages(outcome, "same-server")
    assert "5 of the 5 runs of the baseline measured one start of a server, start-1, in vllm serve" in message


def test_lines_that_name_a_start_each_are_separate_runs(tmp_path: Path) -> None:
    text = "\n".join(
        json.dumps({**json.loads(line), "server_start": number})
        for number, line in enumerate(lines("after", AFTER).splitlines())
    )
    (tmp_path / "after.json").write_text(text, encoding="utf-8")
    after = read_results(["after.json"], tmp_path)

    outcome = judge(side_of(METRIC, STEADY, side="baseline"), after)

    assert [run.server for run in after.runs] == ["0", "1", "2", "3", "4"]
    assert messages(outcome, "same-server") == messages(outcome, "mixed-settings") == []


def test_the_next_release_still_knows_which_runs_shared_a_file() -> None:
    runs = [
        run_of({METRIC: value}, side="candidate", number=number, appended_to="after.json")
        for number, value in enumerate(STEADY)
    ]
    written = json.loads(json.dumps({"runs": [document.run_of(run) for run in runs]}))

    again = own.read_runs(written, "performance.json")

    assert {run.appended_to for run in again} == {"after.json"}


def test_a_report_of_this_gate_is_no_appended_file(tmp_path: Path) -> None:
    runs = [run_of({METRIC: value}, side="candidate", number=number) for number, value in enumerate(STEADY)]
    report = {"report": "perf-gate", "runs": [document.run_of(run) for run in runs]}
    (tmp_path / "performance.json").write_text(json.dumps(report), encoding="utf-8")

    assert {run.appended_to for run in read_results(["performance.json"], tmp_path).runs} == {""}


@pytest.mark.parametrize(
    ("pattern", "where"),
    [
        ("llama_run{}.json", "llama_runN.json"),
        ("run-{}-llama.json", "run-N-llama.json"),
        ("run-{}/serve.json", "run-N/serve.json"),
        ("{}.json", "N.json"),
        ("infqps/run={}.json", "infqps/run=N.json"),
        ("night-run-7/RUN-0{}.json", "night-run-7/RUN-N.json"),
    ],
)
def test_the_number_of_a_run_is_known_in_many_names(pattern: str, where: str) -> None:
    outcome = judge(named("baseline", ALL), named("candidate", [pattern.format(number) for number in (1, 2, 4, 5, 6)]))

    (message,) = messages(outcome, "missing-runs")
    assert f"The candidate lacks 1 run by the numbers in the names candidate/{where}: 3." in message


def named(side: str, names: Sequence[str], **more: Any) -> Results:
    runs = [
        run_of({METRIC: value}, side=side, source=Source(f"{side}/{name}"), **more)
        for value, name in zip(STEADY, names, strict=True)
    ]
    return Results(tuple(runs))


ALL = ("run-1.json", "run-2.json", "run-3.json", "run-4.json", "run-5.json")


def test_runs_that_are_missing_by_their_number_are_named() -> None:
    picked = named("candidate", ("run-3.json", "run-7.json", "run-8.json", "run-11.json", "run-12.json"))

    outcome = judge(named("baseline", ALL), picked)

    assert outcome.verdict is Verdict.WARN
    (message,) = messages(outcome, "missing-runs")
    assert (
        "The candidate lacks 7 runs by the numbers in the names candidate/run-N.json: 1, 2, 4, 5, 6, 9, 10. "
        "The highest is 12."
    ) in message


@pytest.mark.parametrize(
    "names",
    [
        ALL,
        ("run-0.json", "run-1.json", "run-2.json", "run-3.json", "run-4.json"),
        ("5.json", "4.json", "3.json", "2.json", "1.json"),
        ("llama-tp1.json", "llama-tp2.json", "llama-tp4.json", "llama-tp8.json", "llama-tp16.json"),
        tuple(f"vllm-infqps-Llama-20260801-12000{number}.json" for number in (1, 3, 5, 7, 9)),
    ],
)
def test_names_that_have_no_gap_or_no_number_of_a_run_are_left_in_peace(names: Sequence[str]) -> None:
    outcome = judge(named("baseline", names), named("candidate", names))

    assert messages(outcome, "missing-runs") == []


def test_a_run_that_cannot_be_read_is_not_missing_too() -> None:
    runs = named("candidate", ("run-1.json", "run-2.json", "run-4.json", "run-5.json", "run-6.json")).runs
    after = Results(runs, (Unused("candidate/run-3.json", "it is empty"),))

    assert messages(judge(named("baseline", ALL), after), "missing-runs") == []


def test_gaps_in_the_metadata_are_found_in_each_group() -> None:
    def side(name: str, numbers: Sequence[int]) -> Results:
        return Results(
            tuple(
                run_of({METRIC: value}, side=name, source=Source(f"{name}/x{n}y.json"), settings={"run_number": str(n)})
                for value, n in zip(STEADY, numbers, strict=True)
            )
        )

    outcome = judge(side("baseline", range(5)), side("candidate", (2, 4, 6, 8, 9)))

    (message,) = messages(outcome, "missing-runs")
    assert "The candidate lacks 4 runs by the numbers in the metadata of vllm serve" in message


def test_missing_runs_can_be_made_a_doubt() -> None:
    picked = named("candidate", ("run-3.json", "run-7.json", "run-8.json", "run-11.json", "run-12.json"))

    outcome = judge(named("baseline", ALL), picked, Rules(levels={"missing-runs": Level.ERROR}))

    assert outcome.verdict is Verdict.INCONCLUSIVE


def test_three_runs_that_rise_steadily_are_said_to_prove_nothing() -> None:
    outcome = judge(
        side_of(METRIC, (100.0, 100.4, 99.8), side="baseline"),
        side_of(METRIC, (96.0, 99.0, 103.0), side="candidate"),
    )

    possible, few = messages(outcome, "drift")[::-1]
    assert "The three runs of the candidate may drift in vllm serve" in possible
    assert "is 7.3 % worse in the last than in the first. One order in three is as steady by chance." in possible
    assert "Whether runs drift cannot be told in 1 group: a side has only 3 runs." in few


def test_three_runs_without_an_order_are_only_too_few() -> None:
    outcome = judge(
        side_of(METRIC, (100.0, 100.4, 99.8), side="baseline"), side_of(METRIC, (100.1, 99.9, 100.2), side="candidate")
    )

    assert messages(outcome, "drift") == [
        "Whether runs drift cannot be told in 1 group: a side has only 3 runs. "
        "With 4 runs on each side a drift is told from chance."
    ]
    assert outcome.verdict is Verdict.PASS


def test_four_runs_a_side_are_enough_to_tell_drift() -> None:
    outcome = judge(side_of(METRIC, STEADY[:4], side="baseline"), side_of(METRIC, STEADY[1:], side="candidate"))

    assert messages(outcome, "drift") == []
