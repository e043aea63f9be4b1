"""The verdicts of the scans of a run, each about one digest on one platform. Pure.

A verdict travels in a slot of the job that scans (`release_actions.images.slots`), with two more fields: the word, and
the number of vulnerabilities of each severity, as in `refused CRITICAL=1,HIGH=2`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from release_actions.errors import PolicyError, Problem
from release_actions.images.image_list import ListedImage
from release_actions.images.slots import FOREIGN_HINT, SHOWN, SlotValue, list_promises, read_slots

SCAN_JOB = "scan"

Word = Literal["passed", "warned", "refused", "unknown"]

COUNTS = re.compile(r"(?:[A-Z]+=[0-9]{1,9}(?:,[A-Z]+=[0-9]{1,9})*)?")


@dataclass(frozen=True)
class ScanVerdict:
    """What judge-scan decided about a platform of an image, by its label, and of which digest it spoke."""

    package: str
    platform: str
    digest: str
    word: Word
    counts: Mapping[str, int] = field(default_factory=dict)


def read_verdicts(text: str, images: Iterable[ListedImage], attempt: int) -> tuple[ScanVerdict, ...]:
    """The verdicts in a JSON object of the job that scans to its entry of the needs context; none in an empty text.

    Raises `InputError` for another form, and `PolicyError` with every value that is not a verdict the plan asked for.
    """
    if not text:
        return ()
    verdicts: list[ScanVerdict] = []
    problems: list[Problem] = []
    for value in read_slots(text, list_promises(images, SCAN_JOB), attempt, "scans"):
        verdict = parse_verdict(value)
        if verdict:
            verdicts.append(verdict)
        else:
            message = f"Slot {value.promise.slot} of the job {SCAN_JOB} has {' '.join(value.details)[:SHOWN]!r}"
            problems.append(Problem(f"{message}, which is not a verdict of judge-scan.", FOREIGN_HINT))
    if problems:
        raise PolicyError(problems=problems)
    return tuple(verdicts)


def parse_verdict(value: SlotValue) -> ScanVerdict | None:
    """The verdict of a slot; None if its last fields are something else."""
    word, counts = (*value.details, "", "")[:2]
    for known in get_args(Word):
        if word == known and COUNTS.fullmatch(counts) and len(value.details) <= len(("word", "counts")):
            numbers = (part.split("=") for part in counts.split(",") if part)
            by_severity = {severity: int(number) for severity, number in numbers}
            return ScanVerdict(value.promise.label, str(value.promise.platform), value.digest, known, by_severity)
    return None
