"""Judges a version by every rule, and finds a tag that the rules would accept in its place."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType

from release_actions.versions.history import origin, sequence
from release_actions.versions.history.model import (
    OFFER,
    Evidence,
    History,
    Level,
    Objection,
    Rule,
    Violation,
)
from release_actions.versions.history.neighbours import find_following
from release_actions.versions.version import Version, parse_or_none

RULES: tuple[Rule, ...] = (*origin.RULES, *sequence.RULES)
"""Every rule with its default level, in the order they are documented."""

DEFAULTS: Mapping[str, Level] = MappingProxyType({rule.name: rule.level for rule in RULES})
"""The level of every rule in a project that sets none."""

OFFERS_TRIED = 8
"""Tags that are judged in turn, each following the one before, until one is acceptable."""


def judge(version: Version, history: History, levels: Mapping[str, Level] = DEFAULTS) -> tuple[Violation, ...]:
    """Every rule that a version does not keep, errors first. A rule that `levels` does not name has its default.

    Remarks about a version that is allowed are left out where it is refused. A tag whose published images were all
    built from the same commit is a repeated run: then no rule applies.
    """
    if history.about.repeats:
        return ()
    objections = tuple(_object(version, history, levels))
    # A refused tag that was new is deleted before another one is pushed. One that was there before stays.
    keeps_tag = any(objection.tag_stays for _, _, objection in objections)
    after = history if keeps_tag else history.others(version)
    violations = [
        _violation(rule, level, objection, _offer(objection, version, after, levels))
        for rule, level, objection in objections
    ]
    if any(violation.level is Level.ERROR for violation in violations):
        violations = [violation for violation in violations if violation.level is not Level.INFO]
    return tuple(sorted(violations, key=lambda violation: list(Level).index(violation.level)))


def find_acceptable(tag: str, prefix: str, history: History, levels: Mapping[str, Level] = DEFAULTS) -> str:
    """The tag itself, or the first after it of its kind and line, that no rule refuses; empty if there is none.

    Also empty where it is not known what the registry has. Nothing is known of the commit that will be tagged, so rules
    about it have no say.
    """
    if history.with_image is None:
        return ""
    known = tuple(dict.fromkeys((*history.published, *history.with_image)))
    published = {other.tag for other in known}
    first = parse_or_none(tag, prefix)
    if first and first.is_candidate and levels.get("deleted-candidate", DEFAULTS["deleted-candidate"]) is not Level.OFF:
        # As a run judges it: what the registry has decides about a candidate's number, of others about their own name.
        history = replace(history, published=known)
    for _ in range(OFFERS_TRIED):
        version = parse_or_none(tag, prefix)
        if version is None:
            return ""
        as_if_new = replace(history, about=_evidence_without_commit(version, history, published))
        if not any(level is Level.ERROR for _, level, _ in _object(version, as_if_new, levels)):
            return tag
        tag = find_following(version, history)
    return ""


def _evidence_without_commit(version: Version, history: History, published: Collection[str]) -> Evidence:
    """What a run about the version would know of it, as far as the history tells."""
    is_released = any(other.tag == version.tag for other in history.released)
    images = {"a package": ""} if version.tag in published else {}
    return Evidence(pushed=False, released="earlier" if is_released else "", images=images)


def _object(version: Version, history: History, levels: Mapping[str, Level]) -> Iterable[tuple[Rule, Level, Objection]]:
    """What each rule has against a version."""
    others = history.others(version)
    for rule in RULES:
        level = levels.get(rule.name, rule.level)
        objection = rule.check(version, history if rule.whole else others) if level is not Level.OFF else None
        if objection:
            yield rule, level, objection


def _offer(objection: Objection, version: Version, after: History, levels: Mapping[str, Level]) -> str:
    """The tag to push instead that the next run would accept; empty if there is none. `after`: what it will find."""
    return find_acceptable(objection.offer, version.prefix, after, levels) if objection.offer else ""


def _violation(rule: Rule, level: Level, objection: Objection, offer: str) -> Violation:
    hint = objection.hint
    if OFFER in hint:
        hint = hint.replace(OFFER, offer) if offer else objection.otherwise
    return Violation(rule.name, level, objection.message, hint, offer)
