"""Carries a teardown out: the registry first, then GitHub's releases, then git, and proves that production stood still.

A git tag is the last thing to go, so that a run that is killed leaves what the next one starts from. Where something of
a candidate could not be deleted, what names it stays. This module must never change what changed since the plan was
made, and never say that something is gone without knowing it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from release_actions.cleanup import events as cleanup_events
from release_actions.cleanup import journal
from release_actions.cleanup.apply import apply
from release_actions.cleanup.finish import can_be_needed, conclude, prove_and_restore
from release_actions.cleanup.pace import Limits
from release_actions.cleanup.plan import CleanupPlan
from release_actions.cleanup.store import Store
from release_actions.errors import ActionError, RemoteError
from release_actions.github.refs import GitRefs
from release_actions.github.releases import Release, Releases
from release_actions.registry.client import Registry
from release_actions.registry.names import PackagePath, Tag
from release_actions.teardown.events import (
    AlreadyDone,
    ChangeSent,
    Disturbed,
    Done,
    NotDone,
    Proven,
    RefChanged,
    ReleaseDeleted,
    Stopped,
)
from release_actions.teardown.model import Plan, RefChange
from release_actions.teardown.package import PackageTeardown
from release_actions.versions.version import parse_known

AT_ONCE = 8
"""Tags that are resolved at the same time."""

NOT_TRIED = "The run stopped before it."

Say = Callable[[str], object]


def resolve_baseline(registry: Registry, path: PackagePath, plan: CleanupPlan) -> Mapping[str, str]:
    """Tag -> digest of every tag that is kept, resolved and compared with GitHub's list.

    Raises `RemoteError` when they differ.
    """
    kept = {
        tag: decision.version.digest
        for decision in plan.decisions
        if not decision.delete
        for tag in decision.version.tags
        if tag != journal.TAG
    }
    resolved = resolve(registry, path, kept)
    for tag, digest in sorted(kept.items()):
        if resolved[tag] != digest:
            now = resolved[tag] or "nothing"
            message = f"In {path} GitHub lists {tag} on {digest}, and the registry says that it names {now}."
            raise RemoteError(message, hint="Run it again when nothing is being pushed to the package.")
    return resolved


def check_still_planned(before: Mapping[str, str], now: Mapping[str, str], prefix: str) -> None:
    """Raise `RemoteError` when git's releases are others than at the time of the plan, which spares their images."""
    old, new = ({version.tag for version in parse_known(tags, prefix) if version.is_stable} for tags in (before, now))
    if old != new:
        tag = min(old ^ new)
        what = "was tagged" if tag in new else "lost its git tag"
        message = f"{tag} {what} since the plan was made, so no further image was deleted."
        raise RemoteError(message, hint="Check the new plan first: a release may share an image with a candidate.")


def resolve(registry: Registry, path: PackagePath, tags: Collection[str]) -> dict[str, str]:
    """Tag -> digest by the registry now; empty for a tag that is not there. Raises `RemoteError`."""

    def one(tag: Tag) -> str:
        manifest = registry.head_manifest(path, tag)
        return manifest.digest if manifest else ""

    with ThreadPoolExecutor(AT_ONCE) as pool:
        ordered = sorted(tags)
        return dict(zip(ordered, pool.map(one, ordered), strict=True))


def delete_images(package: PackageTeardown, store: Store, limits: Limits) -> None:
    """Delete what is planned in one package, resolve what is left, and restore if that broke.

    What happens is in the package's outcome. `end_packages` has to follow. Raises `KeyboardInterrupt` when stopped.
    """
    plan, contents, outcome = package.plan, package.contents, package.outcome
    if plan is None or contents is None or not plan.deletions:
        return
    apply(store, plan, contents, outcome, limits)
    if outcome.is_interrupted:
        raise KeyboardInterrupt
    prove_and_restore(store, plan, contents, outcome, resolve_all=True)


def end_packages(
    packages: Iterable[PackageTeardown],
    open_store: Callable[[PackagePath], Store],
    limits: Limits,
    began: float,
) -> None:
    """Look once more, after one pause, at packages in which something was deleted, and delete their journals.

    `began`: when the first deletion began, by the clock of `limits`. What happens is in the packages' outcomes.
    """
    begun = [package for package in packages if package.outcome.events]
    if any(can_be_needed(package.outcome) for package in begun):
        limits.settle(began)
    for package in begun:
        plan, contents, outcome = package.plan, package.contents, package.outcome
        if plan is None or contents is None or not plan.deletions:
            continue
        store = open_store(package.path)
        conclude(store, plan, contents, outcome, resolve_all=True)
        if outcome.tags_after is None:
            try:
                outcome.add(cleanup_events.TagsSeen(resolve(store.registry, package.path, package.before)))
            except ActionError as error:
                outcome.add(cleanup_events.Failed(error))


def delete_releases(
    plan: Plan, releases: Releases, held_back: Collection[str], done: Done, say: Say, limits: Limits
) -> None:
    """Delete the planned releases, but those of candidates that are held back. Raises `RemoteError`."""
    owner: dict[str, tuple[str, ...]] = {change.tag: change.owners for change in plan.refs}
    for release in plan.releases:
        waiting = sorted({release.tag, *owner.get(release.tag, ())} & set(held_back))
        if waiting:
            done.add(make_waiting(f"release {release.tag}", waiting))
            continue
        if is_out_of_time(done, limits):
            done.add(NotDone(f"release {release.tag}", NOT_TRIED, refused=False))
            continue
        now = releases.find(release)
        if now is None:
            done.add(AlreadyDone(release))
            continue
        if list_essentials(now) != list_essentials(release):
            message = "It was changed since the plan was made."
            done.add(NotDone(f"release {release.tag}", message, "Run it again to make a new plan."))
            continue
        done.add(ChangeSent(release))
        refusal = releases.delete(release)
        if refusal:
            done.add(NotDone(f"release {release.tag}", f"{refusal}.", refusal.hint))
            continue
        done.add(ReleaseDeleted(release))
        say(f"deleted the release {release.tag}")


def list_essentials(release: Release) -> tuple[object, ...]:
    """What the plan and the undo file rest on of a release."""
    kept = release.tag, release.name, release.body, release.draft, release.prerelease
    return (*kept, release.immutable, tuple((asset.name, asset.digest) for asset in release.assets))


def change_refs(plan: Plan, refs: GitRefs, held_back: Collection[str], done: Done, say: Say, limits: Limits) -> None:
    """Delete and move the planned git tags that still are what they were. Raises `RemoteError`.

    The tag of a candidate stays while a name that was made from it does: nothing else shows the next run what that is.
    """
    published = {not_done.what.removeprefix("release ") for not_done in done.left}
    candidates = {version.tag for version in plan.candidates}
    made: dict[str, list[str]] = {}
    for change in plan.refs:
        waiting = sorted(set(change.owners) & set(held_back))
        names = made.get(change.tag) if change.tag in candidates else None
        if waiting:
            not_done: NotDone | None = make_waiting(f"git tag {change.tag}", waiting)
        elif change.tag in published:
            message = "Its GitHub release still exists and would become a draft."
            not_done = NotDone(f"git tag {change.tag}", message, refused=False)
        elif names:
            there = "is there" if len(names) == 1 else "are there"
            message = f"It is kept while {', '.join(names)} {there}: the next run needs it."
            not_done = NotDone(f"git tag {change.tag}", message, refused=False)
        elif is_out_of_time(done, limits):
            not_done = NotDone(f"git tag {change.tag}", NOT_TRIED, refused=False)
        else:
            not_done = change_ref(change, refs, done, say)
        if not_done:
            done.add(not_done)
            for owner in change.owners:
                made.setdefault(owner, []).append(change.tag)


def change_ref(change: RefChange, refs: GitRefs, done: Done, say: Say) -> NotDone | None:
    """Delete or move one git tag. Gives why it still is what it was; None when it is not. Raises `RemoteError`."""
    now = refs.get(change.tag)
    if now in {"", change.after}:
        done.add(AlreadyDone(replace(change, after=now)))
        return None
    if now != change.before:
        message = f"It was moved since the plan was made; now it names {now}."
        return NotDone(f"git tag {change.tag}", message, "Run it again to make a new plan.")
    done.add(ChangeSent(change))
    refusal = refs.move(change.tag, change.after) if change.after else refs.delete(change.tag)
    if refusal:
        return NotDone(f"git tag {change.tag}", f"{refusal}.", refusal.hint)
    say(f"{'moved' if change.after else 'deleted'} the git tag {change.tag}")
    done.add(RefChanged(change))
    return None


def is_out_of_time(done: Done, limits: Limits) -> bool:
    """Whether no further change may begin."""
    if not done.stopped:
        stop = limits.stop(1)
        if stop:
            done.add(Stopped(stop))
    return bool(done.stopped)


def make_waiting(what: str, waiting: Iterable[str]) -> NotDone:
    """Why something is not tried: images of its candidate are still there."""
    message = f"It is kept while images of {', '.join(waiting)} are there."
    return NotDone(what, message, refused=False)


def prove(
    packages: Iterable[PackageTeardown],
    before: Mapping[str, str],
    list_tags: Callable[[], Mapping[str, str]],
    done: Done,
) -> None:
    """Compare production with what it was: tags of images that were touched, and all other git tags.

    `before`: git tag -> object at the time of the plan. Raises `RemoteError`.
    """
    for package in packages:
        for tag, digest in sorted(package.before.items()):
            now = (package.after or {}).get(tag, digest)
            if now != digest:
                done.add(Disturbed(f"{package.path}:{tag} named {digest} and now names {now or 'nothing'}."))
    changes = [change for change in (*done.refs, *done.gone) if isinstance(change, RefChange)]
    if changes:
        ours: dict[str, str] = {change.tag: change.after for change in changes}
        now_tags = list_tags()
        for tag, sha in sorted(before.items()):
            wanted = ours.get(tag, sha)
            if now_tags.get(tag, "") != wanted:
                now = now_tags.get(tag) or "nothing"
                done.add(Disturbed(f"The git tag {tag} should name {wanted or 'nothing'} and names {now}."))
    if not done.disturbed:
        done.add(Proven())
