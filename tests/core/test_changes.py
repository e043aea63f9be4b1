"""What a run changed, from real repositories: exactly, or an error that says how to check out."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from release_actions import changes
from release_actions.build_event import Build
from release_actions.context import Context
from release_actions.errors import ActionError, InputError
from release_actions.versions import parse

ABSENT = "a" * 40
DEEP = "Check it out with fetch-depth: 0, or pass the paths with changed-files, or changed-files: all."


def git(folder: Path, *arguments: str) -> str:
    settings = ("user.name=x", "user.email=x@x", "init.defaultBranch=main", "commit.gpgsign=false")
    options = [part for setting in settings for part in ("-c", setting)]
    ran = subprocess.run(["git", "-C", str(folder), *options, *arguments], check=True, capture_output=True, text=True)
    return ran.stdout.strip()


def commit(folder: Path, **files: str) -> str:
    for name, text in files.items():
        (folder / name).write_text(text)
    git(folder, "add", "--all")
    git(folder, "commit", "--allow-empty", "--message", "x")
    return git(folder, "rev-parse", "HEAD")


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    """main: base, then one more commit; topic: left main at base and changed another file."""
    folder = tmp_path / "origin"
    folder.mkdir()
    git(folder, "init")
    commit(folder, a="1", b="1", c="1")
    git(folder, "checkout", "-b", "topic")
    commit(folder, b="2")
    git(folder, "checkout", "main")
    commit(folder, a="2")
    git(folder, "checkout", "-b", "merge")
    git(folder, "merge", "--no-ff", "--message", "merge", "topic")
    return folder


def clone(origin: Path, branch: str, *options: str) -> Path:
    folder = origin.parent / f"clone-{branch}"
    git(origin.parent, "clone", "--branch", branch, *options, origin.as_uri(), str(folder))
    return folder


def context(folder: Path, name: str, event: dict[str, Any]) -> Context:
    file = folder.parent / "event.json"
    file.write_text(json.dumps(event))
    return Context(event_name=name, event_path=str(file), workspace=folder)


def pull_request(origin: Path, folder: Path, name: str = "pull_request") -> changes.Changes:
    base, head = git(origin, "rev-parse", "main"), git(origin, "rev-parse", "topic")
    event = {"pull_request": {"number": 3, "base": {"sha": base}, "head": {"sha": head}}}
    return changes.read((), Build(sha=head, pull=3), context(folder, name, event))


def push(folder: Path, before: str, after: str, **more: bool) -> changes.Changes:
    return changes.read((), Build(sha=after), context(folder, "push", {"before": before, "after": after, **more}))


@pytest.mark.parametrize("name", ["pull_request", "pull_request_target"])
def test_a_pull_request_changes_what_it_changed_since_it_left_its_base(origin: Path, name: str) -> None:
    assert pull_request(origin, clone(origin, "main"), name) == changes.Changes(frozenset({"b"}))


def test_the_merge_commit_that_checkout_takes_needs_no_more_than_two_commits(origin: Path) -> None:
    folder = clone(origin, "merge", "--depth", "2")
    assert pull_request(origin, folder) == changes.Changes(frozenset({"b"}))


def test_the_merge_commit_alone_is_refused_with_what_to_do(origin: Path) -> None:
    folder = clone(origin, "merge", "--depth", "1")
    with pytest.raises(InputError) as caught:
        pull_request(origin, folder)
    base = git(origin, "rev-parse", "main")[:7]
    assert str(caught.value) == (
        f"The checkout does not have commit {base}, the base of the pull request, so what changed is not known. {DEEP}"
    )


def test_a_history_that_was_cut_off_is_never_compared(origin: Path) -> None:
    folder = clone(origin, "topic", "--depth", "1")
    git(folder, "fetch", "--depth", "1", "origin", "main")
    with pytest.raises(InputError) as caught:
        pull_request(origin, folder)
    assert str(caught.value) == (
        "The checkout is shallow, so where the pull request left its base is not known. Check it out with "
        "fetch-depth: 0, or the merge commit (refs/pull/NUMBER/merge) with fetch-depth: 2."
    )


def test_a_pull_request_without_a_common_commit_changes_everything(origin: Path) -> None:
    git(origin, "checkout", "--orphan", "other")
    head = commit(origin, d="1")
    base = git(origin, "rev-parse", "main")
    event = {"pull_request": {"number": 3, "base": {"sha": base}, "head": {"sha": head}}}
    found = changes.read((), Build(sha=head, pull=3), context(origin, "pull_request", event))
    assert found.everything == "the pull request shares no commit with its base"


def test_a_push_changes_what_differs_between_its_two_trees(origin: Path) -> None:
    before, after = git(origin, "rev-parse", "main"), git(origin, "rev-parse", "topic")
    assert push(origin, before, after).files == {"a", "b"}


def test_both_names_of_a_renamed_file_and_odd_names_count(origin: Path) -> None:
    before = git(origin, "rev-parse", "HEAD")
    (origin / "a").rename(origin / 'ä\n"x')
    assert push(origin, before, commit(origin)).files == {"a", 'ä\n"x'}


def test_the_first_push_of_a_branch_changes_everything(origin: Path) -> None:
    assert push(origin, "0" * 40, ABSENT).everything == "it is the first push of the branch"


def test_a_force_push_whose_old_commit_is_gone_changes_everything(origin: Path) -> None:
    after = git(origin, "rev-parse", "main")
    found = push(origin, ABSENT, after, forced=True)
    assert found.everything == "a force push replaced commit aaaaaaa, which no branch has any more"


def test_a_force_push_whose_old_commit_is_there_is_compared(origin: Path) -> None:
    before, after = git(origin, "rev-parse", "main"), git(origin, "rev-parse", "topic")
    assert push(origin, before, after, forced=True).files == {"a", "b"}


def test_a_push_in_a_shallow_checkout_is_refused_with_what_to_do(origin: Path) -> None:
    folder = clone(origin, "main", "--depth", "1")
    before, after = git(origin, "rev-parse", "main~1"), git(origin, "rev-parse", "main")
    with pytest.raises(InputError) as caught:
        push(folder, before, after)
    assert str(caught.value) == (
        f"The checkout does not have commit {before[:7]}, the commit before the push, so what changed is not known. "
        f"{DEEP}"
    )


def test_a_merge_group_is_compared_with_its_base(origin: Path) -> None:
    base, head = git(origin, "rev-parse", "main"), git(origin, "rev-parse", "merge")
    event = {"merge_group": {"base_sha": base, "head_sha": head}}
    assert changes.read((), Build(sha=head), context(origin, "merge_group", event)).files == {"b"}


@pytest.mark.parametrize(
    ("given", "build", "name", "expected"),
    [
        ((), Build(version=parse("v1.2.0")), "push", changes.Changes(everything="it is part of the release v1.2.0")),
        (("x",), Build(version=parse("v1.2.0")), "", changes.Changes(everything="it is part of the release v1.2.0")),
        (("all",), Build(), "push", changes.Changes(everything="changed-files says all")),
        (("none",), Build(), "push", changes.Changes()),
        (("./a", "b c"), Build(), "push", changes.Changes(frozenset({"a", "b c"}))),
        ((), Build(), "schedule", changes.Changes(everything="the event schedule changes no files")),
        ((), Build(), "workflow_dispatch", changes.Changes(everything="the event workflow_dispatch changes no files")),
        ((), Build(), "", changes.Changes(everything="no event says what changed")),
    ],
)
def test_what_needs_no_git(
    tmp_path: Path, given: tuple[str, ...], build: Build, name: str, expected: changes.Changes
) -> None:
    assert changes.read(given, build, Context(event_name=name, workspace=tmp_path / "none")) == expected


def test_a_payload_with_something_else_than_a_commit_never_reaches_git(origin: Path) -> None:
    with pytest.raises(InputError) as caught:
        push(origin, "--output=x", ABSENT)
    assert caught.value.problems[0].message == "The event's payload names the commit '--output=x', which is none."


def test_a_folder_without_a_repository_says_so(tmp_path: Path) -> None:
    folder = tmp_path / "empty"
    folder.mkdir()
    head = {"pull_request": {"number": 1, "base": {"sha": ABSENT}, "head": {"sha": ABSENT}}}
    with pytest.raises(InputError) as caught:
        changes.read((), Build(sha=ABSENT, pull=1), context(folder, "pull_request", head))
    assert "Check out the repository before this step" in caught.value.hint


def test_a_machine_without_git_says_so(origin: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(origin))
    with pytest.raises(ActionError) as caught:
        push(origin, ABSENT, ABSENT)
    assert str(caught.value) == (
        "What changed could not be found out: git did not run here (FileNotFoundError). "
        "Install git, or pass the paths with changed-files."
    )
