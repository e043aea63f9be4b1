"""check-approval through its command line: an environment holds a run back only by people, and one has to approve."""

from __future__ import annotations

import pytest
from tests.http.loopback import Reply, replies, serving

from release_actions import main
from release_actions.commands.check_approval import READS, SECONDS_BETWEEN_READS, wait_for_approval
from release_actions.errors import ActionError, ExitCode
from release_actions.github.environments import Review as ReadReview
from release_actions.runner import stopping
from release_actions.runner.report import Report
from release_actions.runner.workflow import Workflow
from release_actions.simulator import Simulator, World
from release_actions.simulator.accounts import TokenKind
from release_actions.simulator.environments import Environment, Review
from release_actions.simulator.repositories import Repository

JOB, OTHER = "ghs_job", "ghs_without_actions"
REPOSITORY = "acme/app"
RUN = 41


@pytest.fixture(name="world")
def _world(monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr(stopping, "sleep", lambda _seconds: None)
    made = World()
    made.add_account("acme", organization=True)
    made.add_repository(REPOSITORY)
    made.add_token(JOB, TokenKind.ACTIONS, repository=REPOSITORY, permissions={"actions": "read"})
    made.add_token(OTHER, TokenKind.ACTIONS, repository=REPOSITORY, permissions={"contents": "read"})
    return made


@pytest.fixture
def repository(world: World) -> Repository:
    return world.repositories[REPOSITORY]


def environment(repository: Repository, *reviewers: str, name: str = "Build-Approval", wait: int = 0) -> Environment:
    """Create an environment."""
    made = Environment(9, name, repository.created, reviewers, wait_minutes=wait)
    repository.environments[name.lower()] = made
    return made


def check(simulator: Simulator, proof: str = "rules", *, token: str = JOB, url: str = "") -> Report:
    """Run the command for the environment build-approval."""
    environ = {
        "GITHUB_API_URL": url or simulator.api_url,
        "GITHUB_REPOSITORY": REPOSITORY,
        "GITHUB_RUN_ID": str(RUN),
        "INPUT_ENVIRONMENT": "build-approval",
        "INPUT_PROOF": proof,
        "INPUT_TOKEN": token,
    }
    return main.main_inner(["check-approval"], environ, Workflow({}))


def test_an_environment_with_required_reviewers_passes(simulator: Simulator, repository: Repository) -> None:
    environment(repository, "ada", "bob")

    report = check(simulator)

    assert (report.exit_code, report.outputs) == (ExitCode.PASS, {"reviewers": ["ada", "bob"]})
    assert report.lines == ("The environment Build-Approval waits for one of ada, bob.",)


def test_an_environment_that_github_would_create_is_refused(simulator: Simulator, repository: Repository) -> None:
    report = check(simulator)

    assert (report.exit_code, report.outputs) == (ExitCode.REFUSED, {"reviewers": []})
    assert report.findings[0].problem.message == (
        "There is no environment build-approval: GitHub would create it without reviewers and build unapproved code."
    )


def test_a_wait_timer_is_nobody_who_approves(simulator: Simulator, repository: Repository) -> None:
    environment(repository, wait=30)

    report = check(simulator)

    assert report.exit_code is ExitCode.REFUSED
    assert "has no required reviewers" in report.findings[0].problem.message


@pytest.mark.parametrize("proof", ["rules", "review"])
def test_what_the_token_may_not_read_is_not_known(simulator: Simulator, repository: Repository, proof: str) -> None:
    repository.private = True
    repository.reviews[RUN] = [Review(environment(repository, "ada"), "approved", "ada")]

    with pytest.raises(ActionError, match="Could not") as caught:
        check(simulator, proof, token=OTHER)

    assert caught.value.exit_code is ExitCode.UNKNOWN


@pytest.mark.parametrize("proof", ["rules", "review"])
def test_a_repository_that_the_token_does_not_see_is_not_known(
    simulator: Simulator, repository: Repository, proof: str
) -> None:
    environment(repository, "ada")
    repository.private = True

    with pytest.raises(ActionError) as caught:
        check(simulator, proof, token="")

    assert caught.value.exit_code is ExitCode.UNKNOWN


@pytest.mark.parametrize("body", [{"name": "build-approval"}, {"name": "build-approval", "protection_rules": ["?"]}])
def test_an_answer_without_its_rules_is_not_known(simulator: Simulator, repository: Repository, body: object) -> None:
    with serving(replies(Reply.of(body))) as api, pytest.raises(ActionError) as caught:
        check(simulator, url=api.url)

    assert caught.value.exit_code is ExitCode.UNKNOWN


def test_a_run_that_a_reviewer_approved_passes(simulator: Simulator, repository: Repository) -> None:
    named = environment(repository, "ada")
    repository.reviews[RUN] = [Review(named, "rejected", "bob"), Review(named, "approved", "ada")]

    report = check(simulator, "review")

    assert (report.exit_code, report.outputs) == (ExitCode.PASS, {"reviewers": ["ada"]})
    assert report.lines == ("ada approved this run in the environment build-approval.",)


@pytest.mark.parametrize("case", ["nobody", "another run", "another environment", "rejected"])
def test_a_run_that_nobody_approved_is_refused(simulator: Simulator, repository: Repository, case: str) -> None:
    named, other = environment(repository, "ada"), environment(repository, "ada", name="pages")
    reviews = {
        "nobody": {},
        "another run": {RUN + 1: [Review(named, "approved", "ada")]},
        "another environment": {RUN: [Review(other, "approved", "ada")]},
        "rejected": {RUN: [Review(named, "rejected", "ada")]},
    }
    repository.reviews.update(reviews[case])

    report = check(simulator, "review")

    assert (report.exit_code, report.outputs) == (ExitCode.REFUSED, {"reviewers": []})
    assert "No reviewer approved this run in the environment build-approval" in report.findings[0].problem.message


def test_a_review_that_shows_late_is_waited_for() -> None:
    approval = ReadReview(("build-approval",), "approved", "ada")
    answers = iter([(), (), (approval,)])
    slept: list[float] = []

    assert wait_for_approval("build-approval", lambda: next(answers), slept.append) == (approval,)
    assert slept == [SECONDS_BETWEEN_READS] * 2


def test_reviews_that_never_come_are_not_waited_for_without_end() -> None:
    reads: list[int] = []

    def read() -> tuple[ReadReview, ...]:
        reads.append(1)
        return ()

    assert wait_for_approval("build-approval", read, lambda _seconds: None) == ()
    assert len(reads) == READS
