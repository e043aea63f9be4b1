"""Judges who approved what entered a branch: everything by a pull request, approved by another one who may. Pure.

With OWNERS files each path needs the `/approve`, or approving review, of an owner of its folder or one above it, and
the change an `/lgtm` or approving review. Without them any approval by another one counts: GitHub does not say who may.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from release_actions.branches.findings import BranchFinding, describe
from release_actions.branches.model import Explained, Origin
from release_actions.people.approvals import Approvals, find_unapproved, list_approvals
from release_actions.people.owners import Owners
from release_actions.people.remarks import Remark, Verb
from release_actions.versions.history import Level

PATHS_SHOWN = 3


@dataclass(frozen=True)
class ReviewedPull:
    """A merged pull request. `head` is its newest commit. `is_whole`: whether all that was said of it was read."""

    number: int
    author: str
    base: str
    merge: str
    head: str
    paths: tuple[str, ...]
    remarks: tuple[Remark, ...]
    is_whole: bool = True


def judge_reviews(
    explained: Iterable[Explained], pulls: Mapping[str, ReviewedPull], owners: Owners | None
) -> Iterator[BranchFinding]:
    """What entered the branch without the approval it needs. `pulls`: commit -> the pull request that brought it."""
    for item in explained:
        if item.origin is Origin.MERGE and item.commit.sha not in pulls:
            # The commits that it brought are judged themselves.
            continue
        pull = pulls.get(item.commit.sha)
        name = describe(item.commit)
        if pull is None:
            message = f"{name} came to the branch without a pull request."
            yield BranchFinding("direct-push", Level.ERROR, message, "Protect the branch.", item.commit.sha)
        elif not pull.is_whole:
            message = f"{name}: more was said of #{pull.number} than was read, so who approved it is not known."
            yield BranchFinding("unapproved", Level.WARN, message, "Look at it by hand.", item.commit.sha)
        else:
            yield from _judge_pull(pull, name, item.commit.sha, owners)


def _judge_pull(pull: ReviewedPull, name: str, sha: str, owners: Owners | None) -> Iterator[BranchFinding]:
    given = list_approvals(pull.remarks, (pull.author,))
    why = "; ".join(_list_reasons(pull, given, owners))
    if why:
        author = pull.author or "a deleted account"
        message = f"{name}: #{pull.number} by {author} was not approved as it has to be: {why}."
        yield BranchFinding("unapproved", Level.ERROR, message, "Have it reviewed now, or revert it.", sha)
    stale = [each for each in given.approvals if each.commit and each.commit != pull.head]
    fresh = [each for each in given.approvals if not each.commit or each.commit == pull.head]
    if stale and not fresh:
        message = f"{name}: #{pull.number} was pushed to after {stale[-1].who} approved {stale[-1].commit[:12]}."
        yield BranchFinding("stale-approval", Level.WARN, message, "Have the last push reviewed.", sha)


def _list_reasons(pull: ReviewedPull, given: Approvals, owners: Owners | None) -> Iterator[str]:
    if not given.of(Verb.LGTM):
        yield "nobody but its author agreed" if pull.remarks else "nobody said anything"
    if given.objectors:
        yield f"{', '.join(given.objectors)} asked for changes"
    unapproved = find_unapproved(pull.paths, owners, given) if owners is not None else ()
    if unapproved:
        more = len(unapproved) - PATHS_SHOWN
        rest = f" and {more} more" if more > 0 else ""
        yield f"no owner approved {', '.join(unapproved[:PATHS_SHOWN])}{rest}"
