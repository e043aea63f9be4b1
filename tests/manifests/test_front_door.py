"""The front door stays small: the page of an action begins with one workflow and what its token may do."""

from __future__ import annotations

import re

import pytest

import manifests

FIRST_SCREEN = 20
"""Lines before which the first workflow begins."""

PAGES = {
    name: manifests.ROOT / "actions" / name / "README.md"
    for name in manifests.canonical(manifests.ROOT)
    if name not in {*manifests.INTERNAL, manifests.ROOT_ACTION}
}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_begins_with_a_workflow_and_its_permissions(name: str) -> None:
    page = PAGES[name].read_text(encoding="utf-8")

    before, _, after = page.partition("```yaml\n")
    example = after.partition("```")[0]
    assert before.count("\n") < FIRST_SCREEN
    assert "permissions:" in example
    assert re.search(rf"release-actions/(?:{name}|\.github/workflows/\S+)@", example)


def test_the_first_example_of_a_clean_up_needs_no_configuration() -> None:
    page = PAGES["ghcr-cleanup"].read_text(encoding="utf-8")

    example = page.partition("```yaml\n")[2].partition("```")[0]
    assert "packages:" in example
    assert "release.yaml" not in example
    assert "rule:" not in example
    assert "channel:" not in example
