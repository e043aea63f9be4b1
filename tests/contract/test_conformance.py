"""The OCI's own conformance suite against the simulator's registry: each difference is one of GHCR's, with a reason."""

from __future__ import annotations

import os
import re
import subprocess
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from xml.etree import ElementTree as ET  # the report is written by a program that this test runs

import pytest
from tests.contract.simulated import PASSWORD, registry_alone

pytestmark = pytest.mark.tools("conformance")

DIFFERENCES = {
    r".*/referrers": "GHCR has no referrers API: it answers 404 without an index.",
    r".*-subject/push/manifest-by-(digest|tag)": "GHCR has no referrers, so it confirms no subject (OCI-Subject).",
    r".*sha512.*": "Only sha256 is simulated. Nothing is known of GHCR with another algorithm.",
}
"""Pattern of the names of tests that fail -> why they have to."""

UNSUPPORTED = {
    "blob-delete": "GHCR answers 405 to DELETE. Versions are deleted by the REST API.",
    "manifest-delete": "The same.",
    "tag-delete": "The same.",
    "blob-post-cancel": "The suite leaves cancelling out in version 1.1 of the specification.",
    "blob-mount-anonymous": "A mount that does not say from where begins an upload, which the specification allows.",
    "range 500-0": "A range that ends before it begins is no range, so the whole blob comes (RFC 9110 section 14.1.1).",
}
"""Last part of the names of tests that are skipped -> why they may be."""

LEAST_PASSED = 430
"""Fewer would mean that the suite stopped early."""


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, list[str]]:
    """Status -> names of the suite's tests."""
    folder = tmp_path_factory.mktemp("conformance")
    with registry_alone() as url:
        environ = {
            **os.environ,
            "OCI_REGISTRY": url.removeprefix("http://"),
            "OCI_TLS": "disabled",
            "OCI_REPO1": "llm-d/one",
            "OCI_REPO2": "llm-d/two",
            "OCI_USERNAME": "robot",
            "OCI_PASSWORD": PASSWORD,
            "OCI_RESULTS_DIR": str(folder),
            "OCI_VERSION": "1.1",
        }
        subprocess.run(["conformance"], cwd=folder, env=environ, capture_output=True, check=False, timeout=300)
    names: dict[str, list[str]] = {}
    for case in read_cases(folder / "junit.xml"):
        names.setdefault(case.get("status", ""), []).append(case.get("name", ""))
    return names


def read_cases(file: Path) -> Iterator[ET.Element]:
    return ET.parse(file).getroot().iter("testcase")


def test_all_else_of_the_suite_passes(results: Mapping[str, list[str]]) -> None:
    unexpected = [
        name for name in results.get("failure", []) if not any(re.fullmatch(pattern, name) for pattern in DIFFERENCES)
    ]
    assert unexpected == []
    assert len(results["passed"]) >= LEAST_PASSED
    assert set(results) <= {"passed", "failure", "skipped", "disabled"}


@pytest.mark.parametrize("pattern", DIFFERENCES)
def test_every_difference_is_still_one(results: Mapping[str, list[str]], pattern: str) -> None:
    assert any(re.fullmatch(pattern, name) for name in results["failure"])


def test_what_is_skipped_is_known(results: Mapping[str, list[str]]) -> None:
    skipped = Counter(name.rpartition("/")[2] for name in results["skipped"])
    assert set(skipped) == set(UNSUPPORTED)
