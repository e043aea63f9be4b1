"""What docker/metadata-action makes of its inputs for an event: the tags of an image.

Follows the action's documentation and what runs of it gave (docs/metadata-action.md). Names and labels are not its
subject. An attribute that the action does not know is passed over, as it does.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from release_actions.adoption.events import NUMBER, Event, Occasion
from release_actions.adoption.unknown import OPEN
from release_actions.runner.patterns import Pattern

DEFAULT_RULES = ("type=schedule", "type=ref,event=branch", "type=ref,event=tag", "type=ref,event=pr")
PRIORITIES = {
    "schedule": 1000,
    "semver": 900,
    "pep440": 900,
    "match": 800,
    "edge": 700,
    "ref": 600,
    "raw": 200,
    "sha": 100,
}
SEMVER = re.compile(r"v?(?P<core>(\d+)\.(\d+)\.(\d+))(?:-(?P<pre>[0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?")
EXPRESSION = re.compile(r"\{\{\s*(?P<name>\w+)(?P<rest>(?:\s[^}]*)?)\}\}")
LATEST_KINDS = frozenset({"semver", "pep440", "match"})
SHORT_SHA = 7
MOMENT = {"YYYY": "%Y", "YY": "%y", "MM": "%m", "DD": "%d", "HH": "%H", "mm": "%M", "ss": "%S", "X": "%s"}
"""Signs of moment.js, which the action formats dates by -> ours."""


@dataclass(frozen=True)
class Rule:
    """One line of `tags`."""

    kind: str
    attributes: Mapping[str, str]

    @classmethod
    def read(cls, line: str) -> Rule:
        """A line, as CSV. One that names no type is a raw value."""
        attributes: dict[str, str] = {}
        for field in next(csv.reader([line], skipinitialspace=True), []):
            key, has_value, value = field.partition("=")
            if has_value:
                attributes[key.strip().lower()] = value.strip()
            else:
                attributes["value"] = field.strip()
        return cls(attributes.pop("type", "raw"), attributes)

    @property
    def priority(self) -> int:
        """The rule with the highest one decides about `latest`."""
        text = self.attributes.get("priority", "")
        return int(text) if text.isdecimal() else PRIORITIES.get(self.kind, 0)


@dataclass(frozen=True)
class Flavor:
    """The input `flavor`."""

    latest: str = "auto"
    prefix: str = ""
    prefix_latest: bool = False
    suffix: str = ""
    suffix_latest: bool = False

    @classmethod
    def read(cls, lines: Sequence[str]) -> Flavor:
        values: dict[str, str] = {}
        for line in lines:
            fields = [field.partition("=")[::2] for field in next(csv.reader([line]), [])]
            key = fields[0][0].strip() if fields else ""
            for name, value in fields:
                values[f"{key} {name.strip()}"] = value.strip()
        return cls(
            latest=values.get("latest latest", "auto") or "auto",
            prefix=values.get("prefix prefix", ""),
            prefix_latest=values.get("prefix onlatest") == "true",
            suffix=values.get("suffix suffix", ""),
            suffix_latest=values.get("suffix onlatest") == "true",
        )


@dataclass(frozen=True)
class Metadata:
    """Tags in the action's order, and the version, which is the first of them; empty without one."""

    tags: tuple[str, ...]
    version: str = ""


def make_tags(rules: Sequence[str], flavor: Sequence[str], event: Event, now: datetime) -> Metadata:
    """The tags of one event, from the lines of `tags` and `flavor`."""
    lines = [line.strip() for line in rules if line.strip() and not line.strip().startswith("#")]
    form = Flavor.read(flavor)
    parsed = sorted((Rule.read(line) for line in lines or DEFAULT_RULES), key=lambda rule: -rule.priority)
    tags: list[str] = []
    takes_latest = False
    for rule in parsed:
        if fill(rule.attributes.get("enable", "true"), event, now).lower() in {"false", ""}:
            continue
        value, is_latest = make_value(rule, event, now)
        if not value:
            continue
        takes_latest = takes_latest or (not tags and is_latest)
        tags.append(make_legal(decorate(rule, value, form, event, now)))
    if tags and (form.latest == "true" or (form.latest == "auto" and takes_latest)):
        before = form.prefix if form.prefix_latest else ""
        tags.append(f"{before}latest{form.suffix if form.suffix_latest else ''}")
    unique = tuple(dict.fromkeys(tags))
    return Metadata(unique, unique[0] if unique else "")


def decorate(rule: Rule, value: str, form: Flavor, event: Event, now: datetime) -> str:
    """A value between the rule's own prefix and suffix, or the flavour's."""
    own = {"sha": "sha-", "ref": "pr-" if rule.attributes.get("event") == "pr" else ""}.get(rule.kind, "")
    prefix = rule.attributes.get("prefix", own or form.prefix)
    suffix = rule.attributes.get("suffix", form.suffix)
    return f"{fill(prefix, event, now)}{value}{fill(suffix, event, now)}"


def make_legal(tag: str) -> str:
    """A tag as the action writes it: other characters become dashes. One that only a run knows is kept as it is."""
    return tag if OPEN in tag else re.sub(r"[^a-zA-Z0-9._-]", "-", tag)


def make_value(rule: Rule, event: Event, now: datetime) -> tuple[str, bool]:
    """What a rule yields for an event, and whether `latest` comes with it. Empty where it yields nothing."""
    maker = MAKERS.get(rule.kind)
    return maker(rule, event, now) if maker else ("", False)


def _schedule(rule: Rule, event: Event, now: datetime) -> tuple[str, bool]:
    is_night = event.occasion is Occasion.NIGHT
    return (fill(rule.attributes.get("pattern", "nightly"), event, now) if is_night else ""), False


def _semver(rule: Rule, event: Event, now: datetime) -> tuple[str, bool]:
    tag = fill(rule.attributes.get("value", ""), event, now) or event.tag
    match = SEMVER.fullmatch(tag)
    pattern = rule.attributes.get("pattern", "")
    if match is None:
        return "", False
    version = tag.removeprefix("v")
    is_raw = bool(re.fullmatch(r"\{\{\s*raw\s*\}\}", pattern))
    if match["pre"]:
        if rule.kind == "pep440":
            version = re.sub(r"-(?:rc|alpha|beta)\.?", lambda m: {"r": "rc", "a": "a", "b": "b"}[m[0][1]], version)
        return (tag if is_raw else version), False
    values = {"raw": tag, "version": version, "major": match[2], "minor": match[3], "patch": match[4]}
    text = EXPRESSION.sub(lambda found: values.get(found["name"], found[0]), pattern)
    return fill(text, event, now), True


def _match(rule: Rule, event: Event, now: datetime) -> tuple[str, bool]:
    tag = fill(rule.attributes.get("value", ""), event, now) or event.tag
    group = rule.attributes.get("group", "0")
    try:
        groups = Pattern(rule.attributes.get("pattern", "").strip("/")).find_first(tag) if tag else ()
        return (groups[int(group)] if groups else ""), True
    except (re.error, OverflowError, RecursionError, IndexError, ValueError):
        return "", False


def _edge(rule: Rule, event: Event, now: datetime) -> tuple[str, bool]:
    branch = fill(rule.attributes.get("branch", ""), event, now) or event.default_branch
    return ("edge" if event.branch == branch else ""), False


def _ref(rule: Rule, event: Event, _now: datetime) -> tuple[str, bool]:
    kind = rule.attributes.get("event", "")
    if kind == "tag":
        return event.tag, True
    if kind == "pr":
        return (str(NUMBER) if event.occasion is Occasion.PULL else ""), False
    return (event.branch if kind == "branch" else ""), False


def _raw(rule: Rule, event: Event, now: datetime) -> tuple[str, bool]:
    return fill(rule.attributes.get("value", ""), event, now), False


def _sha(rule: Rule, event: Event, _now: datetime) -> tuple[str, bool]:
    return (event.sha if rule.attributes.get("format") == "long" else event.sha[:SHORT_SHA]), False


MAKERS: Mapping[str, Callable[[Rule, Event, datetime], tuple[str, bool]]] = {
    "schedule": _schedule,
    "semver": _semver,
    "pep440": _semver,
    "match": _match,
    "edge": _edge,
    "ref": _ref,
    "raw": _raw,
    "sha": _sha,
}


def fill(text: str, event: Event, now: datetime) -> str:
    """A text with the action's global expressions filled in. One that it does not know is kept."""
    is_default = event.branch == event.default_branch
    values = {
        "branch": event.branch,
        "tag": event.tag,
        "sha": event.sha[:SHORT_SHA],
        "base_ref": event.default_branch if event.occasion is Occasion.PULL else "",
        "is_default_branch": str(is_default).lower(),
        "is_not_default_branch": str(not is_default).lower(),
    }

    def replace(match: re.Match[str]) -> str:
        if match["name"] in {"date", "commit_date"}:
            return format_moment(match["rest"], now)
        return values.get(match["name"], match[0])

    return EXPRESSION.sub(replace, text)


def format_moment(rest: str, now: datetime) -> str:
    """A time in a format of moment.js, the first quoted text of what follows the name."""
    quoted = re.search(r"'([^']*)'", rest)
    pattern = quoted[1] if quoted else "YYYYMMDD"
    return now.strftime(re.sub("|".join(MOMENT), lambda match: MOMENT[match[0]], pattern))
