from __future__ import annotations

from tests.performance.maker import MODEL, run_of

from release_actions.performance.groups import Key, group_runs, key_of, nearest_key, title_of

DAYS = ("2026-08-03T10:00:00", "2026-08-01T10:00:00", "2026-08-02T10:00:00")


def test_runs_are_in_the_order_in_which_they_ran_not_that_of_their_files() -> None:
    runs = [run_of({"x": 1.0}, side="candidate", number=n, started=day) for n, day in enumerate(DAYS, start=1)]

    (group,) = group_runs((), runs, ())

    assert [run.source.file for run in group.candidate] == [f"candidate/run-{n}.json" for n in (2, 3, 1)]


def test_runs_of_which_one_has_no_date_stay_in_the_order_of_their_files() -> None:
    runs = [run_of({"x": 1.0}, side="candidate", number=n, started=day) for n, day in enumerate((*DAYS, ""), start=1)]

    (group,) = group_runs((), runs, ())

    assert [run.source.file for run in group.candidate] == [f"candidate/run-{n}.json" for n in (1, 2, 3, 4)]


def test_a_group_is_named_by_what_its_runs_share() -> None:
    run = run_of({}, side="candidate", settings={"tp": "4", "device": "8 x H100", "note": "x", "kv": "fp8"})

    assert title_of(key_of(run, ("kv",))) == f"vllm serve, {MODEL}, rate inf, tp 4, 8 x H100, kv fp8"


def test_a_title_shows_the_beginning_of_a_long_setting() -> None:
    title = title_of((("tool", "vllm serve"), ("model", "m" * 300_000)))

    assert title == f"vllm serve, {'m' * 119}…"


def test_the_nearest_group_differs_in_the_fewest_settings_and_never_in_model_or_tool() -> None:
    def key(**settings: str) -> Key:
        return tuple({"tool": "vllm serve", "model": "a", **settings}.items())

    assert nearest_key(key(tp="4", rate="1"), [key(tp="8", rate="2"), key(tp="8", rate="1")]) == (
        key(tp="8", rate="1"),
        ("tp",),
    )
    assert nearest_key(key(tp="4"), [key(model="b", tp="4")]) is None
