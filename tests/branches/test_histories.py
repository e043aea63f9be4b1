"""In generated histories no missing revert is overlooked, none is invented, and every pick is found."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.branches.histories import Repository, make_history

from release_actions.branches.auditing import AuditRequest, audit_branch
from release_actions.branches.categories import Criteria
from release_actions.branches.from_checkout import read_branch, read_patch_ids
from release_actions.branches.model import Explained, Origin
from release_actions.branches.origins import explain_branch
from release_actions.branches.reverts import RevertState, TrunkRevert, find_trunk_reverts

BRINGING = (Origin.EQUAL, Origin.MODIFIED, Origin.BATCH)


def audit(folder: Path, criteria: Criteria | None = None) -> tuple[tuple[Explained, ...], tuple[TrunkRevert, ...]]:
    history = read_branch(folder, "release", "main", repository="acme/web")
    explained = explain_branch(history, criteria or Criteria(), lambda commits: read_patch_ids(folder, commits))
    return explained, find_trunk_reverts(history, explained)


@pytest.mark.parametrize("seed", range(25))
def test_a_generated_history_is_judged_as_it_was_made(tmp_path: Path, seed: int) -> None:
    truth = make_history(tmp_path, seed)

    explained, reverts = audit(tmp_path)

    picks = {item.commit.sha: item.counterparts[0] for item in explained if item.origin in BRINGING}
    assert {sha: picks[sha] for sha in picks.keys() - truth.own_reverts.keys()} == truth.picks
    assert all(picks.get(sha, revert) == revert for sha, revert in truth.own_reverts.items())
    assert {item.revert.sha for item in reverts if item.state is RevertState.MISSING} == truth.missing


@pytest.mark.parametrize("seed", range(40, 48))
def test_the_commands_of_an_audit_work_and_leave_a_clean_branch(tmp_path: Path, seed: int) -> None:
    make_history(tmp_path, seed)
    request = AuditRequest(tmp_path, "release", "main", repository="acme/web")
    repository = Repository(tmp_path, minute=1000)
    repository.on("release")

    for command in audit_branch(request, None, lambda _: None).commands:
        repository.git(*command.replace("git revert", "git revert --no-edit").split()[1:])

    assert audit_branch(request, None, lambda _: None).commands == ()


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository.init(tmp_path)


def origins(repository: Repository, criteria: Criteria | None = None) -> list[tuple[str, str]]:
    explained, _ = audit(repository.folder, criteria)
    return [(item.commit.subject, item.origin.value) for item in explained]


def test_a_pick_with_other_content_is_modified(repository: Repository) -> None:
    repository.cut("release")
    repository.on("main")
    sha = repository.commit("Fix the cache of the engine (#7)", {"a.txt": "a\n"})
    repository.on("release")
    repository.pick(sha, "Fix the cache of the engine (#7) (#8)", extra={"a.txt": "b\n"})

    assert origins(repository) == [("Fix the cache of the engine (#7) (#8)", "modified")]


@pytest.mark.parametrize(
    ("trunk", "branch"),
    [
        ("fix: keep the engine warm (fixes #5) (#7)", "fix: keep the engine warm (fixes #5) - 3.1 (#8)"),
        ("fix: keep the engine warm (#5) (#7)", "fix: keep the engine warm (#5) - backport/cherry-pick to 3.1 (#8)"),
        ("fix: keep the engine warm #5 (#7)", "fix(core): keep the engine warm (release-3.1) (#8)"),
        ("test/e2e: keep the engine warm (#7)", "test: keep the engine warm (#8)"),
        ("fix: keep the engine warm at night (#7)", "fix: keep the engine warm at n\u2026 (#8)"),
        ("Keep the engine warm (#77)", "chore: a warm engine (cherry-pick 77 to 3.1) (#8)"),
    ],
)
def test_a_pick_under_a_changed_title_is_known(repository: Repository, trunk: str, branch: str) -> None:
    repository.cut("release")
    repository.on("main")
    repository.commit(trunk, {"a.txt": "a\n"})
    repository.on("release")
    repository.commit(branch, {"a.txt": "b\n"})

    assert [origin for _, origin in origins(repository)] == ["modified"]


@pytest.mark.parametrize(
    "title",
    ["Prepare release v0.12.4 (#5)", "chore: Bump version to 3.1.2", "Release v1.2.3-rc.1", "Prepare for 0.12.1"],
)
def test_work_on_a_release_is_for_the_branch_alone(repository: Repository, title: str) -> None:
    repository.cut("release")
    repository.commit(title, {"VERSION": "1\n"})
    repository.commit(f"{title} and a backdoor", {"b.txt": "b\n"})

    assert [origin for _, origin in origins(repository)] == ["release-only", "unknown"]


def test_a_pick_among_other_lines_is_equal_and_its_surroundings_do_not_count(repository: Repository) -> None:
    repository.commit("Begin (#1)", {"a.txt": "1\n2\n3\n4\n5\n6\n7\n"})
    repository.cut("release")
    repository.on("main")
    repository.commit("Change the end (#2)", {"a.txt": "1\n2\n3\n4\n5\n6\nx\n"})
    fix = repository.commit("Fix the middle of it (#3)", {"a.txt": "1\n2\n3\nfour\n5\n6\nx\n"})
    repository.on("release")
    repository.pick(fix, "Fix the middle of it (#4)")

    request = AuditRequest(repository.folder, "release", "main", repository="acme/web")
    (item,) = audit_branch(request, None, lambda _: None).explained

    assert item.origin is Origin.EQUAL


def test_several_picks_in_one_commit_are_a_batch(repository: Repository) -> None:
    repository.cut("release")
    repository.on("main")
    first = repository.commit("Fix the cache (#7)", {"a.txt": "a\n"})
    second = repository.commit("Fix the wheel (#8)", {"b.txt": "b\n"})
    repository.on("release")
    trailers = f"(cherry picked from commit {first})\n(cherry picked from commit {second})"
    repository.commit(f"Picks (#9)\n\n{trailers}", {"a.txt": "a\n", "b.txt": "b\n"})

    assert origins(repository) == [("Picks (#9)", "batch")]


def test_a_change_that_trunk_had_later_is_before_trunk(repository: Repository) -> None:
    repository.cut("release")
    repository.commit("Fix the cache of the engine (#7)", {"a.txt": "a\n"})
    repository.on("main")
    repository.commit("Fix the cache of the engine (#8)", {"a.txt": "a\n"})

    assert origins(repository) == [("Fix the cache of the engine (#7)", "before-trunk")]


def test_a_number_of_another_repository_is_never_taken(repository: Repository) -> None:
    repository.cut("release")
    repository.on("main")
    repository.commit("Fix the cache of the engine (#7)", {"a.txt": "a\n"})
    repository.on("release")
    repository.commit("Take the wheel of other/engine#7 along", {"b.txt": "b\n"})
    repository.commit("Merge the history of the wheels (#7)", {"c.txt": "c\n"})

    assert [origin for _, origin in origins(repository)] == ["unknown", "unknown"]


def test_common_titles_need_the_same_files(repository: Repository) -> None:
    repository.cut("release")
    repository.on("main")
    repository.commit("Fix lint (#7)", {"a.txt": "a\n"})
    repository.on("release")
    repository.commit("Fix lint (#8)", {"b.txt": "b\n"})

    assert origins(repository) == [("Fix lint (#8)", "unknown")]


def test_what_is_for_the_branch_alone_is_proved_by_mark_or_files(repository: Repository) -> None:
    repository.cut("release")
    repository.commit("[RELEASE-ONLY CHANGES] Pin the workflows", {"a.txt": "a\n"})
    repository.commit("Pin the images", {".github/workflows/a.yml": "a\n"})
    repository.commit("Pin more", {".github/workflows/b.yml": "a\n", "c.txt": "c\n"})

    found = origins(repository, Criteria(release_only=(".github/**",)))

    assert [origin for _, origin in found] == ["release-only", "release-only", "unknown"]


def test_merges_and_reverts_of_the_branchs_own_commits_are_told_apart(repository: Repository) -> None:
    old = repository.commit("Improve the engine part (#5)", {"old.txt": "old\n"})
    repository.cut("release")
    own = repository.commit("Only here (#7)", {"a.txt": "a\n"})
    repository.revert(own, f'Revert "Only here (#7)" (#8)\n\nThis reverts commit {own}.')
    repository.revert(old, f'Revert "Improve the engine part" (#9)\n\nThis reverts commit {old}.')

    assert [origin for _, origin in origins(repository)] == [
        "unknown",
        "revert-of-branch-commit",
        "revert-on-branch-only",
    ]


def test_the_command_for_a_missing_revert_undoes_the_branchs_own_commit(repository: Repository) -> None:
    old = repository.commit("Improve the engine part (#5)", {"old.txt": "old\n"})
    repository.cut("release")
    repository.on("main")
    fix = repository.commit("Fix the cache of the engine (#7)", {"a.txt": "a\n"})
    repository.on("release")
    pick = repository.pick(fix, "Fix the cache of the engine (#7) (#8)")
    repository.on("main")
    repository.revert(fix, 'Revert "Fix the cache of the engine" (#9)')
    second = repository.revert(old, "Revert #5 (#10)")

    request = AuditRequest(repository.folder, "release", "main", repository="acme/web")
    audited = audit_branch(request, None, lambda _: None)

    assert audited.commands == (f"git revert {pick}", f"git cherry-pick -x {second}")
    for command in audited.commands:
        repository.on("release")
        repository.git(*command.replace("revert", "revert --no-edit").split()[1:])
    assert repository.git("diff", "--name-only", "main", "release") == ""


@pytest.mark.parametrize(("extra", "origin"), [({}, "batch"), ({"b.txt": "other\n"}, "modified")])
def test_a_batch_is_one_only_if_its_parts_make_the_same(
    repository: Repository, extra: dict[str, str], origin: str
) -> None:
    repository.cut("release")
    repository.on("main")
    first = repository.commit("Fix the cache (#7)", {"a.txt": "a\n"})
    second = repository.commit("Fix the wheel (#8)", {"b.txt": "b\n"})
    repository.on("release")
    text = f"(cherry picked from commit {second})\n(cherry picked from commit {first})"
    repository.commit(f"Two fixes (#9)\n\n{text}", {"a.txt": "a\n", "b.txt": "b\n", **extra})

    request = AuditRequest(repository.folder, "release", "main", repository="acme/web")
    (item,) = audit_branch(request, None, lambda _: None).explained

    assert item.origin.value == origin
    assert ("b.txt" in item.difference) == bool(extra)


def test_a_promise_that_trunk_took_back_and_landed_again_is_the_last_version(repository: Repository) -> None:
    repository.cut("release")
    repository.on("main")
    first = repository.commit("Fix the cache of the engine (#7)", {"a.txt": "a\n"})
    revert = repository.revert(first, 'Revert "Fix the cache of the engine" (#8)')
    request = AuditRequest(repository.folder, "release", "main", repository="acme/web", promised=(7,))

    gone = audit_branch(request, None, lambda _: None).missing
    again = repository.commit('Reland "Fix the cache of the engine" (#9)', {"a.txt": "a2\n"})
    landed = audit_branch(request, None, lambda _: None).missing
    repository.git("reset", "--quiet", "--hard", revert)
    repository.revert(revert, 'Revert "Revert "Fix the cache of the engine"" (#10)')
    back = audit_branch(request, None, lambda _: None).missing

    assert [[item.commit.sha for item in items if item.commit] for items in (gone, landed, back)] == [
        [],
        [again],
        [first],
    ]
