"""Groups the commits of a line of history into the pull requests that brought them.

Only the line itself counts: the first parents from its newest commit on. What a merge brought belongs to that merge,
whatever numbers the merged commits carry: they may be those of a fork. Where GitHub is not asked, everything is read
from commit messages. Each commit is visited once. Pure.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from release_actions.changes.authors import author_of
from release_actions.changes.model import Author, HistoryCommit, MergedChange, MergedPull
from release_actions.changes.picks import MERGE, PICKED, QUEUED
from release_actions.changes.titles import trailing_numbers, without_numbers

ELSEWHERE = re.compile(
    r"Merge (?:remote-tracking )?branch '(?:(?P<remote>[\w.-]+)/)?[^']*'(?: of (?P<address>\S+))?", re.IGNORECASE
)
"""Subject of the commit that git makes for a merge of a branch."""

IMPORTED = re.compile(r"PR #[0-9]{1,9}: (?P<title>.+)")
IMPORTED_FROM = re.compile(
    r"(?m)^(?:Imported from GitHub PR |COPYBARA_INTEGRATE_REVIEW=)https?://[^/\s]+/(?P<repository>[\w.-]+/[\w.-]+)/pull/"
    r"(?P<number>[0-9]{1,9})\b"
)
"""Where Copybara says that a commit comes from."""

IMPORTED_BY = re.compile(r"(?m)^--\n[0-9a-f]{7,40} by (?P<name>[^<\n]+?) <(?P<email>[^<>\n]*)>:$")
TRAILER = re.compile(r"(?:PiperOrigin-RevId|Change-Id|Differential Revision|[A-Z][A-Za-z]*-by):\s|[A-Z]+(?:_[A-Z]+)+=")
"""Lines at the end of a message that are for programs."""

CO_AUTHOR = re.compile(
    r"^co-authored-by:\s*(?P<name>[^<\n]*?)\s*<(?P<email>[^<>\s]*)>\s*$", re.IGNORECASE | re.MULTILINE
)


def group_changes(commits: Iterable[HistoryCommit], pulls: Mapping[str, MergedPull]) -> tuple[MergedChange, ...]:
    """The changes that commits make up, in the order they were merged.

    A merge commit that no pull request stands behind brings nothing of its own, and is left out.
    """
    groups: dict[str, list[HistoryCommit]] = {}
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
        groups.setdefault(key, []).append(commit)
    made = [_of_pull(known[key], group) if key in known else _of_commit(group[0]) for key, group in groups.items()]
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
    return MergedChange(
        commit.subject,
        commit.author,
        (commit.sha,),
        merged=commit.date,
        messages=(commit.message,),
        sources=tuple(PICKED.findall(commit.message)),
    )


def pulls_by_message(commits: Iterable[HistoryCommit], repository: str = "") -> dict[str, MergedPull]:
    """Commit -> pull request, from nothing but messages: squashed ones by their number, merged ones by their merge.

    `commits` are what one point of history has and another one has not, in any order. What a rebase merge left has no
    number, so it is not found. `repository` is whose history it is; a number of another one is not taken.
    """
    reader = _MainlineReader(commits, repository)
    return reader.pulls


class _MainlineReader:
    """Walks a line of history from its oldest commit to its newest.

    When a merge is reached, `_seen` has exactly what its first parent can reach, so what its other parents reach beside
    that is what it brought. That makes the walk linear: nothing is visited twice.
    """

    def __init__(self, commits: Iterable[HistoryCommit], repository: str) -> None:
        self._commits = {commit.sha: commit for commit in commits}
        self._repository = repository.casefold()
        self._seen: set[str] = set()
        self.pulls: dict[str, MergedPull] = {}
        inner = {parent for commit in self._commits.values() for parent in commit.parents}
        for sha in reversed(list(self._commits)):
            if sha not in inner:
                self._walk(sha)

    def _walk(self, tip: str) -> None:
        # A merge without a pull request opens a line within the line, as deep as branches were merged into each other:
        # a stack of iterators instead of recursion, which Python limits.
        lines: list[Iterator[str]] = [iter(self._line(tip))]
        while lines:
            sha = next(lines[-1], None)
            if sha is None:
                lines.pop()
                continue
            if sha in self._seen:
                continue
            commit = self._commits[sha]
            self._seen.add(sha)
            if len(commit.parents) > 1 and not self._take_merge(commit):
                lines += [iter(self._line(parent)) for parent in commit.parents[1:] if self._is_own(commit)]
            elif len(commit.parents) <= 1:
                self._take_squashed(commit)

    def _line(self, tip: str) -> list[str]:
        """The first parents from a commit on that were not seen yet, the oldest first."""
        line: list[str] = []
        sha = tip
        while sha in self._commits and sha not in self._seen:
            line.append(sha)
            parents = self._commits[sha].parents
            sha = parents[0] if parents else ""
        return line[::-1]

    def _take_squashed(self, commit: HistoryCommit) -> None:
        named = trailing_numbers(commit.subject, self._repository)
        if not named:
            self._take_imported(commit)
        else:
            title = " ".join((without_numbers(commit.subject), *(f"(#{number})" for number in named[:-1])))
            self.pulls[commit.sha] = MergedPull(named[-1], title, commit.author, commit.sha, merged=commit.date)

    def _take_imported(self, commit: HistoryCommit) -> None:
        """Take what Copybara imported from a pull request: `PR #7: Fix it`, with its address and author in the text."""
        subject, imported = IMPORTED.fullmatch(commit.subject), IMPORTED_FROM.search(commit.message)
        if imported is None or self._repository not in {"", imported["repository"].casefold()}:
            return
        title = subject["title"] if subject else commit.subject
        authors = [author_of(match["name"], match["email"]) for match in IMPORTED_BY.finditer(commit.message)]
        author = authors[0] if authors else commit.author
        self.pulls[commit.sha] = MergedPull(int(imported["number"]), title, author, commit.sha, merged=commit.date)

    def _take_merge(self, commit: HistoryCommit) -> bool:
        """Give what a merge brought to its pull request. False for one that names none."""
        merge = MERGE.fullmatch(commit.subject)
        queued = QUEUED.match(commit.subject)
        named = trailing_numbers(commit.subject, self._repository)
        number = int(merge[1]) if merge else int(queued[1]) if queued else named[-1] if named else 0
        if not number:
            return False
        branch = self._take_branch(commit.parents[1:])
        owner = re.split(r"[/:]", merge[2])[0] if merge else ""
        author = _author_of_branch(branch, owner) or commit.author
        title = self._title(commit, branch, is_named=bool(named))
        pull = MergedPull(number, title, author, commit.sha, merged=commit.date)
        self.pulls |= dict.fromkeys((*(merged.sha for merged in branch), commit.sha), pull)
        return True

    def _title(self, commit: HistoryCommit, branch: Sequence[HistoryCommit], *, is_named: bool) -> str:
        """A merge's title: its subject where that ends with the number, else the first line of its text.

        Where the text has nothing but trailers, it is the subject of the only commit that was merged.
        """
        if is_named:
            return without_numbers(commit.subject)
        lines = [line.strip() for line in commit.message.splitlines()[1:] if line.strip()]
        lines = [line for line in lines if not TRAILER.match(line)]
        single = [merged.subject for merged in branch if len(merged.parents) <= 1]
        return lines[0] if lines else single[0] if len(single) == 1 else commit.subject

    def _take_branch(self, tips: Sequence[str]) -> list[HistoryCommit]:
        """What some commits reach that was not seen yet, and mark it as seen."""
        branch: list[HistoryCommit] = []
        waiting = list(tips)
        while waiting:
            sha = waiting.pop()
            if sha in self._commits and sha not in self._seen:
                self._seen.add(sha)
                branch.append(self._commits[sha])
                waiting += self._commits[sha].parents
        return branch

    def _is_own(self, merge: HistoryCommit) -> bool:
        """Whether a merged branch is this repository's, so that its numbers are. False marks all of it as seen."""
        match = ELSEWHERE.match(merge.subject)
        remote = match["remote"] if match and "remote-tracking" in merge.subject else ""
        address = (match["address"] or "").casefold().removesuffix(".git") if match else ""
        foreign = remote not in {"", None, "origin"} or ("/" in address and bool(self._repository))
        if not foreign or (address and address.endswith(self._repository)):
            return True
        self._take_branch(merge.parents[1:])
        return False


def _author_of_branch(branch: Sequence[HistoryCommit], owner: str) -> Author | None:
    """Who wrote most of a branch: the owner of the fork if that is one of the authors, else who has most commits.

    Merges are left out: whoever brings a branch up to date last is not its author.
    """
    everybody = [commit.author for commit in reversed(branch) if len(commit.parents) <= 1]
    # Programs that tidy a branch up may have more commits on it than who wrote it.
    authors = [author for author in everybody if not author.bot] or everybody
    own = next((author for author in authors if author.login.casefold() == owner.casefold() and owner), None)
    if own or not authors:
        return own
    counts = Counter(author.key for author in authors)
    most = max(counts.values())
    return next(author for author in authors if counts[author.key] == most)


def co_authors(change: MergedChange) -> tuple[tuple[str, str], ...]:
    """Name and address of everybody that the trailers of its commits name as a co-author, each once."""
    pairs = [(match["name"], match["email"]) for message in change.messages for match in CO_AUTHOR.finditer(message)]
    return tuple({address.casefold(): (name, address) for name, address in reversed(pairs)}.values())[::-1]
