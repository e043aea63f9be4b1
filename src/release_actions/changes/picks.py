"""Finds changes that another branch has too, by what cherry-picks and backports say of themselves. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

from release_actions.changes.model import MergedChange
from release_actions.changes.titles import PICK, trailing_numbers, without_numbers

MERGE = re.compile(r"Merge pull request #([0-9]{1,9}) from (\S+)", re.ASCII)
"""Subject of the commit that GitHub makes for a merge."""

QUEUED = re.compile(r"(?:Auto merge of|Merge(?: pr)?) #([0-9]{1,9})\b", re.IGNORECASE)
"""Subjects of the merges that merge queues of the bors family make."""

PICKED = re.compile(r"^\(cherry picked from commit ([0-9a-f]{40})\)\s*$", re.MULTILINE)
"""What `git cherry-pick -x` adds."""

BACKPORT_TITLE = re.compile(
    r"(?i)(?:^\s*\[[^\]]*(?:back-?port|cherry[- ]?pick|release[-/ ]?v?[0-9]|v?[0-9]+\.[0-9]+)[^\]]*\]"
    r"|^\s*(?:automated\s+)?(?:back-?port|cherry[- ]?pick)\b"
    r"|\((?:back-?port|cherry[- ]?pick)[^)]*\)\s*$)"
)
"""Titles of pull requests that bring another one to a release branch."""

BACKPORT_MARK = re.compile(
    r"(?i)^\s*\[[^\]]*\]\s*|^\s*(?:automated\s+)?(?:back-?port|cherry[- ]?pick)(?:\s+of)?(?:\s+#\d+)?:?\s+"
    r"|\s*\((?:back-?port|cherry[- ]?pick)[^)]*\)\s*$"
)
"""What such a title has around the original one."""

BACKPORT_TEXT = re.compile(
    r"(?im)^\W*(?:this (?:pr |pull request |commit |change )?is an?\s+|this (?:pr |commit |change )?)?"
    r"(?:(?:automat(?:ed|ic)|manual|clean|direct)\s+)?"
    r"(?:(?:back|forward)-?port(?:s|ed|ing)?|cherry[- ]?pick(?:s|ed|ing)?|original\s+(?:pr|pull request):?)\s+"
    r"(?:(?:of|from)\s+)?(?:pull request:?\s+|pr:?\s+)?(?:[\w.-]+/[\w.-]+)?#([0-9]{1,9})"
)
"""How their text, or that of their commit, names it."""


def remove_picked_again(changes: Iterable[MergedChange]) -> tuple[tuple[MergedChange, ...], tuple[MergedChange, ...]]:
    """Changes without those that bring another one of them a second time, and these."""
    every = tuple(changes)
    index = _Index(every)
    again = {
        change.commits for change in every if any(other.commits != change.commits for other in index.brought_by(change))
    }
    return (
        tuple(change for change in every if change.commits not in again),
        tuple(change for change in every if change.commits in again),
    )


def find_shared(changes: Iterable[MergedChange], others: Iterable[MergedChange]) -> tuple[MergedChange, ...]:
    """The changes that another line of history has too, cherry-picked in either direction."""
    ours, theirs = tuple(changes), tuple(others)
    there, here = _Index(theirs), _Index(ours)
    forth = {change.commits for change in ours if there.brought_by(change)}
    back = {change.commits for their in theirs for change in here.brought_by(their)}
    return tuple(change for change in ours if change.commits in forth | back)


class _Index:
    """Finds the changes that another one brings to a branch of its own."""

    def __init__(self, changes: Iterable[MergedChange]) -> None:
        self._by_commit: dict[str, MergedChange] = {}
        self._by_number: dict[int, MergedChange] = {}
        for change in changes:
            self._by_commit |= dict.fromkeys(change.commits, change)
            if change.number:
                self._by_number[change.number] = change

    def brought_by(self, change: MergedChange) -> list[MergedChange]:
        """What a change brings.

        It names the commits, or says that it ports the number, or keeps number and subject as a cherry-picked commit
        does. A number alone can be that of anything.
        """
        named = dict.fromkeys(picked_commits(change))
        brought = [self._by_commit[sha] for sha in named if sha in self._by_commit]
        # Of a merged branch the merge is named, or all of its commits; some of them are not the whole of it.
        brought = [other for other in brought if other.sha in named or set(other.commits[1:]) <= set(named)]
        ported = ported_numbers(change)
        for number in ported | numbers_of(change):
            other = self._by_number.get(number)
            if other and (number in ported or subjects_of(other) & subjects_of(change)):
                brought.append(other)
        return brought


def picked_commits(change: MergedChange) -> tuple[str, ...]:
    """The commits that it was picked from; none for one that brings something of its own besides."""
    own = [message for message in change.messages if not MERGE.match(message)]
    return change.sources if all(PICKED.search(message) for message in own) else ()


def ported_numbers(change: MergedChange) -> frozenset[int]:
    """The pull requests that a change says it brings to another branch."""
    # A checkout knows only commits. Of several each has to say it: one of them may bring something else.
    own = [message for message in change.messages if not MERGE.match(message)]
    bodies = [message.partition("\n")[2] for message in change.messages if MERGE.match(message) or len(own) == 1]
    numbers = {int(number) for text in (change.text, *bodies) for number in BACKPORT_TEXT.findall(text)}
    if BACKPORT_TITLE.search(change.title) or PICK.match(change.title):
        numbers |= {int(number) for number in re.findall(r"(?<![\w/])#([0-9]{1,9})\b", change.title)}
    return frozenset(numbers - {change.number})


def numbers_of(change: MergedChange) -> frozenset[int]:
    """Its own number, and those at the end of its title and of its commits' subjects."""
    texts = (change.title, *(message.partition("\n")[0] for message in change.messages))
    return frozenset(number for text in texts for number in trailing_numbers(text)) | ({change.number} - {0})


def subjects_of(change: MergedChange) -> frozenset[str]:
    """Its title and its commits' subjects as they compare: without numbers and marks of a backport."""
    texts = (change.title, *(message.partition("\n")[0] for message in change.messages))
    return frozenset(" ".join(original_title(text).casefold().split()) for text in texts)


def is_merge_of(message: str, number: int) -> bool:
    """Whether a commit's message is that of the merge of a pull request."""
    subject = message.partition("\n")[0]
    return bool(MERGE.match(subject) or QUEUED.match(subject)) or (number > 0 and number in trailing_numbers(subject))


def original_title(title: str) -> str:
    """A title without its numbers and without what tools put around the title of what they pick."""
    return BACKPORT_MARK.sub("", without_numbers(title))
