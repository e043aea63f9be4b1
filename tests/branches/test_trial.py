"""Picks and reverts that are tried come out as git's own, and run nothing of the checkout."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from tests.branches.histories import Repository

from release_actions.errors import ActionError
from release_actions.git.trial import Trial

LINES = [f"line {number}" for number in range(12)]


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    folder = tmp_path / "a folder"
    folder.mkdir()
    return Repository.init(folder)


def write(lines: list[str]) -> str:
    return "\n".join(lines) + "\n"


def do_by_git(repository: Repository, command: str, commit: str) -> tuple[str, list[str]]:
    """The tree that git's own command makes, or the files that it leaves for a person."""
    repository.git(command, "--no-commit", commit, check=False)
    unmerged = repository.git("diff", "--name-only", "--diff-filter=U").splitlines()
    tree = "" if unmerged else repository.git("write-tree")
    repository.git("reset", "--quiet", "--hard")
    return tree, sorted(unmerged)


@pytest.mark.parametrize("seed", range(6))
def test_picks_and_reverts_come_out_as_gits_own(repository: Repository, seed: int) -> None:
    draw = random.Random(seed)
    repository.commit("Files", {"a.txt": write(LINES), "b.txt": write(LINES)})
    repository.cut("release")
    for branch in ("release", "main"):
        repository.on(branch)
        for number in range(3):
            lines = [*LINES]
            lines[draw.randrange(12)] = f"{branch} {number}"
            repository.commit(f"Change {number}", {draw.choice(("a.txt", "b.txt", "c.txt")): write(lines)})
    theirs = repository.git("rev-list", "release..main").splitlines()
    own = repository.git("rev-list", "main..release").splitlines()
    repository.on("release")
    head = repository.head()

    with Trial(repository.folder) as trial:
        for commit in theirs:
            tree, unmerged = do_by_git(repository, "cherry-pick", commit)
            attempt = trial.pick(head, commit)
            assert (bool(attempt.commit), sorted(attempt.conflicts)) == (bool(tree), unmerged)
            assert not tree or tree in trial._git("cat-file", "commit", attempt.commit).decode()
        for commit in own:
            tree, unmerged = do_by_git(repository, "revert", commit)
            attempt = trial.revert(head, commit)
            assert (bool(attempt.commit), sorted(attempt.conflicts)) == (bool(tree), unmerged)


def test_nothing_of_the_checkout_runs_or_changes(repository: Repository, tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    script = repository.folder / ".git" / "hooks" / "post-commit"
    script.parent.mkdir(exist_ok=True)
    for name in ("post-commit", "pre-commit", "post-checkout", "reference-transaction", "post-index-change"):
        hook = script.with_name(name)
        hook.write_text(f"#!/bin/sh\necho hook >> '{mark}'\n")
        hook.chmod(0o755)
    repository.commit("Attributes", {".gitattributes": "* filter=evil merge=evil diff=evil\n", "a.txt": write(LINES)})
    repository.cut("release")
    repository.commit("Own", {"a.txt": write(["own", *LINES])})
    repository.on("main")
    pick = repository.commit("Change", {"a.txt": write([*LINES, "more"])})
    for key in ("filter.evil.smudge", "filter.evil.clean", "merge.evil.driver", "diff.evil.textconv", "core.fsmonitor"):
        repository.git("config", key, f"echo {key} >> '{mark}'; false")
    mark.unlink(missing_ok=True)
    before = (repository.git("for-each-ref"), sorted(path.name for path in (repository.folder / ".git").iterdir()))

    with Trial(repository.folder) as trial:
        attempt = trial.pick(repository.git("rev-parse", "release"), pick)
        trial.list_changes(repository.git("rev-parse", "release"), attempt.commit)
        trial.compare_patches(pick, repository.git("rev-parse", "release"))

    assert attempt.commit
    assert not mark.exists()
    after = (repository.git("for-each-ref"), sorted(path.name for path in (repository.folder / ".git").iterdir()))
    assert after == before


def test_changes_are_read_with_modes_deletions_and_submodules(repository: Repository) -> None:
    repository.commit("Files", {"old.txt": "old\n"})
    before = repository.head()
    repository.git("rm", "--quiet", "old.txt")
    (repository.folder / "link").symlink_to("README.md")
    repository.git("update-index", "--add", "--cacheinfo", f"160000,{before},module")
    repository.git("add", "link")
    repository.git("commit", "--quiet", "-m", "Change")

    with Trial(repository.folder) as trial:
        changes = {change.path: change for change in trial.list_changes(before, repository.head())}

    assert changes["old.txt"].content is None
    assert (changes["link"].mode, changes["link"].content) == ("120000", b"README.md")
    assert (changes["module"].submodule, changes["module"].content) == (before, None)


def test_the_first_commit_and_a_merge_can_be_picked(repository: Repository) -> None:
    first = repository.git("rev-list", "--max-parents=0", "main")
    repository.cut("topic")
    repository.commit("Topic", {"topic.txt": "topic\n"})
    repository.on("main")
    repository.git("merge", "--quiet", "--no-ff", "-m", "Merge", "topic")
    merge = repository.head()
    repository.git("checkout", "--quiet", "--orphan", "other")
    repository.git("rm", "--quiet", "-rf", ".")
    other = repository.commit("Other", {"other.txt": "other\n"})

    with Trial(repository.folder) as trial:
        root, merged = trial.pick(other, first), trial.pick(other, merge)
        names = [[change.path for change in trial.list_changes(other, made.commit)] for made in (root, merged)]

    assert names == [["README.md"], ["topic.txt"]]


def test_a_submodule_is_picked_without_being_fetched(repository: Repository) -> None:
    first, second = "1" * 40, "2" * 40
    repository.git("update-index", "--add", "--cacheinfo", f"160000,{first},module")
    repository.git("commit", "--quiet", "-m", "Module")
    repository.cut("release")
    head = repository.head()
    repository.on("main")
    repository.git("update-index", "--cacheinfo", f"160000,{second},module")
    repository.git("commit", "--quiet", "-m", "Newer module")

    with Trial(repository.folder) as trial:
        attempt = trial.pick(head, repository.head())
        (change,) = trial.list_changes(head, attempt.commit)

    assert (change.path, change.submodule) == ("module", second)


def test_two_patches_are_shown_as_range_diff_does(repository: Repository) -> None:
    first = repository.commit("Change", {"a.txt": write(["a", "b"])})
    repository.git("checkout", "--quiet", "-b", "other", "HEAD^")
    second = repository.commit("Change", {"a.txt": write(["a", "c"])})

    with Trial(repository.folder) as trial:
        shown = trial.compare_patches(first, second)

    assert "-+b" in shown.replace(" ", "")
    assert "++c" in shown.replace(" ", "")


def test_a_commit_that_is_not_there_is_an_error(repository: Repository) -> None:
    with Trial(repository.folder) as trial, pytest.raises(ActionError, match="could not be tried"):
        trial.pick("f" * 40, "main")
