"""From commits and their pull requests to changes: what lies between two points of history, each thing once.

A commit belongs to the pull request that brought it. Squashed, merged and rebased pull requests are told apart by what
GitHub says of each commit, and where GitHub is not asked, by what the commit messages say. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from release_actions.notes.model import Author, MergedChange

NUMBERS = re.compile(r"(?:\s*\((?:[\w.-]+/[\w.-]+)?#[0-9]{1,9}\))+\s*$", re.ASCII)
"""Numbers of pull requests at the end of a squashed commit's subject."""

MERGE = re.compile(r"Merge pull request #([0-9]{1,9}) from \S+", re.ASCII)
"""Subject of the commit that GitHub makes for a merge."""

PICKED = re.compile(r"^\(cherry picked from commit ([0-9a-f]{40})\)\s*$", re.MULTILINE)
"""What `git cherry-pick -x` adds."""

BACKPORT_TITLE = re.compile(
    r"(?i)(?:^\s*\[[^\]]*(?:backport|cherry[- ]?pick|release[-/ ]?v?[0-9]|v?[0-9]+\.[0-9]+)[^\]]*\]"
    r"|^\s*(?:automated\s+)?(?:backport|cherry[- ]?pick)\b"
    r"|\((?:backport|cherry[- ]?pick)[^)]*\)\s*$)"
)
"""Titles of pull requests that bring another one to a release branch."""

BACKPORT_MARK = re.compile(
    r"(?i)^\s*\[[^\]]*\]\s*|^\s*(?:automated\s+)?(?:backport|cherry[- ]?pick)(?:\s+of)?(?:\s+#\d+)?:?\s+"
)
"""What such a title has in front of the original one."""

BACKPORT_TEXT = re.compile(
    r"(?im)^\W*(?:this is an?\s+)?(?:automat(?:ed|ic)\s+)?(?:backport|cherry[- ]?pick(?:ed)?)\s+(?:of|from)\s+"
    r"(?:pull request\s+|pr\s+)?(?:[\w.-]+/[\w.-]+)?#([0-9]{1,9})"
)
"""How their text names it."""


@dataclass(frozen=True)
class HistoryCommit:
    """A commit as git or GitHub gives it."""

    sha: str
    message: str
    parents: tuple[str, ...]
    author: Author
    date: datetime | None = None

    @property
    def subject(self) -> str:
        """The first line."""
        return self.message.partition("\n")[0].strip()


@dataclass(frozen=True)
class MergedPull:
    """A merged pull request. `merge` is the commit that it became on its base."""

    number: int
    title: str
    author: Author
    merge: str = ""
    labels: tuple[str, ...] = ()
    merged: datetime | None = None
    text: str = ""


@dataclass(frozen=True)
class HistorySpan:
    """What lies between two points.

    `ahead`: commits that the later point has and the earlier one has not, parents before children. `behind`: the other
    way round. `pulls`: commit -> the pull request that brought it, for the commits of `ahead` that have one.
    """

    ahead: tuple[HistoryCommit, ...]
    behind: tuple[HistoryCommit, ...] = ()
    pulls: Mapping[str, MergedPull] = field(default_factory=dict)


def changes(commits: Iterable[HistoryCommit], pulls: Mapping[str, MergedPull]) -> tuple[MergedChange, ...]:
    """The changes that commits make up, in the order they were merged.

    A merge commit that no pull request stands behind brings nothing of its own, and is left out.
    """
    found: dict[str, list[HistoryCommit]] = {}
    known: dict[str, MergedPull] = {}
    every = tuple(commits)
    for commit in every:
        pull = pulls.get(commit.sha)
        if pull:
            key = f"#{pull.number}"
            known[key] = pull
        elif len(commit.parents) > 1:
            continue
        else:
            key = commit.sha
        found.setdefault(key, []).append(commit)
    made = [_of_pull(known[key], group) if key in known else _of_commit(group[0]) for key, group in found.items()]
    places = {commit.sha: place for place, commit in enumerate(every)}
    return tuple(sorted(made, key=lambda change: max(places[sha] for sha in change.commits)))


def _of_pull(pull: MergedPull, group: list[HistoryCommit]) -> MergedChange:
    shas = [commit.sha for commit in reversed(group)]
    shas.sort(key=lambda sha: sha != pull.merge)
    messages = [commit.message for commit in group]
    return MergedChange(
        title=pull.title,
        author=pull.author,
        commits=tuple(shas),
        number=pull.number,
        labels=pull.labels,
        merged=pull.merged,
        text=pull.text,
        messages=tuple(messages),
        sources=tuple(sha for message in messages for sha in PICKED.findall(message)),
    )


def _of_commit(commit: HistoryCommit) -> MergedChange:
    sources = tuple(PICKED.findall(commit.message))
    return MergedChange(
        commit.subject,
        commit.author,
        (commit.sha,),
        merged=commit.date,
        messages=(commit.message,),
        sources=sources,
    )


def numbers(subject: str) -> tuple[int, ...]:
    """The pull requests that a subject names at its end: "Fix (#10) (#12)" gives 10 and 12."""
    found = NUMBERS.search(subject)
    return tuple(int(number) for number in re.findall(r"#([0-9]+)", found.group(0))) if found else ()


def without_numbers(subject: str) -> str:
    """A subject without the numbers at its end."""
    return NUMBERS.sub("", subject).strip()


def once(found: Iterable[MergedChange]) -> tuple[tuple[MergedChange, ...], tuple[MergedChange, ...]]:
    """Changes without those that bring another one of them a second time, and these."""
    every = tuple(found)
    index = _Index(every)
    twice = tuple(change for change in every if any(other is not change for other in index.brought(change)))
    return tuple(change for change in every if change not in twice), twice


def shared(found: Iterable[MergedChange], other: Iterable[MergedChange]) -> tuple[MergedChange, ...]:
    """The changes that another line of history has too, cherry-picked in either direction."""
    ours, theirs = tuple(found), tuple(other)
    there, here = _Index(theirs), _Index(ours)
    forth = {change.commits for change in ours if there.brought(change)}
    back = {change.commits for their in theirs for change in here.brought(their)}
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

    def brought(self, change: MergedChange) -> list[MergedChange]:
        """What a change brings.

        It names the commits, or says that it ports the number, or keeps number and subject as a cherry-picked commit
        does. A number alone can be that of anything.
        """
        named = dict.fromkeys(picked(change))
        found = [self._by_commit[sha] for sha in named if sha in self._by_commit]
        # Of a merged branch the merge is named, or all of its commits; some of them are not the whole of it.
        found = [other for other in found if other.sha in named or set(other.commits[1:]) <= set(named)]
        ported = ported_by(change)
        for number in ported | named_by(change):
            other = self._by_number.get(number)
            if other and (number in ported or subjects(other) & subjects(change)):
                found.append(other)
        return found


def picked(change: MergedChange) -> tuple[str, ...]:
    """The commits that it was picked from; none for one that brings something of its own besides."""
    own = [message for message in change.messages if not MERGE.match(message)]
    return change.sources if all(PICKED.search(message) for message in own) else ()


def ported_by(change: MergedChange) -> frozenset[int]:
    """The pull requests that a change says it brings to another branch."""
    found = {int(number) for number in BACKPORT_TEXT.findall(change.text)}
    if BACKPORT_TITLE.search(change.title):
        found |= {int(number) for number in re.findall(r"#([0-9]{1,9})\b", change.title)}
    return frozenset(found - {change.number})


def named_by(change: MergedChange) -> frozenset[int]:
    """Its own number, and those at the end of its title and of its commits' subjects."""
    texts = (change.title, *(message.partition("\n")[0] for message in change.messages))
    return frozenset(number for text in texts for number in numbers(text)) | ({change.number} - {0})


def subjects(change: MergedChange) -> frozenset[str]:
    """Its title and its commits' subjects as they compare: without numbers and marks of a backport."""
    texts = (change.title, *(message.partition("\n")[0] for message in change.messages))
    bare = (BACKPORT_MARK.sub("", without_numbers(text)).casefold() for text in texts)
    return frozenset(" ".join(text.split()) for text in bare)


def pulls_by_message(commits: Iterable[HistoryCommit]) -> dict[str, MergedPull]:
    """Commit -> pull request, from nothing but messages: squashed ones by their number, merged ones by their merge.

    The commits of a merged branch belong to its merge. What a rebase merge left has no number, so it is not found.
    """
    every = {commit.sha: commit for commit in commits}
    found: dict[str, MergedPull] = {}
    for commit in every.values():
        merge = MERGE.fullmatch(commit.subject)
        if merge and len(commit.parents) == 2:  # noqa: PLR2004  # GitHub merges two
            branch = _only(commit.parents[1], commit.parents[0], every)
            author = every[branch[0]].author if branch else commit.author
            lines = [line.strip() for line in commit.message.splitlines()[1:] if line.strip()]
            title = lines[0] if lines else commit.subject
            pull = MergedPull(int(merge[1]), title, author, commit.sha, merged=commit.date)
            found |= dict.fromkeys((*branch, commit.sha), pull)
        elif (named := numbers(commit.subject)) and len(commit.parents) < 2 and commit.sha not in found:  # noqa: PLR2004  # as above
            title = without_numbers(commit.subject)
            title = " ".join((title, *(f"(#{number})" for number in named[:-1])))
            found[commit.sha] = MergedPull(named[-1], title, commit.author, commit.sha, merged=commit.date)
    return found


def _only(start: str, without: str, every: Mapping[str, HistoryCommit]) -> list[str]:
    """Commits of `every` that `start` has and `without` has not, the newest first."""
    known = _reach(without, every)
    return [sha for sha in _reach(start, every) if sha not in known]


def _reach(start: str, every: Mapping[str, HistoryCommit]) -> dict[str, None]:
    seen: dict[str, None] = {}
    todo = [start]
    while todo:
        sha = todo.pop()
        if sha in every and sha not in seen:
            seen[sha] = None
            todo += reversed(every[sha].parents)
    return seen
