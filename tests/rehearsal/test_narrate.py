"""The report says what moved and why, and no text of a scenario is markup in it."""

from __future__ import annotations

from datetime import datetime, timezone

from release_actions.rehearsal import narrate
from release_actions.rehearsal.invariants import Invariant, Violation
from release_actions.rehearsal.record import Change, Rehearsal, Run, Step

AT = datetime(2026, 2, 3, tzinfo=timezone.utc)
OLD, NEW = "sha256:" + "a" * 64, "sha256:" + "b" * 64
STOLEN = Violation(Invariant.CANDIDATE_MOVED_PRODUCTION, "o/app", "latest", "names the image of v2.0.0-rc.1")


def step(number: int, *, breaks: tuple[Invariant, ...] = (), violations: tuple[Violation, ...] = ()) -> Step:
    return Step(
        number=number,
        title='Publish "v2" <b>|#`',
        at=AT,
        runs=(Run("protect-latest", "1 image, 1 floating tag moved.", seconds=0.21),),
        changes=(Change("o/app", "latest", OLD, NEW, "v1.0.0", "v2.0.0-rc.1", "because | of it"),),
        tags={"o/app": {"latest": NEW}},
        violations=violations,
        breaks=breaks,
    )


def rehearsal(*steps: Step) -> Rehearsal:
    return Rehearsal("small", 0, "", ("latest",), ("o/app",), steps, images={NEW: "v2.0.0-rc.1"}, seconds=1.5)


def test_a_step_tells_what_moved_and_why() -> None:
    assert list(narrate.outcome(step(1))) == [
        "    o/app",
        "      latest  aaaaaaaaaaaa (v1.0.0) -> bbbbbbbbbbbb (v2.0.0-rc.1)  because | of it",
        "    every invariant held",
    ]
    assert narrate.running(step(1).runs[0]) == "    protect-latest    1 image, 1 floating tag moved.  (0.2 s)"


def test_a_broken_invariant_is_named_with_its_place() -> None:
    assert list(narrate.outcome(step(1, violations=(STOLEN,))))[-2:] == [
        "    BROKEN",
        "      candidate-moved-production: o/app latest: names the image of v2.0.0-rc.1",
    ]
    lines = list(narrate.conclusion(rehearsal(step(1, violations=(STOLEN,)))))
    verdict = next(line for line in lines if "candidate-moved-production" in line)
    assert verdict.startswith("  BROKEN in step 1  candidate-moved-production: a candidate moves no production tag")
    assert lines[-1] == "1 step, 1 run, 0 requests in 1.5 s: the rehearsal failed."


def test_the_timeline_tells_the_first_of_many_broken_tags_and_the_page_all() -> None:
    wrong = tuple(Violation(Invariant.FLOATING_TAG_WRONG, "o/app", f"v{n}", "names nothing") for n in range(9))
    played = step(1, violations=(STOLEN, *wrong))
    assert list(narrate.outcome(played))[3:] == [
        "      candidate-moved-production: o/app latest: names the image of v2.0.0-rc.1",
        "      floating-tag-wrong: o/app v0: names nothing",
        "      floating-tag-wrong: o/app v1: names nothing",
        "      floating-tag-wrong: o/app v2: names nothing",
        "      floating-tag-wrong: o/app v3: names nothing (and 5 more like it)",
    ]
    assert played.first_faults(1) == (
        "candidate-moved-production: o/app latest: names the image of v2.0.0-rc.1",
        "floating-tag-wrong: o/app v0: names nothing (and 8 more like it)",
    )
    page = narrate.page(rehearsal(played))
    assert all(f"floating-tag-wrong: o/app v{n}: names nothing" in page for n in range(9))


def test_what_todays_workflow_breaks_is_expected_and_said() -> None:
    played = step(1, breaks=(Invariant.CANDIDATE_MOVED_PRODUCTION,), violations=(STOLEN,))
    assert list(narrate.outcome(played))[-1] == "    broken, as today: candidate-moved-production (1 tag)"
    assert rehearsal(played).held


def test_a_step_that_breaks_nothing_although_it_should_fails() -> None:
    played = step(1, breaks=(Invariant.FLOATING_TAG_WRONG,))
    assert not rehearsal(played).held
    assert played.faults == (
        "floating-tag-wrong: the scenario says that this step breaks it, and it held: the judge saw nothing",
    )


def test_many_tags_of_a_package_are_cut_in_the_timeline_and_whole_in_the_page() -> None:
    changes = tuple(Change("o/app", f"t{number:02}", "", NEW, "", "x", "built") for number in range(20))
    played = Step(1, "many", AT, changes=changes)
    lines = list(narrate.outcome(played))
    assert lines[-2] == "      and 13 more; report.md has them all"
    assert len(lines) == 10
    page = narrate.page(rehearsal(played))
    assert all(f"| `t{number:02}` |" in page for number in range(20))


def test_the_page_has_a_diagram_and_no_markup_from_outside() -> None:
    page = narrate.page(rehearsal(step(1), step(2, violations=(STOLEN,))))
    assert '    s1["1. Publish #34;v2#34; #60;b#62;|#35;#96;<br/>moved: latest"]:::held' in page
    assert ":::broken" in page
    assert "    s1 --> s2\n" in page
    assert '### 1. Publish "v2" \\<b\\>\\|\\#\\`' in page
    assert "| `latest` | `aaaaaaaaaaaa` v1.0.0 | `bbbbbbbbbbbb` v2.0.0-rc.1 | because \\| of it |" in page
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
