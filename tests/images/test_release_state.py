"""What became of the images of a run: an image is ready when every job said yes, and not when one said nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from release_actions.images.image_list import ListedImage, parse_entry
from release_actions.images.release_state import Evidence, is_ready, judge, list_failed_keys
from release_actions.images.scan_verdicts import ScanVerdict, Word

APP, WEB = "ghcr.io/acme/app", "ghcr.io/acme/web"
DIGEST = f"sha256:{'1' * 64}"
OTHER = f"sha256:{'2' * 64}"


def image(package: str = APP, **more: Any) -> ListedImage:
    entry = {"image": package.rpartition("/")[2], "package": package, "tags": ["v1.0.0"], "platforms": ["linux/amd64"]}
    return parse_entry({**entry, "scan": True, "scan-gate": "CRITICAL", **more})


def verdict(word: Word, *, package: str = APP, digest: str = DIGEST, **counts: int) -> ScanVerdict:
    return ScanVerdict(package, "linux/amd64", digest, word, counts)


GOOD = Evidence(
    published={APP: DIGEST, WEB: DIGEST},
    locked={APP: DIGEST, WEB: DIGEST},
    scans=(verdict("passed"),),
    signed="success",
)


def test_an_image_that_passed_everything_is_ready() -> None:
    (found,) = judge([image()], GOOD)
    assert (found.ready, found.digest, found.problem, found.notes) == (True, DIGEST, "", ())


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"published": {}}, "It was not published"),
        ({"published": {APP: ""}}, "It was not published"),
        ({"locked": {}}, "It was not verified."),
        ({"locked": {APP: OTHER}}, "It was not verified."),
        ({"signed": "failure"}, "It was not signed"),
        ({"signed": "skipped"}, "It was not signed"),
        ({"signed": ""}, "It was not signed"),
        ({"scans": ()}, "linux/amd64 was not scanned."),
        ({"scans": (verdict("unknown"),)}, "linux/amd64 was not scanned."),
        ({"scans": (verdict("refused", CRITICAL=2, HIGH=1),)}, "linux/amd64 has 2 critical, 1 high known."),
        ({"scans": (verdict("passed", package=WEB),)}, "linux/amd64 was not scanned."),
        ({"scans": (verdict("passed", digest=OTHER),)}, f"The scan of linux/amd64 judged {OTHER}, and this run"),
    ],
)
def test_what_is_wrong_or_not_known_keeps_an_image_back(change: dict[str, Any], problem: str) -> None:
    # Hand-over: merge, finish.
    images = judge([image()], replace(GOOD, **change))
    assert images[0].problem.startswith(problem)
    assert not is_ready(images)
    assert list_failed_keys(images) == ("app",)


@pytest.mark.parametrize(
    ("entry", "change", "notes"),
    [
        ({"scan-gate": ""}, {"scans": ()}, ("linux/amd64 was not scanned.",)),
        ({"scan-gate": ""}, {"scans": (verdict("warned", HIGH=3),)}, ("linux/amd64 has 3 high known.",)),
        ({}, {"scans": (verdict("warned", HIGH=3),)}, ("linux/amd64 has 3 high known.",)),
        ({"scan": False}, {"scans": ()}, ()),
        ({}, {"scans": (), "scanning": False}, ()),
        ({}, {"signed": "skipped", "signing": False}, ()),
    ],
)
def test_what_is_no_gate_is_only_told(entry: dict[str, Any], change: dict[str, Any], notes: tuple[str, ...]) -> None:
    (found,) = judge([image(**entry)], replace(GOOD, **change))
    assert (found.ready, found.notes) == (True, notes)


def test_a_verdict_about_another_digest_stops_an_image_without_a_gate_too() -> None:
    # Hand-over: scan, finish.
    scans = (verdict("passed", digest=OTHER),)

    entry: dict[str, Any] = {"scan-gate": "", "required": False}
    (found,) = judge([image(**entry)], replace(GOOD, scans=scans))

    assert not found.ready


def test_every_platform_has_to_be_scanned() -> None:
    (found,) = judge([image(platforms=["linux/amd64", "linux/arm64"])], GOOD)
    assert found.problem == "linux/arm64 was not scanned."


def test_an_optional_image_keeps_nothing_back_but_itself() -> None:
    images = judge([image(), image(WEB, required=False, scan=False)], replace(GOOD, published={APP: DIGEST}))
    assert is_ready(images)
    assert [one.planned.package for one in images if one.ready] == [APP]
    assert list_failed_keys(images) == ("web",)


def test_a_run_in_which_nothing_is_ready_is_not_ready() -> None:
    assert not is_ready(judge([image(required=False)], Evidence()))


def test_a_variant_that_failed_fails_its_key() -> None:
    images = judge([image(), image(WEB, image="app", scan=False)], replace(GOOD, published={APP: DIGEST}))
    assert list_failed_keys(images) == ("app",)
