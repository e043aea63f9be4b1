"""Who approves a change, from what people said of it in the order in which they did. Pure.

Never the author's own, whatever the order; never a bot's; nothing that somebody else wrote into a comment; nothing of
a review that was dismissed. The last word of a person counts. Authors can only take back: `/lgtm cancel` of theirs ends
every `/lgtm` before it, as in Prow.
"""

from __future__ import annotations

import enum
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from release_actions.people.owners import Owners, normalize_login
from release_actions.people.remarks import Command, Remark, ReviewState, Verb, list_commands


class Stance(enum.Enum):
    """What a remark makes of a person's approval."""

    GIVES = "gives"
    TAKES_BACK = "takes back"
    OBJECTS = "objects"


@dataclass(frozen=True)
class Approval:
    """An approval that stands. `who` as GitHub writes the login; `commit` is what a review was about."""

    who: str
    verb: Verb
    at: datetime
    remark: str
    url: str = ""
    commit: str = ""


@dataclass(frozen=True)
class Approvals:
    """The approvals that stand, the oldest first, and who asks for changes."""

    approvals: tuple[Approval, ...] = ()
    objectors: tuple[str, ...] = ()

    def of(self, verb: Verb) -> tuple[Approval, ...]:
        """Those by a command, or by a review in its place."""
        return tuple(approval for approval in self.approvals if approval.verb is verb)

    def by(self, people: Collection[str], verb: Verb | None = None) -> tuple[Approval, ...]:
        """Those of some people, named in small letters."""
        given = self.of(verb) if verb else self.approvals
        return tuple(approval for approval in given if normalize_login(approval.who) in people)


def list_approvals(
    remarks: Iterable[Remark], authors: Collection[str], *, reviews_count: bool = True, lgtm_approves: bool = False
) -> Approvals:
    """What stands at the end.

    `authors`: the logins of all who made the change. `reviews_count`: whether an approving review is an `/lgtm` and
    an `/approve`, as Prow has it by default. `lgtm_approves`: whether `/lgtm` is an `/approve`, which Prow can be told.
    """
    own = {normalize_login(author) for author in authors}
    standing: dict[tuple[str, Verb], Approval] = {}
    objecting: dict[str, str] = {}
    for remark in sorted(remarks, key=_order):
        who = normalize_login(remark.author)
        if not who or remark.is_bot or remark.state is ReviewState.PENDING:
            continue
        if who in own:
            if any(command == Command(Verb.LGTM, cancels=True) for command in list_commands(remark.text)):
                standing = {key: approval for key, approval in standing.items() if approval.verb is not Verb.LGTM}
            continue
        for verb, stance in _read_stances(remark, reviews_count=reviews_count, lgtm_approves=lgtm_approves):
            if stance is Stance.GIVES:
                approval = Approval(remark.author, verb, remark.at, remark.id, remark.url, remark.commit)
                standing[who, verb] = approval
            else:
                standing.pop((who, verb), None)
        if remark.state is ReviewState.CHANGES_REQUESTED:
            objecting[who] = remark.author
        elif remark.state is ReviewState.APPROVED:
            objecting.pop(who, None)
    given = sorted(standing.values(), key=lambda approval: (approval.at, approval.who.lower(), approval.verb.value))
    return Approvals(tuple(given), tuple(objecting.values()))


def find_unapproved(paths: Iterable[str], owners: Owners, approvals: Approvals) -> tuple[str, ...]:
    """The paths that nobody approved who may: `/approve` of an owner of the folder or one above it, as in Prow.

    A path without any owner is one of them.
    """
    approvers = {normalize_login(approval.who) for approval in approvals.of(Verb.APPROVE)}
    return tuple(path for path in paths if not owners.find_approvers(path) & approvers)


def _read_stances(remark: Remark, *, reviews_count: bool, lgtm_approves: bool) -> Iterator[tuple[Verb, Stance]]:
    is_dismissed = remark.state is ReviewState.DISMISSED
    if reviews_count and remark.state is ReviewState.APPROVED:
        yield from ((verb, Stance.GIVES) for verb in Verb)
    if remark.state is ReviewState.CHANGES_REQUESTED:
        yield from ((verb, Stance.OBJECTS) for verb in Verb)
    for command in list_commands(remark.text):
        if command.cancels:
            yield command.verb, Stance.TAKES_BACK
            if lgtm_approves and command.verb is Verb.LGTM:
                yield Verb.APPROVE, Stance.TAKES_BACK
        # What somebody else wrote into the comment may take an approval back, but gives none.
        elif remark.is_own_text and not is_dismissed and remark.state is not ReviewState.CHANGES_REQUESTED:
            yield command.verb, Stance.GIVES
            if lgtm_approves and command.verb is Verb.LGTM:
                yield Verb.APPROVE, Stance.GIVES


def _order(remark: Remark) -> tuple[datetime, bool, str]:
    """By time. Of one second what gives comes first, so that taking back wins."""
    takes = remark.state is ReviewState.CHANGES_REQUESTED or any(
        command.cancels for command in list_commands(remark.text)
    )
    return remark.at, takes, remark.id
