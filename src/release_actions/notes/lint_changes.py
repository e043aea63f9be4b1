"""Rules about the list of changes: what stands twice, what was taken back, and what was not merged in between."""

from __future__ import annotations

import re
from collections.abc import Iterator

from release_actions.components.table import shown
from release_actions.errors import Place
from release_actions.notes import model
from release_actions.notes.evidence import Need
from release_actions.notes.lint_rule import CERTAIN, SUSPICIOUS, Hit, Rule, Subject
from release_actions.notes.reading import Change

QUOTED = re.compile(r"(?i)^revert\s+[\"'\u201c](?P<title>.+)[\"'\u201d]\s*(?:\(#[0-9]+\))?$")
PREFIXED = re.compile(r"(?i)^revert(?:\([^()]*\))?!?:\s*[\"']?(?P<title>.+?)[\"']?\s*(?:\(#[0-9]+\))?$")
NUMBERED = re.compile(r"(?i)\breverts?\b.*?#(?P<number>[0-9]+)")
AGAIN = re.compile(r"(?i)^(?:re-?land|re-?apply|re-?introduce|revert\s+[\"'\u201c]revert)\b")
ENDING = re.compile(r"\s*\(#[0-9]+\)$")


def _own(change: Change, subject: Subject) -> bool:
    """Whether a line is about the repository that releases."""
    return change.repository.casefold() in {"", subject.evidence.repository.casefold()}


def _named(change: Change) -> str:
    return f"#{change.number}" if change.number else f"commit {change.sha[:12]}"


def _twice(subject: Subject) -> Iterator[Hit]:
    """A pull request or commit stands in the list twice."""
    seen: dict[tuple[str, int, str], Change] = {}
    for change in subject.notes.changes:
        key = ("" if _own(change, subject) else change.repository.casefold(), change.number, change.sha)
        if key in seen:
            message = f"{_named(change)} is listed in line {seen[key].place.line} already."
            yield Hit(change.place, message, "Keep one of the lines.", seen[key].place)
        seen.setdefault(key, change)


def _title_twice(subject: Subject) -> Iterator[Hit]:
    """Two changes by one person have the same title.

    So does a pull request that was merged into the release branch and picked to the main branch too.
    """
    seen: dict[tuple[str, str], Change] = {}
    for change in subject.notes.changes:
        key = (change.login.casefold(), ENDING.sub("", shown(change.title)).casefold())
        other = seen.setdefault(key, change)
        if other is not change and change.login and (other.number, other.sha) != (change.number, change.sha):
            message = f"{_named(change)} has the title of {_named(other)} in line {other.place.line}."
            yield Hit(change.place, message, "Keep one, if it is the same change in two branches.", other.place)


def _reverted(subject: Subject) -> Iterator[Hit]:
    """A revert is listed beside the change that it takes back.

    Neither is in the release. A change that came back later in the list is left alone.
    """
    changes = subject.notes.changes
    again = {_plain(AGAIN.sub("", shown(change.title))) for change in changes if AGAIN.match(shown(change.title))}
    for change in changes:
        title = shown(change.title)
        if AGAIN.match(title):
            continue
        quoted = QUOTED.match(title) or PREFIXED.match(title)
        wanted = _plain(quoted["title"]) if quoted else ""
        numbered = NUMBERED.search(title)
        for other in changes:
            same = wanted and _plain(shown(other.title)) == wanted
            named = numbered and other.number == int(numbered["number"])
            if other is not change and (same or named) and _plain(shown(other.title)) not in again:
                message = f"{_named(change)} takes back {_named(other)} in line {other.place.line}; both are listed."
                yield Hit(change.place, message, "Leave both out.", other.place)


def _plain(title: str) -> str:
    """A title for comparing: its words, without the number at its end."""
    return " ".join(re.findall(r"\w+", ENDING.sub("", title).casefold()))


def _merged(subject: Subject) -> tuple[model.Change, ...]:
    changes = subject.evidence.changes
    return changes if isinstance(changes, tuple) else ()


def _outside(subject: Subject) -> Iterator[Hit]:
    """A change is listed that was not merged between the previous release and this one.

    A number that a commit in between names, as a picked one does, counts as merged.
    """
    merged = _merged(subject)
    numbers = {one.number for one in merged if one.number}
    for one in merged:
        numbers |= {int(number) for number in re.findall(r"#([0-9]+)", f"{one.title}\n{one.text}")}
    shas = [sha for one in merged for sha in (one.sha, *one.sources)]
    for change in subject.notes.changes:
        there = change.number in numbers if change.number else any(sha.startswith(change.sha) for sha in shas)
        if _own(change, subject) and not there:
            since = subject.evidence.previous_tag or "the beginning"
            message = f"{_named(change)} was not merged between {since} and {subject.evidence.version}."
            hint = "Remove it, or list it in the release that has it."
            yield Hit(change.place, message, hint, Place(f"history of {subject.evidence.repository}"))


def _author(subject: Subject) -> Iterator[Hit]:
    """A change is credited to somebody who did not make it."""
    authors = {merged.number: merged.author for merged in _merged(subject) if merged.number}
    for change in subject.notes.changes:
        author = authors.get(change.number)
        if author is None or not author.login or not change.login or not _own(change, subject):
            continue
        if _account(author.login) != _account(change.login):
            message = f"{_named(change)} is by @{author.login}, and the notes say @{change.login}."
            hint = f"Write @{author.login}."
            yield Hit(change.place, message, hint, Place(f"pull requests of {subject.evidence.repository}"))


def _account(login: str) -> str:
    return login.casefold().removesuffix("[bot]").removeprefix("app/")


def _foreign(subject: Subject) -> Iterator[Hit]:
    """A change of another repository is listed among those of this one."""
    own = sum(_own(change, subject) for change in subject.notes.changes)
    for change in subject.notes.changes:
        if not _own(change, subject) and own:
            message = (
                f"{change.repository}#{change.number} is a change of another repository."
                if change.number
                else (f"The commit {change.sha[:12]} is one of {change.repository}.")
            )
            hint = "Correct the address, or move it to the section of that component."
            yield Hit(change.place, message, hint)


RULES = (
    Rule("change-twice", CERTAIN, _twice),
    Rule("change-title-twice", SUSPICIOUS, _title_twice),
    Rule("change-reverted", CERTAIN, _reverted),
    Rule("change-outside", CERTAIN, _outside, (Need.TAG, Need.REPOSITORY, Need.CHANGES)),
    Rule("change-author", CERTAIN, _author, (Need.REPOSITORY, Need.CHANGES)),
    Rule("change-foreign", SUSPICIOUS, _foreign, (Need.REPOSITORY,)),
)
