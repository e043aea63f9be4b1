"""What a feature needs before a release, and whether it has it, each with the link that proves it. Pure."""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from release_actions.builds import path_filter
from release_actions.config.tracker import REQUIREMENTS, TrackerForm
from release_actions.people.approvals import list_approvals
from release_actions.people.owners import normalize_login
from release_actions.people.remarks import Verb, list_command_lines
from release_actions.people.roles import Roles
from release_actions.tracker.headings import find_missing_sections, list_sections
from release_actions.tracker.model import ActKind, Item, LinkedPull, Proposal, State

CRITERIA = re.compile(r"acceptance criteria|definition of done", re.IGNORECASE)
OWNER_LINE = re.compile(
    r"^[ \t]*(?:[-*][ \t]*)?(?:\*\*)?owners?(?:\*\*)?[ \t]*:(?:\*\*)?[ \t]*@[A-Za-z0-9-]+", re.IGNORECASE | re.MULTILINE
)
NOMINATE = "nominate"


class Status(str, enum.Enum):
    """Whether a requirement is met."""

    MET = "met"
    MISSING = "missing"
    NOT_REQUIRED = "not-required"
    CANNOT_TELL = "cannot-tell"


@dataclass(frozen=True)
class Requirement:
    """A requirement of a feature. `why` is a phrase; `link` proves it, or is where it is missing."""

    name: str
    status: Status
    why: str
    link: str = ""


@dataclass(frozen=True)
class Demands:
    """What the project asks for, and who has which role. `repositories`: whose trunks count; None for every one."""

    form: TrackerForm
    roles: Roles
    owner: str

    def has_trunk(self, repository: str) -> bool:
        """Whether what is merged in a repository counts."""
        if self.form.repositories:
            return repository.lower() in {name.lower() for name in self.form.repositories}
        return repository.partition("/")[0].lower() == self.owner.lower()


def judge_requirements(item: Item, demands: Demands, proposals: Sequence[Proposal]) -> tuple[Requirement, ...]:
    """All requirements of a feature, in the order of the board."""
    judges: Mapping[str, Callable[[], Requirement]] = {
        "criteria": lambda: judge_criteria(item),
        "example": lambda: judge_example(item, demands),
        "proposal": lambda: judge_proposal(item, demands, proposals),
        "tests": lambda: judge_tests(item, demands),
        "merged": lambda: judge_merged(item, demands),
        "owner": lambda: judge_owner(item),
        "nominated": lambda: judge_nominated(item, demands),
    }
    return tuple(judges[name]() for name in REQUIREMENTS)


def list_merged(item: Item, demands: Demands) -> tuple[LinkedPull, ...]:
    """The pull requests of an item that are merged into a trunk that counts."""
    return tuple(
        pull
        for pull in item.pulls
        if pull.state is State.MERGED and pull.on_trunk and demands.has_trunk(pull.ref.repository)
    )


def judge_criteria(item: Item) -> Requirement:
    """Acceptance criteria: a heading or a field of a form, with something under it."""
    sections = [section for section in list_sections(item.body) if CRITERIA.search(section.heading)]
    if any(section.has_content for section in sections):
        return Requirement("criteria", Status.MET, "the issue has acceptance criteria", item.url)
    why = "nothing is written under its acceptance criteria" if sections else "the issue has no acceptance criteria"
    return Requirement("criteria", Status.MISSING, why, item.url)


def judge_example(item: Item, demands: Demands) -> Requirement:
    """A production-ready example: a merged change of a folder for examples, with a README and something that runs."""
    if item.has_label(*demands.form.without_example):
        return Requirement("example", Status.NOT_REQUIRED, "a label says that it needs no example", item.url)
    lacking = ""
    for pull in list_merged(item, demands):
        folders: dict[str, list[str]] = {}
        for path in pull.paths:
            for folder in _list_above(path):
                if path_filter.matches(demands.form.examples, folder):
                    folders.setdefault(folder, []).append(path)
        for folder, paths in folders.items():
            names = [path.rpartition("/")[2].lower() for path in paths]
            has_readme = any(name.startswith("readme") for name in names)
            has_files = any(not name.endswith((".md", ".markdown")) for name in names)
            if has_readme and has_files:
                return Requirement("example", Status.MET, f"{folder} came with #{pull.ref.number}", pull.url)
            lacking = f"{folder} lacks a {'file that is no Markdown' if has_readme else 'README'} in #{pull.ref.number}"
    why = lacking or f"no merged pull request brings an example under {', '.join(demands.form.examples)}"
    return Requirement("example", Status.MISSING, why, item.url)


def judge_proposal(item: Item, demands: Demands, proposals: Sequence[Proposal]) -> Requirement:
    """An approved proposal, where a label asks for one."""
    form = demands.form.proposals
    if not item.has_label(*form.labels):
        return Requirement("proposal", Status.NOT_REQUIRED, "no label asks for a proposal", item.url)
    people = demands.roles.find_people(form.role, [proposal.path for proposal in proposals] or ["OWNERS"])
    why, is_unknown = f"no proposal under {', '.join(form.paths)} is linked", False
    for proposal in proposals:
        if proposal.text is None:
            why = f"{proposal.path} is not on trunk"
            continue
        missing = find_missing_sections(proposal.text, form.sections)
        if missing:
            why = f"{proposal.path} has nothing under {', '.join(missing)}"
            continue
        if people is None:
            why, is_unknown = f"it is not known who has the role {form.role}", True
            continue
        approvals = list_approvals(proposal.remarks, [proposal.author, item.author]).by(people, Verb.APPROVE)
        if approvals:
            words = f"{proposal.path} was approved by {approvals[0].who}"
            return Requirement("proposal", Status.MET, words, approvals[0].url or proposal.url)
        why = f"nobody with the role {form.role} but its author approved {proposal.path}"
    return Requirement("proposal", Status.CANNOT_TELL if is_unknown else Status.MISSING, why, item.url)


def judge_tests(item: Item, demands: Demands) -> Requirement:
    """Tests: a merged change of a path that looks like a test, or a label that says why not."""
    if item.has_label(*demands.form.without_tests):
        return Requirement("tests", Status.NOT_REQUIRED, "a label says that it needs no tests", item.url)
    for pull in list_merged(item, demands):
        tests = [path for path in pull.paths if path_filter.matches(demands.form.tests, path)]
        if tests:
            return Requirement("tests", Status.MET, f"{tests[0]} in #{pull.ref.number}", pull.url)
    return Requirement("tests", Status.MISSING, "no merged pull request changes a test", item.url)


def judge_merged(item: Item, demands: Demands) -> Requirement:
    """Merged on trunk, and nothing that closes it still open."""
    merged = list_merged(item, demands)
    waiting = [pull for pull in item.pulls if pull.state is State.OPEN]
    if merged and not waiting:
        numbers = ", ".join(str(pull.ref) for pull in merged)
        return Requirement("merged", Status.MET, f"{numbers} is on trunk", merged[-1].url)
    if waiting:
        return Requirement("merged", Status.MISSING, f"{waiting[0].ref} is still open", waiting[0].url)
    if any(pull.state is State.MERGED for pull in item.pulls):
        return Requirement("merged", Status.MISSING, "it was merged, but into no trunk that counts", item.pulls[0].url)
    return Requirement("merged", Status.MISSING, "no merged pull request closes it", item.url)


def judge_owner(item: Item) -> Requirement:
    """An owner: somebody who is assigned, or `Owner: @login` in the text."""
    if item.assignees:
        return Requirement("owner", Status.MET, f"{item.assignees[0]} is assigned", item.url)
    if OWNER_LINE.search(item.body):
        return Requirement("owner", Status.MET, "the text names an owner", item.url)
    return Requirement("owner", Status.MISSING, "nobody is assigned", item.url)


def judge_nominated(item: Item, demands: Demands) -> Requirement:
    """Nominated by a lead of its SIG, and approved by a maintainer; neither by the author."""
    form = demands.form
    leads = {label: people for label, people in form.sigs.items() if item.has_label(label)}
    if not form.sigs:
        return Requirement("nominated", Status.NOT_REQUIRED, "tracker.sigs names no SIG", item.url)
    if not leads:
        return Requirement("nominated", Status.MISSING, "it has no label of a SIG", item.url)
    sigs = Roles(leads, demands.roles.owners)
    nominator = next((who for who in _list_nominators(item, form.nominated) if sigs.list_roles(who)), "")
    if not nominator:
        return Requirement("nominated", Status.MISSING, f"no lead of {', '.join(leads)} nominated it", item.url)
    maintainers = demands.roles.find_people("maintainer")
    if maintainers is None:
        return Requirement("nominated", Status.CANNOT_TELL, "it is not known who is a maintainer", item.url)
    approvals = list_approvals(item.remarks, [item.author]).by(maintainers, Verb.APPROVE)
    if approvals:
        words = f"nominated by {nominator}, approved by {approvals[0].who}"
        return Requirement("nominated", Status.MET, words, approvals[0].url or item.url)
    return Requirement("nominated", Status.MISSING, f"{nominator} nominated it, no maintainer approved", item.url)


def _list_nominators(item: Item, label: str) -> tuple[str, ...]:
    """Who nominated an item and did not take it back, its author and bots aside."""
    steps = [
        (act.at, act.actor, act.kind is ActKind.LABELED)
        for act in item.acts
        if act.name.lower() == label.lower() and (not act.is_bot or act.kind is ActKind.UNLABELED)
    ]
    for remark in item.remarks:
        for match in list_command_lines(remark.text):
            takes_back = bool(match[1]) or (match[3] or "").strip().lower() == "cancel"
            if match[2].lower() == NOMINATE and not remark.is_bot and (takes_back or remark.is_own_text):
                steps.append((remark.at, remark.author, not takes_back))
    labelled = {normalize_login(act.actor) for act in item.acts if act.kind is ActKind.LABELED}
    standing: dict[str, str] = {}
    for _, who, gives in sorted(steps, key=lambda step: (step[0], not step[2])):
        name = normalize_login(who)
        if gives and name and name != normalize_login(item.author):
            standing[name] = who
        elif not gives:
            # Whoever takes the label off takes it off for all who set it.
            gone = {name} | (labelled if name not in standing else set())
            standing = {key: login for key, login in standing.items() if key not in gone}
    return tuple(standing.values())


def _list_above(path: str) -> tuple[str, ...]:
    parts = path.split("/")[:-1]
    return tuple("/".join(parts[: count + 1]) for count in range(len(parts)))
