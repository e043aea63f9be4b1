"""Packages that a project no longer publishes: who still covers them, and what may be written."""

from __future__ import annotations

import pytest

from release_actions.config import RetiredPackage, load_text
from release_actions.errors import ConfigurationError

FILE = """\
repository: llm-d/llm-d
channels:
  release: {name: "llm-d-{image}"}
  dev: {name: "llm-d-{image}-dev"}
defaults: {platforms: [linux/amd64]}
images:
  cuda: {}
retired:
  llm-d-aws: {since: v0.5.0, reason: replaced by llm-d-cuda}
cleanup:
  candidates: {channel: release, delete-released-candidates: true}
  builds: {channel: dev, delete-tags: ["sha-*"]}
  images: {packages: ["llm-d-*"], delete-untagged: true}
"""


def test_a_retired_package_is_covered_by_rules_of_releases_and_by_globs() -> None:
    config = load_text(FILE)
    packages = {rule.name: rule.packages for rule in config.cleanup}

    assert config.retired == (RetiredPackage("llm-d/llm-d-aws", "v0.5.0", "replaced by llm-d-cuda"),)
    assert packages == {
        "candidates": ("llm-d/llm-d-cuda", "llm-d/llm-d-aws"),
        "builds": ("llm-d/llm-d-cuda-dev",),
        "images": ("llm-d/llm-d-cuda", "llm-d/llm-d-cuda-dev", "llm-d/llm-d-aws"),
    }
    assert "llm-d/llm-d-aws" not in {package.name for package in config.packages("release")}


def test_a_package_is_not_both_retired_and_published() -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_text(FILE.replace("  llm-d-aws:", "  llm-d-cuda:"))

    assert str(caught.value) == (
        "release.yaml:9:3: 'llm-d-cuda' is retired, and 'images' still publishes it. Remove one of them."
    )
