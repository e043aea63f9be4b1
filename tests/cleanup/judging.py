"""Says what has to hold after clean-ups of random packages, found out without the code that it judges."""

from __future__ import annotations

import contextlib
import functools
import json
import random
import re
import tempfile
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from pathlib import Path

from tests.cleanup.variety import GONE_BRANCHES, GONE_GIT_TAGS, draw_behavior, widen
from tests.cleanup.worlds import CUDA, PULLS, RELEASES, Around, Company, Life, clean, drawn, planted, settle, weather
from tests.killed import Killed

from release_actions.cleanup import journal
from release_actions.cleanup.cache import Cache
from release_actions.cleanup.result import Result
from release_actions.cleanup.selection import Rule
from release_actions.simulator import World
from release_actions.simulator.packages import Version

Rules = tuple[Rule, ...]
Run = Callable[..., Result]
"""Cleans a world up once, with what happens around it."""

CACHED = 0.2
"""Share of the worlds whose runs share a manifest cache."""

DAY = timedelta(days=1)
"""What a build may take from its first push to its tag, unless a rule says more or less."""


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


def grace(rules: Rules) -> timedelta:
    """The age below which no untagged version is touched."""
    return max((rule.settings.untagged_older_than for rule in rules if rule.settings.untagged_older_than), default=DAY)


def excluded(rules: Rules, tag: str) -> bool:
    """Whether some rule excludes a tag by name, for all of them."""
    return any(fits(rule, tag, pattern) for rule in rules for pattern in rule.settings.exclude_tags)


def fits(rule: Rule, name: str, pattern: str) -> bool:
    """Whether a pattern of a rule is about a whole name."""
    return bool(re.fullmatch(pattern, name)) if rule.settings.use_regex else fnmatchcase(name, pattern)


def excluded_digests(rules: Rules) -> set[str]:
    """Versions that some rule excludes by digest."""
    return {pattern for rule in rules for pattern in rule.settings.exclude_tags if pattern.startswith("sha256:")}


def selected(rules: Rules, tag: str, kept: Kept, company: Company) -> bool:
    """Whether rules may select a tag that people gave, from what they say and nothing else."""
    return not excluded(rules, tag) and any(chosen(rule, tag, kept, company) for rule in rules)


def chosen(rule: Rule, tag: str, kept: Kept, company: Company) -> bool:
    """Whether one rule may select a tag that nothing excludes."""
    finals = kept.tags.keys() | company.names
    released = rule.settings.delete_released_candidates and "-rc." in tag and tag.partition("-")[0] in finals
    number = tag.removeprefix("pr-")
    closed = rule.settings.delete_closed_pull_requests and number.isdigit() and PULLS[int(number)] == "closed"
    return (
        released
        or closed
        or is_of_a_gone_ref(rule, tag)
        or any(fits(rule, tag, pattern) for pattern in rule.settings.delete_tags)
    )


def is_of_a_gone_ref(rule: Rule, tag: str) -> bool:
    """Whether a rule selects a tag because no branch or git tag of its name is left."""
    branch = rule.settings.delete_gone_branches and tag in GONE_BRANCHES
    return branch or (rule.settings.delete_gone_tags and tag in GONE_GIT_TAGS)


def protected(rules: Rules, kept: Kept, now: datetime, company: Company) -> set[str]:
    """Tags that have to stay where nobody moves them: no rule may take them."""
    names = {tag: digest for tag, digest in kept.tags.items() if not tag.startswith("sha256-")}
    stay = set(names)
    for rule in rules:
        stay &= spared(rule, {tag: names[tag] for tag in names if not excluded(rules, tag)}, kept, now, company) | {
            tag for tag in names if excluded(rules, tag)
        }
    return stay | {tag for tag, digest in names.items() if digest in excluded_digests(rules)}


def spared(rule: Rule, names: dict[str, str], kept: Kept, now: datetime, company: Company) -> set[str]:
    """Of tags that nothing excludes, those that one rule may not take."""
    candidates = {tag for tag in names if chosen(rule, tag, kept, company)}
    whole = {tag for tag in names if tag in kept.whole and not kept.reached([names[tag]]) & company.lost}
    stay = {*names} - candidates
    if rule.settings.delete_ghost_images or rule.settings.delete_partial_images:
        stay -= {*names} - whole
    named = replace(rule, settings=replace(rule.settings, delete_gone_branches=False, delete_gone_tags=False))
    # A list of branches may lag behind a push: what is selected for nothing else has a day.
    stay |= {
        tag
        for tag in candidates
        if not chosen(named, tag, kept, company) and now - kept.created[names[tag]] < DAY and tag in whole
    }
    if rule.settings.older_than:
        stay |= {tag for tag, digest in names.items() if now - kept.created[digest] < rule.settings.older_than}
    if (
        (rule.settings.keep_n or rule.settings.keep_n_per_line)
        and company.names.isdisjoint(RELEASES)
        and not company.lost
    ):
        # Whatever a rule spares, it spares the highest release of all that it selects.
        stay.update([tag for tag in RELEASES if tag in candidates & whole][:1])
    return stay


def judge_protection(world: World, rules: Rules, kept: Kept, now: datetime, company: Company) -> None:
    """Nothing that has to stay has gone, moved or lost a part, but by the company's hand."""
    tags = world.tags(CUDA)
    there = {version.digest for version in versions(world)}
    for tag in protected(rules, kept, now, company) - company.names:
        assert tags.get(tag) == kept.tags[tag], tag
        parts = kept.reached([kept.tags[tag]], attachments=False, without=company.lost)
        assert parts <= there, tag
    for digest in excluded_digests(rules) - company.lost:
        assert kept.reached([digest], attachments=False, without=company.lost) <= there, digest
    for made, new in company.begun:
        # What arrived in the middle of a run may be a part of what it deletes.
        fresh = {digest for digest in new & kept.moved.keys() if now - kept.moved[digest] < grace(rules)}
        assert fresh - company.lost <= there, made.root.digest


def judge_remains(world: World, rules: Rules, kept: Kept, now: datetime) -> None:
    """Nothing remains that only what was deleted had reached, but what a build may be about to use."""
    there = {version.digest for version in versions(world)}
    deleted = {digest for tag, digest in kept.tags.items() if not tag.startswith("sha256-")} - there
    below = kept.reached(deleted) & there
    holders = [version.digest for version in versions(world) if version.digest not in below]
    holders += [digest for tag, digest in world.tags(CUDA).items() if not tag.startswith("sha256-")]
    held_up = kept.reached([*holders, *excluded_digests(rules)])
    young = {digest for digest in below if now - kept.moved[digest] < grace(rules)}
    assert below - held_up - kept.reached(young) == set()


def versions(world: World) -> Sequence[Version]:
    package = world.package(CUDA)
    assert package is not None
    return package.versions()


def refusals(result: Result) -> set[int]:
    """Versions that GitHub did not let go, and those that wait for them."""
    return {item.version.id for item in (*result.outcome.refused, *result.outcome.waiting)}


def killed_again(run: Run, chance: random.Random) -> set[int]:
    """A run after a killed one that may be killed too; what GitHub did not let go."""
    with contextlib.suppress(Killed):
        return refusals(run(Around(life=Life(chance.randint(1, 60)))))
    return set()


def journals(world: World, company: Company, *, unless_of_attachments: bool) -> list[str]:
    """Journals that are there; without those that only list what GitHub kept as the last version with a tag.

    That may have got a tag of the company's since: then no tag shows the journal, until a rule selects something again.
    """
    there = {version.digest: version.tags for version in versions(world)}
    found = []
    for version in versions(world):
        if journal.MARK.encode() in version.manifest.body:
            listed = json.loads(version.manifest.body)["annotations"][journal.MARK].split()
            left = [there[digest] for digest in listed if digest in there]
            own = [[tag for tag in tags if tag not in company.put] for tags in left]
            attached = left and all(tags and all(tag.startswith("sha256-") for tag in tags) for tags in own)
            found += [] if attached and unless_of_attachments else [version.digest]
    return found


def judge_end(
    world: World,
    rules: Rules,
    kept: Kept,
    now: datetime,
    company: Company,
    second: Result,
    run: Run,
    *,
    killed: bool,
    refused: bool,
) -> bool:
    """Two more runs, after which nothing is left to do but what GitHub refuses. False where that cannot be judged."""
    # GHCR's reads lag by seconds, and these runs come hours later.
    world.stale_tags.clear()
    run()
    assert unpullable(world, company.lost) == []
    last = run()
    error = last.outcome.error
    # Where somebody copies a tag that is being taken off, and then deletes the image, nobody can put the copy right.
    assert error is None or (
        any(rule.settings.untag for rule in rules) and company.lost and "another program copied a tag" in str(error)
    ), error
    if error:
        return False
    if counts_anew(rules) and last.plan and last.outcome.deleted:
        last = run()
        assert unpullable(world, company.lost) == []
    still = refusals(last)
    assert last.plan is None or {deletion.version.id for deletion in last.plan.deletions} == still
    # Where rules select every tag, a journal gets its own right after the last of them went: a moment too late.
    unseen = killed and company.touched and second.plan is None and not protected(rules, kept, now, company)
    assert still or unseen or not journals(world, company, unless_of_attachments=killed or refused)
    assert last.plan is None or not last.plan.strips
    return True


def counts_anew(rules: Rules) -> bool:
    """Whether what one rule spares as the newest another may take: the next run counts without it, and spares more."""
    return len(rules) > 1 and any(rule.settings.keep_n or rule.settings.keep_n_per_line for rule in rules)


def judge(seed: int) -> None:
    """One world."""
    with tempfile.TemporaryDirectory() as folder:
        judge_runs(seed, Cache(Path(folder)) if random.Random(f"cache {seed}").random() < CACHED else None)


def judge_runs(seed: int, cache: Cache | None) -> None:
    """The runs in one world, with what they share."""
    chance = random.Random(seed)
    world, company = planted(chance, draw_behavior(seed))
    rules = widen(drawn(chance, world), seed)
    now = world.now()
    run: Run = functools.partial(clean, world, rules, now, cache=cache)
    kept = Kept.of(world)
    unfinished = {one.digest for made, _ in company.begun for one in made.manifests}
    faults = weather(chance, company, seed)
    life = Life(chance.randint(1, 90)) if chance.random() < 0.5 else None
    settling = settle(company, seed)
    killed = False
    refused: set[int] = set()
    try:
        first = run(Around(faults, life, settling))
        assert first.outcome.error is None or faults, first.outcome.error
        if not first.outcome.error:
            # Also what somebody pushed between the proof and the last look.
            assert unpullable(world, company.lost) == []
        refused |= refusals(first)
    except Killed:
        killed = True
        assert unpullable(world, company.lost) == [] or company.touched
    if killed:
        # Nobody brings back what a killed run deleted of a build that took longer than any does.
        company.lost |= {
            digest for digest in unfinished if digest in kept.moved and now - kept.moved[digest] >= grace(rules)
        }
    judge_protection(world, rules, kept, now, company)
    if not killed and not any(
        rule.settings.delete_ghost_images or rule.settings.delete_partial_images for rule in rules
    ):
        # What the company tagged meanwhile is there, unless the rule selects it.
        assert {tag for tag in company.put if not selected(rules, tag, kept, company)} <= world.tags(CUDA).keys()
    refused |= killed_again(run, chance) if killed and chance.random() < 0.3 else set()
    second = run()
    refused |= refusals(second)
    judge_protection(world, rules, kept, now, company)
    assert unpullable(world, company.lost) == []
    alone, after = not company.touched, held(world)
    if alone and not refused:
        judge_remains(world, rules, kept, now)
    while company.begun:
        company.finish(world)
    assert unpullable(world, company.lost) == []
    if not judge_end(world, rules, kept, now, company, second, run, killed=killed, refused=bool(refused)):
        return
    if killed and not faults and not settling and alone and not counts_anew(rules):
        twin, _ = planted(random.Random(seed), draw_behavior(seed))
        # Of tags that are all selected GitHub keeps the last one, which is another one in another order.
        if not clean(twin, rules, now).outcome.refused:
            assert after == held(twin)
