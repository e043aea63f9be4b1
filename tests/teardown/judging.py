"""Says what has to hold after teardowns of random candidates, found out without the code that it judges."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterable
from typing import Any

from tests.cleanup.worlds import Life
from tests.killed import Killed
from tests.teardown.worlds import (
    CANDIDATES,
    FINALS,
    NEXT,
    PATHS,
    Made,
    Process,
    allowed,
    asked,
    held_by_github,
    make,
    weather,
)

from release_actions.cleanup import journal
from release_actions.errors import ExitCode
from release_actions.runner.report import Report
from release_actions.simulator.faults import Fault

State = dict[str, Any]


def stands(made: Made, before: State) -> None:
    """Finals are where they were, in git and in the registry, and every tag pulls whole."""
    after = made.state()
    for path in PATHS:
        for tag in FINALS:
            assert after[path][0][tag] == before[path][0][tag]
        for tag in after[path][0]:
            assert set(made.world.missing(path, tag)) <= made.lost, (path, tag)
        assert made.flying.get(path, set()) <= after[path][1] | made.lost
        if path in made.promoted:
            assert after[path][0].get(NEXT), path
    assert {tag: after["git"][tag] for tag in FINALS} == {tag: before["git"][tag] for tag in FINALS}


def needed(made: Made, path: str) -> tuple[dict[str, set[str]], set[str]]:
    """Digest -> what it needs and what is attached to it; and the digests that carry a tag of their own."""
    holds: dict[str, set[str]] = {}
    named: set[str] = set()
    for version in made.versions(path):
        holds.setdefault(version.digest, set()).update(version.manifest.children)
        about = {version.manifest.subject} - {""}
        about |= {f"sha256:{tag[7:71]}" for tag in version.tags if tag.startswith("sha256-")}
        for subject in about:
            holds.setdefault(subject, set()).add(version.digest)
        if any(not tag.startswith("sha256-") for tag in version.tags):
            named.add(version.digest)
    return holds, named


def reached(holds: dict[str, set[str]], roots: Iterable[str]) -> set[str]:
    found: set[str] = set()
    todo = [*roots]
    while todo:
        digest = todo.pop()
        if digest not in found:
            found.add(digest)
            todo += holds.get(digest, ())
    return found


def nothing_is_left_over(made: Made, before: dict[str, tuple[dict[str, set[str]], set[str]]]) -> None:
    """Nothing remains that only what was deleted had reached."""
    for path in PATHS:
        holds, named = before[path]
        there = {version.digest for version in made.versions(path)}
        below = reached(holds, named - there) & there
        _, now = needed(made, path)
        others = there - below
        assert not below - reached(holds, now | others), path


def tells_the_truth(made: Made, report: Report, before: State, candidates: tuple[str, ...]) -> None:
    """What the outputs say went is gone, what they say is there is, and what takes it back names all that went."""
    after = made.state()
    removed: Any = report.outputs["removed"]
    refused: Any = report.outputs["refused"]
    undo: Any = report.outputs["undo"]
    assert set(removed) <= set(candidates)
    pages = {page[0] for page in after["releases"]}
    for tag in removed:
        assert tag not in after["git"]
        assert tag not in pages
        for path in PATHS:
            # Of a release the image stays, with all its names.
            assert tag not in after[path][0] or after[path][0].get(NEXT) == after[path][0][tag]
    for item in refused:
        kind, _, name = item["what"].rpartition(" ")
        assert kind != "git tag" or name in after["git"], item
        assert kind != "release" or name in pages, item
        if kind == "candidate":
            assert name not in removed
            assert after["git"].get(name) == before["git"].get(name)
            assert name in pages or name not in {page[0] for page in before["releases"]}
            assert all(after[path][0].get(name) == before[path][0].get(name) for path in PATHS)
    gone = {tag: sha for tag, sha in before["git"].items() if after["git"].get(tag) != sha}
    assert undo["git"] == gone
    assert sorted(one["tag_name"] for one in undo["releases"]) == sorted(
        page[0] for page in before["releases"] if page not in after["releases"]
    )
    for path in PATHS:
        package = made.world.package(path)
        assert package is not None
        dead = {version.id: version.digest for version in package.versions(deleted=True)}
        listed = {dead[number] for number in undo["versions"].get(path, ())}
        assert listed == before[path][1] - after[path][1]
    for path in PATHS:
        others = set(CANDIDATES) - set(candidates)
        assert others & set(before[path][0]) == others & set(after[path][0])
        # What stays is what it was: this command moves no tag of an image.
        assert after[path][0].items() <= before[path][0].items()
        assert not [tag for tag in ("demo", "latest", "v0") if tag in before[path][0] and tag not in after[path][0]]


def judge_alone(seed: int, process: Process) -> None:
    """Nothing is left, nothing else goes, nothing untrue is told, and a second run is empty."""
    made = make(seed)
    held_by_github(made)
    before, inner = made.state(), {path: needed(made, path) for path in PATHS}
    process.undo_file.unlink(missing_ok=True)
    report = process.run(made, asked(seed), allow=allowed(seed))
    assert report.exit_code in {ExitCode.PASS, ExitCode.REFUSED}, report.findings
    stands(made, before)
    tells_the_truth(made, report, before, asked(seed))
    after = made.state()
    refused: Any = report.outputs["refused"]
    if not any(item["what"].startswith("version") for item in refused):
        nothing_is_left_over(made, inner)
    second = process.run(made, asked(seed), allow=allowed(seed))
    assert made.state() == after
    assert second.exit_code is report.exit_code
    # Once GitHub lets them go, the same inputs finish what was refused.
    made.repository.tag_rules = ()
    for path in PATHS:
        for version in made.versions(path):
            version.downloads = 0
    third = process.run(made, asked(seed), allow=allowed(seed))
    still: Any = third.outputs["refused"]
    assert {item["what"].partition(" ")[0] for item in still} <= {"candidate"}
    unheld = make(seed)
    process.run(unheld, asked(seed), allow=allowed(seed))
    assert made.state() == unheld.state()


def without_journals(state: State) -> State:
    """A state without the tag of what a killed run writes into a package."""
    tags = {path: {tag: digest for tag, digest in state[path][0].items() if tag != journal.TAG} for path in PATHS}
    return {**state, **{path: (tags[path], state[path][1]) for path in PATHS}}


def judge_killed(seed: int, process: Process) -> None:
    """The run after two that were killed ends where one run would have, and all of it comes back."""
    whole, made = make(seed), make(seed)
    before = made.state()
    assert whole.state() == before
    process.run(whole, asked(seed))
    process.undo_file.unlink(missing_ok=True)
    chance = random.Random(seed)
    for _ in range(2):
        with contextlib.suppress(Killed):
            process.run(made, asked(seed), life=Life(chance.randint(1, max(1, process.steps))))
        stands(made, before)
    if chance.random() < 0.3 and process.undo_file.exists():
        # All of it may also come back at once.
        assert process.restore(made).exit_code is ExitCode.PASS
        assert without_journals(made.state()) == without_journals(before)
    process.run(made, asked(seed))
    assert made.state() == whole.state()
    if process.undo_file.exists():
        report = process.restore(made)
        assert report.exit_code is ExitCode.PASS, report.findings
    assert made.state() == before


def judge_company(seed: int, process: Process) -> None:
    """Somebody who meddles at any step never breaks production; once alone, a run finishes and nothing more is left."""
    made = make(seed)
    before = made.state()
    chance = random.Random(seed)
    moments = (
        *(("DELETE", "*", 20), ("GET", "*", 60), ("*", "*", 160), ("PATCH|PUT", "*", 3)),
        *(("GET", "*/releases/*", 2), ("GET", "*/git/ref/*", 6)),
    )
    faults = tuple(
        Fault(method=method, path=path, nth=chance.randint(1, last), steps=(made.meddle,))
        for method, path, last in chance.sample(moments, 2)
    )
    faults += weather(chance, seed)
    process.undo_file.unlink(missing_ok=True)
    life = Life(chance.randint(1, 200)) if chance.random() < 0.4 else None
    killed = False
    try:
        process.run(made, asked(seed), faults, life)
    except Killed:
        killed = True
        # A tag that was put on an image in the moment of its deletion went with it, and nobody looked any more.
        made.promoted.clear()
    if not killed:
        stands(made, before)
    assert made.pages <= made.repository.releases.keys()
    second = process.run(made, asked(seed))
    assert second.exit_code in {ExitCode.PASS, ExitCode.REFUSED}, second.findings
    stands(made, before)
    assert made.pages <= made.repository.releases.keys()
    after = made.state()
    third = process.run(made, asked(seed))
    assert made.state() == after
    assert third.exit_code is second.exit_code
    if process.undo_file.exists():
        process.restore(made)
        stands(made, before)
