"""Says what has to hold after clean-ups of random packages, found out without the code that it judges."""

from __future__ import annotations

import random
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fnmatch import fnmatchcase

from cleanup.worlds import CUDA, RELEASES, Company, Killed, Life, clean, drawn, planted, weather
from release_actions.cleanup import journal
from release_actions.cleanup.package import Result
from release_actions.selection import Rule
from release_actions.simulator import World
from release_actions.simulator.packages import Version

DAY = timedelta(days=1)
"""What a build may take from its first push to its tag."""


def held(world: World) -> dict[str, tuple[str, ...]]:
    package = world.package(CUDA)
    assert package is not None
    return {version.digest: tuple(sorted(version.tags)) for version in package.versions()}


def unpullable(world: World, lost: set[str]) -> list[str]:
    """Tags that lack something that the company did not lose itself."""
    return [tag for tag in world.tags(CUDA) if set(world.missing(CUDA, tag)) - lost]


@dataclass(frozen=True)
class Kept:
    """The package before the runs. `whole`: tags that pull. `about`: digest -> what is attached to it."""

    tags: dict[str, str]
    whole: set[str]
    created: dict[str, datetime]
    moved: dict[str, datetime]
    children: dict[str, tuple[str, ...]]
    about: dict[str, set[str]]

    @classmethod
    def of(cls, world: World) -> Kept:
        package = world.package(CUDA)
        assert package is not None
        there = package.versions()
        about: dict[str, set[str]] = {}
        for version in there:
            subjects = {version.manifest.subject} - {""}
            subjects |= {f"sha256:{tag[7:71]}" for tag in version.tags if tag.startswith("sha256-")}
            for subject in subjects:
                about.setdefault(subject, set()).add(version.digest)
        return cls(
            world.tags(CUDA),
            {tag for tag in world.tags(CUDA) if not world.missing(CUDA, tag)},
            {version.digest: version.created for version in there},
            {version.digest: version.updated for version in there},
            {version.digest: version.manifest.children for version in there},
            about,
        )

    def reached(self, roots: Iterable[str], *, attachments: bool = True, without: Collection[str] = ()) -> set[str]:
        """All that roots need and that is there; nobody can tell what an index listed once it is gone (`without`)."""
        found: set[str] = set()
        todo = [*roots]
        while todo:
            digest = todo.pop()
            if digest in self.children and digest not in found and digest not in without:
                found.add(digest)
                todo += self.children.get(digest, ())
                todo += self.about.get(digest, ()) if attachments else ()
        return found


def selected(rule: Rule, tag: str, kept: Kept, company: Company) -> bool:
    """Whether a rule may select a tag that people gave, from what the rule says and nothing else."""
    if any(fnmatchcase(tag, pattern) for pattern in rule.exclude_tags):
        return False
    finals = kept.tags.keys() | company.names
    released = rule.delete_released_candidates and "-rc." in tag and tag.partition("-")[0] in finals
    return released or any(fnmatchcase(tag, pattern) for pattern in rule.delete_tags)


def protected(rule: Rule, kept: Kept, now: datetime, company: Company) -> set[str]:
    """Tags that have to stay where nobody moves them."""
    names = {tag: digest for tag, digest in kept.tags.items() if not tag.startswith("sha256-")}
    candidates = {tag for tag in names if selected(rule, tag, kept, company)}
    whole = {tag for tag in names if tag in kept.whole and not kept.reached([names[tag]]) & company.lost}
    stay = {*names} - candidates
    if rule.delete_ghost_images or rule.delete_partial_images:
        stay -= {tag for tag in {*names} - whole if not any(fnmatchcase(tag, glob) for glob in rule.exclude_tags)}
    if rule.older_than:
        stay |= {tag for tag, digest in names.items() if now - kept.created[digest] < rule.older_than}
    if (rule.keep_n or rule.keep_n_per_line) and company.names.isdisjoint(RELEASES) and not company.lost:
        # Whatever a rule spares, it spares the highest release of all that it selects.
        stay.update([tag for tag in RELEASES if tag in candidates & whole][:1])
    return stay


def judge_protection(world: World, rule: Rule, kept: Kept, now: datetime, company: Company) -> None:
    """Nothing that has to stay has gone, moved or lost a part, but by the company's hand."""
    tags = world.tags(CUDA)
    there = {version.digest for version in versions(world)}
    for tag in protected(rule, kept, now, company) - company.names:
        assert tags.get(tag) == kept.tags[tag], tag
        parts = kept.reached([kept.tags[tag]], attachments=False, without=company.lost)
        assert parts <= there, tag
    for made, new in company.begun:
        # What arrived in the middle of a run may be a part of what it deletes.
        fresh = {digest for digest in new & kept.moved.keys() if now - kept.moved[digest] < DAY}
        assert fresh - company.lost <= there, made.root.digest


def judge_remains(world: World, kept: Kept, now: datetime) -> None:
    """Nothing remains that only what was deleted had reached, but what a build may be about to use."""
    there = {version.digest for version in versions(world)}
    deleted = {digest for tag, digest in kept.tags.items() if not tag.startswith("sha256-")} - there
    below = kept.reached(deleted) & there
    holders = [version.digest for version in versions(world) if version.digest not in below]
    held_up = kept.reached([*holders, *(d for tag, d in world.tags(CUDA).items() if not tag.startswith("sha256-"))])
    young = {digest for digest in below if now - kept.moved[digest] < DAY}
    assert below - held_up - kept.reached(young) == set()


def versions(world: World) -> Sequence[Version]:
    package = world.package(CUDA)
    assert package is not None
    return package.versions()


def refusals(result: Result) -> set[int]:
    """Versions that GitHub did not let go, and those that wait for them."""
    return {item.version.id for item in (*result.outcome.refused, *result.outcome.waiting)}


def judge(seed: int) -> None:
    """One world."""
    chance = random.Random(seed)
    world, company = planted(chance)
    rule = drawn(chance)
    now = world.now()
    kept = Kept.of(world)
    unfinished = {one.digest for made, _ in company.begun for one in made.manifests}
    faults = weather(chance, company, seed)
    life = Life(chance.randint(1, 90)) if chance.random() < 0.5 else None
    killed = False
    refused: set[int] = set()
    try:
        first = clean(world, rule, now, faults, life)
        assert first.outcome.error is None or faults, first.outcome.error
        refused |= refusals(first)
    except Killed:
        killed = True
        assert unpullable(world, company.lost) == [] or company.touched
    if killed:
        # Nobody brings back what a killed run deleted of a build that took longer than any does.
        company.lost |= {digest for digest in unfinished if digest in kept.moved and now - kept.moved[digest] >= DAY}
    judge_protection(world, rule, kept, now, company)
    if not killed and not (rule.delete_ghost_images or rule.delete_partial_images):
        # What the company tagged meanwhile is there, unless the rule selects it.
        assert {tag for tag in company.put if not selected(rule, tag, kept, company)} <= world.tags(CUDA).keys()
    second = clean(world, rule, now)
    refused |= refusals(second)
    unseen = killed and second.plan is None and not protected(rule, kept, now, company)
    if unseen:
        # Where every tag was to go the journal has none, and then a build's tag alone shows the next run no work.
        company.lost |= kept.moved.keys() - {version.digest for version in versions(world)}
    judge_protection(world, rule, kept, now, company)
    assert unpullable(world, company.lost) == []
    alone, after = not company.touched, held(world)
    if alone and not refused:
        judge_remains(world, kept, now)
    while company.begun:
        company.finish(world)
    assert unpullable(world, company.lost) == []
    clean(world, rule, now)
    assert unpullable(world, company.lost) == []
    last = clean(world, rule, now)
    error = last.outcome.error
    # Who copies a tag while it is being taken off is told so until the copy is put right.
    assert error is None or (rule.untag and "somebody copied a tag" in str(error)), error
    if error:
        return
    still = refusals(last)
    assert last.plan is None or {deletion.version.id for deletion in last.plan.deletions} == still
    assert still or unseen or not [one for one in versions(world) if journal.MARK.encode() in one.manifest.body]
    assert last.plan is None or not last.plan.strips
    if killed and not faults and alone:
        twin, _ = planted(random.Random(seed))
        # Of tags that are all doomed GitHub keeps the last one, which is another one in another order.
        if not clean(twin, rule, now).outcome.refused:
            assert after == held(twin)
