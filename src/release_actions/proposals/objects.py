"""Makes commits on GitHub out of changed files, without a checkout and without a push. No ref is changed here."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from release_actions.git.process import OWN_EMAIL, OWN_NAME
from release_actions.github.pygithub import ask
from release_actions.proposals.model import FileChange, ProposedCommit, Signature

if TYPE_CHECKING:
    from github.GitCommit import GitCommit
    from github.InputGitAuthor import InputGitAuthor
    from github.InputGitTreeElement import InputGitTreeElement
    from github.Repository import Repository


def make_commits(repository: Repository, onto: str, commits: tuple[ProposedCommit, ...]) -> str:
    """Make commits one after another, and return the last one's id. Raises `RemoteError`."""
    what = f"make the commits that are proposed to {repository.full_name}"
    parent = ask(lambda: repository.get_git_commit(onto), what)
    for commit in commits:
        parent = _make_commit(repository, parent, commit, what)
    return parent.sha


def _make_commit(repository: Repository, parent: GitCommit, commit: ProposedCommit, what: str) -> GitCommit:
    elements = [*_make_elements(repository, commit.changes, what)]
    tree = ask(lambda: repository.create_git_tree(elements, base_tree=parent.tree), what)
    # The date is the change's, not the clock's, so that the same proposal is the same commit.
    author = commit.author or Signature(OWN_NAME, OWN_EMAIL, parent.committer.date)
    committer = Signature(OWN_NAME, OWN_EMAIL, author.date)
    return ask(
        lambda: repository.create_git_commit(
            commit.message, tree, [parent], author=_sign(author), committer=_sign(committer)
        ),
        what,
    )


def _sign(who: Signature) -> InputGitAuthor:
    from github.InputGitAuthor import InputGitAuthor

    return InputGitAuthor(who.name, who.email, _stamp(who.date))


def _stamp(moment: datetime) -> str:
    aware = moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
    return aware.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def _make_elements(repository: Repository, changes: tuple[FileChange, ...], what: str) -> Iterator[InputGitTreeElement]:
    from github.InputGitTreeElement import InputGitTreeElement

    for change in changes:
        if change.submodule:
            yield InputGitTreeElement(change.path, "160000", "commit", sha=change.submodule)
        elif change.content is None:
            yield InputGitTreeElement(change.path, change.mode, "blob", sha=None)
        elif (text := _read_text(change.content)) is not None:
            yield InputGitTreeElement(change.path, change.mode, "blob", content=text)
        else:
            encoded = base64.b64encode(change.content).decode()
            blob = ask(lambda encoded=encoded: repository.create_git_blob(encoded, "base64"), what)  # type: ignore[misc]  # bound in the loop
            yield InputGitTreeElement(change.path, change.mode, "blob", sha=blob.sha)


def _read_text(content: bytes) -> str | None:
    """The content as text that JSON carries without a change; None for what is no text."""
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text
