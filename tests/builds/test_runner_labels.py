"""A label that GitHub has no runner for warns with the nearest one; a runner of the project's own never does."""

from __future__ import annotations

from pathlib import Path

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


LISTED = ".github/actionlint.yaml"
OWN = "If a runner of your own has this label, list it below self-hosted-runner.labels in .github/actionlint.yaml."


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    (tmp_path / "tree" / ".github").mkdir(parents=True)
    return tmp_path / "tree"


def find_warnings(amd: str, arm: str, workspace: Path) -> list[str]:
    config = load_text(CONFIG.replace("AMD", amd).replace("ARM", arm))
    return [str(problem) for problem in find_unknown_runners(config, config.packages(), workspace)]


def list_own(workspace: Path, labels: str, *, file: str = LISTED) -> None:
    (workspace / file).write_text(f"self-hosted-runner:\n  labels: {labels}\n", encoding="utf-8")


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


def test_a_warning_is_given_once_for_each_place_with_its_line(workspace: Path) -> None:
    warnings = find_warnings("ubuntu-2204", "ubuntu-24.04-arm64", workspace)

    assert warnings == [
        f"release.yaml:6:32: GitHub has no runner 'ubuntu-2204', which is to build for linux/amd64. Did you mean "
        f"'ubuntu-22.04'? {OWN}",
        f"release.yaml:4:26: GitHub has no runner 'ubuntu-24.04-arm64', which is to build for linux/arm64. Did you "
        f"mean 'ubuntu-24.04-arm'? {OWN}",
    ]


def test_several_labels_name_a_runner_of_the_projects_own(workspace: Path) -> None:
    assert find_warnings("'self-hosted, ubuntu-20.04'", "ubuntu-24.04-arm", workspace) == []


@pytest.mark.parametrize("file", [LISTED, ".github/actionlint.yml"])
@pytest.mark.parametrize(
    "labels",
    [
        "[ubuntu-2204, ubuntu-24.04-arm64]",
        "\n    - Ubuntu-2204 # the machine in the cellar\n    - 'ubuntu-24.04-arm6?'",
        "['ubuntu-*']",
        "['ubuntu-2[^6]*']",
    ],
)
def test_labels_that_actionlint_knows_as_the_projects_own_are_no_finding(
    file: str, labels: str, workspace: Path
) -> None:
    list_own(workspace, labels, file=file)

    assert find_warnings("ubuntu-2204", "ubuntu-24.04-arm64", workspace) == []


@pytest.mark.parametrize("labels", ["[ubuntu-2404, 'ubuntu-22.?']", "[]", "", "['ubuntu-2[^2]*']"])
def test_another_label_of_the_projects_own_excuses_nothing(labels: str, workspace: Path) -> None:
    list_own(workspace, labels)

    assert len(find_warnings("ubuntu-2204", "ubuntu-24.04-arm", workspace)) == 1


def test_only_the_file_that_actionlint_takes_is_read(workspace: Path) -> None:
    list_own(workspace, "[ubuntu-2404]")
    list_own(workspace, "[ubuntu-2204]", file=".github/actionlint.yml")

    assert len(find_warnings("ubuntu-2204", "ubuntu-24.04-arm", workspace)) == 1


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("self-hosted-runner: {labels: ubuntu-2204}", "'self-hosted-runner.labels' is not a list of labels."),
        ("self-hosted-runner: {labels: [[ubuntu-2204]]}", "'self-hosted-runner.labels' is not a list of labels."),
        ("self-hosted-runner: [", "This is not YAML: "),
        ("caf\xe9", "The file is not UTF-8."),
    ],
)
def test_settings_that_cannot_be_read_are_one_warning_more(written: str, why: str, workspace: Path) -> None:
    (workspace / LISTED).write_bytes(written.encode("latin-1"))

    unread, label = find_warnings("ubuntu-2204", "ubuntu-24.04-arm", workspace)

    assert f"The runners of your own that {LISTED} lists are not known: {why}" in unread
    assert "GitHub has no runner 'ubuntu-2204'" in label


def test_settings_are_not_read_where_no_label_needs_them(workspace: Path) -> None:
    (workspace / LISTED).write_text("[", encoding="utf-8")

    assert find_warnings("xpu", "ubuntu-24.04-arm", workspace) == []


def test_a_link_out_of_the_workspace_is_not_followed(workspace: Path) -> None:
    (workspace.parent / "outside.yaml").write_text("self-hosted-runner: {labels: [ubuntu-2204]}", encoding="utf-8")
    (workspace / LISTED).symlink_to(workspace.parent / "outside.yaml")

    assert len(find_warnings("ubuntu-2204", "ubuntu-24.04-arm", workspace)) == 1
