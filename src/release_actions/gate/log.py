"""The log of a release: what was reported, approved and waived, each line bound to the one before. Pure.

A line is a JSON object in canonical form (RFC 8785), and holds the SHA-256 of the bytes of the line before it. Nothing
is edited: what has to be taken back is a new line. The chain shows that no line in it was changed, left out or moved.
It cannot show that lines at its end are missing, nor that the whole was not written anew: whoever wants to know keeps
the digest of a line elsewhere.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from release_actions.config.gate import Waiver
from release_actions.errors import ActionError
from release_actions.gate.reports import CheckReport

FIRST, REPORT, WAIVER, DECISION = "first", "report", "waiver", "decision"
KINDS = (FIRST, REPORT, WAIVER, DECISION)
BEFORE_FIRST = "0" * 64
"""What the first line holds for the line before."""

DIGEST_NAME, DIGEST = re.compile("[a-z]+(?:-[a-z]+)*-digest"), re.compile("sha256:[0-9a-f]{64}")

KEYS = frozenset(
    {"seq", "time", "kind", "tag", "commit", "actor", "run", "subject", "verdict", "approvals", "waiver", "prev"}
)


class BrokenLogError(ActionError):
    """A line of a log is not what it has to be."""


@dataclass(frozen=True)
class Entry:
    """What a line says, without its place in the log. `subject`: digest of what it is about."""

    kind: str
    tag: str
    commit: str
    actor: str
    run: Mapping[str, Any]
    subject: str
    verdict: str
    approvals: tuple[Mapping[str, str], ...] = ()
    waiver: Mapping[str, str] | None = None

    def document(self) -> dict[str, Any]:
        """The entry as JSON values."""
        return {
            "kind": self.kind,
            "tag": self.tag,
            "commit": self.commit,
            "actor": self.actor,
            "run": dict(self.run),
            "subject": self.subject,
            "verdict": self.verdict,
            "approvals": [dict(approval) for approval in self.approvals],
            "waiver": None if self.waiver is None else dict(self.waiver),
        }


@dataclass(frozen=True)
class Log:
    """A log whose chain holds. `lines` are the bytes of each line without its end, `documents` what they say."""

    lines: tuple[bytes, ...] = ()
    documents: tuple[Mapping[str, Any], ...] = ()

    @property
    def head(self) -> str:
        """The digest of the last line: who keeps it can later show that nothing up to there has changed."""
        return hash_line(self.lines[-1]) if self.lines else BEFORE_FIRST

    def content(self) -> bytes:
        """The file."""
        return b"".join(line + b"\n" for line in self.lines)

    def has(self, entry: Entry) -> bool:
        """Whether a line says this already: the same subject, of the same attempt of the same run."""
        wanted = entry.document()
        return any({key: document[key] for key in wanted} == wanted for document in self.documents)

    def append(self, entries: Sequence[Entry], now: datetime) -> Log:
        """The log with new lines at its end; what it has already is not written again."""
        log = self
        for entry in entries:
            if not log.has(entry):
                document = {
                    "seq": len(log.lines),
                    "time": format_time(now),
                    "prev": log.head,
                    **entry.document(),
                }
                log = Log((*log.lines, canonical(document)), (*log.documents, document))
        return log


def read_log(content: bytes, name: str, *, repository: str = "") -> Log:
    """A log from its file. Raises `BrokenLogError`, which names the first line that is wrong.

    `repository`: the one that the first line has to name, any if empty.
    """
    if not content:
        return Log()
    lines = content.split(b"\n")
    if lines.pop():
        raise _broken(name, len(lines) + 1, "is cut off: it has no end")
    documents: list[Mapping[str, Any]] = []
    before = BEFORE_FIRST
    for number, line in enumerate(lines, 1):
        document = _read_line(line, name, number)
        if document["seq"] != number - 1:
            raise _broken(name, number, f"has the sequence number {document['seq']}, not {number - 1}")
        if document["prev"] != before:
            raise _broken(name, number, "does not follow the line before it: that line was changed, or one is missing")
        if (document["kind"] == FIRST) != (number == 1):
            raise _broken(name, number, "is of a kind that belongs elsewhere: the kind first is that of line 1 alone")
        documents.append(document)
        before = hash_line(line)
    own = documents[0]["run"].get("repository", "")
    if repository and own.lower() != repository.lower():
        raise _broken(name, 1, f"says that this is the log of {own or 'no repository'}, not of {repository}")
    return Log(tuple(lines), tuple(documents))


def _read_line(line: bytes, name: str, number: int) -> Mapping[str, Any]:
    try:
        document = json.loads(line)
        again = canonical(document)
    except (ValueError, RecursionError):
        raise _broken(name, number, "is not JSON") from None
    if not isinstance(document, dict) or set(document) != KEYS or not isinstance(document["run"], dict):
        raise _broken(name, number, "is not a line of such a log")
    texts = (document[key] for key in ("time", "kind", "tag", "commit", "actor", "subject", "verdict", "prev"))
    if not all(isinstance(text, str) for text in texts) or type(document["seq"]) is not int:
        raise _broken(name, number, "is not a line of such a log")
    if document["kind"] not in KINDS or not _is_time(document["time"]):
        raise _broken(name, number, "has a kind or a time that no such log has")
    if again != line:
        raise _broken(name, number, "is not in canonical form: it was written by something else")
    return document


def _is_time(text: str) -> bool:
    """Whether a text is a moment as `format_time` writes it."""
    try:
        return format_time(datetime.fromisoformat(text.replace("Z", "+00:00"))) == text
    except ValueError:
        return False


def _broken(name: str, number: int, words: str) -> BrokenLogError:
    hint = "Nothing was written. Compare the file with an older commit of its branch, and find out who changed it."
    return BrokenLogError(f"Line {number} of {name} {words}.", hint=hint)


def begin(repository: str, configuration: str, run: Mapping[str, Any], actor: str) -> Entry:
    """The entry of the first line. `configuration`: digest of the file in force, empty without one."""
    return Entry(FIRST, "", "", actor, {**run, "repository": repository}, configuration, "")


def of_report(report: CheckReport, actor: str) -> Entry:
    """The entry about a report."""
    approvals = tuple(
        {"who": item.who, "role": item.role, "at": format_time(item.at), "review": item.review}
        for item in report.approvals
    )
    run: dict[str, Any] = {
        "id": report.run.id,
        "attempt": report.run.attempt,
        "url": report.run.url,
        "report": report.name,
    }
    run["origin"] = report.origin.value
    run |= _read_digests(report)
    return Entry(REPORT, report.tag, report.commit, actor, run, report.digest, report.verdict.value, approvals)


def _read_digests(report: CheckReport) -> dict[str, str]:
    """The digests of other files that a report names among its outputs, such as `lock-digest`."""
    outputs = report.details.get("outputs")
    pairs = outputs.items() if isinstance(outputs, Mapping) else ()
    return {
        str(name): str(value)
        for name, value in pairs
        if DIGEST_NAME.fullmatch(str(name)) and DIGEST.fullmatch(str(value))
    }


def of_waiver(waiver: Waiver, commit: str, actor: str) -> Entry:
    """The entry about a waiver that was used."""
    said = {"who": waiver.who, "why": waiver.why, "until": waiver.until.isoformat()}
    if waiver.rules:
        said["rules"] = ", ".join(waiver.rules)
    return Entry(WAIVER, waiver.tag, commit, actor, {"report": waiver.report}, "", "", (), said)


def canonical(document: Mapping[str, Any]) -> bytes:
    """JSON as RFC 8785 has it, for objects whose keys are ASCII and whose numbers are whole."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def hash_line(line: bytes) -> str:
    """The digest that the next line holds."""
    return hashlib.sha256(line).hexdigest()


def format_time(moment: datetime) -> str:
    """A moment in UTC, to the second."""
    return moment.astimezone(timezone.utc).isoformat(timespec="seconds").replace("+00:00", "Z")
