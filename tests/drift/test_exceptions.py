"""What people decided to leave is left, says why, and is reported when it covers nothing."""

from __future__ import annotations

from datetime import date

import pytest
from tests.drift.project import CUDA, audit_files

from release_actions.drift.audit import Rules
from release_actions.drift.exceptions import Exemption
from release_actions.errors import Place

HERE = Place("release.yaml", 9, 5)
STALE = {"guides/old.md": f"{CUDA}:v0.4.0\n"}


def reported(files: dict[str, str], *exemptions: Exemption, today: date = date(2026, 11, 30)) -> list[str]:
    audit = audit_files(files, Rules({}, exemptions, today))
    return [f"{finding.place}: {finding.rule}" for finding in audit.reported]


def test_an_exception_covers_its_files_and_rules() -> None:
    exemption = Exemption(("guides/**",), "written for v0.4", HERE, ("stale",))

    audit = audit_files(STALE, Rules({}, (exemption,), date(2026, 11, 30)))

    assert [(finding.rule, finding.excepted) for finding in audit.findings] == [("stale", "written for v0.4")]
    assert audit.errors == ()
    assert audit.replacements == ()


@pytest.mark.parametrize(
    "exemption",
    [
        Exemption(("docs/**",), "another folder", HERE),
        Exemption(("guides/**",), "another rule", HERE, ("floating",)),
        Exemption(("guides/**",), "ended", HERE, until=date(2026, 11, 29)),
    ],
    ids=lambda exemption: exemption.reason,
)
def test_an_exception_that_covers_nothing_is_a_finding(exemption: Exemption) -> None:
    assert reported(STALE, exemption) == ["guides/old.md:1:26: stale", "release.yaml:9:5: unused-exception"]


def test_an_exception_holds_until_the_end_of_its_last_day() -> None:
    exemption = Exemption(("guides/**",), "until then", HERE, until=date(2026, 11, 30))

    assert reported(STALE, exemption) == []


@pytest.mark.parametrize(
    "content",
    [
        f"image: {CUDA}:v0.4.0  # audit: ignore tested against the last release\n",
        f"# audit: ignore tested against the last release\nimage: {CUDA}:v0.4.0\n",
        f"<!-- audit: ignore tested against the last release -->\n{CUDA}:v0.4.0\n",
    ],
)
def test_a_comment_with_a_reason_covers_its_line(content: str) -> None:
    audit = audit_files({"a.md": content})

    assert [finding.excepted for finding in audit.findings] == ["tested against the last release"]


def test_a_comment_needs_a_reason() -> None:
    found = reported({"a.yaml": f"image: {CUDA}:v0.4.0  # audit: ignore\n"})

    assert found == ["a.yaml:1:33: stale", "a.yaml:1:43: ignore-without-reason"]


def test_a_comment_that_covers_nothing_is_a_finding() -> None:
    found = reported({"a.yaml": f"image: {CUDA}:v0.5.0  # audit: ignore no longer needed\n"})

    assert found == ["a.yaml:1:43: unused-exception"]
