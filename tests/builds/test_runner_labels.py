"""A label that GitHub has no runner for warns with the nearest one; a runner of the project's own never does."""

from __future__ import annotations

import pytest

from release_actions.builds.runner_labels import HOSTED_LABELS, find_intended_label, find_unknown_runners
from release_actions.config import load_text

CONFIG = """\
repository: acme/app
defaults:
  platforms: [linux/amd64, linux/arm64]
  runners: {linux/arm64: ARM}
images:
  app: {runners: {linux/amd64: AMD}}
  web: {}
  command: {platforms: [linux/amd64]}
"""


def find_warnings(amd: str, arm: str) -> list[str]:
    config = load_text(CONFIG.replace("AMD", amd).replace("ARM", arm))
    return [str(problem) for problem in find_unknown_runners(config, config.packages())]


@pytest.mark.parametrize(
    ("label", "meant"),
    [
        ("ubunut-24.04", "ubuntu-24.04"),
        ("ubuntu-24-04", "ubuntu-24.04"),
        ("ubuntu-24.4", "ubuntu-24.04"),
        ("ubuntu-2404", "ubuntu-24.04"),
        ("ubuntu-24.04-amr", "ubuntu-24.04-arm"),
        ("ubuntu-24.04-arm64", "ubuntu-24.04-arm"),
        ("ubuntu-latests", "ubuntu-latest"),
        ("ubuntu-latest-arm", "ubuntu-latest"),
        ("Ubuntu-20.04", "ubuntu-26.04"),
        ("macos-13", "macos-15"),
        ("windows-2019", "windows-2025"),
    ],
)
def test_a_label_like_one_of_githubs_names_the_nearest(label: str, meant: str) -> None:
    assert find_intended_label(label) == meant


@pytest.mark.parametrize(
    "label",
    [
        *HOSTED_LABELS,
        "Ubuntu-24.04",
        # llm-d's own and those of other projects (facts of their workflows), and larger runners as people name them.
        *("vllm-runner", "vllm-runner-arm", "xpu", "cncf-ubuntu-16-64-x86", "cncf-ubuntu-16-64-arm", "oracle-16cpu"),
        *("ubuntu-latest-16-cores", "ubuntu-24.04-16core", "ubuntu-22.04-8core", "linux-aarch64-a2-1", "self-hosted"),
        *("linux-arm64", "arm64", "actuated-arm64-8cpu-16gb", "buildjet-4vcpu-ubuntu-2204", "depot-ubuntu-24.04"),
    ],
)
def test_a_runner_that_can_exist_is_no_finding(label: str) -> None:
    assert find_intended_label(label) == ""


def test_a_warning_is_given_once_for_each_place_with_its_line() -> None:
    hint = "A job waits for a runner of your own with this label."

    assert find_warnings("ubuntu-2204", "ubuntu-24.04-arm64") == [
        f"release.yaml:6:32: GitHub has no runner 'ubuntu-2204', which is to build for linux/amd64. Did you mean "
        f"'ubuntu-22.04'? {hint}",
        f"release.yaml:4:26: GitHub has no runner 'ubuntu-24.04-arm64', which is to build for linux/arm64. Did you "
        f"mean 'ubuntu-24.04-arm'? {hint}",
    ]


def test_several_labels_name_a_runner_of_the_projects_own() -> None:
    assert find_warnings("'self-hosted, ubuntu-20.04'", "ubuntu-24.04-arm") == []
