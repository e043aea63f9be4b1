"""The timeline and the report say what moved and why, and no text of a scenario is markup in them."""

from __future__ import annotations

from datetime import datetime, timezone

from release_actions.rehearsal.invariants import Invariant, Violation
from release_actions.rehearsal.page import format_page
from release_actions.rehearsal.record import Rehearsal, Run, Step, TagChange
from release_actions.rehearsal.timeline import Line, Style, format_conclusion, format_outcome, format_run

AT = datetime(2026, 2, 3, tzinfo=timezone.utc)
OLD, NEW = "sha256:" + "a" * 64, "sha256:" + "b" * 64
STOLEN = Violation(Invariant.CANDIDATE_MOVED_PRODUCTION, "o/app", "latest", "names the image of v2.0.0-rc.1")
STRAY = Violation(Invariant.STRAY_TAG, "o/app", "v2.0", "names the image of v2.0.0-rc.1")


def step(number: int, *, breaks: tuple[Invariant, ...] = (), violations: tuple[Violation, ...] = ()) -> Step:
    return Step(
        number=number,
        title='Publish "v2" <b>|#`',
        at=AT,
        runs=(Run("protect-latest", "1 image, 1 floating tag moved.", seconds=0.21),),
        changes=(TagChange("o/app", "latest", OLD, NEW, "v1.0.0", "v2.0.0-rc.1", "because | of it"),),
        tags={"o/app": {"latest": NEW}},
        violations=violations,
        breaks=breaks,
    )


def rehearsal(*steps: Step) -> Rehearsal:
    return Rehearsal("small", 0, "", ("latest",), ("o/app",), steps, images={NEW: "v2.0.0-rc.1"}, seconds=1.5)


def outcome(played: Step) -> list[str]:
    return [line.text for line in format_outcome(played)]


def conclusion(*steps: Step) -> list[str]:
    return [line.text for line in format_conclusion(rehearsal(*steps))]


def test_a_step_shows_what_moved_and_why() -> None:
    assert outcome(step(1)) == [
        "    o/app: because | of it",
        "      latest  v1.0.0 -> v2.0.0-rc.1",
        "    every invariant held",
    ]
    run = format_run(step(1).runs[0])
    assert run == Line("    protect-latest    1 image, 1 floating tag moved.  (0.2 s)")


def test_a_run_that_failed_or_took_no_time_says_so() -> None:
    assert format_run(Run("lint", "1 error.", 1, 0.5)) == Line(
        "    lint              1 error.  exit 1  (0.5 s)", Style.BAD
    )
    assert format_run(Run("merge", "done", seconds=0.04)).text == "    merge             done"


def test_the_same_change_of_several_packages_is_shown_once() -> None:
    changes = tuple(
        TagChange(f"o/{name}", "latest", OLD, "sha256:" + name * 64, "v1", "v2", "moved") for name in ("c", "d", "e")
    )
    other = TagChange("o/f", "latest", OLD, NEW, "v1", "v3", "moved")
    played = Step(1, "many", AT, changes=(*changes, other))
    assert outcome(played)[:-1] == [
        "    3 packages: moved",
        "      latest  v1 -> v2",
        "    o/f: moved",
        "      latest  v1 -> v3",
    ]
    page = format_page(rehearsal(played))
    assert "3 packages: o/c, o/d, o/e." in page
    assert "| 3 packages | `latest` | v1 | v2 | moved |" in page
    assert page.count("| `latest` |") == 2


def test_a_broken_invariant_is_named_with_its_place() -> None:
    assert outcome(step(1, violations=(STOLEN,)))[-2:] == [
        "    BROKEN",
        "      candidate-moved-production: o/app latest: names the image of v2.0.0-rc.1",
    ]
    lines = conclusion(step(1, violations=(STOLEN,)))
    assert "  candidate-moved-production: BROKEN in step 1" in lines
    assert "  tag-unresolvable: held" in lines
    assert lines[-3:-1] == ["1 step, 1 run, 0 requests in 1.5 s", "FAIL  An invariant broke in step 1."]


def test_the_verdict_is_one_line_and_says_what_it_does_not_cover() -> None:
    lines = conclusion(step(1))
    assert lines[-2] == "PASS  The release is safe in all that was rehearsed."
    assert lines[-1].startswith("Not rehearsed: the builds themselves")
    assert lines[-1].endswith("runners.")


def test_a_failed_action_is_repeated_with_its_hint_and_is_no_broken_invariant() -> None:
    played = Step(1, "release", AT, failure="merge-digests failed with exit code 1: no.", hint="Do this.")
    assert outcome(played) == [
        "    no tag changed",
        "    FAILED  merge-digests failed with exit code 1: no.",
        "    Do this.",
        "    every invariant held",
    ]
    assert conclusion(played)[-4:-1] == [
        "FAIL  An action failed in step 1.",
        "      Step 1: merge-digests failed with exit code 1: no.",
        "      Do this.",
    ]
    page = format_page(rehearsal(played))
    assert "**An action failed in step 1.**" in page
    assert "> **Step 1: merge-digests failed with exit code 1: no.** Do this." in page
    assert "an invariant" not in page.partition("## Invariants")[0].lower()


def test_the_timeline_shows_the_first_of_many_broken_tags_and_the_page_all() -> None:
    wrong = tuple(Violation(Invariant.FLOATING_TAG_WRONG, "o/app", f"v{n}", "names nothing") for n in range(9))
    played = step(1, violations=(STOLEN, *wrong))
    assert outcome(played)[3:] == [
        "      candidate-moved-production: o/app latest: names the image of v2.0.0-rc.1",
        "      floating-tag-wrong: o/app v0: names nothing",
        "      floating-tag-wrong: o/app v1: names nothing",
        "      floating-tag-wrong: o/app v2: names nothing",
        "      floating-tag-wrong: o/app v3: names nothing (and 5 more)",
    ]
    assert played.first_problems(1) == (
        "candidate-moved-production: o/app latest: names the image of v2.0.0-rc.1",
        "floating-tag-wrong: o/app v0: names nothing (and 8 more)",
    )
    page = format_page(rehearsal(played))
    assert all(f"floating-tag-wrong: o/app v{n}: names nothing" in page for n in range(9))


def test_what_todays_workflow_breaks_is_expected_and_said() -> None:
    played = step(1, breaks=(Invariant.CANDIDATE_MOVED_PRODUCTION,), violations=(STOLEN,))
    assert outcome(played)[-1] == "    broken, as today: candidate-moved-production (1 tag)"
    assert rehearsal(played).held


def test_what_today_left_wrong_is_said_until_a_step_repairs_it() -> None:
    first = Step(1, "today", AT, violations=(STRAY,), breaks=(Invariant.STRAY_TAG,))
    second = Step(2, "nothing", AT, remaining=(STRAY,))
    assert outcome(second)[-1] == "    still wrong from before: stray-tag (1 tag)"
    third = Step(3, "teardown", AT)
    repaired = "  stray-tag: broken in step 1 as the scenario says, repaired by step 3"
    assert repaired in conclusion(first, second, third)
    assert "  stray-tag: broken in step 1 as the scenario says, still wrong at the end" in conclusion(first, second)


def test_what_a_step_breaks_and_repairs_itself_is_not_wrong_at_the_end() -> None:
    brief = Violation(Invariant.STRAY_TAG, "o/app", "v2.0", "named another image for a while", undone=True)
    only = Step(1, "today", AT, violations=(brief,), breaks=(Invariant.STRAY_TAG,))
    assert "  stray-tag: broken in step 1 as the scenario says, repaired in the same step" in conclusion(only)


def test_a_step_that_breaks_nothing_although_it_should_fails() -> None:
    played = step(1, breaks=(Invariant.FLOATING_TAG_WRONG,))
    assert not rehearsal(played).held
    assert played.problems == (
        "floating-tag-wrong: the scenario says that this step breaks it, and it held: the judge saw nothing",
    )
    assert conclusion(played)[-2] == "FAIL  An invariant held that has to break in step 1."


def test_many_tags_are_cut_in_the_timeline_and_whole_in_the_page() -> None:
    changes = tuple(TagChange("o/app", f"t{number:02}", "", NEW, "", "x", "built") for number in range(20))
    played = Step(1, "many", AT, changes=changes)
    lines = outcome(played)
    assert lines[-2] == "      and 8 more; report.md has them all"
    assert len(lines) == 15
    page = format_page(rehearsal(played))
    assert all(f"| `t{number:02}` |" in page for number in range(20))


def test_the_candidates_tags_fit_a_narrow_terminal() -> None:
    today = Step(1, "today", AT, tags={"o/app": {"latest": NEW, "v2.0.0-rc.1": NEW}}, moment="today's")
    played = Rehearsal(
        "small", 0, "", ("latest",), ("o/app",), (today,), ("latest", "v2.0.0-rc.1"), {"o/app": {"latest": OLD}},
        {OLD: "v1.0.0", NEW: "v2.0.0-rc.1, today's"},
    )  # fmt: skip
    lines = [line.text for line in format_conclusion(played)]
    assert lines[2:6] == [
        "  tag          before  today's",
        "  latest       v1.0.0  rc.1*",
        "  v2.0.0-rc.1  -       rc.1*",
        "  rc.1 is v2.0.0-rc.1; * was built by today's workflow",
    ]


def test_the_page_has_a_diagram_and_no_markup_from_outside() -> None:
    page = format_page(rehearsal(step(1), step(2, violations=(STOLEN,))))
    assert '    s1["1. Publish #34;v2#34; #60;b#62;|#35;#96;<br/>moved: latest"]:::held' in page
    assert ":::broken" in page
    assert "    s1 --> s2\n" in page
    assert '### 1. Publish "v2" \\<b\\>\\|\\#\\`' in page
    assert "| `latest` | `aaaaaaaaaaaa` v1.0.0 | `bbbbbbbbbbbb` v2.0.0-rc.1 |" in page
    assert "| because \\| of it |" in page
    assert "> **candidate-moved-production: o/app latest: names the image of v2.0.0-rc.1**" in page


def test_the_json_has_everything_in_it() -> None:
    data = rehearsal(step(1, violations=(STOLEN,))).as_json()
    assert data["held"] is False
    assert data["invariants"]["candidate-moved-production"] == 1
    assert data["steps"][0]["changes"] == [
        {
            "package": "o/app",
            "tag": "latest",
            "before": OLD,
            "after": NEW,
            "before-image": "v1.0.0",
            "after-image": "v2.0.0-rc.1",
            "why": "because | of it",
        }
    ]
    assert data["steps"][0]["violations"][0]["expected"] is False
