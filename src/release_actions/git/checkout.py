"""What the local checkout knows: its tags with their commits, and the commit it stands on. Reads, never writes.

A checkout is taken for the repository's history only if nothing says that it has a part of it: a shallow clone, one
that fetches no tags or a single branch, or one without any tag is refused. Whether a tag is annotated or signed is not
asked here: actions/checkout makes a lightweight tag of the one that it fetches (actions/checkout#290).
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

from release_actions.errors import InputError
from release_actions.git.process import start_git

WHOLE = "Check it out with fetch-depth: 0, or run git fetch --unshallow --tags."
PREFIX = "refs/tags/"


def read_tags(folder: Path, *, may_be_none: bool = False) -> dict[str, str]:
    """Tag -> commit, of every tag that names a commit; the id of another object for others.

    `may_be_none`: whether it is an answer that there is none. Raises `InputError` when the folder is not a checkout or
    may not have all tags.
    """
    if run_git(folder, "rev-parse", "--is-shallow-repository").strip() == "true":
        message = "The checkout is shallow, so tags of the repository may be missing."
        raise InputError(message, hint=WHOLE)
    if run_git(folder, "config", "--get-all", "remote.origin.tagOpt", fails=True).strip().endswith("--no-tags"):
        message = "The checkout fetches no tags (remote.origin.tagOpt is --no-tags), so some may be missing."
        raise InputError(message, hint="Run git config --unset-all remote.origin.tagOpt, then git fetch --tags.")
    fetched = run_git(folder, "config", "--get-all", "remote.origin.fetch", fails=True).split()
    if fetched and not any(re.match(r"\+?refs/(?:heads/)?\*:", refspec) for refspec in fetched):
        # git clone --single-branch: only tags of that branch's history come along.
        message = f"The checkout fetches {fetched[0][:80]!a} only, so tags of other branches may be missing."
        hint = "Run git remote set-branches origin '*', then git fetch --tags."
        raise InputError(message, hint=hint)
    # A ref's name holds no NUL and no line break (git-check-ref-format), so neither can be part of a field.
    listed = run_git(folder, "for-each-ref", "--format=%(refname)%00%(objectname)%00%(*objectname)", PREFIX)
    commits = {}
    for line in filter(None, listed.split("\n")):
        name, own, behind = line.split("\0")
        commits[name.removeprefix(PREFIX)] = behind or own
    if not commits and not may_be_none:
        message = "The checkout has no tags."
        none = (
            "If the repository has no tag yet, make the tag of the release, or pass existing-tags: none if the "
            "action has that input."
        )
        raise InputError(message, hint=f"{WHOLE} {none}")
    return commits


def read_head(folder: Path) -> str:
    """The commit that the checkout stands on. Raises `InputError` when there is none."""
    return run_git(folder, "rev-parse", "--verify", "HEAD^{commit}").strip()


def run_git(
    folder: Path,
    *arguments: str,
    fails: bool = False,
    asked: str = "tags of the checkout",
    errors: Literal["replace", "surrogateescape"] = "replace",
) -> str:
    """What a git command prints. `fails`: empty if it fails, for questions where that is an answer.

    `asked` is what an error says could not be read. `errors`: what becomes of bytes that are no UTF-8.

    Raises `InputError` with git's own last words, and `ActionError` when there is no git.
    """
    ended = start_git(
        ["-C", str(folder.resolve()), "--no-optional-locks", *arguments],
        f"Could not read the {asked}",
        "Install git, or read the tags from GitHub with history: api.",
    )
    if ended.code == 0:
        return ended.printed.decode("utf-8", errors)
    if fails:
        return ""
    words = ended.complaint
    message = f"The {asked} could not be read: git says {words!r}."
    hint = "Check out the repository before this step, and say where with --workspace. " * (
        "not a git" in ended.complaint
    )
    hint += "Run git config --global --add safe.directory with the folder's path. " * ("ownership" in words)
    raise InputError(message, hint=hint.strip() or "Check it out again, or read the tags with history: api.")
