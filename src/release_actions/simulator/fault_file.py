"""Faults from a file, or a preset by name. The file is a YAML or JSON list; every mistake has file, line and column."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

from release_actions.config.shapes import (
    Boolean,
    Choice,
    Integer,
    ListOf,
    Parsed,
    Record,
    RecordOf,
    Text,
    key,
    load,
    load_file,
    suggest_nearest,
)
from release_actions.errors import InputError
from release_actions.runner.nearest_path import suggest_path
from release_actions.simulator.faults import (
    PRESETS,
    Fault,
    Step,
    advance_step,
    delete_step,
    preset,
    push_step,
    tag_step,
    vanish_step,
)
from release_actions.simulator.seed_values import PATH, PLATFORM, TAG

REFERENCE = Text("a tag or digest", pattern=r"[A-Za-z0-9_][A-Za-z0-9._:-]*", example="latest")


def decimal(text: str) -> float:
    """A number, or `ValueError` with the end of the sentence."""
    return float(text)


def number(words: str, example: str) -> Parsed[float]:
    """A decimal number that is not negative, written as a text or a number."""
    return Parsed(Number(words, example=example), decimal)


class Number(Text):
    """A text of decimal digits that may stand without quotes."""

    def check(self, node: Any, text: str, problems: Any) -> None:
        """Refuse what is no number."""
        try:
            value = float(text)
        except ValueError:
            value = -1.0
        if not 0 <= value < LARGEST:
            raise self.mismatch(node, problems, self.hint)


LARGEST = 1e9
SECONDS = number("a number of seconds", "0.05")
CHANCE = number("a probability", "0.1")


@dataclass(frozen=True, kw_only=True)
class PushStep(Record):
    """Another client pushes."""

    package: str = key(PATH, "The package.")
    tags: tuple[str, ...] = key(ListOf("a list of tags", TAG), "The tags it takes.", default=())
    platforms: tuple[str, ...] = key(
        ListOf("a list of platforms", PLATFORM), "Its platforms.", default=("linux/amd64",)
    )
    content: str = key(Text("a text"), "What makes it another image.", default="pushed meanwhile")

    def step(self) -> Step:
        """What happens."""
        return push_step(self.package, self.tags, platforms=self.platforms, content=self.content)


@dataclass(frozen=True, kw_only=True)
class TagStep(Record):
    """Another client moves a tag."""

    package: str = key(PATH, "The package.")
    tag: str = key(TAG, "The tag that moves.")
    to: str = key(REFERENCE, "The tag or digest it moves to.")

    def step(self) -> Step:
        """What happens."""
        return tag_step(self.package, self.tag, self.to)


@dataclass(frozen=True, kw_only=True)
class DeleteStep(Record):
    """Another client deletes a version."""

    package: str = key(PATH, "The package.")
    version: str = key(REFERENCE, "A tag or the digest of the version.")

    def step(self) -> Step:
        """What happens."""
        return delete_step(self.package, self.version)


@dataclass(frozen=True, kw_only=True)
class Before(Record):
    """One thing that happens before a request is served."""

    push: PushStep | None = key(RecordOf("a push", PushStep), "Another client pushes an image.", default=None)
    tag: TagStep | None = key(RecordOf("a tag's move", TagStep), "Another client moves a tag.", default=None)
    delete: DeleteStep | None = key(
        RecordOf("a deletion", DeleteStep), "Another client deletes a version.", default=None
    )
    vanish: bool | None = key(Boolean(), "The version that the request names is gone.", default=None)
    advance: float | None = key(SECONDS, "So many seconds pass.", default=None)

    def steps(self) -> Iterable[Step]:
        """What happens."""
        for told in (self.push, self.tag, self.delete):
            if told is not None:
                yield told.step()
        if self.vanish:
            yield vanish_step()
        if self.advance is not None:
            yield advance_step(self.advance)


@dataclass(frozen=True, kw_only=True)
class FaultRecord(Record):
    """A fault as a file describes it; see `Fault`."""

    on: str = key(
        Text("a request", pattern=r"(?:\*|[A-Z]+(?:\|[A-Z]+)*) [^ ]+", example="'DELETE /orgs/*/versions/*'"),
        "Methods (* or some with | between them), a blank, and a pattern of paths in which * is any text.",
    )
    name: str = key(Text("a name"), "What counts and reports call it.", default="")
    server: str = key(Choice(("api", "registry", "uploads")), "Which server it is on. Without it, all.", default="")
    nth: int = key(Integer(1), "The first of these requests that it hits.", default=1)
    times: int = key(Integer(0), "How many it hits; 0 for no end.", default=1)
    probability: float = key(CHANCE, "How likely it hits each.", default=1.0)
    seed: str = key(Text("a text"), "What chance is drawn from.", default="")
    in_a_row: int = key(Integer(0), "How often at most it hits one request in a row; 0 for any number.", default=0)
    latency: float = key(SECONDS, "Seconds before the answer.", default=0.0)
    before: tuple[Before, ...] = key(
        ListOf(
            "a list of happenings",
            RecordOf("a happening", Before, one_of=("push", "tag", "delete", "vanish", "advance")),
        ),
        "What happens in the world just before.",
        default=(),
    )
    answer: int = key(Integer(400, 599), "The status to answer with, in place of the work.", default=0)
    retry_after: int | None = key(Integer(0), "Seconds in the Retry-After header.", default=None)
    secondary_limit: bool = key(Boolean(), "Answer in the words of a secondary rate limit.", default=False)
    reset: str = key(Choice(("before", "after")), "Cut the connection before or after the work.", default="")
    truncate: bool = key(Boolean(), "Send half of the body.", default=False)
    lag: int = key(Integer(0), "Reads that see the package as it was before this write.", default=0)
    tag_lag: int = key(Integer(0), "Reads of the written tag that see what it named before this write.", default=0)

    def fault(self) -> Fault:
        """The fault."""
        method, _, path = self.on.partition(" ")
        return Fault(
            name=self.name,
            server=cast("Literal['', 'api', 'registry']", self.server),
            method=method,
            path=path,
            nth=self.nth,
            times=self.times,
            probability=self.probability,
            seed=self.seed,
            in_a_row=self.in_a_row,
            latency=self.latency,
            steps=tuple(step for told in self.before for step in told.steps()),
            answer=self.answer or (SECONDARY if self.secondary_limit else 0),
            retry_after=self.retry_after,
            secondary=self.secondary_limit,
            reset=cast("Literal['', 'before', 'after']", self.reset),
            truncate=self.truncate,
            lag=self.lag,
            tag_lag=self.tag_lag,
        )


SECONDARY = 403
FAULTS = ListOf(
    "a list of faults",
    RecordOf(
        "a fault",
        FaultRecord,
        any_of=("latency", "before", "answer", "secondary-limit", "reset", "truncate", "lag", "tag-lag"),
    ),
)


def faults_from_list(faults: Iterable[Mapping[str, Any]]) -> tuple[Fault, ...]:
    """Faults from JSON values. Raises `ConfigurationError`."""
    return tuple(record.fault() for record in load(json.dumps(list(faults)), FAULTS, file="faults"))


def faults_named(name: str, *, folder: Path = Path(), seed: str = "") -> tuple[Fault, ...]:
    """The faults of a preset, or of a file. Raises `InputError`, or `ConfigurationError` for what the file says."""
    if name in PRESETS:
        return preset(name, seed)
    path = folder / name
    if not path.is_file():
        message = f"'{name}' is neither a preset of faults nor a file."
        raise InputError(message, hint=suggest_path(name, folder) or suggest_nearest(name, tuple(PRESETS)))
    return tuple(record.fault() for record in load_file(path, FAULTS, name=name))
