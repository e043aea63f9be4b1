"""What a run changed, from real repositories: exactly, or an error that says how to check out."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from release_actions.builds import changes
from release_actions.builds.changes import ChangedFiles
from release_actions.builds.event import Build
from release_actions.errors import ActionError, InputError
from release_actions.git.commits import Commits
from release_actions.git.process import shorten_complaint
from release_actions.runner.context import Context
from release_actions.versions.version import parse

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
    # As GitHub does: any commit may be fetched by its name.
    git(folder, "config", "uploadpack.allowAnySHA1InWant", "true")
    commit(folder, a="1", b="1", c="1")
    git(folder, "checkout", "-b", "topic")
    commit(folder, b="2")
    git(folder, "checkout", "main")
    commit(folder, a="2")
    git(folder, "checkout", "-b", "merge")
    git(folder, "merge", "--no-ff", "--message", "merge", "topic")
    return folder


def ask(context: Context, build: Build, *, fetch: bool = False) -> ChangedFiles:
    return changes.read_changes((), build, context, fetch=fetch, log=print)


def clone(origin: Path, branch: str, *options: str) -> Path:
    folder = origin.parent / f"clone-{branch}"
    git(origin.parent, "clone", "--branch", branch, *options, origin.as_uri(), str(folder))
    return folder


def context(folder: Path, name: str, event: dict[str, Any]) -> Context:
    file = folder.parent / "event.json"
    file.write_text(json.dumps(event))
    return Context(event_name=name, event_path=str(file), workspace=folder)


def pull_request(origin: Path, folder: Path, name: str = "pull_request", *, fetch: bool = False) -> ChangedFiles:
    base, head = git(origin, "rev-parse", "main"), git(origin, "rev-parse", "topic")
    event = {"pull_request": {"number": 3, "base": {"sha": base}, "head": {"sha": head}}}
    return ask(context(folder, name, event), Build(sha=head, pull=3), fetch=fetch)


def push(folder: Path, before: str, after: str, *, fetch: bool = False, **more: bool) -> ChangedFiles:
    return ask(context(folder, "push", {"before": before, "after": after, **more}), Build(sha=after), fetch=fetch)


@pytest.mark.parametrize("name", ["pull_request", "pull_request_target"])
def test_a_pull_request_changes_what_it_changed_since_it_left_its_base(origin: Path, name: str) -> None:
    assert pull_request(origin, clone(origin, "main"), name) == ChangedFiles(frozenset({"b"}))


def test_the_merge_commit_that_checkout_takes_needs_no_more_than_two_commits(origin: Path) -> None:
    folder = clone(origin, "merge", "--depth", "2")
    assert pull_request(origin, folder) == ChangedFiles(frozenset({"b"}))


def test_the_merge_commit_alone_is_refused_with_what_to_do(origin: Path) -> None:
    folder = clone(origin, "merge", "--depth", "1")
    with pytest.raises(InputError) as caught:
        pull_request(origin, folder)
    base = git(origin, "rev-parse", "main")[:7]
    assert str(caught.value) == (
        f"The checkout does not have commit {base}, the base of the pull request, so what changed is not known. It was "
        f"not fetched: fetch is false. {DEEP}"
    )


def test_a_history_that_was_cut_off_is_never_compared(origin: Path) -> None:
    folder = clone(origin, "topic", "--depth", "1")
    git(folder, "fetch", "--depth", "1", "origin", "main")
    with pytest.raises(InputError) as caught:
        pull_request(origin, folder)
    assert str(caught.value) == (
        "The checkout is shallow, so the commit where the pull request left its base is not known. The rest of the "
        "history was not fetched: fetch is false. Check it out with fetch-depth: 0, or the merge commit "
        "(refs/pull/NUMBER/merge) with fetch-depth: 2."
    )


def history(folder: Path) -> tuple[str, str]:
    """What later steps of the job see: branches and tags, and the commits of what is checked out."""
    return git(folder, "for-each-ref"), git(folder, "log", "--format=%H")


def test_the_default_checkout_fetches_the_one_commit_that_it_lacks(
    origin: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = clone(origin, "merge", "--depth", "1")
    before = history(folder)
    assert pull_request(origin, folder, fetch=True) == ChangedFiles(frozenset({"b"}))
    base = git(origin, "rev-parse", "main")
    assert capsys.readouterr().out == f"Fetched commit {base[:7]}, which the checkout did not have.\n"
    assert history(folder) == before


def test_under_pull_request_target_the_merge_commit_is_fetched(
    origin: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    merge = git(origin, "rev-parse", "merge")
    git(origin, "update-ref", "refs/pull/3/merge", merge)
    folder = clone(origin, "main", "--depth", "1")
    before = history(folder)
    assert pull_request(origin, folder, "pull_request_target", fetch=True) == ChangedFiles(frozenset({"b"}))
    assert capsys.readouterr().out == f"Fetched commit {merge[:7]}, which the checkout did not have.\n"
    assert history(folder) == before


@pytest.mark.parametrize("stale", [True, False])
def test_a_pull_request_whose_merge_commit_is_old_or_not_there_gets_the_whole_history(
    origin: Path, capsys: pytest.CaptureFixture[str], *, stale: bool
) -> None:
    if stale:
        git(origin, "update-ref", "refs/pull/3/merge", git(origin, "rev-parse", "merge"))
        git(origin, "checkout", "topic")
        commit(origin, c="2")
    folder = clone(origin, "main", "--depth", "1")
    changed = pull_request(origin, folder, "pull_request_target", fetch=True)
    assert changed.files == ({"b", "c"} if stale else {"b"})
    assert "Fetched the history that the checkout did not have." in capsys.readouterr().out


def test_origin_is_not_asked_where_the_merge_commit_is_checked_out(
    origin: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(Commits, "named")
    assert pull_request(origin, clone(origin, "merge", "--depth", "2"), fetch=True).files == {"b"}


def test_a_whole_history_stays_whole(origin: Path) -> None:
    folder = clone(origin, "main", "--single-branch")
    assert pull_request(origin, folder, "pull_request_target", fetch=True).files == {"b"}
    assert git(folder, "rev-parse", "--is-shallow-repository") == "false"


def test_a_history_that_is_there_gets_no_shorter(origin: Path) -> None:
    git(origin, "checkout", "main")
    commit(origin, a="3")
    commit(origin, a="4")
    folder = clone(origin, "main", "--depth", "3")
    before = history(folder)
    assert pull_request(origin, folder, "pull_request_target", fetch=True).files == {"b"}
    assert before[1] in history(folder)[1]


@pytest.mark.parametrize("depth", [(), ("--depth", "1")])
def test_the_commit_before_a_push_is_fetched(origin: Path, depth: tuple[str, ...]) -> None:
    before = git(origin, "rev-parse", "topic")
    after = git(origin, "rev-parse", "main")
    folder = clone(origin, "main", "--single-branch", *depth)
    seen = history(folder)
    assert push(folder, before, after, fetch=True).files == {"a", "b"}
    assert history(folder) == seen
    assert git(folder, "rev-parse", "--is-shallow-repository") == str(bool(depth)).lower()


def test_a_commit_that_origin_does_not_have_is_refused_with_the_words_of_git(origin: Path) -> None:
    folder = clone(origin, "main")
    with pytest.raises(InputError) as caught:
        push(folder, ABSENT, git(origin, "rev-parse", "main"), fetch=True)
    assert re.fullmatch(
        "The checkout does not have commit aaaaaaa, the commit before the push, so what changed is not known. It was "
        f"not fetched: git says '.*upload-pack: not our ref {ABSENT}'. {DEEP}",
        str(caught.value),
    )


def test_a_force_push_whose_old_commit_is_gone_everywhere_changes_everything(origin: Path) -> None:
    folder = clone(origin, "main")
    found = push(folder, ABSENT, git(origin, "rev-parse", "main"), forced=True, fetch=True)
    assert found.everything == "a force push replaced commit aaaaaaa, which no branch has any more"


def test_a_force_push_whose_old_commit_github_still_has_is_compared(origin: Path) -> None:
    git(origin, "checkout", "main")
    old = commit(origin, c="3")
    git(origin, "reset", "--hard", "HEAD~1")
    folder = clone(origin, "main")
    assert push(folder, old, git(origin, "rev-parse", "main"), forced=True, fetch=True).files == {"c"}


def test_a_password_in_an_address_is_never_told() -> None:
    words = "error: x\nfatal: unable to access 'https://x-access-token:ghs_secret@github.com/acme/app/': no route"
    assert shorten_complaint(words) == "unable to access 'https://github.com/acme/app/': no route"


def test_a_pull_request_without_a_common_commit_changes_everything(origin: Path) -> None:
    git(origin, "checkout", "--orphan", "other")
    head = commit(origin, d="1")
    base = git(origin, "rev-parse", "main")
    event = {"pull_request": {"number": 3, "base": {"sha": base}, "head": {"sha": head}}}
    found = ask(context(origin, "pull_request", event), Build(sha=head, pull=3))
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
        f"It was not fetched: fetch is false. {DEEP}"
    )


def test_a_merge_group_is_compared_with_its_base(origin: Path) -> None:
    base, head = git(origin, "rev-parse", "main"), git(origin, "rev-parse", "merge")
    event = {"merge_group": {"base_sha": base, "head_sha": head}}
    assert ask(context(origin, "merge_group", event), Build(sha=head)).files == {"b"}


@pytest.mark.parametrize(
    ("given", "build", "name", "expected"),
    [
        (
            (),
            Build(version=parse("v1.2.0")),
            "push",
            ChangedFiles(everything="it is part of the release v1.2.0"),
        ),
        (
            ("x",),
            Build(version=parse("v1.2.0")),
            "",
            ChangedFiles(everything="it is part of the release v1.2.0"),
        ),
        (("all",), Build(), "push", ChangedFiles(everything="changed-files says all")),
        (("none",), Build(), "push", ChangedFiles()),
        (("./a", "b c"), Build(), "push", ChangedFiles(frozenset({"a", "b c"}))),
        ((), Build(), "schedule", ChangedFiles(everything="the event schedule changes no files")),
        (
            (),
            Build(),
            "workflow_dispatch",
            ChangedFiles(everything="the event workflow_dispatch changes no files"),
        ),
        ((), Build(), "", ChangedFiles(everything="no event says what changed")),
    ],
)
def test_what_needs_no_git(
    tmp_path: Path, given: tuple[str, ...], build: Build, name: str, expected: ChangedFiles
) -> None:
    run = Context(event_name=name, workspace=tmp_path / "none")
    assert changes.read_changes(given, build, run, fetch=True, log=print) == expected


def test_a_payload_with_something_else_than_a_commit_never_reaches_git(origin: Path) -> None:
    with pytest.raises(InputError) as caught:
        push(origin, "--output=x", ABSENT)
    assert (
        caught.value.problems[0].message == "The event's payload names the commit '--output=x', which is not a commit."
    )


def test_a_folder_without_a_repository_says_so(tmp_path: Path) -> None:
    folder = tmp_path / "empty"
    folder.mkdir()
    head = {"pull_request": {"number": 1, "base": {"sha": ABSENT}, "head": {"sha": ABSENT}}}
    with pytest.raises(InputError) as caught:
        ask(context(folder, "pull_request", head), Build(sha=ABSENT, pull=1))
    assert "Check out the repository before this step" in caught.value.hint


def test_a_machine_without_git_says_so(origin: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(origin))
    with pytest.raises(ActionError) as caught:
        push(origin, ABSENT, ABSENT)
    assert str(caught.value) == (
        "What changed could not be found out: git is not installed here. "
        "Install git, or pass the paths with changed-files."
    )
