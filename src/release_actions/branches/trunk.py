"""Finds commits of trunk by what a commit of the branch says of them: commit, number, title. Pure."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable

from release_actions.branches.model import BranchHistory, Evidence, EvidenceKind, make_change
from release_actions.changes.model import HistoryCommit
from release_actions.changes.picks import BACKPORT_TEXT, MERGE, PICKED, QUEUED, original_title
from release_actions.changes.titles import fold_core, references, trailing_numbers
from release_actions.changes.undo_grammar import read_undo

TRACKER_LINK = re.compile(
    r"(?im)(?:trunk|main|master|original|upstream|landed|(?:cherry[- ]?)?pick(?:s|ed)?|back-?port(?:s|ed)?)\b"
    r"[^\n]{0,60}?"
    r"(?:\n\s*[*-]?\s*)?(?:https?://[^\s/]+/(?P<repository>[\w.-]+/[\w.-]+)/pull/|(?<![\w/])#)(?P<number>[0-9]{1,9})\b"
)
"""A line that names the change of trunk: a tracker's comment, or the text of a pull request."""

ALONE = re.compile(
    r"(?m)^[\s*-]*(?:https?://[^\s/]+/(?P<repository>[\w.-]+/[\w.-]+)/pull/|#)(?P<number>[0-9]{1,9})[\s.]*$"
)
"""A line that is nothing but a pull request."""

PICK_TITLE = re.compile(r"(?i)(?:cherry[- ]?pick(?:ed|s)?|back-?port(?:ed|s)?|\bpick\s+(?:from|of))\b")
"""A title that says that it brings what the numbers in it name."""

TAIL_NUMBER = re.compile(r"\s*(?:\(#[0-9]{1,9}\)|(?<=\s)#[0-9]{1,9})$")
TARGET = re.compile(
    r"(?i)\s*(?:\s-|\s\u2013|[(\[])\s*(?:(?:back-?port|cherry[- ]?pick)(?:ed)?[/\w -]{0,30}?)?\s*"
    r"(?:(?:to|for|on|in)\s+)?(?:releases?[-/ ]?)?v?[0-9]{1,4}\.[0-9]{1,4}(?:\.[0-9x]{1,4})?(?:\s+branch)?[)\]]?$"
)
"""The release branch at the end of a title: `(release-3.1)`, ` - 3.1`, `[backport to 3.1]`."""

BARE_NUMBER = re.compile(
    r"(?i)\b(?:prs?|pull requests?|pick(?:ed)?\s+(?:from|of)|cherry[- ]?pick(?:ed|s)?)\s+([0-9]{2,9})\b(?!\.)"
)
IN_PARENTHESES = re.compile(r"\(#([0-9]{1,9})\)")
BULLET = re.compile(r"^[*-]\s+(?P<title>\S.*)$", re.MULTILINE)
"""A commit of a squashed pull request, in the text that GitHub makes of them."""

CUT = re.compile(r"(?P<start>.*?)\s*\u2026\s*(?:\(#[0-9]+\))?")

COMMON_TITLE_WORDS = 2
"""A title of fewer words, such as "Fix lint", may be that of any change."""


def number_of(commit: HistoryCommit, repository: str) -> int:
    """The pull request that a commit of trunk is: the last number of a squash, that of a merge; 0 if none is named."""
    merge = MERGE.fullmatch(commit.subject) or QUEUED.match(commit.subject)
    if merge:
        return int(merge[1])
    numbers = trailing_numbers(commit.subject, repository)
    return numbers[-1] if numbers else 0


def title_of(commit: HistoryCommit) -> str:
    """The title of a change as it compares: of a merge the first line of its text, without numbers and marks."""
    title = _whole_subject(commit)
    if MERGE.fullmatch(title) or QUEUED.match(title):
        lines = [line.strip() for line in commit.message.splitlines()[1:] if line.strip()]
        title = lines[0] if lines else title
    return fold_core(strip_target(original_title(strip_target(title))))


def strip_target(title: str) -> str:
    """A title without the branch that it ends with and the numbers around it: `X #1 - backport to 3.1 (#2)`."""
    before = ""
    while before != title:
        before, title = title, TARGET.sub("", TAIL_NUMBER.sub("", title)).rstrip()
    return title or before


def without_area(title: str) -> str:
    """A title without the part of the code that it begins with: `test/e2e: fix the page`."""
    return re.sub(r"^[\w./-]+:\s+(?=\S)", "", title)


def _whole_subject(commit: HistoryCommit) -> str:
    """The subject with the rest of it where GitHub moved that to the beginning of the text."""
    rest = [line.strip() for line in commit.message.splitlines()[1:] if line.strip()][:1]
    cut = CUT.fullmatch(commit.subject)
    return f"{cut['start']}{rest[0][1:]}" if cut and rest and rest[0].startswith("\u2026") else commit.subject


class TrunkIndex:
    """Trunk's commits by sha, number and title."""

    def __init__(self, history: BranchHistory) -> None:
        self._history = history
        self._by_sha = {commit.sha: commit for commit in (*history.before, *history.trunk)}
        self._by_number: defaultdict[int, list[HistoryCommit]] = defaultdict(list)
        self._by_title: defaultdict[str, list[HistoryCommit]] = defaultdict(list)
        self._by_core: defaultdict[str, list[HistoryCommit]] = defaultdict(list)
        self._by_files: defaultdict[frozenset[str], list[HistoryCommit]] = defaultdict(list)
        self.since = frozenset(commit.sha for commit in history.trunk)
        self.place = {commit.sha: place for place, commit in enumerate((*history.before, *history.trunk))}
        for commit in history.trunk:
            if number := number_of(commit, history.repository):
                self._by_number[number].append(commit)
            self._by_title[title_of(commit)].append(commit)
            self._by_core[without_area(title_of(commit))].append(commit)
            if files := history.files.get(commit.sha):
                self._by_files[files].append(commit)

    def get(self, sha: str) -> HistoryCommit | None:
        """The commit of trunk with this name."""
        return self._by_sha.get(sha)

    def with_files(self, files: frozenset[str]) -> tuple[HistoryCommit, ...]:
        """The commits since the cut that change exactly these files."""
        return tuple(self._by_files.get(files, ())) if files else ()

    def find(self, commit: HistoryCommit) -> tuple[Evidence, ...]:
        """What a commit of the branch says of its counterparts, the surest first; several of one kind are several."""
        return (*self._by_trailer(commit), *self._by_title_numbers(commit), *self._by_text(commit), *self._same(commit))

    def _by_trailer(self, commit: HistoryCommit) -> Iterable[Evidence]:
        # A pick of a pick has several lines, of which the first is trunk's and the others are of other branches.
        for sha in dict.fromkeys(PICKED.findall(commit.message)):
            known = sha if sha in self._by_sha else ""
            yield Evidence(EvidenceKind.TRAILER, known, f"cherry picked from commit {sha[:12]}")

    def _by_title_numbers(self, commit: HistoryCommit) -> Iterable[Evidence]:
        own = [
            reference.number for reference in references(commit.subject) if reference.is_of(self._history.repository)
        ]
        is_pick = bool(PICK_TITLE.search(commit.subject))
        if is_pick:
            own += [int(number) for number in BARE_NUMBER.findall(commit.subject)]
        behind = {int(number) for number in IN_PARENTHESES.findall(commit.subject)}
        # A revert names in its title what it reverts, which is not what it brings.
        is_undo = read_undo(make_change(commit)) is not None
        for number in dict.fromkeys(own):
            for other in self._by_number.get(number, ()):
                # Numbers may be another repository's, merged in with its history: title, files or a mark must agree.
                agrees = is_pick or (number in behind and self._shares_files(commit, other))
                if title_of(other) == title_of(commit) or (agrees and not is_undo):
                    yield Evidence(EvidenceKind.NUMBER_IN_TITLE, other.sha, f"#{number}")

    def _by_text(self, commit: HistoryCommit) -> Iterable[Evidence]:
        text = commit.message.partition("\n")[2]
        numbers = [int(number) for number in BACKPORT_TEXT.findall(text)]
        repository = self._history.repository.casefold()
        numbers += [
            int(match["number"])
            for match in TRACKER_LINK.finditer(text)
            if (match["repository"] or repository).casefold() == repository
        ]
        alone = [
            int(match["number"])
            for match in ALONE.finditer(text)
            if (match["repository"] or repository).casefold() == repository
        ]
        for number in dict.fromkeys(alone):
            yield from (
                Evidence(EvidenceKind.NUMBER_IN_TEXT, other.sha, f"#{number}")
                for other in self._by_number.get(number, ())
                if number not in numbers and self._shares_files(commit, other)
            )
        for number in dict.fromkeys(numbers):
            yield from (
                Evidence(EvidenceKind.NUMBER_IN_TEXT, other.sha, f"#{number}")
                for other in self._by_number.get(number, ())
            )

    def _same(self, commit: HistoryCommit) -> Iterable[Evidence]:
        title = title_of(commit)
        if other := self._with_title(title, commit) or self._with_core(title, commit) or self._with_start(commit):
            yield Evidence(EvidenceKind.TITLE, other.sha, other.subject)
        bullets = [match["title"] for match in BULLET.finditer(commit.message)]
        for bullet in dict.fromkeys(bullets):
            other = self._with_title(fold_core(original_title(bullet)), commit)
            if other and self._shares_files(commit, other):
                yield Evidence(EvidenceKind.TITLE_IN_TEXT, other.sha, other.subject)

    def _with_title(self, title: str, commit: HistoryCommit) -> HistoryCommit | None:
        """The commit with a title: of several, such as one that was reverted and landed again, the last before."""
        others = self._by_title.get(title, [])
        is_rare = len(title.split()) > COMMON_TITLE_WORDS and len(others) == 1
        fitting = [other for other in others if is_rare or self._shares_files(commit, other)]
        earlier = [other for other in fitting if not (other.date and commit.date and other.date > commit.date)]
        return next(reversed(earlier or fitting), None)

    def _with_core(self, title: str, commit: HistoryCommit) -> HistoryCommit | None:
        """The only commit with a title that differs by what stands before its colon, and that shares a file."""
        core = without_area(title)
        others = [other for other in self._by_core.get(core, ()) if self._shares_files(commit, other)]
        return others[0] if len(others) == 1 and len(core.split()) > COMMON_TITLE_WORDS else None

    def _with_start(self, commit: HistoryCommit) -> HistoryCommit | None:
        """The only commit whose title begins as one that was cut off does, and that shares a file."""
        cut = CUT.fullmatch(commit.subject)
        start = title_of(commit).rstrip("\u2026. ") if cut else ""
        if len(start.split()) <= COMMON_TITLE_WORDS:
            return None
        others = [
            other
            for title, commits in self._by_title.items()
            if title.startswith(start)
            for other in commits
            if self._shares_files(commit, other)
        ]
        return others[0] if len(others) == 1 else None

    def _shares_files(self, commit: HistoryCommit, other: HistoryCommit) -> bool:
        files = self._history.files
        return bool(files.get(commit.sha, frozenset()) & files.get(other.sha, frozenset()))
