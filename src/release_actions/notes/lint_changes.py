"""Rules about the list of changes: what is listed twice, what was reverted, and what was not merged in between."""

from __future__ import annotations

import re
from collections.abc import Iterator

from release_actions.changes import picks, undo
from release_actions.changes.model import Author, MergedChange
from release_actions.changes.programs import fold_login
from release_actions.changes.titles import fold_title, references
from release_actions.changes.undo_grammar import UndoKind
from release_actions.components.inline import visible_text
from release_actions.errors import Place
from release_actions.notes import breaking
from release_actions.notes.addresses import AddressKind
from release_actions.notes.evidence import EvidenceKind
from release_actions.notes.lint_rule import CERTAIN, SUSPICIOUS, LintRule, LintSubject, RuleHit
from release_actions.notes.reading import ChangeLine
from release_actions.versions.version import parse_or_none

SHORT_SHA = 7
"""Characters of a commit that notes show at least."""

LISTED_WITH_REVERT = 2
"""Lines that have the title of a change that was reverted: its own and the revert's."""

ENDING = re.compile(r"\s*\(#[0-9]+\)$")


def _is_own(change: ChangeLine, subject: LintSubject) -> bool:
    """Whether a line is about the repository that releases."""
    return change.repository.casefold() in {"", subject.repository}


def _name_change(change: ChangeLine) -> str:
    return f"#{change.number}" if change.number else f"commit {change.sha[:12]}"


def _twice(subject: LintSubject) -> Iterator[RuleHit]:
    """A pull request or commit is listed twice.

    Several lines of one pull request that say different things are not duplicates. A highlight that ends with a number
    does not count as part of the list. Only suspicious in different lists, or below different items of one: notes of a
    candidate may have a list since the last candidate and one since the last release, others one for each package.
    """
    seen: dict[tuple[str, str, int, str, str], ChangeLine] = {}
    for change in subject.notes.changes:
        repository = "" if _is_own(change, subject) else change.repository.casefold()
        group = "" if change.credited else f"below {change.line.section}"
        key = (group, repository, change.number, change.sha, fold_title(visible_text(change.title)))
        other = seen.setdefault(key, change)
        if other is not change and (change.number or change.sha):
            message = f"{_name_change(change)} is listed in line {other.place.line} already."
            same = subject.is_same_list(change.line, other.line)
            if not same and subject.evidence.version and not subject.final:
                continue
            certainty = CERTAIN if same and change.credited else SUSPICIOUS
            yield RuleHit(change.place, message, "Keep one of the lines.", other.place, certainty)


def _title_twice(subject: LintSubject) -> Iterator[RuleHit]:
    """Two changes by one person have the same title.

    So does a pull request that was merged into the release branch and picked to the main branch too.
    """
    seen: dict[tuple[str, str], ChangeLine] = {}
    for change in subject.notes.changes:
        key = (change.login.casefold(), ENDING.sub("", visible_text(change.title)).casefold())
        other = seen.setdefault(key, change)
        if other is not change and change.login and (other.number, other.sha) != (change.number, change.sha):
            message = f"{_name_change(change)} has the title of {_name_change(other)} in line {other.place.line}."
            yield RuleHit(change.place, message, "Keep one, if it is the same change in two branches.", other.place)


def _reverted(subject: LintSubject) -> Iterator[RuleHit]:
    """A revert is listed beside the change that it reverts.

    Neither is in the release. A re-land stands for itself, and what it brings back is listed without it or not at all.
    Only suspicious where the two agree in nothing but the title, which other changes may have too.
    """
    lines = {made: change for change in subject.notes.changes if (made := _find_merged(change, subject)) is not None}
    texts = [change.line.text for change in subject.notes.changes]
    order = {change.number: place for place, change in enumerate(_get_merged(subject)) if change.number}
    in_order = sorted(lines, key=lambda made: (order.get(made.number, made.number), made.number))
    collapsed = {change.commits for change in undo.collapse(in_order, subject.repository).collapsed}
    for resolved in undo.resolve_undos(in_order, subject.repository):
        if resolved.undo.kind is not UndoKind.REVERT or resolved.change.commits not in collapsed:
            continue
        for target in resolved.targets:
            change, other = lines[resolved.change], lines[target]
            if target.commits not in collapsed or change.place == other.place:
                continue
            named = {reference.number for reference in resolved.undo.numbers} & {target.number}
            once = sum(fold_title(target.title) in fold_title(text) for text in texts)
            titled = resolved.change.number in order and fold_title(target.title) in map(
                fold_title, resolved.undo.titles
            )
            sure = bool(named or resolved.undo.commits or (titled and once <= LISTED_WITH_REVERT))
            message = (
                f"{_name_change(change)} reverts {_name_change(other)} in line {other.place.line}, and both are listed."
            )
            certainty = CERTAIN if sure else SUSPICIOUS
            yield RuleHit(change.place, message, "Leave both out.", other.place, certainty)


def _find_merged(change: ChangeLine, subject: LintSubject) -> MergedChange | None:
    """The change that a line is about: with all that was said of it where that is known."""
    if not change.number or not _is_own(change, subject):
        return None
    known = _by_number(subject).get(change.number)
    author = Author(change.login)
    return known or MergedChange(
        visible_text(change.title), author, (change.sha or f"#{change.number}",), change.number
    )


def _get_merged(subject: LintSubject) -> tuple[MergedChange, ...]:
    changes = subject.evidence.changes
    return changes if isinstance(changes, tuple) else ()


def _by_number(subject: LintSubject) -> dict[int, MergedChange]:
    """The first change of each number: what was opened comes before what it was picked from."""
    return {change.number: change for change in reversed(_get_merged(subject)) if change.number}


def _outside(subject: LintSubject) -> Iterator[RuleHit]:
    """A change is listed that was not merged between the previous release and this one.

    A number that a commit in between names, as a picked one does, counts as merged. Certain where a release that this
    one contains lists it, and the notes say that their list begins after that: otherwise a person may have picked it to
    the release branch, which leaves no trace of its number. Only suspicious for a line that credits no account, since
    its number may be an issue's.
    """
    merged = _get_merged(subject)
    numbers = {number for entry in merged for number in (*picks.numbers_of(entry), *picks.ported_numbers(entry))}
    numbers |= {reference.number for entry in merged for text in _list_texts(entry) for reference in references(text)}
    shas = {sha[:SHORT_SHA] for entry in merged for sha in (*entry.commits, *entry.sources)}
    since = subject.evidence.previous_tag or "the beginning"
    for change in subject.notes.changes:
        if not change.number and not change.sha:
            continue
        there = change.number in numbers if change.number else change.sha[:SHORT_SHA] in shas
        if _is_own(change, subject) and not there:
            message = f"{_name_change(change)} was not merged between {since} and {subject.evidence.version}."
            hint = "Remove it, or list it in the release that has it."
            other = Place(f"history of {subject.evidence.repository}")
            there_already = subject.evidence.listed.get(change.number) if change.number else None
            if there_already:
                message = f"{message[:-1]}, and the notes of {there_already} list it."
            sure = there_already and change.credited and _is_of_this(change, subject)
            certainty = CERTAIN if sure else SUSPICIOUS
            yield RuleHit(change.place, message, hint, other, certainty)


def _list_texts(change: MergedChange) -> tuple[str, ...]:
    """What a commit says in all of its lines: some name the pull requests of a branch that was merged as one."""
    return (change.title, *change.messages)


def _is_of_this(change: ChangeLine, subject: LintSubject) -> bool:
    """Whether the list that a line is in says that it begins where the evidence begins.

    It says so in its heading, or by a comparison that the notes link to and that ends with this release.
    """
    said = re.search(r"(?i)\b(?:since|from|after)\s+\[?`?(?P<tag>v?[0-9][\w.+-]*)", change.line.section)
    if said:
        return said["tag"].rstrip(".") == subject.evidence.previous_tag
    version, own = subject.evidence.version, {"", subject.repository}
    compared = [link.address for link in subject.notes.linked if link.address.leads is AddressKind.COMPARE]
    bases = {
        address.base
        for address in compared
        if version and address.name == version.tag and address.repository.casefold() in own
    }
    return bases == {subject.evidence.previous_tag}


def _author(subject: LintSubject) -> Iterator[RuleHit]:
    """A change is credited to an account that did not make it.

    An account may have been renamed since, and a change may be credited to another one who wrote it.
    """
    authors: dict[int, list[Author]] = {}
    for merged in _get_merged(subject):
        people = (merged.author, *merged.others)
        authors.setdefault(merged.number, []).extend(author for author in people if author.login)
    for change in subject.notes.changes:
        own = authors.get(change.number) if change.number and _is_own(change, subject) else None
        if not own or not change.login or any(fold_login(author.login) == fold_login(change.login) for author in own):
            continue
        if not any(author.login.casefold() in change.line.text.casefold() for author in own):
            login = own[0].login
            message = f"{_name_change(change)} is by @{login}, and the notes say @{change.login}."
            other = Place(f"pull requests of {subject.evidence.repository}")
            yield RuleHit(change.place, message, f"Write @{login}.", other)


def _bump(subject: LintSubject) -> Iterator[RuleHit]:
    """The release has breaking changes, and its number promises none.

    From 1.0.0 on a breaking change needs a new major number, before that a new minor one. Only suspicious, because a
    project may have other rules.
    """
    version, previous = subject.evidence.version, subject.evidence.previous_tag
    before = parse_or_none(previous, version.prefix) if version and isinstance(previous, str) and previous else None
    if version is None or before is None or not breaking.is_bump_too_small(version, before):
        return
    notices = breaking.find_breaking(
        undo.collapse(_get_merged(subject), subject.repository).shown, subject.evidence.form
    )
    if notices:
        first = notices[0].change
        name = f"#{first.number}" if first.number else f"commit {first.sha[:12]}"
        message = f"{version} follows {before}, and {name} is a breaking change: {visible_text(first.title)}."
        hint = "Raise the major number, or the minor number before 1.0.0; or correct the labels."
        yield RuleHit(subject.start, message, hint, Place(f"pull requests of {subject.evidence.repository}"))


def _foreign(subject: LintSubject) -> Iterator[RuleHit]:
    """A change of another repository is listed among those of this one."""
    own = sum(_is_own(change, subject) for change in subject.notes.changes)
    for change in subject.notes.changes:
        if not _is_own(change, subject) and own:
            message = (
                f"{change.repository}#{change.number} is a change of another repository."
                if change.number
                else (f"The commit {change.sha[:12]} is one of {change.repository}.")
            )
            hint = "Correct the address, or move it to the section of that component."
            yield RuleHit(change.place, message, hint)


RULES = (
    LintRule("change-twice", CERTAIN, _twice),
    LintRule("change-title-twice", SUSPICIOUS, _title_twice),
    LintRule("change-reverted", CERTAIN, _reverted),
    LintRule("change-outside", CERTAIN, _outside, (EvidenceKind.TAG, EvidenceKind.REPOSITORY, EvidenceKind.CHANGES)),
    LintRule("change-author", SUSPICIOUS, _author, (EvidenceKind.REPOSITORY, EvidenceKind.CHANGES)),
    LintRule("bump-too-small", SUSPICIOUS, _bump, (EvidenceKind.TAG, EvidenceKind.PREVIOUS_TAG, EvidenceKind.CHANGES)),
    LintRule("change-foreign", SUSPICIOUS, _foreign, (EvidenceKind.REPOSITORY,)),
)
