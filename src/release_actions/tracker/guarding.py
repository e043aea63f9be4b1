"""May a pull request land on its branch now? Pure.

After the freeze fixes and documentation may, if their kind and their paths agree, and what has an exception. Everything
else is refused, also what nobody gave a kind. The author's word counts for nothing: a kind that he set himself needs
somebody else's approval, and an exception is never his.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from release_actions.builds import path_filter
from release_actions.people.approvals import list_approvals
from release_actions.people.owners import normalize_login
from release_actions.people.roles import ROOT_FILE
from release_actions.tracker.exceptions import Approved, ItemException, judge_exception
from release_actions.tracker.freeze import Freeze
from release_actions.tracker.model import ActKind, Item, Milestone
from release_actions.tracker.requirements import Demands
from release_actions.tracker.states import UNKNOWN_KIND, find_kind


class Landing(str, enum.Enum):
    """Whether it may land."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class GuardedPull:
    """A pull request that is to be merged. `item` has its comments and reviews; `paths` has both names of a rename.

    `closes`: the issues that it closes. `is_whole`: whether GitHub listed every file.
    """

    item: Item
    base: str
    head: str
    closes: tuple[Item, ...] = ()
    paths: tuple[str, ...] = ()
    is_whole: bool = True


@dataclass(frozen=True)
class LandingJudgement:
    """May it land, and why: `why` is a sentence without its subject and full stop."""

    landing: Landing
    why: str
    hint: str = ""
    kind: str = ""
    exception: ItemException | None = None


@dataclass(frozen=True)
class FreezeRules:
    """What is frozen when. `milestone`: the release that the freeze is for, None where its day is given."""

    demands: Demands
    freeze: Freeze | None
    milestone: Milestone | None
    now: datetime


def judge_without_files(pull: GuardedPull, rules: FreezeRules) -> LandingJudgement | None:
    """The judgement, if it does not hang on which files the pull request changes; else None."""
    free = explain_no_freeze(pull, rules)
    if free:
        return LandingJudgement(Landing.YES, free)
    exceptions = [judge_pull_exception(item, pull, rules) for item in (pull.item, *pull.closes)]
    given = next((each for each in exceptions if each.approved is Approved.YES), None)
    if given:
        people = " and ".join(f"{who} ({role})" for role, who in given.roles)
        return LandingJudgement(Landing.YES, f"has an exception of {people}", exception=given)
    kind = find_pull_kind(pull, rules.demands)
    if kind not in {"fix", "docs"}:
        return refuse_kind(kind, exceptions, rules)
    doubt = describe_own_kind(pull, kind, rules.demands)
    return LandingJudgement(Landing.NO, doubt, "Let a reviewer approve it, or set the label.", kind) if doubt else None


def explain_no_freeze(pull: GuardedPull, rules: FreezeRules) -> str:
    """Why the freeze does not hold for a pull request, after its name; empty if it does."""
    if not path_filter.matches(rules.demands.form.guard.branches, pull.base):
        return f"goes to {pull.base}, which the freeze is not about"
    if rules.freeze is None:
        return "may land, as no freeze is set"
    if rules.milestone is not None and not rules.milestone.is_open:
        return f"may land, as {rules.milestone.title} is closed"
    if not rules.freeze.has_begun(rules.now):
        return f"may land until the freeze at {rules.freeze.at:%Y-%m-%d %H:%M} UTC"
    return ""


def refuse_kind(kind: str, exceptions: Sequence[ItemException], rules: FreezeRules) -> LandingJudgement:
    """What is said to a feature, a chore, or something of unknown kind after the freeze."""
    unknown = next((each for each in exceptions if each.approved is Approved.UNKNOWN), None)
    if unknown:
        why = f"asks for an exception, and it is not known who has the role {unknown.missing[0]}"
        return LandingJudgement(Landing.UNKNOWN, why, "Commit an OWNERS file, or name them in tracker.roles.", kind)
    asked = next((each for each in exceptions if each.is_asked_for), None)
    lacking = f", to which {' and '.join(asked.missing)} did not agree" if asked else ""
    subject = "is of no known kind" if kind == UNKNOWN_KIND else f"is a {kind}"
    rule = rules.demands.form.exception
    hint = f"Land it after the release, or let {' and '.join(rule.roles)} set {rule.label} or say /exception."
    return LandingJudgement(Landing.NO, f"{subject}, came after the freeze and has no exception{lacking}", hint, kind)


def judge_files(pull: GuardedPull, rules: FreezeRules) -> LandingJudgement:
    """The judgement of a fix or of documentation after the freeze, by its files."""
    guard = rules.demands.form.guard
    kind = find_pull_kind(pull, rules.demands)
    if not pull.is_whole:
        why = "changes more files than GitHub lists, so that nobody can tell what it is"
        return LandingJudgement(Landing.NO, why, "Split it.", kind)
    if kind == "docs":
        others = [path for path in pull.paths if not path_filter.matches(guard.documentation, path)]
        if others:
            why = f"is labelled as documentation, but changes {_name(others)}"
            return LandingJudgement(Landing.NO, why, "Take those files out, or give it the kind it has.", kind)
        return LandingJudgement(Landing.YES, "is documentation", kind=kind)
    limits = [path for path in pull.paths if path_filter.matches(guard.fix_limits, path)]
    if limits:
        why = f"is labelled as a fix, but changes {_name(limits)}"
        return LandingJudgement(Landing.NO, why, "Take those files out, or ask for an exception.", kind)
    return LandingJudgement(Landing.YES, "is a fix", kind=kind)


def find_pull_kind(pull: GuardedPull, demands: Demands) -> str:
    """The kind of a pull request. One that closes a feature is a feature, whatever it says of itself."""
    kinds = [find_kind(item.labels, demands) for item in pull.closes]
    return "feature" if "feature" in kinds else find_kind(pull.item.labels, demands)


def describe_own_kind(pull: GuardedPull, kind: str, demands: Demands) -> str:
    """What is doubtful about a kind that only the author, or a program, gave; empty if somebody else stands for it."""
    labels = {label.lower() for label, meaning in demands.form.kinds.items() if meaning == kind}
    author = normalize_login(pull.item.author)
    standing: dict[str, bool] = {}
    for act in pull.item.acts:
        if act.name.lower() in labels:
            is_other = bool(act.actor) and not act.is_bot and normalize_login(act.actor) != author
            standing[act.name.lower()] = act.kind is ActKind.LABELED and is_other
    if any(standing.values()):
        return ""
    approvals = list_approvals(pull.item.remarks, [pull.item.author]).approvals
    if any(is_reviewer(approval.who, demands) for approval in approvals):
        return ""
    return f"says that it is a {kind}, but nobody but its author or a program does, and no reviewer approved it"


def is_reviewer(login: str, demands: Demands) -> bool:
    """Whether somebody may review here: an owner, or somebody with a role. On GitHub everybody can approve."""
    owners = demands.roles.owners
    reviewers = owners.find_reviewers(ROOT_FILE) if owners else frozenset()
    return normalize_login(login) in reviewers or bool(demands.roles.list_roles(login))


def judge_pull_exception(item: Item, pull: GuardedPull, rules: FreezeRules) -> ItemException:
    """The exception of the pull request itself, or of an issue that it closes. The authors of both never count."""
    rule = rules.demands.form.exception
    authors = [pull.item.author, item.author]
    return judge_exception(rule.label, rule.roles, rules.demands.roles, authors, item.acts, item.remarks, rules.now)


def find_current(milestones: Sequence[Milestone], pattern: str) -> Milestone | None:
    """The open milestone that is next: the one that is due first, then the lowest number."""
    prefix, _, _ = pattern.partition("{")
    every = [each for each in milestones if each.is_open and each.title.startswith(prefix) and _has_number(each.title)]
    return min(every, key=lambda each: (each.due is None, each.due or each.created.date(), each.number), default=None)


def _has_number(title: str) -> bool:
    return any(letter.isdigit() for letter in title)


def _name(paths: Sequence[str]) -> str:
    more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
    return f"{paths[0][:200]}{more}"
