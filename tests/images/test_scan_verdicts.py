"""Verdicts of scans: each names the digest that it judged, and what is not a verdict is refused."""

from __future__ import annotations

import json

import pytest

from release_actions.errors import PolicyError
from release_actions.images.image_list import parse_entry
from release_actions.images.scan_verdicts import ScanVerdict, read_verdicts

APP = "ghcr.io/acme/app"
DIGEST = f"sha256:{'a' * 64}"
PLAN = [
    parse_entry(
        {"package": APP, "tags": ["v1"], "platforms": ["linux/amd64"], "slots": {"linux/amd64": 4}, "job": "build"}
    )
]


def text(value: str, slot: int = 4) -> str:
    return json.dumps({"scan": {"outputs": {f"slot-{slot}": value}}})


@pytest.mark.parametrize(
    ("said", "word", "counts"),
    [
        ("passed", "passed", {}),
        ("unknown", "unknown", {}),
        ("refused CRITICAL=2,HIGH=1", "refused", {"CRITICAL": 2, "HIGH": 1}),
        ("warned LOW=10", "warned", {"LOW": 10}),
    ],
)
def test_a_verdict_names_its_subject(said: str, word: str, counts: dict[str, int]) -> None:
    (verdict,) = read_verdicts(text(f"4 {APP} linux/amd64 {DIGEST} 1 {said}"), PLAN, 1)

    assert (verdict.package, verdict.platform, verdict.digest) == (APP, "linux/amd64", DIGEST)
    assert (verdict.word, verdict.counts) == (word, counts)
    assert isinstance(verdict, ScanVerdict)


def test_no_text_has_no_verdict() -> None:
    assert read_verdicts("", PLAN, 1) == ()


@pytest.mark.parametrize("said", ["", "fine", "passed x=1", "passed CRITICAL=-1", "passed CRITICAL=1 more", "Passed"])
def test_what_is_not_a_verdict_is_refused(said: str) -> None:
    with pytest.raises(PolicyError, match="which is not a verdict of judge-scan"):
        read_verdicts(text(f"4 {APP} linux/amd64 {DIGEST} 1 {said}".rstrip()), PLAN, 1)


def test_a_verdict_that_the_plan_did_not_ask_for_is_refused() -> None:
    # Hand-over: scan, verify.
    with pytest.raises(PolicyError, match="the plan has no such slot"):
        read_verdicts(text(f"5 {APP} linux/amd64 {DIGEST} 1 passed", slot=5), PLAN, 1)
