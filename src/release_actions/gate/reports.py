"""Reads the report of a check. Pure.

A report is text from another job: nothing in it is believed that its envelope does not say in the published form
(`schema/report.schema.json`), and who made it is known from elsewhere. It is read strictly: one that does not have the
form is no report.
"""

from __future__ import annotations

import enum
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any, TypeVar

from release_actions.runner.envelope import SCHEMA_VERSION, RunOfWorkflow, Verdict, digest_of
from release_actions.runner.report import Level

AnyEnum = TypeVar("AnyEnum", bound=enum.Enum)

LARGEST_BYTES = 16 * 1024 * 1024
NAME = re.compile(r"[a-z][a-z0-9-]*")
COMMIT = re.compile(r"(?:[0-9a-f]{40}(?:[0-9a-f]{24})?)?")
CONFIGURATION = re.compile(r"(?:sha256:[0-9a-f]{64})?")


class Origin(str, enum.Enum):
    """What is known of who made a report.

    `run`: an artifact of a run of the workflow that `gate.required` names. `job`: a job of this very run gave its
    digest. `file`: a file that anybody may have put there.
    """

    RUN = "run"
    JOB = "job"
    FILE = "file"


@dataclass(frozen=True)
class ReportedFinding:
    """A finding of a report."""

    rule: str
    level: Level
    message: str
    hint: str
    place: str


@dataclass(frozen=True)
class Approval:
    """Somebody with a role approved what a report is about. `review` is the id of the review or comment."""

    who: str
    role: str
    at: datetime
    review: str


@dataclass(frozen=True)
class CheckReport:
    """A report, read.

    `digest` is that of its bytes, `source` how a person finds it, `author` whose own approval does not count, empty
    when the report names nobody. `details` is the whole document: what only this check says is in no published form.
    """

    name: str
    verdict: Verdict
    tag: str
    commit: str
    as_of: datetime
    configuration: str
    run: RunOfWorkflow
    findings: tuple[ReportedFinding, ...]
    approvals: tuple[Approval, ...]
    author: str
    digest: str
    origin: Origin
    source: str
    details: Mapping[str, Any] = field(default_factory=dict, repr=False)


class NoReport(Exception):  # noqa: N818  # an answer, caught where the file is known
    """Why a text is no report, to end a sentence."""


def read_report(content: bytes, origin: Origin, source: str) -> CheckReport:
    """A report from its bytes. Raises `NoReport`."""
    if len(content) > LARGEST_BYTES:
        message = f"it is larger than {LARGEST_BYTES // 1024 // 1024} MiB"
        raise NoReport(message)
    try:
        document = json.loads(content, object_pairs_hook=_unique, parse_constant=_refuse_constant)
        json.dumps(document, ensure_ascii=False).encode()  # half a surrogate pair is no text
    except (ValueError, RecursionError) as error:
        message = f"it is not JSON: {error}"
        raise NoReport(message) from None
    fields = _Fields(document, "it")
    if fields.integer("schema-version") != SCHEMA_VERSION:
        message = f"its schema-version is not {SCHEMA_VERSION}: it was written by another release of the suite"
        raise NoReport(message)
    return CheckReport(
        name=fields.text("report", NAME),
        verdict=fields.choice("verdict", Verdict),
        tag=fields.text("tag"),
        commit=fields.text("commit", COMMIT),
        as_of=fields.time("as-of"),
        configuration=fields.text("configuration", CONFIGURATION),
        run=_read_run(fields.fields("run")),
        findings=tuple(_read_finding(item) for item in fields.items("findings")),
        approvals=tuple(_read_approval(item) for item in fields.items("approvals", is_optional=True)),
        author=fields.text("author") if "author" in fields.values else "",
        digest=digest_of(content),
        origin=origin,
        source=source,
        details=fields.values,
    )


class _Fields:
    """The values of a JSON object, each of the kind that is asked for. Raises `NoReport`."""

    def __init__(self, values: Any, name: str) -> None:
        if not isinstance(values, dict):
            message = f"{name} is not a JSON object"
            raise NoReport(message)
        self.values: Mapping[str, Any] = values
        self.name = name

    def text(self, key: str, pattern: re.Pattern[str] | None = None) -> str:
        value = self.values.get(key)
        if not isinstance(value, str) or (pattern is not None and not pattern.fullmatch(value)):
            raise self._wrong(key)
        return value

    def integer(self, key: str) -> int:
        value = self.values.get(key)
        if type(value) is not int or value < 0:
            raise self._wrong(key)
        return value

    def choice(self, key: str, kind: type[AnyEnum]) -> AnyEnum:
        try:
            return kind(self.text(key))
        except ValueError:
            raise self._wrong(key) from None

    def time(self, key: str) -> datetime:
        text = self.text(key)
        try:
            moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
        except ValueError:
            raise self._wrong(key) from None
        if moment.tzinfo is None:
            raise self._wrong(key)
        return moment.astimezone(timezone.utc)

    def fields(self, key: str) -> _Fields:
        return _Fields(self.values.get(key), f"its {key}")

    def items(self, key: str, *, is_optional: bool = False) -> list[_Fields]:
        values = self.values.get(key, [] if is_optional else None)
        if not isinstance(values, list):
            raise self._wrong(key)
        return [_Fields(value, f"an item of its {key}") for value in values]

    def _wrong(self, key: str) -> NoReport:
        state = "has no" if key not in self.values else "has a wrong"
        return NoReport(f"{self.name} {state} {key}")


def _read_run(fields: _Fields) -> RunOfWorkflow:
    return RunOfWorkflow(
        fields.text("repository"),
        fields.text("workflow"),
        fields.text("id"),
        fields.integer("attempt"),
        fields.text("url"),
    )


def _read_finding(fields: _Fields) -> ReportedFinding:
    place = ""
    if fields.values.get("place") is not None:
        where = fields.fields("place")
        numbers = [where.integer("line"), where.integer("column")]
        place = ":".join([where.text("file"), *(str(number) for number in numbers if number)])
    return ReportedFinding(
        fields.text("rule"), fields.choice("level", Level), fields.text("message"), fields.text("hint"), place
    )


def _read_approval(fields: _Fields) -> Approval:
    return Approval(fields.text("who"), fields.text("role"), fields.time("at"), fields.text("review"))


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose keys are all different: readers disagree on which of two counts (RFC 8259, section 4)."""
    values = dict(pairs)
    if len(values) != len(pairs):
        message = "it has a key twice"
        raise ValueError(message)
    return values


def _refuse_constant(text: str) -> Any:
    message = f"it has {text}, which is no number of JSON"
    raise ValueError(message)
