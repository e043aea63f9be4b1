"""What became of every image of a run, from the plan to the floating tags: one answer for each, and one for all. Pure.

An image is ready when it was published, scanned where it has to be, signed and verified. What a job did not say is
not taken for a yes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from release_actions.images.image_list import ListedImage
from release_actions.images.scan_verdicts import ScanVerdict

STOPPED = ("refused", "unknown")
"""Verdicts of judge-scan that say an image is not known to be good enough."""


@dataclass(frozen=True)
class ImageState:
    """One image of the plan. `problem` is what keeps it from floating tags, the first that does; empty if it is ready.

    `notes` are remarks that stop nothing.
    """

    planned: ListedImage
    digest: str = ""
    problem: str = ""
    notes: tuple[str, ...] = ()

    @property
    def ready(self) -> bool:
        """Whether it may be named by floating tags."""
        return not self.problem

    @property
    def key(self) -> str:
        """Its key in release.yaml, which several packages may have."""
        return str(self.planned.entry.get("image", ""))


@dataclass(frozen=True)
class Evidence:
    """What the jobs of a run said.

    `published`: label of an image -> digest. `locked`: label -> digest that was verified. `scans`: verdicts of
    judge-scan, each about one digest.
    `scanning` and `signing`: whether that was to be done. `signed`: the result of the job that signs.
    """

    published: Mapping[str, str] = field(default_factory=dict)
    locked: Mapping[str, str] = field(default_factory=dict)
    scans: Sequence[ScanVerdict] = ()
    scanning: bool = True
    signing: bool = True
    signed: str = ""


def judge(planned: Iterable[ListedImage], evidence: Evidence) -> tuple[ImageState, ...]:
    """Every image of a plan, in its order. A copy is as good as what it is a copy of, and both or neither are ready."""
    states = tuple(judge_image(image, evidence) for image in planned)
    groups: dict[str, list[ImageState]] = {}
    for state in states:
        groups.setdefault(state.planned.copy_of or state.planned.label, []).append(state)
    return tuple(judge_with_group(state, groups[state.planned.copy_of or state.planned.label]) for state in states)


def judge_with_group(state: ImageState, group: Sequence[ImageState]) -> ImageState:
    """An image that would be ready is not while another of its destinations is not."""
    failed = [other.planned.label for other in group if not other.ready]
    if not state.ready or not failed:
        return state
    return replace(state, problem=f"{', '.join(failed)} is not ready, which has the same image.")


def judge_image(image: ListedImage, evidence: Evidence) -> ImageState:
    """One image."""
    digest = evidence.published.get(image.label, "")
    if not digest:
        return ImageState(image, problem="It was not published: not every platform was built, or publishing failed.")
    problems, notes = judge_scans(image, digest, evidence)
    if evidence.signing and evidence.signed != "success":
        problems.append(f"It was not signed: the job that signs has ended as {evidence.signed or 'nothing'}.")
    locked = evidence.locked.get(image.label, "")
    if locked != digest:
        problems.append("It was not verified.")
    return ImageState(image, digest, " ".join(problems), tuple(notes))


def judge_scans(image: ListedImage, digest: str, evidence: Evidence) -> tuple[list[str], list[str]]:
    """What the scans of an image's platforms say: what stops it, and what is only reported.

    A verdict about another digest stops every image: it is of something that this run did not publish.
    """
    if not evidence.scanning or not image.entry.get("scan"):
        return [], []
    gate = bool(image.entry.get("scan-gate"))
    verdicts = {said.platform: said for said in evidence.scans if said.package == image.label}
    stops: list[str] = []
    notes: list[str] = []
    for platform in map(str, image.platforms):
        said = verdicts.get(platform, ScanVerdict(image.label, platform, digest, "unknown"))
        number = ", ".join(f"{count} {severity.lower()}" for severity, count in said.counts.items())
        text = f"{platform} was not scanned" if said.word == "unknown" else f"{platform} has {number} known"
        if said.digest != digest:
            stops.append(
                f"The scan of {platform} judged {said.digest or 'no digest'}, and this run published {digest}."
            )
        elif gate and said.word in STOPPED:
            stops.append(f"{text}.")
        elif said.word != "passed":
            notes.append(f"{text}.")
    return stops, notes


def is_ready(images: Sequence[ImageState]) -> bool:
    """Whether floating tags may move: there is something to name, and nothing required is missing."""
    return any(image.ready for image in images) and all(image.ready for image in images if image.planned.required)


def summarize_built(images: Iterable[ImageState]) -> dict[str, bool]:
    """Key of release.yaml -> whether every package of it is ready, in the order of the plan."""
    states: dict[str, bool] = {}
    for image in images:
        states[image.key] = states.get(image.key, True) and image.ready
    return states


def list_failed_keys(images: Iterable[ImageState]) -> tuple[str, ...]:
    """Keys of release.yaml of which a package is not ready, in the order of the plan."""
    return tuple(key for key, ready in summarize_built(images).items() if not ready)
