"""One package's way through a clean-up: read and planned, carried out, proven.

What prevents one package is kept with it, so that the others go on. It must never begin to delete what was not read
completely.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from release_actions.cleanup import copies, journal, memory, mending, retention, selection
from release_actions.cleanup.apply import apply
from release_actions.cleanup.contents import Contents
from release_actions.cleanup.events import Failed, Finished
from release_actions.cleanup.finish import conclude, prove_and_restore
from release_actions.cleanup.gone import GoneRefs
from release_actions.cleanup.outcome import Outcome
from release_actions.cleanup.overtaken import find_overtaken
from release_actions.cleanup.pace import Limits
from release_actions.cleanup.plan import CleanupPlan
from release_actions.cleanup.plan_output import describe_freed
from release_actions.cleanup.prefixes import learn_prefixes
from release_actions.cleanup.result import Result, Task
from release_actions.cleanup.selection import Facts, Rule
from release_actions.cleanup.store import Store
from release_actions.errors import ActionError, InputError
from release_actions.github import repository as github_repository
from release_actions.http.client import Http
from release_actions.runner.context import Context
from release_actions.runner.report import counted
from release_actions.runner.workflow import Workflow
from release_actions.versions.grammar import image_tag_of

MEASURED = 0
"""Manifests of a package that are read only to say how much is freed: none, for each reading is a request, and counts
as a download. The amount is a lower bound where content was not read for the plan."""


@dataclass
class Sources:
    """What is known beyond the packages: how releases are tagged, and which pull requests of `repository` are closed.

    `schemes`: how the configuration says that the exact tags of a package are written; none where it was not read.

    `assumed`: nobody wrote down which repository it is, and it is the one of this run.
    """

    http: Http
    schemes: Callable[[str], tuple[str, ...]]
    repository: str
    api_url: str
    token: str
    states: dict[int, str] = field(default_factory=dict)
    assumed: bool = False
    known: dict[str, str] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)
    refs: GoneRefs | None = None

    def read_facts(self, store: Store, rules: Iterable[Rule], tags: Collection[str], now: datetime) -> Facts:
        """What rules are judged by beyond the package: its releases, and what its tags are named after.

        Read after the tags, so that what is created meanwhile has none of them. Raises `ActionError`.
        """
        rules, names = tuple(rules), [tag for tag in tags if selection.is_name(tag)]
        branches = self.refs and any(rule.settings.delete_gone_branches for rule in rules)
        releases = self.refs and any(rule.settings.delete_gone_tags for rule in rules)
        return Facts(
            now,
            self.prefixes(store.path, tags),
            closed=self.closed(store, rules, tags),
            gone_branches=self.refs.find_branch_tags(store.path, names) if self.refs and branches else {},
            gone_tags=self.refs.find_release_tags(store.path, names) if self.refs and releases else {},
        )

    def prefixes(self, path: str, tags: Iterable[str]) -> tuple[str, ...]:
        """What release tags of a package begin with: as the configuration says, and as its own tags show."""
        learned = learn_prefixes(tag for tag in tags if selection.is_name(tag))
        stated = self.schemes(path)
        # A project that writes its image tags by a template may have some of before, which are plain git tags. A scheme
        # is equal to its prefix.
        plain = [scheme for scheme in stated if image_tag_of(f"{scheme}1.2.3", scheme) == f"{scheme}1.2.3"]
        return (*stated, *(prefix for prefix in learned if prefix not in plain))

    def closed(self, store: Store, rules: Iterable[Rule], tags: Iterable[str]) -> frozenset[int]:
        """Those of the pull requests that tags are named after. Raises `ActionError`."""
        if not any(rule.settings.delete_closed_pull_requests for rule in rules):
            return frozenset()
        with self.lock:
            return self._ask_closed(store, tags)

    def _ask_closed(self, store: Store, tags: Iterable[str]) -> frozenset[int]:
        numbers = {number for tag in tags if (number := selection.pull_request_of(tag)) is not None}
        unknown = numbers - self.states.keys()
        if unknown:
            states = github_repository.pull_states(self.http, self.api_url, self.repository, unknown, token=self.token)
            self.states |= dict.fromkeys(unknown, "") | states
        closed = frozenset(number for number in numbers if self.states[number] == "closed")
        if closed and self.assumed:
            self.compare(store)
        return closed

    def compare(self, store: Store) -> None:
        """Raise `ActionError` for a package of another repository, whose pull requests have the same numbers."""
        if store.path not in self.known:
            self.known[store.path] = store.packages.repository(store.name)
        comparison = self.known[store.path]
        if comparison and comparison.lower() != self.repository.lower():
            message = f"It belongs to {comparison}, and this run knows the pull requests of {self.repository} only."
            raise InputError(message, hint="Run it there, or name the repository in a release.yaml and a rule of it.")


def prepare(
    task: Task, store: Store, context: Context, sources: Sources, log: Workflow, measured: int = MEASURED
) -> Result:
    """Read one package and plan. What prevents it is in the result.

    `measured`: manifests that may be read only to say how much is freed.
    """
    with log.group(f"Plan {task.path}"):
        return plan_package(task, store, context, sources, measured)


def plan_package(task: Task, store: Store, context: Context, sources: Sources, measured: int) -> Result:
    """Read one package and plan. What prevents it is in the result."""
    try:
        return _plan(task, store, context, sources, measured)
    except ActionError as error:
        return Result(task, outcome=Outcome([Failed(error)]))


def _plan(task: Task, store: Store, context: Context, sources: Sources, measured: int) -> Result:
    path, rules = task.path, task.rules
    past = memory.read(store.folder, path)
    # What was deleted may be a part of an image that was pushed since, as long as it can be restored. Tag names do not
    # show such a push, for it may have moved a tag: only the list of versions does.
    recent = past.deleted_since(context.now - memory.RESTORABLE)
    if not recent and not any(rule.settings.needs_everything for rule in rules):
        tags = store.tags()
        # A journal, or nothing but attachments, is what an earlier run left.
        is_leftover = journal.TAG in tags or not any(selection.is_name(tag) for tag in tags)
        facts = sources.read_facts(store, rules, tags, context.now)
        if not is_leftover and not any(selection.choose_tags(rule, tags, facts) for rule in rules):
            idle = f"None of its {len(tags)} tags is selected."
            store.say(f"{path}: {idle}")
            return Result(task, idle=idle)
    contents = copies.settle_copies(path, store.read(lambda version: selection.is_named(rules, version)))
    overtaken = find_overtaken(store, contents, past, context.now)
    contents = replace(contents, remembered=frozenset(past.deleted), overtaken=overtaken)
    since = past.untagged_since(contents.versions, context.now)
    needs_missing = any(rule.settings.needs_missing for rule in rules)
    # What a clean-up deleted too early is restored, and is no reason to delete the image that lists it.
    missing = store.missing(contents) - overtaken if needs_missing else frozenset()
    known = sources.read_facts(store, rules, tuple(contents.tags), context.now)
    facts = replace(known, missing=missing, untagged_since=since)
    plan = store.sized(retention.plan(path, contents.versions, contents.graph, rules, facts=facts), contents, measured)
    count = f"{len(plan.deletions)} of {len(plan.decisions)} versions are to be deleted"
    count += f", {counted(len(plan.strips), 'tag')} removed from others" if plan.strips else ""
    if not plan.is_moot:
        store.say(f"{path}: {count}, {describe_freed(plan)}")
    return Result(task, contents, plan)


def carry_out(result: Result, store: Store, limits: Limits, log: Workflow, now: datetime) -> None:
    """Do as `clean_package`, with the log of the package in a group of its own."""
    if not result.plan:
        clean_package(result, store, limits, now)
        return
    with log.group(f"Clean up {result.task.path}"):
        clean_package(result, store, limits, now)


def clean_package(result: Result, store: Store, limits: Limits, now: datetime) -> None:
    """Delete what is planned, check what is left, and restore if that broke. What happens is in the result's outcome.

    `end_package` has to follow. Raises `KeyboardInterrupt` when stopped by a signal.
    """
    plan, contents, outcome = result.plan, result.contents, result.outcome
    if not plan or not contents:
        return
    if plan.deletions or plan.strips:
        apply(store, plan, contents, outcome, limits)
        if outcome.is_interrupted:
            raise KeyboardInterrupt
        prove_and_restore(store, plan, contents, outcome)
    else:
        repair(store, plan, contents, outcome)
    remember(store, contents, outcome, now)
    if store.cache:
        store.cache.drop(version.digest for version in outcome.deleted)


def end_package(result: Result, store: Store, now: datetime) -> None:
    """Look again at what was pushed since the check, and delete the journal."""
    plan, contents, outcome = result.plan, result.contents, result.outcome
    if plan and contents and (plan.deletions or plan.strips):
        restored = outcome.restored
        conclude(store, plan, contents, outcome)
        if outcome.restored != restored:
            remember(store, contents, outcome, now)
    outcome.add(Finished())


def repair(store: Store, plan: CleanupPlan, contents: Contents, outcome: Outcome) -> None:
    """Bring back what an earlier run deleted and something needs that was pushed since."""
    try:
        mending.heal(store, plan, contents, outcome)
    except ActionError as error:
        outcome.add(Failed(error))


def remember(store: Store, contents: Contents, outcome: Outcome, now: datetime) -> None:
    """Note for the next run since when versions have no tag, and what this run deleted."""
    past = memory.read(store.folder, store.path)
    back = {version.digest for version in (*outcome.restored, *outcome.repaired)}
    deleted: dict[str, datetime] = {version.digest: now for version in (*outcome.deleted, *outcome.unsure)}
    deleted = {digest: time for digest, time in {**past.deleted, **deleted}.items() if digest not in back}
    untagged: dict[str, datetime] = {
        version.digest: past.untagged.get(version.digest, now) for version in contents.versions if not version.tags
    }
    gone = {version.digest for version in (*outcome.deleted, *outcome.gone)} - back
    untagged = {digest: time for digest, time in untagged.items() if digest not in gone}
    if past.seen is None:
        # No run has read the package before: the dates of versions are all that is known.
        created: dict[str, datetime] = {version.digest: version.moved_at for version in contents.versions}
        untagged = {digest: created[digest] for digest in untagged}
    memory.write(store.folder, store.path, memory.Memory(now, untagged, deleted), now)
