"""Git as the REST routes see it: commits, annotated tags, refs and ancestry, with ids as git makes them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NamedTuple

EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
"""The id of the tree without entries. Commits here carry messages, not files."""


class Target(NamedTuple):
    """What a ref or an annotated tag points to."""

    sha: str
    type: Literal["commit", "tag"]


@dataclass(frozen=True)
class Commit:
    """A commit. `files`: paths it touched, for compare. `login`: the account of its author, where there is one."""

    sha: str
    message: str
    parents: tuple[str, ...]
    author: str
    email: str
    date: datetime
    login: str = ""
    files: tuple[str, ...] = ()
    tree_id: str = ""

    @property
    def tree(self) -> str:
        """The id of its tree: of one that was sent, else of one that stands for the paths it touched."""
        return self.tree_id or tree(self.files)


@dataclass(frozen=True)
class Tree:
    """A tree that was sent: what it is based on and what it changes. Path -> mode and object, None for a deletion."""

    base: str
    entries: Mapping[str, tuple[str, str] | None]

    @property
    def id(self) -> str:
        """An id that two trees with the same base and changes share."""
        lines = [f"{path} {entry}" for path, entry in sorted(self.entries.items())]
        return object_id("tree", "\n".join([self.base, *lines]))


@dataclass(frozen=True)
class AnnotatedTag:
    """An annotated tag's object. `verified`: it has a signature that GitHub has verified."""

    sha: str
    name: str
    message: str
    target: Target
    tagger: str
    email: str
    date: datetime
    verified: bool = False


@dataclass
class Git:
    """Objects by id and refs by full name (`refs/tags/v1.0.0`)."""

    commits: dict[str, Commit] = field(default_factory=dict)
    tags: dict[str, AnnotatedTag] = field(default_factory=dict)
    refs: dict[str, Target] = field(default_factory=dict)
    trees: dict[str, Tree] = field(default_factory=dict)
    blobs: dict[str, bytes] = field(default_factory=dict)

    def commit(
        self,
        message: str,
        date: datetime,
        *,
        parents: tuple[str, ...] = (),
        author: str = "Ada Example",
        email: str = "ada@example.com",
        login: str = "",
        files: tuple[str, ...] = (),
        tree_id: str = "",
    ) -> Commit:
        """Make a commit. Raises `LookupError` for a parent that is not there."""
        for parent in parents:
            if parent not in self.commits:
                message = f"commit {parent} does not exist"
                raise LookupError(message)
        who = f"{author} <{email}> {int(date.timestamp())} +0000"
        # The paths go into the id in place of a tree: commits that differ only in them are different commits.
        lines = [f"tree {tree_id or tree(files)}", *(f"parent {parent}" for parent in parents), f"author {who}"]
        text = "\n".join([*lines, f"committer {who}", "", message, ""])
        commit = Commit(object_id("commit", text), message, parents, author, email, date, login, files, tree_id)
        self.commits[commit.sha] = commit
        return commit

    def read_file(self, sha: str, path: str) -> bytes | None:
        """A file of a commit, as far back as trees were sent; None where it is not in them."""
        at = self.commits[sha].tree
        while at in self.trees:
            if path in self.trees[at].entries:
                entry = self.trees[at].entries[path]
                return self.blobs.get(entry[1]) if entry else None
            at = self.trees[at].base
        return None

    def add_blob(self, content: bytes) -> str:
        """Store a file's content. Returns its id."""
        sha = hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
        self.blobs[sha] = content
        return sha

    def annotate(
        self,
        name: str,
        target: Target,
        message: str,
        date: datetime,
        *,
        tagger: str = "Ada Example",
        email: str = "ada@example.com",
        verified: bool = False,
    ) -> AnnotatedTag:
        """Make an annotated tag's object; no ref points to it yet."""
        who = f"{tagger} <{email}> {int(date.timestamp())} +0000"
        head = f"object {target.sha}\ntype {target.type}\ntag {name}\ntagger {who}"
        tag = AnnotatedTag(
            object_id("tag", f"{head}\n\n{message}\n"), name, message, target, tagger, email, date, verified
        )
        self.tags[tag.sha] = tag
        return tag

    def find(self, sha: str) -> Target | None:
        """An object by its id."""
        if sha in self.commits:
            return Target(sha, "commit")
        return Target(sha, "tag") if sha in self.tags else None

    def peel(self, target: Target) -> Commit:
        """The commit behind a target, through annotated tags."""
        while target.type == "tag":
            target = self.tags[target.sha].target
        return self.commits[target.sha]

    def resolve(self, name: str) -> Commit | None:
        """The commit that a branch, a tag, a full ref or an id (whole, or its first 7 or more digits) names."""
        for ref in (name, f"refs/{name}", f"refs/heads/{name}", f"refs/tags/{name}"):
            if ref in self.refs:
                return self.peel(self.refs[ref])
        target = self.find(name)
        if target is not None:
            return self.peel(target)
        if len(name) < ABBREVIATED:
            return None
        shas = [sha for sha in self.commits if sha.startswith(name)]
        return self.commits[shas[0]] if len(shas) == 1 else None

    def ancestors(self, sha: str) -> set[str]:
        """A commit and all that came before it, by id."""
        seen: set[str] = set()
        todo = [sha]
        while todo:
            at = todo.pop()
            if at not in seen:
                seen.add(at)
                todo += self.commits[at].parents
        return seen

    def contains(self, sha: str, ancestor: str) -> bool:
        """Whether a commit has another one behind it, or is it."""
        return ancestor in self.ancestors(sha)

    def between(self, base: str, head: str) -> list[Commit]:
        """Commits that `head` has and `base` has not, oldest first, parents before children."""
        known = self.ancestors(base)
        commits: list[Commit] = []
        seen: set[str] = set()
        todo = [(head, False)]
        while todo:
            sha, done = todo.pop()
            if done:
                commits.append(self.commits[sha])
            elif sha not in known and sha not in seen:
                seen.add(sha)
                todo.append((sha, True))
                todo += ((parent, False) for parent in self.commits[sha].parents)
        return commits

    def merge_base(self, first: str, second: str) -> Commit | None:
        """The best common ancestor of two commits: one that is behind no other common one, the newest of them."""
        common = self.ancestors(first) & self.ancestors(second)
        behind = {parent for sha in common for parent in self.commits[sha].parents}
        best = [self.commits[sha] for sha in common - behind]
        return max(best, key=lambda commit: (commit.date, commit.sha), default=None)

    def history(self, sha: str) -> Iterator[Commit]:
        """A commit and its ancestors, newest first."""
        return iter(
            sorted((self.commits[ancestor] for ancestor in self.ancestors(sha)), key=lambda c: (c.date, c.sha))[::-1]
        )


ABBREVIATED = 7
"""Digits of an id that git takes for the whole."""


def object_id(kind: str, text: str) -> str:
    """The id git gives an object with this content."""
    content = text.encode()
    return hashlib.sha1(f"{kind} {len(content)}\0".encode() + content, usedforsecurity=False).hexdigest()


def tree(files: tuple[str, ...]) -> str:
    """A tree id that stands for the paths a commit touched."""
    return object_id("tree", "\n".join(files)) if files else EMPTY_TREE
