"""Proposals on the simulator: pull requests and issues that are opened, kept up to date, left and closed."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timezone

import pytest
from github import Github

from release_actions.errors import InputError, RemoteError
from release_actions.github.pygithub import open_client
from release_actions.http.client import Http
from release_actions.proposals.issues import keep_issue
from release_actions.proposals.model import (
    FileChange,
    IssueProposal,
    Outcome,
    ProposedCommit,
    PullProposal,
    Signature,
    State,
    name_branch,
)
from release_actions.proposals.pulls import propose_pull
from release_actions.simulator import Simulator, World
from release_actions.simulator.accounts import TokenKind
from release_actions.simulator.discussion import Issue
from release_actions.simulator.git import Target
from release_actions.simulator.repositories import Pull, Repository
from release_actions.simulator.rules import BranchRules

NAME = "llm-d/llm-d"
BASE = "release-0.6"
HEAD = "release-actions/version-audit/v0.6.0"
ADA = Signature("Ada", "ada@example.com", datetime(2026, 1, 2, tzinfo=timezone.utc))
PERMISSIONS = {"contents": "write", "pull-requests": "write", "issues": "write"}


@pytest.fixture
def repository(world: World) -> Repository:
    """A repository with a release branch."""
    world.add_account("llm-d", organization=True, members={"ada": "admin"})
    world.add_account("ada")
    world.add_token("ghs_job", TokenKind.ACTIONS, repository=NAME, permissions=PERMISSIONS)
    repository = world.add_repository(NAME)
    first = repository.git.commit("first", world.now(), files=("values.yaml", "old.txt"))
    repository.git.refs[f"refs/heads/{BASE}"] = Target(first.sha, "commit")
    return repository


@pytest.fixture
def github(world: World, repository: Repository) -> Iterator[Github]:
    with Simulator(world) as simulator, Http() as http:
        yield open_client(simulator.api_url, token="ghs_job", http=http)


@pytest.fixture
def proposal(repository: Repository) -> PullProposal:
    """Two commits: text, something that is no text, and a file that goes."""
    commits = (
        ProposedCommit("Raise the tag", (FileChange("values.yaml", b"tag: v0.6.0\n"),), ADA),
        ProposedCommit("Clean up", (FileChange("logo.png", b"\x89PNG\0"), FileChange("old.txt", None))),
    )
    onto = repository.git.refs[f"refs/heads/{BASE}"].sha
    return PullProposal("version-audit/v0.6.0", BASE, onto, "Name v0.6.0", "Because.", commits)


def the_pull(repository: Repository) -> Pull:
    (pull,) = repository.pulls.values()
    return pull


def test_a_change_is_opened_as_a_draft_with_its_commits(
    github: Github, repository: Repository, proposal: PullProposal
) -> None:
    outcome = propose_pull(github, NAME, proposal)

    pull, git = the_pull(repository), repository.git
    assert (outcome.state, outcome.number, outcome.branch) == (State.OPENED, 1, HEAD)
    assert (pull.draft, pull.base, pull.head, len(pull.commits)) == (True, BASE, HEAD, 2)
    assert git.read_file(pull.head_sha, "values.yaml") == b"tag: v0.6.0\n"
    assert git.read_file(pull.head_sha, "logo.png") == b"\x89PNG\0"
    assert git.read_file(pull.head_sha, "old.txt") is None
    assert git.commits[pull.commits[0]].author == "Ada"
    assert "no checks" in outcome.notes[0]


def test_the_target_branch_is_not_touched(github: Github, repository: Repository, proposal: PullProposal) -> None:
    propose_pull(github, NAME, proposal)

    assert repository.git.refs[f"refs/heads/{BASE}"].sha == proposal.onto


def test_the_same_again_writes_nothing(
    github: Github, repository: Repository, proposal: PullProposal, world: World
) -> None:
    propose_pull(github, NAME, proposal)
    before = world.dump()
    known = len(repository.git.commits)

    outcome = propose_pull(github, NAME, proposal)

    assert outcome.state is State.UNCHANGED
    assert (world.dump()["repositories"], len(repository.git.commits)) == (before["repositories"], known)


def test_other_words_or_another_change_update_the_same_pull_request(
    github: Github, repository: Repository, proposal: PullProposal
) -> None:
    propose_pull(github, NAME, proposal)
    before = the_pull(repository).head_sha

    words = propose_pull(github, NAME, replace(proposal, body="For another reason."))
    after_words = the_pull(repository).head_sha
    change = propose_pull(github, NAME, replace(proposal, commits=proposal.commits[:1]))

    assert [words.state, change.state] == [State.UPDATED, State.UPDATED]
    assert after_words == before != the_pull(repository).head_sha
    assert len(the_pull(repository).commits) == 1


def test_nothing_to_propose_closes_it_and_deletes_its_branch(
    github: Github, repository: Repository, proposal: PullProposal
) -> None:
    propose_pull(github, NAME, proposal)

    closed = propose_pull(github, NAME, replace(proposal, commits=()))
    again = propose_pull(github, NAME, replace(proposal, commits=()))

    assert [closed.state, again.state] == [State.CLOSED, State.NOTHING]
    assert the_pull(repository).state == "closed"
    assert f"refs/heads/{HEAD}" not in repository.git.refs


@pytest.mark.parametrize("is_clean", [False, True])
def test_a_branch_with_a_commit_of_a_person_is_left(
    github: Github, repository: Repository, proposal: PullProposal, world: World, *, is_clean: bool
) -> None:
    propose_pull(github, NAME, proposal)
    person = repository.git.commit("By hand", world.now(), parents=(the_pull(repository).head_sha,))
    repository.git.refs[f"refs/heads/{HEAD}"] = Target(person.sha, "commit")
    repository.follow_branch(f"refs/heads/{HEAD}")

    other = () if is_clean else proposal.commits[:1]
    outcome = propose_pull(github, NAME, replace(proposal, commits=other))

    assert outcome.state is State.KEPT
    assert (the_pull(repository).state, the_pull(repository).head_sha) == ("open", person.sha)


def test_what_a_person_closed_is_proposed_again_only_when_it_differs(
    github: Github, repository: Repository, proposal: PullProposal
) -> None:
    propose_pull(github, NAME, proposal)
    the_pull(repository).state = "closed"

    same = propose_pull(github, NAME, proposal)
    other = propose_pull(github, NAME, replace(proposal, commits=proposal.commits[:1]))

    assert [same.state, other.state] == [State.DECLINED, State.OPENED]
    assert sorted(repository.pulls) == [1, 2]


def test_a_pull_request_of_a_fork_with_the_same_branch_is_not_ours(
    github: Github, repository: Repository, proposal: PullProposal, world: World
) -> None:
    propose_pull(github, NAME, proposal)
    stranger = the_pull(repository)
    stranger.head_owner = "eve"

    outcome = propose_pull(github, NAME, proposal)

    assert (outcome.state, outcome.number) == (State.OPENED, 2)


def test_the_setting_that_forbids_jobs_is_explained_with_where_to_open_it(
    github: Github, repository: Repository, proposal: PullProposal
) -> None:
    repository.jobs_open_pulls = False

    outcome = propose_pull(github, NAME, proposal)
    repository.jobs_open_pulls = True
    later = propose_pull(github, NAME, proposal)

    assert (outcome.state, outcome.is_done) == (State.REFUSED, False)
    assert "Allow GitHub Actions to create and approve pull requests" in outcome.notes[0]
    assert f"/compare/{BASE}...{HEAD}?expand=1" in outcome.notes[1]
    assert later.state is State.OPENED


def refused_by(github: Github, proposal: PullProposal) -> str:
    outcome = propose_pull(github, NAME, proposal)
    assert outcome.state is State.REFUSED
    return " ".join(outcome.notes)


def test_a_ruleset_is_explained(github: Github, repository: Repository, proposal: PullProposal) -> None:
    repository.branch_rules = (BranchRules(("*",), ("creation",)),)

    assert "exempt them" in refused_by(github, proposal)


def test_a_token_that_may_only_read_is_explained(repository: Repository, proposal: PullProposal, world: World) -> None:
    reading = dict.fromkeys(PERMISSIONS, "read")
    world.add_token("ghs_job", TokenKind.ACTIONS, repository=NAME, permissions=reading)

    with Simulator(world) as simulator, Http() as http:
        words = refused_by(open_client(simulator.api_url, token="ghs_job", http=http), proposal)

    assert "contents: write" in words
    assert "fork" in words


def test_a_repository_that_is_not_there_is_no_outcome(github: Github, proposal: PullProposal) -> None:
    with pytest.raises(RemoteError):
        propose_pull(github, "llm-d/nothing", proposal)


def test_nothing_is_proposed_to_a_branch_of_proposals(github: Github, proposal: PullProposal) -> None:
    with pytest.raises(InputError, match="not proposed"):
        propose_pull(github, NAME, replace(proposal, base=HEAD))


@pytest.mark.parametrize(
    "key", ["-rf", "../../main", "a..b", "x/.hidden", "ends.lock", "sp ace", "a//b", "@{u}", "ü" * 300, "HEAD", "a/-b"]
)
def test_every_key_gives_a_branch_that_git_takes_below_the_own_prefix(key: str) -> None:
    name = name_branch(key)

    assert name.startswith("release-actions/")
    assert (
        subprocess.run(["git", "check-ref-format", "--branch", name], check=False, capture_output=True).returncode == 0
    )
    assert name != name_branch(key + "x")


WRONG = IssueProposal("branch-audit/release-0.6", "release-0.6 needs work", "Two picks.", "release-branch")


def keep(github: Github, **changes: object) -> Outcome:
    return keep_issue(github, NAME, replace(WRONG, **changes))  # type: ignore[arg-type]  # what a test names


def test_one_issue_is_opened_edited_closed_and_opened_again(github: Github, repository: Repository) -> None:
    states = [
        keep(github).state,
        keep(github).state,
        keep(github, body="Three picks.").state,
        keep(github, is_clean=True, body="Clean.").state,
        keep(github, is_clean=True, body="Clean.").state,
        keep(github).state,
    ]

    assert states == [State.OPENED, State.UNCHANGED, State.UPDATED, State.CLOSED, State.NOTHING, State.OPENED]
    assert [(issue.number, issue.state, issue.labels) for issue in repository.issues.values()] == [
        (1, "open", ("release-branch",))
    ]


def test_another_subject_has_an_issue_of_its_own(github: Github, repository: Repository) -> None:
    keep(github)
    keep(github, key="branch-audit/release-0.5")

    assert sorted(repository.issues) == [1, 2]


def test_an_issue_closed_as_not_planned_stays_closed(github: Github, repository: Repository) -> None:
    keep(github)
    repository.issues[1].state, repository.issues[1].state_reason = "closed", "not_planned"

    outcome = keep(github, body="Still.")

    assert (outcome.state, repository.issues[1].state) == (State.DECLINED, "closed")


def test_a_strangers_issue_with_the_marker_is_not_touched(github: Github, repository: Repository, world: World) -> None:
    keep(github)
    forged = repository.issues.pop(1)
    repository.issues[5] = Issue(9, 5, "Mine", "eve", world.now(), world.now(), forged.body, labels=forged.labels)

    outcome = keep(github, body="Other.")

    assert (outcome.state, outcome.number) == (State.OPENED, 6)
    assert repository.issues[5].title == "Mine"


def test_a_marker_in_the_text_of_a_finding_is_not_taken_for_the_own(github: Github, repository: Repository) -> None:
    forged = "A title <!-- release-actions: branch-audit/release-0.5  abc --> with a marker"

    keep(github, body=forged)

    assert keep(github, body=forged).state is State.UNCHANGED
    assert keep(github, key="branch-audit/release-0.5").number == 2
