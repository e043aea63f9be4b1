"""Who let an item in after the freeze: by a label or a command, judged by who did it and when. Pure.

A label counts by the events of its timeline, never because it is there: somebody set it, and nobody took it off since.
The author never counts, nor does a bot; where a bot set the label, the command of a person counts that asked for it.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from release_actions.people.owners import normalize_login
from release_actions.people.remarks import Remark, list_command_lines
from release_actions.people.roles import Roles
from release_actions.tracker.model import Act, ActKind

UNTIL = re.compile(r"\buntil[ :]+([0-9]{4}-[0-9]{2}-[0-9]{2})\b", re.IGNORECASE)
COMMAND = "exception"
REASON_LENGTH = 200


class Approved(str, enum.Enum):
    """Whether an exception stands."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Vote:
    """One person's word for an exception."""

    who: str
    at: datetime
    why: str = ""
    until: date | None = None
    url: str = ""


@dataclass(frozen=True)
class ItemException:
    """What stands for an exception. `missing`: roles that did not agree; `ignored`: whose word does not count."""

    approved: Approved
    votes: tuple[Vote, ...] = ()
    roles: tuple[tuple[str, str], ...] = ()
    missing: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()

    @property
    def is_asked_for(self) -> bool:
        """Whether anybody asked for one."""
        return bool(self.votes or self.ignored)

    @property
    def why(self) -> str:
        """The reason that somebody gave; empty if nobody did."""
        return next((vote.why for vote in self.votes if vote.why), "")

    @property
    def until(self) -> date | None:
        """The earliest last day that somebody set."""
        return min((vote.until for vote in self.votes if vote.until), default=None)


def judge_exception(
    label: str,
    needed: Sequence[str],
    roles: Roles,
    authors: Collection[str],
    acts: Sequence[Act],
    remarks: Sequence[Remark],
    now: datetime,
) -> ItemException:
    """Whether people in all needed roles agree. One person with two roles fills both."""
    own = {normalize_login(author) for author in authors}
    votes = list_votes(label, acts, remarks)
    counted = tuple(vote for vote in votes if normalize_login(vote.who) not in own)
    ignored = tuple(vote.who for vote in votes if vote not in counted)
    valid = tuple(vote for vote in counted if vote.until is None or now.date() <= vote.until)
    filled, missing, is_unknown = [], [], False
    for role in needed:
        answers = {vote.who: roles.has_role(vote.who, role) for vote in valid}
        who = next((who for who, has in answers.items() if has), "")
        if who:
            filled.append((role, who))
        else:
            missing.append(role)
            is_unknown = is_unknown or None in answers.values()
    approved = Approved.YES if valid and not missing else Approved.UNKNOWN if is_unknown else Approved.NO
    return ItemException(approved, valid, tuple(filled), tuple(missing), ignored)


def list_votes(label: str, acts: Sequence[Act], remarks: Sequence[Remark]) -> tuple[Vote, ...]:
    """The words that stand at the end, the last of each person. Taking the label off ends what was said before."""
    votes: dict[str, Vote] = {}
    # Of one moment, taking back comes last: it wins.
    steps = sorted(
        [*_read_acts(label, acts), *_read_remarks(label, remarks)], key=lambda step: (step[0], step[2] is None)
    )
    for _, who, said in steps:
        vote = said
        if vote is not None:
            earlier = votes.get(normalize_login(who))
            if earlier and not vote.why and not vote.until:
                vote = Vote(who, vote.at, earlier.why, earlier.until, vote.url)
            votes[normalize_login(who)] = vote
        elif who:
            votes.pop(normalize_login(who), None)
        else:
            votes.clear()
    return tuple(votes.values())


Step = tuple[datetime, str, "Vote | None"]
"""When, whose word, and the word: None takes it back, and everybody's if it is nobody's."""


def _read_acts(label: str, acts: Sequence[Act]) -> Iterator[Step]:
    for act in acts:
        if act.name.lower() != label.lower():
            continue
        if act.kind is ActKind.UNLABELED:
            yield act.at, "", None
        elif act.kind is ActKind.LABELED and act.actor and not act.is_bot:
            yield act.at, act.actor, Vote(act.actor, act.at)


def _read_remarks(label: str, remarks: Sequence[Remark]) -> Iterator[Step]:
    for remark in remarks:
        if not remark.author or remark.is_bot:
            continue
        for match in list_command_lines(remark.text):
            verb, argument = match[2].lower(), (match[3] or "").strip()
            is_label = verb == "label" and argument.lower() == label.lower()
            if verb != COMMAND and not is_label:
                continue
            if match[1] or argument.lower() == "cancel":
                yield remark.at, remark.author, None
            elif remark.is_own_text:
                until = UNTIL.search(argument)
                why = "" if is_label else UNTIL.sub("", argument).strip(" ,;")[:REASON_LENGTH]
                yield remark.at, remark.author, Vote(remark.author, remark.at, why, _read_day(until), remark.url)


def _read_day(match: re.Match[str] | None) -> date | None:
    """The day of `until`. One that no calendar has is over: nothing may hold for ever because of a typing error."""
    if match is None:
        return None
    try:
        return date.fromisoformat(match[1])
    except ValueError:
        return date.min
