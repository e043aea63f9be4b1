"""What the rules of a clean-up say about each tag of a package, and about versions that nothing else owns.

Decides only what a rule selects and what it spares. Whether something else still needs what is selected is decided in
`retention`. It must never select by a rule that names nothing: what a rule leaves out selects nothing.
"""

from __future__ import annotations

import fnmatch
import functools
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from release_actions.cleanup import journal, ranking
from release_actions.cleanup.prefixes import parse_any
from release_actions.config.cleanup_settings import CleanupSettings
from release_actions.images.graph import Graph, subject_of_tag
from release_actions.images.manifests import Index
from release_actions.registry.names import Digest
from release_actions.runner.patterns import Pattern
from release_actions.versions import version as versions
from release_actions.versions.floating import find_floating

GRACE = timedelta(days=1)
"""Age below which an untagged version may belong to a build that has not put its tag yet. A job on a hosted runner ends
after six hours; a day leaves room for a workflow that builds in several jobs."""

PULL_REQUEST = re.compile(r"pr-([0-9]{1,9})(?:-.+)?")
"""The tag of a pull request's image: `pr-7`, also with more behind another hyphen."""


@dataclass(frozen=True)
class Version:
    """A package version: the Packages API's number for it, the digest it names, its tags, and its times in UTC."""

    id: int
    digest: Digest
    tags: tuple[str, ...]
    created_at: datetime
    updated_at: datetime

    @property
    def moved_at(self) -> datetime:
        """When something last happened to it, as far as the API tells."""
        return max(self.created_at, self.updated_at)

    @functools.cached_property
    def names(self) -> tuple[str, ...]:
        """Its tags without those that only mark it as an attachment of another digest, or as a clean-up's journal."""
        return tuple(sorted(tag for tag in self.tags if is_name(tag)))


@dataclass(frozen=True)
class Rule:
    """One clean-up rule: its name, and what it selects and keeps.

    `exclude_tags` of its settings hold for every rule of the run. No untagged version that is younger than
    `untagged_older_than` is touched by any rule; the longest time that a rule states counts, `GRACE` when none does.
    `spares_releases`: the rule is about the builds of a channel that shares the package with releases, so it selects no
    release, and no tag that one of `floats` makes.
    """

    name: str
    settings: CleanupSettings
    spares_releases: bool = False
    floats: tuple[str, ...] = ()

    def spares(self, tag: str, prefixes: Iterable[str]) -> bool:
        """Whether a tag is none of those that the rule is about."""
        if not self.spares_releases:
            return False
        return parse_any(tag, prefixes) is not None or bool(find_floating([tag], self.floats))


@dataclass(frozen=True)
class Facts:
    """What rules are judged by beyond the package's versions and manifests.

    `prefixes`: what release tags begin with; without any no tag is a release. `missing`: digests that images of the
    package list, or are attached to, and that neither GitHub nor the registry has. `closed`: numbers of closed pull
    requests; a number that is not in it counts as open. `untagged_since`: digest -> when a run first saw the version
    without a tag, where that is known. `gone_branches` and `gone_tags`: tag -> why the branch or git tag that it is
    named after is gone.
    """

    now: datetime
    prefixes: tuple[str, ...] = ()
    missing: frozenset[str] = frozenset()
    closed: frozenset[int] = frozenset()
    untagged_since: Mapping[str, datetime] = field(default_factory=dict)
    gone_branches: Mapping[str, str] = field(default_factory=dict)
    gone_tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Verdict:
    """Of a tag or an untagged version: whether it is selected for deletion, by which rule, and why as a sentence."""

    selected: bool
    reason: str
    rule: str = ""
    is_untagged: bool = False
    """Whether the version goes for nothing but having no tag."""
    is_newest: bool = False
    """Whether it is kept as one of the newest."""


def is_name(tag: str) -> bool:
    """Whether people gave a tag: it is neither an attachment's nor a journal's."""
    return tag != journal.TAG and not subject_of_tag(tag)


def matches(pattern: str, name: str, *, regex: bool = False) -> bool:
    """Whether a pattern matches a whole tag or digest, case-sensitively.

    A digest and an attachment's tag, `sha256-<hex>`, are only meant by a pattern that begins like them: `s*` and `*`
    are about the tags that people give.
    """
    for start in ("sha256:", "sha512:", "sha256-"):
        if name.startswith(start) and not pattern.startswith(start) and (start[-1] == ":" or subject_of_tag(name)):
            return False
    return (
        _compile_expression(pattern).matches_whole(name)
        if regex
        else _compile_glob(pattern).fullmatch(name) is not None
    )


def explain_malformed(pattern: str) -> str:
    """Why a text is not a regular expression, as the end of a sentence; empty when it is one."""
    try:
        _compile_expression(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        return str(error)
    return ""


def pull_request_of(tag: str) -> int | None:
    """The number of the pull request that a tag is named after; None for other tags."""
    match = PULL_REQUEST.fullmatch(tag)
    return int(match[1]) if match else None


def find_exclusion(rules: Iterable[Rule], name: str) -> tuple[str, str] | None:
    """Rule and pattern of the first exclusion that names a tag or digest."""
    for rule in rules:
        for pattern in rule.settings.exclude_tags:
            if matches(pattern, name, regex=rule.settings.use_regex):
                return rule.name, pattern
    return None


def is_named(rules: Iterable[Rule], version: Version) -> bool:
    """Whether patterns of rules name a version: by its digest or all of its tags, to be deleted or to be kept."""
    rules = tuple(rules)

    def is_pattern_of(tag: str) -> bool:
        settings = (rule.settings for rule in rules)
        return any(
            matches(pattern, tag, regex=settings_of_rule.use_regex)
            for settings_of_rule in settings
            for pattern in settings_of_rule.delete_tags
        )

    if find_exclusion(rules, version.digest):
        return True
    return bool(version.tags) and all(find_exclusion(rules, tag) or is_pattern_of(tag) for tag in version.tags)


def choose_tags(rule: Rule, tags: Collection[str], facts: Facts) -> Mapping[str, str]:
    """Tags that a rule selects by their names alone -> why. Exclusions are not looked at."""
    rules: dict[str, str] = {}
    names = [tag for tag in tags if is_name(tag) and not rule.spares(tag, facts.prefixes)]
    if rule.settings.delete_closed_pull_requests:
        for tag in names:
            number = pull_request_of(tag)
            if number in facts.closed:
                rules[tag] = f"Pull request {number} is closed."
    rules |= {tag: why for tag, why in find_gone(rule, facts).items() if tag in names}
    for prefix in facts.prefixes if rule.settings.delete_released_candidates else ():
        known = versions.read_image_tags(names, prefix)
        finals = {version.base: version.image_tag for version in known if version.is_stable}
        for version in known:
            if version.is_candidate and version.base in finals:
                rules[version.image_tag] = f"It is a candidate of {finals[version.base]}, which is released."
    settings = rule.settings
    for tag in names:
        matching = (
            delete_pattern
            for delete_pattern in settings.delete_tags
            if matches(delete_pattern, tag, regex=settings.use_regex)
        )
        pattern = next(matching, None)
        if pattern is not None:
            rules[tag] = f"{pattern} in delete-tags of {rule.name} selects {tag}."
    return rules


def find_gone(rule: Rule, facts: Facts) -> dict[str, str]:
    """Tag -> why, of those that a rule selects because what they are named after is gone."""
    settings = rule.settings
    return {
        **(facts.gone_branches if settings.delete_gone_branches else {}),
        **(facts.gone_tags if settings.delete_gone_tags else {}),
    }


@dataclass(frozen=True)
class Selection:
    """The rules applied to one package."""

    rules: tuple[Rule, ...]
    versions: tuple[Version, ...]
    graph: Graph
    facts: Facts

    @functools.cached_property
    def grace(self) -> timedelta:
        """Age below which no untagged version is touched."""
        stated = [
            rule.settings.untagged_older_than for rule in self.rules if rule.settings.untagged_older_than is not None
        ]
        return max(stated, default=GRACE)

    @functools.cached_property
    def spared(self) -> Mapping[str, tuple[str, str]]:
        """Tag that people gave -> the rule and the pattern that exclude it."""
        names = (tag for version in self.versions for tag in version.names)
        return {tag: exclusion for tag in names if (exclusion := find_exclusion(self.rules, tag))}

    @functools.cached_property
    def free(self) -> Mapping[str, Version]:
        """Tag that people gave and that nothing excludes -> its version."""
        return {tag: version for version in self.versions for tag in version.names if tag not in self.spared}

    @functools.cached_property
    def judged(self) -> tuple[tuple[Rule, Mapping[str, Verdict]], ...]:
        """Each rule with its verdicts of the free tags that it selects."""
        return tuple((rule, self._judged(rule, self.free)) for rule in self.rules)

    def tag_verdicts(self) -> Mapping[str, Verdict]:
        """Of every tag that people gave."""
        names = (tag for version in self.versions for tag in version.names)
        verdicts = {tag: Verdict(selected=False, reason="No rule selects it.") for tag in names}
        for _, own in self.judged:
            for tag, verdict in own.items():
                if verdict.selected or not verdicts[tag].rule:
                    verdicts[tag] = verdicts[tag] if verdicts[tag].selected else verdict
        for tag, (name, pattern) in self.spared.items():
            verdicts[tag] = Verdict(selected=False, reason=f"{pattern} excludes it.", rule=name)
        return verdicts

    @functools.cached_property
    def removable(self) -> frozenset[str]:
        """Tags that may be taken off a version that is kept: selected by a rule with `untag`."""
        return frozenset(
            tag
            for rule, verdicts in self.judged
            if rule.settings.untag
            for tag, verdict in verdicts.items()
            if verdict.selected
        )

    def age(self, version: Version) -> timedelta:
        """How long a version has been as it is, as far as anything says: GHCR's dates say nothing about tags."""
        since = self.facts.untagged_since.get(version.digest, version.moved_at)
        return self.facts.now - max(version.moved_at, since)

    def unowned(self, version: Version) -> Verdict:
        """Of a version without a name that no other version of the package owns."""
        age = self.age(version)
        if not version.tags and age < self.grace:
            name = next((rule.name for rule in self.rules if rule.settings.delete_untagged), "")
            reason = f"It is untagged and younger than {describe_days(self.grace)}: a build may be about to tag it."
            return Verdict(selected=False, reason=reason, rule=name)
        subjects = self.graph.subjects.get(version.digest, frozenset())
        for rule in self.rules:
            broken = self.broken(rule, version)
            if broken:
                return Verdict(selected=True, reason=broken, rule=rule.name)
            if (
                rule.settings.delete_orphaned_attachments
                and subjects
                and subjects <= self.facts.missing
                and age >= self.grace
            ):
                reason = f"It is attached to {shorten(min(subjects))}, which does not exist."
                return Verdict(selected=True, reason=reason, rule=rule.name)
            if rule.settings.delete_untagged and not version.tags:
                return Verdict(
                    selected=True, reason="It is untagged and nothing needs it.", rule=rule.name, is_untagged=True
                )
        if version.tags:
            return Verdict(selected=False, reason="It is attached to something that is not in this package.")
        return Verdict(selected=False, reason="It is untagged, and no rule selects untagged versions.")

    def broken(self, rule: Rule, version: Version) -> str:
        """Why an index is a ghost or partial and the rule selects it; empty when not."""
        image = self.graph.images.get(version.digest)
        if not isinstance(image, Index) or self.age(version) < self.grace:
            return ""
        platforms = [child.digest for child in image.children if child.can_be_image]
        # An image without its attestation still runs.
        lost = sorted(self.graph.runnable(version.digest) & self.facts.missing)
        if platforms and set(platforms) <= self.facts.missing:
            return "None of the images that it lists exists." if rule.settings.delete_ghost_images else ""
        if lost and rule.settings.delete_partial_images:
            return f"It lists {shorten(lost[0])}, which does not exist."
        return ""

    def _judged(self, rule: Rule, names: Mapping[str, Version]) -> Mapping[str, Verdict]:
        """Verdicts of one rule, of the tags that it selects."""
        reasons = dict(choose_tags(rule, names, self.facts))
        oldest, gone = rule.settings.older_than, find_gone(rule, self.facts)
        # What is broken takes no place among the newest that are spared.
        own = {tag: version for tag, version in names.items() if not rule.spares(tag, self.facts.prefixes)}
        lost = {tag: why for tag, version in own.items() if (why := self.broken(rule, version))}
        newest = ranking.rank_newest(
            rule.settings, {tag: names[tag] for tag in reasons if tag not in lost}, self.facts.prefixes
        )
        verdicts = {}
        for tag, reason in {**reasons, **lost}.items():
            version = names[tag]
            if tag not in lost and version.digest in newest:
                verdicts[tag] = Verdict(selected=False, reason=newest[version.digest], rule=rule.name, is_newest=True)
            elif reason == gone.get(tag) and self.facts.now - version.created_at < GRACE:
                young = f"Its image is younger than {describe_days(GRACE)}: what it is named after may be new."
                verdicts[tag] = Verdict(selected=False, reason=young, rule=rule.name)
            elif oldest is not None and self.facts.now - version.created_at < oldest:
                young = f"It is younger than {describe_days(oldest)}."
                verdicts[tag] = Verdict(selected=False, reason=young, rule=rule.name)
            else:
                verdicts[tag] = Verdict(selected=True, reason=reason, rule=rule.name)
        return verdicts

    def unranked(self) -> Mapping[str, tuple[str, ...]]:
        """Name of a rule -> the tags that it deletes although its `keep_n_per_line` cannot rank them.

        A rule that says with `keep_n` what happens to other tags has none.
        """
        unranked: dict[str, tuple[str, ...]] = {}
        for rule, verdicts in self.judged:
            if not rule.settings.keep_n_per_line or rule.settings.keep_n is not None:
                continue
            tags = [tag for tag in self._list_unversioned(rule, verdicts) if verdicts[tag].selected]
            if tags:
                unranked[rule.name] = tuple(sorted(tags))
        return unranked

    def misranked(self) -> Mapping[str, tuple[str, str]]:
        """Name of a rule -> a tag that `keep_n` keeps as pushed last, and one with higher numbers that is deleted."""
        misranked: dict[str, tuple[str, str]] = {}
        for rule, verdicts in self.judged:
            if not rule.settings.keep_n:
                continue
            others = self._list_unversioned(rule, verdicts)
            pair = ranking.find_misranked(
                [tag for tag in others if verdicts[tag].is_newest], [tag for tag in others if verdicts[tag].selected]
            )
            misranked |= {rule.name: pair} if pair else {}
        return misranked

    def _list_unversioned(self, rule: Rule, tags: Iterable[str]) -> list[str]:
        """Those of some free tags that are no versions, of images that are not broken for a rule."""
        others = [tag for tag in tags if not parse_any(tag, self.facts.prefixes)]
        return [tag for tag in others if not self.broken(rule, self.free[tag])]

    def keep_newest_untagged(self, roots: Mapping[str, Verdict]) -> Mapping[str, Verdict]:
        """Digest -> verdict, of the newest untagged versions that a rule keeps by `keep_n_untagged`.

        `roots`: digest -> verdict so far, of versions that are no part of another one.
        """
        there: dict[str, Version] = {version.digest: version for version in self.versions}
        kept: dict[str, Verdict] = {}
        for rule in self.rules:
            ranks = {
                digest: (there[digest].created_at, there[digest].id)
                for digest, verdict in roots.items()
                if verdict.is_untagged and verdict.rule == rule.name and digest in there
            }
            first = ranking.rank_first(ranks, rule.settings.keep_n_untagged or 0, "untagged versions")
            kept |= {digest: Verdict(selected=False, reason=why, rule=rule.name) for digest, why in first.items()}
        return kept


def shorten(name: str) -> str:
    """A digest or an attachment's tag, cut for a person; other names as they are."""
    return name[:19] if name.startswith(("sha256:", "sha256-", "sha512:")) else name


def describe_days(length: timedelta) -> str:
    """A length of time for a person."""
    seconds = int(length.total_seconds())
    for unit, size in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds and seconds % size == 0:
            count = seconds // size
            return f"{count} {unit}{'' if count == 1 else 's'}"
    return f"{seconds} seconds"


@functools.lru_cache(maxsize=1024)
def _compile_expression(pattern: str) -> Pattern:
    return Pattern(pattern)


@functools.lru_cache(maxsize=1024)
def _compile_glob(pattern: str) -> re.Pattern[str]:
    return re.compile(fnmatch.translate(pattern))
