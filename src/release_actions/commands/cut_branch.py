"""cut-branch: make the branch that a version is released from, where trunk was last green. Plans, then applies.

Never moves a branch, and never writes in a fork. What has to differ on the branch becomes a draft pull request into it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from release_actions.branches import from_checkout
from release_actions.branches.cutting import (
    CutPlan,
    CutState,
    create_branch,
    find_refusals,
    propose_rewrites,
    read_branch,
)
from release_actions.branches.rewriting import RewriteRule, Rewritten, rewrite_files
from release_actions.branches.starting import Start, find_start
from release_actions.config import FILE as CONFIG
from release_actions.config import Config, load_config
from release_actions.errors import ExitCode, InputError
from release_actions.git import tree
from release_actions.github.pygithub import ask, open_client
from release_actions.proposals.pulls import propose_pull
from release_actions.runner import inputs, markdown
from release_actions.runner.context import COMMIT, Context
from release_actions.runner.report import Report
from release_actions.runner.workflow import Workflow
from release_actions.tags.policy import read_policy
from release_actions.tracker.freeze import find_freeze
from release_actions.versions.version import Version, parse

if TYPE_CHECKING:
    from github.Repository import Repository

PLAN, APPLY = "plan", "apply"
ALLOW, REFUSE = "allow", "refuse"
NOTHING_STARTS = (
    "GitHub starts no workflow for a branch that a job's own token makes: start those of the branch by hand, or pass "
    "the token of an app."
)


def parse_commit(value: str) -> str:
    """A whole commit id. Raises `ValueError` with the end of the sentence."""
    if not COMMIT.fullmatch(value.strip().lower()):
        message = "which is not a whole commit id."
        raise ValueError(message)
    return value.strip().lower()


@dataclass(frozen=True)
class Inputs:
    """What actions/cut-branch/action.yml describes."""

    tag: str = inputs.option(inputs.text, "", required=True)
    commit: str = inputs.option(parse_commit, "")
    trunk: str = inputs.option(inputs.text, "main")
    required_checks: tuple[str, ...] = inputs.option(inputs.lines, ())
    freeze: str = inputs.option(inputs.choice(ALLOW, REFUSE), REFUSE)
    mode: str = inputs.option(inputs.choice(PLAN, APPLY), PLAN)
    config: str = inputs.option(inputs.text, CONFIG)
    token: str = inputs.option(inputs.text, "", secret=True)


OUTPUTS = ("state", "branch", "commit", "behind", "commands", "patch", "pull-request")


def run(given: Inputs, context: Context, log: Workflow) -> Report:
    """Plan a release branch, and make it in mode apply."""
    if given.mode == APPLY and not given.token:
        message = "A branch cannot be made without a token."
        raise InputError(message, hint="Set the input token.")
    config = load_config(context.path(given.config), name=given.config, tag=given.tag)
    version = parse(given.tag, config.tag_prefix)
    name = context.repository or config.repository
    with open_client(context.api_url, token=given.token) as github:
        repository = ask(lambda: github.get_repo(name), f"read the repository {name}")
        plan = make_plan(given, context, config, version, repository, log)
        state, notes, pull = plan.state, list(plan.refusals), ""
        if given.mode == APPLY and state is CutState.PLANNED:
            refused = create_branch(repository, plan)
            state = CutState.REFUSED if refused else CutState.CREATED
            notes.append(refused or NOTHING_STARTS)
        if given.mode == APPLY and state in {CutState.CREATED, CutState.DONE} and plan.rewritten:
            outcome = propose_pull(github, repository.full_name, propose_rewrites(plan))
            notes += outcome.notes
            pull = outcome.url
    return write_report(plan, state, tuple(notes), pull)


def make_plan(
    given: Inputs, context: Context, config: Config, version: Version, repository: Repository, log: Workflow
) -> CutPlan:
    """What to make, and why not. Raises `InputError` where the project has no name for release branches."""
    policy = read_policy(given.config, context, log, given.tag)
    branch = policy.branch(version)
    if not branch:
        message = f"release.yaml does not say which branch {given.tag} is released from."
        raise InputError(message, hint="Set versions.release-branch, for example to release-{major}.{minor}.")
    own = read_branch(repository, branch)
    reuses = "" if own else find_reused(repository, policy.branches(version))
    start = Start(given.commit or own) if given.commit or own or reuses else None
    start = start or find_start(repository, given.trunk, given.required_checks)
    frozen = describe_freeze(given, context, config)
    refusals = tuple(find_refusals(repository, config.repository, branch, own, start.commit, frozen))
    rewritten = () if refusals or reuses else rewrite(config, context, version, branch, start.commit)
    return CutPlan(repository.full_name, branch, start, own, reuses, rewritten, refusals)


def find_reused(repository: Repository, names: tuple[str, ...]) -> str:
    """The branch of the line that a patch release goes on with, by the templates in order; empty if there is none."""
    known = [branch.name for branch in ask(lambda: list(repository.get_branches()), "list the branches")]
    return from_checkout.choose_branch(known, names)


def describe_freeze(given: Inputs, context: Context, config: Config) -> str:
    """Why no branch is cut yet: features may still land, as the tracker's day says. Empty where it says none."""
    freeze = find_freeze(config.tracker.freeze, None, None)
    if given.freeze == ALLOW or freeze is None or freeze.has_begun(context.now):
        return ""
    return f"Features may land until {freeze.at:%Y-%m-%d %H:%M} UTC ({freeze.source}). Cut the branch then."


def rewrite(config: Config, context: Context, version: Version, branch: str, commit: str) -> tuple[Rewritten, ...]:
    """The files that differ on the branch. Needs a checkout that has the commit."""
    form = config.branches.rewrites
    if not form:
        return ()
    rules = [RewriteRule(item.files, item.pattern, item.replacement) for item in form]
    start = tree.find_commit(context.workspace, commit)
    numbers = dict(zip(("major", "minor", "patch"), map(str, version.numbers), strict=True))
    values = {"branch": branch, "tag": version.tag, **numbers}
    paths = tree.list_files(context.workspace, start)
    return rewrite_files(rules, paths, lambda path: read_text(context, start, path), values)


def read_text(context: Context, commit: str, path: str) -> str | None:
    """A file's text; None for what is no text."""
    text = tree.read_file(context.workspace, commit, path)
    return None if "\0" in text or "\ufffd" in text else text


def write_report(plan: CutPlan, state: CutState, notes: tuple[str, ...], pull: str) -> Report:
    """What was planned or done, for people and later steps."""
    sentences = tuple(describe(plan, state))
    parts = [f"## {markdown.plain(plan.branch)}", *map(markdown.plain, (*sentences, *notes))]
    parts += ["### Commands", "```sh\n" + "\n".join(plan.commands) + "\n```"] if plan.commands else []
    parts += ["### What differs on the branch", fence(plan.patch)] if plan.patch else []
    return Report(
        outputs={
            "state": state.value,
            "branch": plan.reuses or plan.branch,
            "commit": "" if state is CutState.REFUSED or plan.reuses else plan.start.commit,
            "behind": str(plan.start.behind),
            "commands": [*plan.commands],
            "patch": plan.patch,
            "pull-request": pull,
        },
        summary="\n\n".join(parts) + "\n",
        lines=(*sentences, *notes),
        exit_code=ExitCode.REFUSED if state is CutState.REFUSED else ExitCode.PASS,
    )


def describe(plan: CutPlan, state: CutState) -> Iterator[str]:
    """The result in sentences."""
    commit = plan.start.commit[:12]
    if state is CutState.REUSED:
        yield f"This version is released from {plan.reuses}, which is there."
    elif state is CutState.REFUSED:
        yield f"{plan.branch} was not made."
    else:
        words = {CutState.PLANNED: "would be made", CutState.DONE: "is there already", CutState.CREATED: "was made"}
        yield f"{plan.branch} {words[state]} at {commit}."
        if plan.start.behind:
            yield f"Trunk is {plan.start.behind} commits ahead: their required checks are not green."
        if state is not CutState.DONE and plan.start.wanting is not None and not plan.start.required:
            yield "Trunk has no required checks, so its newest commit was taken."


def fence(text: str) -> str:
    """Text as a block that nothing in it can end."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    marks = "`" * max(3, longest + 1)
    return f"{marks}diff\n{text}{marks}"
