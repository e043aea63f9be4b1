"""What must hold whatever the actions do, judged from what was published and what a plain client now pulls.

The judge keeps its own ledger of every build and its own, deliberately small, idea of version order. It must never
import the suite's version order, floating tags, image graph or retention: a mistake there has to show here.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from release_actions.rehearsal.pull import RegistrySnapshot

FINAL = re.compile(r"v([0-9]+)\.([0-9]+)\.([0-9]+)(?:\.(?:post|patch)?([0-9]+))?")
FLOATING = re.compile(r"v([0-9]+)(?:\.([0-9]+))?")


class Invariant(str, enum.Enum):
    """The names a broken invariant is reported under."""

    CANDIDATE_MOVED_PRODUCTION = "candidate-moved-production"
    TAG_UNRESOLVABLE = "tag-unresolvable"
    FLOATING_TAG_WRONG = "floating-tag-wrong"
    STRAY_TAG = "stray-tag"
    NEEDED_DELETED = "needed-deleted"
    LEFTOVER_KEPT = "leftover-kept"
    NOTES_WRONG = "notes-wrong"


MEANING = {
    Invariant.CANDIDATE_MOVED_PRODUCTION: "a candidate moves no production tag and creates none but its own",
    Invariant.TAG_UNRESOLVABLE: "every tag resolves to all its children and their blobs",
    Invariant.FLOATING_TAG_WRONG: "every floating tag names the newest stable release of its line",
    Invariant.STRAY_TAG: "no other tag names a candidate's image, such as v0.5 before there is a v0.5.0",
    Invariant.NEEDED_DELETED: "nothing that a surviving tag needs was deleted",
    Invariant.LEFTOVER_KEPT: "nothing that only deleted tags needed was kept",
    Invariant.NOTES_WRONG: "a release ends as one draft, whose notes and components.json say what is in it",
}


@dataclass(frozen=True, order=True)
class Violation:
    """A broken invariant: which, in which package, at which tag or digest, and how it shows.

    `undone`: the step that broke it repaired it before it ended.
    """

    invariant: Invariant
    package: str
    subject: str
    message: str
    undone: bool = False

    def __str__(self) -> str:
        return f"{self.invariant.value}: {self.package} {self.subject}: {self.message}"


@dataclass(frozen=True)
class Build:
    """One image that a build pushed: the tag it was built for, and the digest."""

    package: str
    tag: str
    digest: str


@dataclass
class Ledger:
    """Every build of the rehearsal, in order. `floating`: the templates that the configuration wants."""

    floating: tuple[str, ...]
    builds: list[Build] = field(default_factory=list)

    def digest(self, package: str, tag: str) -> str:
        """What was last built under an exact tag; empty if nothing was."""
        digests = [build.digest for build in self.builds if (build.package, build.tag) == (package, tag)]
        return digests[-1] if digests else ""

    def of(self, package: str, *, stable: bool) -> dict[str, str]:
        """Digest -> tag of a package's finals, or of everything else that was built."""
        return {
            build.digest: build.tag
            for build in self.builds
            if build.package == package and bool(FINAL.fullmatch(build.tag)) == stable
        }

    def names(self, finals: Iterable[str]) -> tuple[str, ...]:
        """Every floating tag that some final gives rise to, sorted."""
        return tuple(sorted(list_floating_names(self.floating, finals)))

    def newest(self, package: str, name: str, tags: Collection[str]) -> str:
        """The final that a floating tag has to name, of those the registry holds; empty if there is none."""
        finals = [tag for tag in tags if FINAL.fullmatch(tag) and self.digest(package, tag)]
        return max((tag for tag in finals if is_in_line(tag, name)), key=parse_numbers, default="")


def parse_numbers(tag: str) -> tuple[int, ...]:
    """A final as numbers: major, minor, patch, and the number of a post release or -1."""
    match = FINAL.fullmatch(tag)
    if match is None:
        raise ValueError(tag)
    return tuple(-1 if part is None else int(part) for part in match.groups())


def is_in_line(tag: str, name: str) -> bool:
    """Whether a final belongs to a floating tag's line."""
    if name == "latest":
        return True
    match = FLOATING.fullmatch(name)
    wanted = [int(part) for part in match.groups() if part is not None] if match else None
    return wanted is not None and list(parse_numbers(tag)[: len(wanted)]) == wanted


def list_floating_names(templates: Iterable[str], finals: Iterable[str]) -> set[str]:
    """Every floating tag that some final gives rise to."""
    names = set()
    for final in finals:
        major, minor = parse_numbers(final)[:2]
        names |= {template.replace("{major}", str(major)).replace("{minor}", str(minor)) for template in templates}
    return names


def candidate_moved_production(
    ledger: Ledger, before: RegistrySnapshot, after: RegistrySnapshot, releases: Collection[str], candidate: str = ""
) -> list[Violation]:
    """No production tag names a candidate's image; publishing `candidate` changed no tag but its own."""
    violations = []
    for package in releases:
        stable, others = ledger.of(package, stable=True), ledger.of(package, stable=False)
        old, new = before.digests(package), after.digests(package)
        floats = ledger.names(stable.values())
        own = {new.get(candidate, ""), *(digest for digest, tag in others.items() if tag == candidate)}
        for tag, digest in new.items():
            production = tag in floats or tag in stable.values()
            if production and digest in others and digest not in stable:
                message = f"names the image of {others[digest]} ({shorten(digest)})"
            elif candidate and tag != candidate and old.get(tag) != digest and not is_attached(tag, own):
                message = f"was {shorten(old.get(tag, ''))}, became {shorten(digest)} when {candidate} was published"
            else:
                continue
            violations.append(Violation(Invariant.CANDIDATE_MOVED_PRODUCTION, package, tag, message))
    return violations


def stray_tag(ledger: Ledger, after: RegistrySnapshot, releases: Collection[str]) -> Iterator[Violation]:
    """No tag names a candidate's image but the candidate's own, and production tags, which another invariant judges."""
    for package in releases:
        stable, others = ledger.of(package, stable=True), ledger.of(package, stable=False)
        production = {*ledger.names(stable.values()), *stable.values()}
        for tag, digest in after.digests(package).items():
            if tag not in production and digest not in stable and others.get(digest, tag) != tag:
                message = f"names the image of {others[digest]} ({shorten(digest)})"
                yield Violation(Invariant.STRAY_TAG, package, tag, message)


def is_attached(tag: str, digests: Collection[str]) -> bool:
    """Whether a tag is that of a signature or another attachment of one of some digests."""
    return tag.partition(".")[0] in {digest.replace(":", "-") for digest in digests}


def wrong_for_a_while(
    ledger: Ledger,
    moves: Mapping[str, Sequence[tuple[str, str]]],
    after: RegistrySnapshot,
    releases: Collection[str],
    candidate: str = "",
) -> Iterator[Violation]:
    """What pushes of a step did to production tags and a later push of the same step undid.

    Who pulled in between got the wrong image. `moves`: package -> each tag that was moved during the step, with
    the digest that it got. Only images of the ledger count: no action is to blame for what a fault pushes.
    """
    for package in releases:
        stable, others = ledger.of(package, stable=True), ledger.of(package, stable=False)
        now, floats = after.digests(package), ledger.names(stable.values())
        images = {**others, **stable}
        for tag, digest in moves.get(package, ()):
            if digest not in images or now.get(tag) == digest:
                continue
            message = f"named the image of {images[digest]} ({shorten(digest)}) for a while"
            production = tag in floats or tag in stable.values()
            if (production and digest not in stable) or (candidate and tag != candidate):
                yield Violation(Invariant.CANDIDATE_MOVED_PRODUCTION, package, tag, message, undone=True)
            elif tag in floats:
                yield Violation(Invariant.FLOATING_TAG_WRONG, package, tag, message, undone=True)


def tag_unresolvable(after: RegistrySnapshot) -> list[Violation]:
    """Every tag of every package pulls whole."""
    return [
        Violation(Invariant.TAG_UNRESOLVABLE, package, tag, "cannot be pulled: no " + ", no ".join(pulled.missing))
        for package, tags in after.packages.items()
        for tag, pulled in tags.items()
        if pulled.missing
    ]


def floating_tag_wrong(ledger: Ledger, after: RegistrySnapshot, releases: Collection[str]) -> list[Violation]:
    """Each floating tag that has a stable release in its line names the newest of them."""
    violations = []
    for package in releases:
        digests = after.digests(package)
        finals = [tag for tag in digests if FINAL.fullmatch(tag) and tag in ledger.of(package, stable=True).values()]
        for name in ledger.names(finals):
            wanted = ledger.newest(package, name, finals)
            digest = ledger.digest(package, wanted)
            if digests.get(name, "") != digest:
                message = f"names {shorten(digests.get(name, ''))}, not {wanted} ({shorten(digest)})"
                violations.append(Violation(Invariant.FLOATING_TAG_WRONG, package, name, message))
    return violations


def needed_deleted(
    before: RegistrySnapshot,
    after: RegistrySnapshot,
    active: Mapping[str, Collection[str]],
    deletable: Mapping[str, Collection[str]],
) -> list[Violation]:
    """After a clean-up: every tag that was to stay is where it was, and all that it reached is still there.

    `active`: package -> digests of its active versions. `deletable`: package -> tags that were to go.
    """
    violations = []
    for package, tags in before.packages.items():
        for tag, pulled in tags.items():
            if tag in deletable.get(package, ()):
                continue
            now = after.digests(package).get(tag, "")
            if now != pulled.digest:
                message = f"named {shorten(pulled.digest)} before the clean-up and {shorten(now)} after it"
                violations.append(Violation(Invariant.NEEDED_DELETED, package, tag, message))
            violations += [
                Violation(Invariant.NEEDED_DELETED, package, tag, f"needs {shorten(digest)}, which was deleted")
                for digest in sorted(pulled.manifests - set(active.get(package, ())))
            ]
    return violations


def leftover_kept(
    before: RegistrySnapshot,
    after: RegistrySnapshot,
    active: Mapping[str, Collection[str]],
    deletable: Mapping[str, Collection[str]],
) -> list[Violation]:
    """After a clean-up: no tag that was to go is left, and no version that only such tags reached."""
    violations = []
    for package, tags in before.packages.items():
        gone = deletable.get(package, ())
        needed = {digest for tag, pulled in tags.items() if tag not in gone for digest in pulled.manifests}
        for tag in gone:
            if tag in after.digests(package):
                violations.append(Violation(Invariant.LEFTOVER_KEPT, package, tag, "is still there"))
            leftovers = (tags[tag].manifests - needed) & set(active.get(package, ())) if tag in tags else set()
            violations += [
                Violation(Invariant.LEFTOVER_KEPT, package, tag, f"left {shorten(digest)} behind, which nothing needs")
                for digest in sorted(leftovers)
            ]
    return violations


def find_debris(
    ledger: Ledger, snapshot: RegistrySnapshot, candidate: str, releases: Collection[str]
) -> dict[str, set[str]]:
    """Package -> every tag that names an image built for a candidate and for nothing else."""
    debris = {}
    for package in releases:
        own = {build.digest for build in ledger.builds if (build.package, build.tag) == (package, candidate)}
        own -= set(ledger.of(package, stable=True))
        debris[package] = {
            tag for tag, digest in snapshot.digests(package).items() if digest in own or is_attached(tag, own)
        }
    return debris


def git_after_teardown(
    repository: str, before: Mapping[str, str], after: Mapping[str, str], releases: Collection[str], candidate: str
) -> list[Violation]:
    """After a teardown: git and the releases know nothing of the candidate, and everything else is where it was.

    `before` and `after`: git tag -> commit. `releases`: tags that have a GitHub release afterwards. What named the
    candidate's commit names the newest final of its line, or is gone where there is none.
    """
    violations = []
    commit = before.get(candidate, "")
    finals = [tag for tag in before if FINAL.fullmatch(tag)]
    for tag, was in before.items():
        wanted = was
        if tag == candidate or (was == commit and tag not in finals):
            newest = max((final for final in finals if is_in_line(final, tag)), key=parse_numbers, default="")
            wanted = before[newest] if newest else ""
        now = after.get(tag, "")
        if now == wanted:
            continue
        invariant = Invariant.LEFTOVER_KEPT if now == commit else Invariant.NEEDED_DELETED
        message = f"named {shorten(was)} before the teardown and {shorten(now)} after it, not {shorten(wanted)}"
        violations.append(Violation(invariant, repository, f"git tag {tag}", message))
    if candidate in releases:
        violations.append(Violation(Invariant.LEFTOVER_KEPT, repository, f"release {candidate}", "is still there"))
    return violations


def find_outdated(
    ledger: Ledger, snapshot: RegistrySnapshot, packages: Collection[str], keeps: int
) -> dict[str, set[str]]:
    """Package -> every tag of a build that is not among the newest `keeps`, the tags of its attachments included."""
    outdated_tags = {}
    for package in packages:
        digests = [build.digest for build in ledger.builds if build.package == package]
        old = set(digests[:-keeps]) - set(digests[-keeps:])
        outdated_tags[package] = {
            tag for tag, digest in snapshot.digests(package).items() if digest in old or is_attached(tag, old)
        }
    return outdated_tags


def shorten(digest: str) -> str:
    """A digest for a person: twelve digits, or the word for none."""
    return digest.removeprefix("sha256:")[:12] or "nothing"
