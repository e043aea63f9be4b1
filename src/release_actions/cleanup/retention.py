"""What of a container package goes, what stays, and why.

Decides over the complete list of a package's versions and the graph of its manifests. A version is deleted only when
every tag that it carries is selected, or when nothing but selected versions needs it. It must never delete what a
survivor reaches, and never guess: it takes everything it knows as arguments and reads neither network, clock nor
environment.

The Packages API deletes whole versions with all their tags. So a version that carries a selected tag beside a live one
stays, and so does the tag, unless its rule says that it is to be taken off alone.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from release_actions.cleanup import journal, order
from release_actions.cleanup.plan import Blocked, CleanupPlan, Decision, Strip, digest_of_plan
from release_actions.cleanup.selection import Facts, Rule, Selection, Verdict, Version, find_exclusion, shorten
from release_actions.errors import ActionError
from release_actions.images.graph import Graph
from release_actions.images.manifests import Index
from release_actions.registry.names import Tag

HOLDERS = 3
"""Tags that a reason names before it says how many more there are."""


def plan(
    package: str,
    versions: Iterable[Version],
    graph: Graph,
    rules: Iterable[Rule],
    *,
    facts: Facts,
) -> CleanupPlan:
    """Decide about every version of a package.

    `graph` has to hold the manifest of every root: every tagged version, every untagged one that no index lists, and
    every index inside an index. The same arguments in any order give the same plan. Raises `ActionError` when the list
    contradicts itself or an index was not read.
    """
    unique = _unique(package, versions)
    # A journal's tags are no names that could be ranked or spared.
    named = tuple(v for v in unique if not journal.is_journal(graph.images.get(v.digest), v.tags))
    return _Planner(package, unique, graph, Selection(tuple(rules), named, graph, facts)).plan()


def find_unread_roots(versions: Iterable[Version], graph: Graph) -> frozenset[str]:
    """Digests of versions whose manifest has to be read before anything is decided.

    Tagged versions are roots. So are untagged ones that no index lists, but which those are is only known when the
    indexes have been read: read what this gives, and ask again until it gives nothing.
    """
    there = {version.digest: version for version in versions}
    tagged = {digest for digest, version in there.items() if version.tags} - set(graph.images)
    if tagged:
        return frozenset(tagged)
    nested = graph.unread() & set(there)
    if nested:
        return frozenset(nested)
    return frozenset(set(there) - set(graph.images) - set(graph.parents))


def count_freed(graph: Graph, going: Iterable[str], staying: Iterable[str]) -> tuple[int, int, int]:
    """Bytes that only the digests in `going` need, and how many of these have content that was not read.

    And how many that stay may share blobs that are counted, because their content was not read.
    """
    sizes: dict[str, int] = {}
    unread = unseen = 0
    shareable = False
    for digest in set(going):
        image = graph.images.get(digest)
        if image is None:
            unread += 1
            continue
        sizes[digest] = image.size
        sizes |= {blob.digest: blob.size for blob in image.blobs}
        shareable = shareable or bool(image.blobs)
    for digest in set(staying):
        image = graph.images.get(digest)
        unseen += image is None and shareable
        for blob in image.blobs if image else ():
            sizes.pop(blob.digest, None)
    return sum(sizes.values()), unread, unseen


def _unique(package: str, versions: Iterable[Version]) -> tuple[Version, ...]:
    by_id = tuple(sorted(versions, key=lambda version: version.id))
    for what, counts in (
        ("the version id", Counter(str(version.id) for version in by_id)),
        ("the digest", Counter(version.digest for version in by_id)),
        ("the tag", Counter(tag for version in by_id for tag in set(version.tags))),
    ):
        twice = [name for name, count in counts.items() if count > 1]
        if twice:
            message = f"The list of the versions of {package} has {what} {twice[0]} twice."
            raise ActionError(
                message, hint="The package changed while it was read. Run this again. Nothing was deleted."
            )
    return by_id


JOURNAL = Verdict(selected=True, reason="It is the journal of a clean-up that did not finish.")


@dataclass(frozen=True)
class _End:
    """How it ends, as digests.

    All that is deleted; the roots that were selected and those that survive; untagged indexes that are deleted with
    what they repeat; and parts of selected images that are kept because another build may use them.
    """

    gone: frozenset[str]
    selected: frozenset[str]
    survivors: frozenset[str]
    fragments: frozenset[str]
    late: frozenset[str]


@dataclass(frozen=True)
class _Holders:
    """Digest -> names of the roots that reach it, of those kept and of those deleted; name -> rule that selected it."""

    kept: Mapping[str, tuple[str, ...]]
    gone: Mapping[str, tuple[str, ...]]
    rules: Mapping[str, str]


@dataclass(frozen=True)
class _Planner:
    package: str
    versions: tuple[Version, ...]
    graph: Graph
    selection: Selection

    def __post_init__(self) -> None:
        unread = find_unread_roots(self.versions, self.graph)
        if unread:
            message = f"{len(unread)} manifests of {self.package} were not read, {min(unread)} first."
            raise ActionError(message, hint="Nothing of this package is deleted.")

    @functools.cached_property
    def there(self) -> Mapping[str, Version]:
        return {version.digest: version for version in self.versions}

    def plan(self) -> CleanupPlan:
        tags = self.selection.tag_verdicts()
        own: dict[str, Verdict | None] = {
            version.digest: JOURNAL if self.is_journal(version) else self.own_verdict(version, tags)
            for version in self.versions
        }
        roots = {digest: verdict for digest, verdict in own.items() if verdict is not None}
        while unreached := set(self.there) - self.graph.reachable(roots):
            # A ring, such as an index with a subject among its children. What reaches most is in the outermost one.
            digest = max(unreached, key=lambda digest: (len(self.graph.reachable([digest])), digest))
            roots[digest] = self.alone(self.there[digest])
        newest = self.selection.keep_newest_untagged(roots)
        roots |= newest
        selected = {digest for digest, verdict in roots.items() if verdict.selected}
        survivors = set(roots) - selected
        fragments = self.fragments(survivors - newest.keys(), selected)
        survivors -= fragments
        late: frozenset[str] = frozenset()
        while True:
            kept = self.graph.reachable(survivors)
            going_roots = selected - kept
            from_selected = self.graph.reachable(going_roots)
            freed_parts = from_selected - kept
            whole = {f for f in fragments - kept if freed_parts.issuperset(self.graph.children(f))}
            going = (from_selected | self.graph.reachable(whole)) - kept
            flying = self.in_flight(going - going_roots - whole, going)
            late |= flying
            more = (fragments - whole - survivors) | flying
            if not more:
                break
            survivors |= more
        end = _End(
            frozenset(going & set(self.there)), frozenset(selected), frozenset(survivors), frozenset(whole), late
        )
        return self.result(tags, roots, end)

    def own_verdict(self, version: Version, tags: Mapping[str, Verdict]) -> Verdict | None:
        """Of a version for its own sake. None for one that lives and dies with what it is part of."""
        for name in (*sorted(version.tags), version.digest):
            exclusion = find_exclusion(self.selection.rules, name)
            if exclusion:
                return Verdict(selected=False, reason=f"{exclusion[1]} excludes {shorten(name)}.", rule=exclusion[0])
        if version.names:
            alive = [tag for tag in version.names if not tags[tag].selected]
            dead = [tag for tag in version.names if tags[tag].selected]
            if not alive:
                return tags[dead[0]]
            verdict = tags[alive[0]]
            if not dead:
                return verdict
            taken = [tag for tag in dead if tag in self.selection.removable]
            kept = [tag for tag in dead if tag not in self.selection.removable]
            reason = f"{_join_names(alive)} still {'needs' if len(alive) == 1 else 'need'} this version"
            reason += f", and GitHub cannot delete {_join_names(kept)} without it" if kept else ""
            reason += f"; only {_join_names(taken)} {'is' if len(taken) == 1 else 'are'} removed." if taken else "."
            return Verdict(selected=False, reason=reason, rule=tags[dead[0]].rule)
        if self.owners(version.digest):
            return None
        return self.alone(version)

    def is_journal(self, version: Version) -> bool:
        """Whether a version is the journal of an earlier run."""
        return journal.is_journal(self.graph.images.get(version.digest), version.tags)

    @functools.cached_property
    def journals(self) -> frozenset[str]:
        return frozenset(version.digest for version in self.versions if self.is_journal(version))

    @functools.cached_property
    def left_over(self) -> Mapping[str, datetime]:
        """Digest -> when a journal that is still there listed it: its image was deleted, or was about to be."""
        leftovers: dict[str, datetime] = {}
        for digest in self.journals:
            written = self.there[digest].created_at
            for listed in journal.read_listed(self.graph.images.get(digest)):
                leftovers[listed] = max(leftovers.get(listed, written), written)
        return leftovers

    def owners(self, digest: str) -> frozenset[str]:
        """Versions of this package that list it or that it is attached to.

        What the package lacks, such as a lost platform, is looked through: its owners count instead.
        """
        owners: set[str] = set()
        seen = {digest}
        todo = [digest]
        while todo:
            part = todo.pop()
            for owner in self.graph.parents.get(part, frozenset()) | self.graph.subjects.get(part, frozenset()):
                if owner in self.there:
                    owners.add(owner)
                elif owner not in seen:
                    seen.add(owner)
                    todo.append(owner)
        return frozenset(owners - {digest})

    def alone(self, version: Version) -> Verdict:
        """Of a version without a name that nothing in the package owns."""
        if version.digest in self.left_over and not self.is_young(version.digest, self.left_over):
            return Verdict(
                selected=True, reason="An earlier clean-up deleted the image that it was part of, and did not finish."
            )
        return self.selection.unowned(version)

    def fragments(self, survivors: set[str], selected: set[str]) -> set[str]:
        """Untagged indexes that only repeat what images selected for deletion list, or what is attached to them.

        A build that pushes each platform by digest with provenance leaves one such index a platform when
        `docker buildx imagetools create` copies their children into the final index. And each referrer that is added
        leaves the list of referrers before it, an index that was tagged `sha256-<hex>`.
        """
        fragments = {
            digest
            for digest in survivors
            if not self.there[digest].tags
            and not find_exclusion(self.selection.rules, digest)
            and not self.owners(digest)
            and isinstance(self.graph.images.get(digest), Index)
            and self.graph.children(digest)
        }
        if not fragments:
            return set()
        made: dict[str, datetime] = {}
        for root in selected:
            for digest in self.graph.reachable([root]):
                made[digest] = max(made.get(digest, self.there[root].created_at), self.there[root].created_at)
        anchors = {}
        for digest in fragments:
            parts = self.graph.children(digest)
            if all(part in made for part in parts):
                anchors[digest] = max(made[part] for part in parts)
        return {digest for digest in anchors if not self.is_young(digest, anchors)}

    def is_young(self, digest: str, anchors: Mapping[str, datetime]) -> bool:
        """Whether an untagged version may belong to a build in flight. `anchors`: when what it is part of was made.

        What was pushed before the image that lists it was pushed for that image, however young it is. What was pushed
        again afterwards is used by another build.
        """
        version = self.there[digest]
        finished = digest in anchors and version.moved_at <= anchors[digest]
        return not finished and self.selection.facts.now - version.moved_at < self.selection.grace

    def in_flight(self, parts: set[str] | frozenset[str], going: Iterable[str]) -> set[str]:
        """Parts of selected images that another build may be using."""
        untagged = {
            digest
            for digest in parts
            if digest in self.there
            and not self.there[digest].tags
            and self.graph.subjects.get(digest, frozenset()).isdisjoint(self.there)
            and self.selection.facts.now - self.there[digest].moved_at < self.selection.grace
        }
        anchors: dict[str, datetime] = {}
        if untagged:
            for holder in set(going) & set(self.there):
                made = self.there[holder].created_at
                for digest in self.graph.content([holder]) & untagged:
                    if digest != holder:
                        anchors[digest] = max(anchors.get(digest, made), made)
        return {digest for digest in untagged if self.is_young(digest, anchors)}

    def result(self, tags: Mapping[str, Verdict], roots: Mapping[str, Verdict], end: _End) -> CleanupPlan:
        """The plan, with a reason for every version."""
        names = _Holders(self.held_by(end.survivors), self.held_by_selected(end), self.rules_of(roots))
        decisions = tuple(self.decide(version, roots, end, names) for version in self.versions)
        bytes_freed, unsized, unseen = count_freed(self.graph, end.gone, set(self.there) - end.gone)
        owners = {digest: self.owners(digest) for digest in end.gone}
        deletions = order.order_deletions({digest: self.there[digest] for digest in end.gone}, owners, self.journals)
        blocked = self.blocked(tags, decisions)
        strips = tuple(b for b in blocked if b.tag in self.selection.removable and not self.keeps_its_tags(b.version))
        taken = {item.tag for item in strips}
        return CleanupPlan(
            package=self.package,
            decisions=decisions,
            deletions=deletions,
            blocked=tuple(item for item in blocked if item.tag not in taken),
            freed_bytes=bytes_freed,
            unsized=unsized,
            unseen=unseen,
            dependents=end.gone - end.selected,
            digest=digest_of_plan(self.package, deletions, strips),
            strips=tuple(Strip(b.tag, b.version, b.rule, b.because) for b in strips),
            unranked=self.selection.unranked(),
            misranked=self.selection.misranked(),
        )

    def keeps_its_tags(self, version: Version) -> bool:
        """Whether a version is excluded by its digest, with all that it is."""
        return find_exclusion(self.selection.rules, version.digest) is not None

    def decide(self, version: Version, roots: Mapping[str, Verdict], end: _End, names: _Holders) -> Decision:
        """Of one version: its own verdict where that is what happens to it, else what decided for it."""
        digest = version.digest
        own = roots.get(digest)
        is_deleted = digest in end.gone
        if own and own.selected == is_deleted:
            return Decision(version, is_deleted, own.reason, own.rule)
        if not is_deleted:
            if digest in end.late:
                reason = "It was pushed again after the image that lists it: a build may be about to use it."
            else:
                reason = f"{_join_names(names.kept.get(digest, ()))} needs it."
            return Decision(version, delete=False, reason=reason, rule=own.rule if own else "")
        owners = set(names.gone.get(digest, ()))
        if digest in end.fragments:
            reason = f"It is untagged and only repeats content of {_join_names(sorted(owners))}, which is deleted."
        else:
            kind = "attached to" if self.graph.subjects.get(digest) else "part of"
            reason = f"It is {kind} {_join_names(sorted(owners))}, which is deleted, and nothing else needs it."
        return Decision(
            version,
            delete=True,
            reason=reason,
            rule=min((names.rules[owner] for owner in owners if owner in names.rules), default=""),
        )

    def blocked(self, tags: Mapping[str, Verdict], decisions: Iterable[Decision]) -> tuple[Blocked, ...]:
        return tuple(
            Blocked(Tag(tag), decision.version, tags[tag].rule, decision.reason)
            for decision in decisions
            if not decision.delete
            for tag in decision.version.names
            if tag in tags and tags[tag].selected
        )

    def held_by(self, roots: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
        """Digest -> names of the roots that reach it."""
        holders: dict[str, list[str]] = {}
        for root in sorted(roots, key=lambda digest: (not self.there[digest].names, _label(self.there[digest]))):
            for digest in self.graph.reachable([root]):
                holders.setdefault(digest, []).append(_label(self.there[root]))
        return {digest: tuple(names) for digest, names in holders.items()}

    def held_by_selected(self, end: _End) -> Mapping[str, tuple[str, ...]]:
        """As `held_by`, of the roots that go; what only a fragment reaches counts for what the fragment repeats."""
        owners = dict(self.held_by(end.gone & end.selected))
        for fragment in sorted(end.fragments):
            holders = {name for child in self.graph.children(fragment) for name in owners.get(child, ())}
            for digest in self.graph.reachable([fragment]):
                owners.setdefault(digest, tuple(sorted(holders)))
        return owners

    def rules_of(self, roots: Mapping[str, Verdict]) -> Mapping[str, str]:
        """Name of a selected root -> the rule that selected it; of several rules the first by name."""
        rules: dict[str, str] = {}
        for digest, verdict in roots.items():
            if verdict.selected:
                label = _label(self.there[digest])
                rules[label] = min(rules.get(label, verdict.rule), verdict.rule)
        return rules


def _label(version: Version) -> str:
    """How a reason names a version: its first tag, or the beginning of its digest."""
    return (version.names or tuple(shorten(tag) for tag in sorted(version.tags)) or (shorten(version.digest),))[0]


def _join_names(names: Iterable[str]) -> str:
    listed = list(names)
    text = ", ".join(listed[:HOLDERS])
    return f"{text} and {len(listed) - HOLDERS} more" if len(listed) > HOLDERS else text
