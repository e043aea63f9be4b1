"""docs/build-matrix.md says what build-matrix does: every row of its tables is tried."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from release_actions import main

SHA = "0123456789abcdef0123456789abcdef01234567"
HEAD = "fedcba9876543210fedcba9876543210fedcba98"
PAGE = (Path(__file__).parents[2] / "docs/build-matrix.md").read_text(encoding="utf-8")

CONFIG = """\
repository: acme/app
channels:
  dev: {name: "{image}-dev"}
  pull-request: {name: "{image}", registry: quay.io}
images:
  web: {platforms: [linux/amd64], paths: [web/**], build-args: {WEB: "1"}}
"""


def table(heading: str) -> Iterator[list[str]]:
    """The rows of the table that begins with a heading."""
    _, found, rest = PAGE.partition(f"| {heading} |")
    assert found, heading
    for line in rest.partition("\n\n")[0].splitlines()[2:]:
        yield [cell.strip() for cell in line.strip("|").split("|")]


def setting(event: str) -> tuple[dict[str, str], dict[str, Any]]:
    """Environment and payload of an event, from the page's words for it."""
    first, number = event.split(" ", maxsplit=1)[0], re.search(r"request(?:_target)? (\d+)", event)
    names = re.findall(r"`([^`]+)`", event)
    environ = {"GITHUB_EVENT_NAME": first, "GITHUB_REF": "refs/heads/main", "GITHUB_REPOSITORY": "acme/app"}
    payload: dict[str, Any] = {} if first == "schedule" else {"repository": {"default_branch": "main"}}
    if first == "push":
        payload["before"] = HEAD
    if "fork" in event:
        environ["GITHUB_REPOSITORY"] = "somebody/app"
    if "of the tag" in event:
        environ["GITHUB_REF"] = f"refs/tags/{names[0]}"
        payload["release"] = {"tag_name": names[0]}
    elif number:
        payload["pull_request"] = {"number": int(number[1]), "head": {"sha": HEAD}, "base": {"sha": SHA}}
    else:
        environ["GITHUB_REF"] = f"refs/heads/{names[0]}"
    for name, value in (name.split(": ") for name in names if ": " in name):
        environ["INPUT_" + name.upper().replace("-", "_")] = value
    return environ, payload


def planned(
    folder: Path, capsys: pytest.CaptureFixture[str], event: str, changed: str = ""
) -> tuple[int, dict[str, Any]]:
    environ, payload = setting(event)
    (folder / "release.yaml").write_text(CONFIG)
    file = folder / "event.json"
    file.write_text(json.dumps(payload))
    code = main.main(
        ["build-matrix", "--json", "--changed-files", changed, "--now", "2026-02-03T23:00:00Z"],
        {
            **environ,
            "GITHUB_SHA": SHA,
            "GITHUB_WORKSPACE": str(folder),
            "GITHUB_EVENT_PATH": str(file),
        },
    )
    return code, json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("row", list(table("Event | Channel | Tags | Built")), ids=lambda row: row[0])
def test_an_event_gives_the_channel_and_tags_of_the_page(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], row: list[str]
) -> None:
    event, channel, tags, built = row
    code, outputs = planned(tmp_path, capsys, event, "web/x")
    assert code == 0
    assert f"`{outputs['channel']}`" == channel
    assert ", ".join(f"`{tag}`" for tag in outputs["images"][0]["tags"]) == tags
    # Only what compares commits needs a checkout, and there is none here.
    assert planned(tmp_path, capsys, event)[0] == {"everything": 0, "what changed": 2}[built]


def test_the_page_has_every_field(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    outputs = planned(tmp_path, capsys, "push of the tag `v1.2.0`")[1]
    for heading, entry in (
        ("Field of `matrix` | Meaning", outputs["matrix"]["include"][0]),
        ("Field of `merge-matrix` and `images` | Meaning", outputs["images"][0]),
    ):
        named = [name for row in table(heading) for name in re.findall(r"`([a-z-]+)`", row[0])]
        assert sorted(named) == sorted(entry)
