"""One package's way through a clean-up: read and planned, carried out, proven.

What prevents one package is kept with it, so that the others go on. It must never begin to delete what was not read
completely.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from release_actions.cleanup import copies, journal, retention, selection
from release_actions.cleanup.apply import NOT_BEGUN, apply
from release_actions.cleanup.finish import finish
from release_actions.cleanup.pace import Limits
from release_actions.cleanup.plan import CleanupPlan
from release_actions.cleanup.plan_output import freed
from release_actions.cleanup.scope import Task
from release_actions.cleanup.selection import Facts, Rule
from release_actions.cleanup.store import Contents, Kept, NotDeleted, Outcome, Store
from release_actions.errors import ActionError, InputError
from release_actions.github import repository as github_repository
from release_actions.http.client import Http
from release_actions.runner.context import Context
from release_actions.runner.report import counted
from release_actions.runner.workflow import Workflow

MEASURED = 20
"""Manifests of a package that are read only to say how much is freed. Where there are more, none is, and the amount is
a lower bound: each reading is a request, and counts as a download."""


@dataclass
class Result:
    """One package's way through the run: the plan, unless it could not be made, and what came of it."""

    task: Task
    store: Store
    contents: Contents | None = None
    plan: CleanupPlan | None = None
    outcome: Outcome = field(default_factory=Outcome)
    idle: str = ""
    """Why nothing had to be read; empty when it was read."""
    unrestored: tuple[NotDeleted, ...] = ()
    done: bool = False
    """Whether nothing more was to be done about it."""

    @property
    def deletions(self) -> int:
        """How many versions the plan deletes."""
        return len(self.plan.deletions) if self.plan else 0

    def interrupt(self) -> None:
        """Write down that a signal ended the run before all of this was tried."""
        outcome, plan = self.outcome, self.plan
        outcome.interrupted = True
        known = {item.version.id for item in (*outcome.refused, *outcome.moved, *outcome.waiting)}
        known |= {version.id for version in (*outcome.deleted, *outcome.gone, *outcome.unsure)}
        tried = {strip.tag for strip in outcome.stripped} | {kept.strip.tag for kept in outcome.kept}
        left = [deletion.version for deletion in plan.deletions if deletion.version.id not in known] if plan else []
        outcome.waiting += [NotDeleted(version, NOT_BEGUN) for version in left]
        strips = plan.strips if plan else ()
        outcome.kept += [Kept(strip, NOT_BEGUN, tried=False) for strip in strips if strip.tag not in tried]

    @property
    def whole(self) -> bool:
        """Whether all versions that the plan deletes are gone by this run."""
        return len(self.outcome.deleted) == self.deletions and not self.outcome.restored

    @property
    def planned(self) -> int:
        """How many versions the plan deletes, and tags it takes off others."""
        return self.deletions + (len(self.plan.strips) if self.plan else 0)


@dataclass
class Sources:
    """What is known beyond the packages: how release tags begin, and which pull requests of `repository` are closed.

    `assumed`: nobody wrote down which repository it is, and it is the one of this run.
    """

    http: Http
    prefix: str
    repository: str
    api_url: str
    token: str
    states: dict[int, str] = field(default_factory=dict)
    assumed: bool = False
    known: dict[str, str] = field(default_factory=dict)

    def closed(self, store: Store, rules: Iterable[Rule], tags: Iterable[str]) -> frozenset[int]:
        """Those of the pull requests that tags are named after. Raises `ActionError`."""
        if not any(rule.delete_closed_pull_requests for rule in rules):
            return frozenset()
        numbers = {number for tag in tags if (number := selection.pull_request_of(tag)) is not None}
        unknown = numbers - self.states.keys()
        if unknown:
            found = github_repository.pull_states(self.http, self.api_url, self.repository, unknown, token=self.token)
            self.states |= dict.fromkeys(unknown, "") | found
        closed = frozenset(number for number in numbers if self.states[number] == "closed")
        if closed and self.assumed:
            self.compare(store)
        return closed

    def compare(self, store: Store) -> None:
        """Raise `ActionError` for a package of another repository, whose pull requests have the same numbers."""
        if store.path not in self.known:
            self.known[store.path] = store.packages.repository(store.name)
        found = self.known[store.path]
        if found and found.lower() != self.repository.lower():
            message = f"It belongs to {found}, and this run knows the pull requests of {self.repository} only."
            raise InputError(message, hint="Run it there, or name the repository in a release.yaml and a rule of it.")


def prepare(result: Result, context: Context, sources: Sources, log: Workflow, measured: int = MEASURED) -> None:
    """Read one package and plan. What prevents it is kept with the result.

    `measured`: manifests that may be read only to say how much is freed.
    """
    path, rules = result.task.path, result.task.rules
    try:
        with log.group(f"Plan {path}"):
            if not any(rule.needs_everything for rule in rules):
                tags = result.store.tags()
                # A journal, or nothing but attachments, is what an earlier run left.
                left = journal.TAG in tags or not any(selection.is_name(tag) for tag in tags)
                facts = Facts(context.now, sources.prefix, closed=sources.closed(result.store, rules, tags))
                if not left and not any(selection.chosen_tags(rule, tags, facts) for rule in rules):
                    result.idle = f"None of its {len(tags)} tags is selected."
                    result.store.say(f"{path}: {result.idle}")
                    return
            contents = result.contents = copies.settled(path, result.store.read())
            needs_missing = any(rule.needs_missing for rule in rules)
            facts = Facts(
                context.now,
                sources.prefix,
                result.store.missing(contents) if needs_missing else frozenset(),
                sources.closed(result.store, rules, contents.tags),
            )
            plan = retention.plan(path, contents.versions, contents.graph, rules, facts=facts)
            result.plan = result.store.sized(plan, contents, measured)
            count = f"{len(plan.deletions)} of {len(plan.decisions)} versions go"
            count += f", {counted(len(plan.strips), 'tag')} taken off others" if plan.strips else ""
            result.store.say(f"{path}: {count}, {freed(result.plan)}")
    except ActionError as error:
        result.outcome.error = error


def carry_out(result: Result, limits: Limits, log: Workflow) -> None:
    """Delete what is planned, look at what is left, and restore if that broke."""
    plan, contents, outcome, store = result.plan, result.contents, result.outcome, result.store
    if plan and contents and (plan.deletions or plan.strips):
        with log.group(f"Clean up {plan.package}"):
            apply(store, plan, contents, outcome, limits)
            if outcome.interrupted:
                raise KeyboardInterrupt
            result.unrestored = finish(store, plan, contents, outcome)
            if store.cache:
                store.cache.drop(version.digest for version in outcome.deleted)
    result.done = True
