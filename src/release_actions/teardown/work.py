"""Carries a teardown out: the registry first, then GitHub's releases, then git, and proves that production stood still.

A git tag is the last thing to go, so that a run that is killed leaves what the next one starts from. Where something of
a candidate could not be deleted, what names it stays. This module must never change what changed since the plan was
made, and never say that something is gone without knowing it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from release_actions.cleanup import journal
from release_actions.cleanup.apply import apply
from release_actions.cleanup.finish import finish
from release_actions.cleanup.pace import Limits
from release_actions.cleanup.plan import CleanupPlan, Deletion
from release_actions.cleanup.store import Contents, NotDeleted, Outcome, Store
from release_actions.errors import ActionError, RemoteError
from release_actions.github.refs import GitRefs
from release_actions.github.releases import Release, Releases
from release_actions.registry.client import Registry
from release_actions.teardown.plan import Plan, RefChange
from release_actions.versions.version import known

AT_ONCE = 8
"""Tags that are resolved at the same time."""

NOT_TRIED = "The run stopped before it."

Say = Callable[[str], object]


@dataclass
class Image:
    """One package's way through a run.

    `listed`: its tags as the registry lists them. `before` and `after`: tag -> digest as the registry resolved the tags
    that stay, for a package that is touched.
    """

    path: str
    store: Store
    listed: frozenset[str] = frozenset()
    contents: Contents | None = None
    plan: CleanupPlan | None = None
    owners: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    before: Mapping[str, str] = field(default_factory=dict)
    after: Mapping[str, str] | None = None
    outcome: Outcome = field(default_factory=Outcome)
    unrestored: tuple[NotDeleted, ...] = ()

    @property
    def planned(self) -> int:
        """How many versions the plan deletes."""
        return len(self.plan.deletions) if self.plan else 0

    @property
    def held_back(self) -> frozenset[str]:
        """The candidates of which something is still there, against the plan."""
        outcome = self.outcome
        if outcome.error or outcome.interrupted or outcome.restored or outcome.unsure:
            return frozenset(owner for owners in self.owners.values() for owner in owners)
        left = {item.version.id for item in (*outcome.refused, *outcome.moved, *outcome.waiting)}
        behind, found = self.behind, dict[int, frozenset[str]]()
        for deletion in self.plan.deletions if self.plan else ():
            number = deletion.version.id
            if number in left:
                # A part that several share stands for those of them that are still there.
                own = self.owners_of(deletion)
                holders = [found[holder] for holder in deletion.after if holder in left]
                found[number] = own.union(*holders) if own or holders else behind[number]
        return frozenset[str]().union(*found.values(), *(self.owners[tag] for tag in self.again))

    @property
    def again(self) -> tuple[str, ...]:
        """The tags that went with their image, and that somebody has pushed since."""
        outcome = self.outcome
        if not outcome.check or outcome.restored:
            return ()
        left = {tag for item in (*outcome.refused, *outcome.moved, *outcome.waiting) for tag in item.version.tags}
        return tuple(tag for tag in sorted(self.owners) if tag not in left and outcome.check.tags.get(tag))

    @property
    def behind(self) -> Mapping[int, frozenset[str]]:
        """Id of a planned version -> the candidates it goes with: a part stands for those whose image it is part of."""
        found: dict[int, frozenset[str]] = {}
        for deletion in self.plan.deletions if self.plan else ():
            found[deletion.version.id] = self.owners_of(deletion).union(*(found[number] for number in deletion.after))
        return found

    def owners_of(self, deletion: Deletion) -> frozenset[str]:
        """The candidates whose image a planned version is."""
        return frozenset(owner for tag in deletion.version.names for owner in self.owners.get(tag, ()))


@dataclass(frozen=True)
class Left:
    """A release or git tag that is still there against the plan: which (`release v1`, `git tag v1`), why, a hint."""

    what: str
    message: str
    hint: str = ""
    refused: bool = True
    """Whether GitHub or a person's change is the reason, rather than something else that stayed."""


@dataclass
class Done:
    """What has happened on GitHub so far. Written as it happens, so that it is true whenever a run is stopped."""

    releases: list[Release] = field(default_factory=list)
    refs: list[RefChange] = field(default_factory=list)
    gone: list[Release | RefChange] = field(default_factory=list)
    """What somebody else was faster with."""
    left: list[Left] = field(default_factory=list)
    disturbed: list[str] = field(default_factory=list)
    """Sentences about production names that do not name any more what they named before."""
    pending: Release | RefChange | None = None
    """What was asked for without knowing yet whether it was done."""
    error: ActionError | None = None
    interrupted: bool = False
    stopped: str = ""
    """Why the run ended before everything was tried, by its own limits."""
    proven: bool = False


def baseline(registry: Registry, image: Image) -> None:
    """Resolve every tag that stays, and compare with GitHub's list. Raises `RemoteError` when they differ."""
    assert image.plan is not None  # noqa: S101  # only packages with a plan have something that stays
    stay = {
        tag: decision.version.digest
        for decision in image.plan.decisions
        if not decision.delete
        for tag in decision.version.tags
        if tag != journal.TAG
    }
    found = resolve(registry, image.path, stay)
    for tag, digest in sorted(stay.items()):
        if found[tag] != digest:
            now = found[tag] or "nothing"
            message = f"In {image.path} GitHub lists {tag} on {digest}, and the registry says that it names {now}."
            raise RemoteError(message, hint="Run it again when nothing is being pushed to the package.")
    image.before = found


def still_planned(before: Mapping[str, str], now: Mapping[str, str], prefix: str) -> None:
    """Raise `RemoteError` when git's releases are others than at the time of the plan, which spares their images."""
    old, new = ({one.tag for one in known(tags, prefix) if one.is_stable} for tags in (before, now))
    if old != new:
        tag = min(old ^ new)
        what = "was tagged" if tag in new else "lost its git tag"
        message = f"{tag} {what} since the plan was made, so no further image was deleted."
        raise RemoteError(message, hint="Look at the new plan first: a release may share an image with a candidate.")


def resolve(registry: Registry, path: str, tags: Collection[str]) -> dict[str, str]:
    """Tag -> digest by the registry now; empty for a tag that is not there. Raises `RemoteError`."""

    def one(tag: str) -> str:
        found = registry.head_manifest(path, tag)
        return found.digest if found else ""

    with ThreadPoolExecutor(AT_ONCE) as pool:
        ordered = sorted(tags)
        return dict(zip(ordered, pool.map(one, ordered), strict=True))


def delete_images(image: Image, registry: Registry, limits: Limits) -> None:
    """Delete what is planned in one package, resolve what is left, and restore if that broke.

    Raises nothing of GitHub's, and `KeyboardInterrupt` when stopped.
    """
    plan, contents, outcome, store = image.plan, image.contents, image.outcome, image.store
    if plan is None or contents is None or not plan.deletions:
        return
    apply(store, plan, contents, outcome, limits)
    if outcome.interrupted:
        raise KeyboardInterrupt
    image.unrestored = finish(store, plan, contents, outcome)
    if outcome.check and not outcome.restored:
        # The registry was asked for each of them a moment ago.
        image.after = {tag: outcome.check.tags.get(tag, "") for tag in image.before}
        return
    try:
        image.after = resolve(registry, image.path, image.before)
    except ActionError as error:
        outcome.error = outcome.error or error


def delete_releases(
    plan: Plan, releases: Releases, held_back: Collection[str], done: Done, say: Say, limits: Limits
) -> None:
    """Delete the planned releases, but those of candidates that are held back. Raises `RemoteError`."""
    owner = {change.tag: change.owners for change in plan.refs}
    for release in plan.releases:
        waiting = sorted({release.tag, *owner.get(release.tag, ())} & set(held_back))
        if waiting:
            done.left.append(stays(f"release {release.tag}", waiting))
            continue
        if out_of_time(done, limits):
            done.left.append(Left(f"release {release.tag}", NOT_TRIED, refused=False))
            continue
        now = releases.find(release)
        if now is None:
            done.gone.append(release)
            continue
        if meaning(now) != meaning(release):
            message = "It was changed since the plan was made."
            done.left.append(Left(f"release {release.tag}", message, "Run it again to plan anew."))
            continue
        done.pending = release
        refusal = releases.delete(release)
        done.pending = None
        if refusal:
            done.left.append(Left(f"release {release.tag}", f"{refusal}.", refusal.hint))
            continue
        done.releases.append(release)
        say(f"deleted the release {release.tag}")


def meaning(release: Release) -> tuple[object, ...]:
    """What the plan and the undo file rest on of a release."""
    kept = release.tag, release.name, release.body, release.draft, release.prerelease
    return (*kept, release.immutable, bool(release.files))


def change_refs(plan: Plan, refs: GitRefs, held_back: Collection[str], done: Done, say: Say, limits: Limits) -> None:
    """Delete and move the planned git tags that still are what they were. Raises `RemoteError`.

    The tag of a candidate stays while a name that was made from it does: nothing else shows the next run what that is.
    """
    published = {left.what.removeprefix("release ") for left in done.left}
    candidates = {version.tag for version in plan.candidates}
    made: dict[str, list[str]] = {}
    for change in plan.refs:
        waiting = sorted(set(change.owners) & set(held_back))
        names = made.get(change.tag) if change.tag in candidates else None
        if waiting:
            left: Left | None = stays(f"git tag {change.tag}", waiting)
        elif change.tag in published:
            message = "Its release is still there and would turn into a draft."
            left = Left(f"git tag {change.tag}", message, refused=False)
        elif names:
            do = "does" if len(names) == 1 else "do"
            message = f"It stays while {', '.join(names)} {do}: the next run needs it."
            left = Left(f"git tag {change.tag}", message, refused=False)
        elif out_of_time(done, limits):
            left = Left(f"git tag {change.tag}", NOT_TRIED, refused=False)
        else:
            left = change_ref(change, refs, done, say)
        if left:
            done.left.append(left)
            for owner in change.owners:
                made.setdefault(owner, []).append(change.tag)


def change_ref(change: RefChange, refs: GitRefs, done: Done, say: Say) -> Left | None:
    """Delete or move one git tag. Gives why it still is what it was; None when it is not. Raises `RemoteError`."""
    now = refs.get(change.tag)
    if now in {"", change.after}:
        done.gone.append(replace(change, after=now))
        return None
    if now != change.before:
        message = f"It was moved since the plan was made; now it names {now}."
        return Left(f"git tag {change.tag}", message, "Run it again to plan anew.")
    done.pending = change
    refusal = refs.move(change.tag, change.after) if change.after else refs.delete(change.tag)
    done.pending = None
    if refusal:
        return Left(f"git tag {change.tag}", f"{refusal}.", refusal.hint)
    say(f"{'moved' if change.after else 'deleted'} the git tag {change.tag}")
    done.refs.append(change)
    return None


def out_of_time(done: Done, limits: Limits) -> bool:
    """Whether no further change may begin."""
    done.stopped = done.stopped or limits.stop(1)
    return bool(done.stopped)


def stays(what: str, waiting: Iterable[str]) -> Left:
    """Why something is not tried: images of its candidate are still there."""
    message = f"It stays while images of {', '.join(waiting)} are there."
    return Left(what, message, refused=False)


def prove(
    images: Iterable[Image], before: Mapping[str, str], list_tags: Callable[[], Mapping[str, str]], done: Done
) -> None:
    """Compare production with what it was: tags of images that were touched, and all other git tags.

    `before`: git tag -> object at the time of the plan. Raises `RemoteError`.
    """
    for image in images:
        for tag, digest in sorted(image.before.items()):
            now = (image.after or {}).get(tag, digest)
            if now != digest:
                done.disturbed.append(f"{image.path}:{tag} named {digest} and now names {now or 'nothing'}.")
    changes = [change for change in (*done.refs, *done.gone) if isinstance(change, RefChange)]
    if changes:
        ours = {change.tag: change.after for change in changes}
        now_tags = list_tags()
        for tag, sha in sorted(before.items()):
            wanted = ours.get(tag, sha)
            if now_tags.get(tag, "") != wanted:
                done.disturbed.append(
                    f"The git tag {tag} should name {wanted or 'nothing'} and names {now_tags.get(tag) or 'nothing'}."
                )
    done.proven = not done.disturbed
