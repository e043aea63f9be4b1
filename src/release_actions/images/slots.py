"""What the jobs of a matrix hand on through job outputs: one slot for each leg, declared before the run.

The legs of a matrix share the outputs of their job, so a leg that controls its runner can fill the slot of another leg.
No other job of the run can. Therefore a value names its slot, package, platform, digest and attempt, and everything is
compared with what the plan promised. One contradiction refuses all values: it says that a job spoke for another.

A value is one line of fields with a space between them, because 256 values have to fit into one environment variable:

    3 ghcr.io/llm-d/llm-d-cuda linux/arm64 sha256:… 1
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from release_actions.errors import InputError, PolicyError, Problem
from release_actions.images.image_list import ListedImage
from release_actions.images.manifests import Platform
from release_actions.registry.names import DIGEST

SLOT_KEY = re.compile(r"slot-(?P<number>0|[1-9][0-9]{0,2})")
FIELD_COUNT = 5
SHOWN = 200
"""Characters of a value that a message repeats."""

FOREIGN_HINT = (
    "A job of this run wrote a result that the plan does not allow. Nothing is published. Check what that job ran."
)


@dataclass(frozen=True)
class Promise:
    """What the plan promised about a slot: the job that fills it, and what for. `label`: that of the listed image."""

    slot: int
    job: str
    package: str
    platform: Platform
    label: str


@dataclass(frozen=True)
class SlotValue:
    """What a leg said: the digest that it pushed or judged, in which attempt of the run, and the fields after these."""

    promise: Promise
    digest: str
    attempt: int
    details: tuple[str, ...] = ()


def list_promises(images: Iterable[ListedImage], job: str = "") -> dict[int, Promise]:
    """Slot -> what the plan promised about it. `job` fills them all; without it, the job that the plan names."""
    promises: dict[int, Promise] = {}
    for image in images:
        for platform, slot in image.slots.items():
            promises[slot] = Promise(slot, job or str(image.entry.get("job", "")), image.package, platform, image.label)
    return promises


def read_slots(text: str, promises: Mapping[int, Promise], attempt: int, input_name: str) -> tuple[SlotValue, ...]:
    """The values of all slots, in their order. `text` maps a job to its entry of GitHub's `needs` context.

    A job may be there several times. Raises `InputError` for text of another form, and `PolicyError` with every value
    that contradicts the plan or another value.
    """
    values: dict[int, SlotValue] = {}
    problems: list[Problem] = []
    for job, slot, value in list_values(text, input_name):
        verdict = check_value(job, slot, value, promises, attempt)
        if isinstance(verdict, str):
            problems.append(Problem(f"Slot {slot} of the job {job} {verdict}.", FOREIGN_HINT))
        elif values.setdefault(slot, verdict) != verdict:
            problems.append(Problem(f"Slot {slot} of the job {job} has two different values.", FOREIGN_HINT))
    if problems:
        raise PolicyError(problems=problems)
    return tuple(values[slot] for slot in sorted(values))


def list_values(text: str, input_name: str) -> Iterator[tuple[str, int, str]]:
    """Job, slot and value of everything that was handed on. Outputs that are not slots are skipped."""
    try:
        jobs = json.loads(text, object_pairs_hook=list)
        for job, entry in jobs:
            outputs = dict(entry).get("outputs") or []
            for key, value in outputs:
                match = SLOT_KEY.fullmatch(key)
                if match and value:
                    yield str(job), int(match["number"]), str(value)
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        message = f"Input '{input_name}' is not the results of jobs."
        hint = (
            "Pass ${{ toJSON(needs) }}, or a JSON object with the jobs' names and their entries of the needs context."
        )
        raise InputError(message, hint=hint) from error


def check_value(job: str, slot: int, value: str, promises: Mapping[int, Promise], attempt: int) -> SlotValue | str:
    """A value, or what is wrong with it as the end of a sentence."""
    promise = promises.get(slot)
    if promise is None:
        return f"has the value {value[:SHOWN]!r}, but the plan has no such slot"
    if promise.job != job:
        return (
            f"has a value, but the plan gave the slot to {f'the job {promise.job}' if promise.job else 'another job'}"
        )
    fields = value.split(" ")
    if len(fields) < FIELD_COUNT:
        return f"has {value[:SHOWN]!r}, which is not SLOT PACKAGE PLATFORM DIGEST ATTEMPT"
    number, package, platform, digest, attempted = fields[:FIELD_COUNT]
    expected = [str(slot), promise.package, str(promise.platform)]
    if [number, package, normalize(platform)] != expected:
        return f"is about {' '.join(fields[:3])[:SHOWN]!r}, but the plan gave the slot to {' '.join(expected)!r}"
    mistake = find_mistake(digest, attempted, attempt)
    return mistake or SlotValue(promise, digest, int(attempted), tuple(fields[FIELD_COUNT:]))


def find_mistake(digest: str, attempted: str, attempt: int) -> str:
    """What is wrong with a digest or the attempt that a value names, as the end of a sentence; empty if nothing is."""
    if not DIGEST.fullmatch(digest):
        return f"has {digest[:SHOWN]!r}, which is not a digest"
    # A job that is not run again keeps its outputs, so an earlier attempt of the run is right and a later one a lie.
    if not re.fullmatch(r"[1-9][0-9]{0,4}", attempted) or int(attempted) > attempt:
        return f"is from attempt {attempted[:SHOWN]!r}, and this is attempt {attempt}"
    return ""


def normalize(platform: str) -> str:
    """A platform as an index writes it; the text itself if it is not a platform."""
    try:
        return str(Platform.parse(platform))
    except ValueError:
        return platform
