"""check-approval: whether an environment holds a run back until a person approves it, and whether one did.

Two proofs: the rules before anything is built, which give an early error, and the reviews after the job that waited,
which close the gap between the two. It must never take a rule or review that could not be read for one that is there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from release_actions.errors import ExitCode, InputError, Problem
from release_actions.github import environments
from release_actions.github.environments import APPROVED, Environment, Review
from release_actions.http.client import Http
from release_actions.runner import inputs, stopping
from release_actions.runner.context import Context
from release_actions.runner.report import Finding, Level, Report
from release_actions.runner.workflow import Workflow

RULES, REVIEW = "rules", "review"

READS = 4
"""Times that the reviews of a run are read before none is believed: a review may show some seconds late."""

SECONDS_BETWEEN_READS = 2


@dataclass(frozen=True)
class Inputs:
    """What actions/check-approval/action.yml describes."""

    environment: str = inputs.option(inputs.text, "", required=True)
    proof: str = inputs.option(inputs.choice(RULES, REVIEW), RULES)
    token: str = inputs.option(inputs.text, "", secret=True)


OUTPUTS = ("reviewers",)


def run(given: Inputs, context: Context, log: Workflow) -> Report:
    """Read one of the proofs."""
    if not context.repository:
        message = "The repository of the environment is not known."
        raise InputError(message, hint="Set GITHUB_REPOSITORY (--repository) to owner/name.")
    with Http(log=log.info, redactor=log.redactor) as http:
        if given.proof == RULES:
            environment = environments.read_environment(
                http, context.api_url, context.repository, given.environment, token=given.token
            )
            return report_rules(given.environment, environment)
        number = context.environ.get("GITHUB_RUN_ID", "")
        if not number.isdecimal():
            message = "The run whose reviews are asked for is not known."
            raise InputError(message, hint="Use the action in a workflow, which sets GITHUB_RUN_ID.")

        def read() -> tuple[Review, ...]:
            return environments.read_reviews(http, context.api_url, context.repository, number, token=given.token)

        return report_reviews(given.environment, wait_for_approval(given.environment, read))


def wait_for_approval(
    environment: str, read: Callable[[], tuple[Review, ...]], sleep: Callable[[float], object] | None = None
) -> tuple[Review, ...]:
    """The reviews of a run, read again for some seconds while none approves the environment."""
    reviews = read()
    for _ in range(READS - 1):
        if any(is_approval(review, environment) for review in reviews):
            break
        (sleep or stopping.sleep)(SECONDS_BETWEEN_READS)
        reviews = read()
    return reviews


def is_approval(review: Review, environment: str) -> bool:
    """Whether a review lets a run into an environment. GitHub compares names without case."""
    names = {name.casefold() for name in review.environments}
    return review.state == APPROVED and environment.casefold() in names


def report_rules(name: str, environment: Environment | None) -> Report:
    """What the rules of an environment come to."""
    if environment is None:
        message = f"There is no environment {name}: GitHub would create it without reviewers and build unapproved code."
        hint = f"Create {name} under Settings, Environments, and give it required reviewers."
        return refuse(message, hint)
    if not environment.reviewers:
        message = f"The environment {name} has no required reviewers: it would build code without anyone's approval."
        hint = (
            f"Give {name} required reviewers under Settings, Environments. A wait timer or a branch rule is not enough."
        )
        return refuse(message, hint)
    reviewers = sorted(environment.reviewers)
    line = f"The environment {environment.name} waits for one of {', '.join(reviewers)}."
    return Report(outputs={"reviewers": list(reviewers)}, lines=(line,))


def report_reviews(name: str, reviews: tuple[Review, ...]) -> Report:
    """What the reviews of a run come to."""
    approvals = sorted({review.reviewer for review in reviews if is_approval(review, name)})
    if not approvals:
        message = f"No reviewer approved this run in the environment {name}, but its job ran."
        hint = (
            f"Give {name} required reviewers under Settings, Environments, and start the run again. A run that an "
            "administrator let past the reviewers needs the approval of one of them."
        )
        return refuse(message, hint)
    line = f"{', '.join(approvals)} approved this run in the environment {name}."
    return Report(outputs={"reviewers": list(approvals)}, lines=(line,))


def refuse(message: str, hint: str) -> Report:
    """A run that nobody holds back, or that nobody approved."""
    finding = Finding(Level.ERROR, Problem(message, hint), rule="check-approval")
    return Report(outputs={"reviewers": []}, findings=(finding,), exit_code=ExitCode.REFUSED)
