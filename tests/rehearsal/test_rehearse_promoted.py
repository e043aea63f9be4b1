"""A project that promotes: its files are bumped, a used tag is refused, and the release is its candidate's bytes."""

from __future__ import annotations

from pathlib import Path

from tests.rehearsal.test_rehearse import break_code, rehearse, suite

__all__ = ["suite"]

CONFIG = """\
repository: acme/app
versions: {final: promote, without-candidate: rebuild}
images:
  app: {platforms: [linux/amd64]}
"""

SCENARIO = """\
name: promoted
repository: acme/app
starts: 2026-01-01T00:00:00Z
git-tags: [v1.0.0]
published: [v1.0.0]
steps:
  - do: bump
    tag: v1.1.0
    was: v1.0.0
    files: [{path: deploy.yaml, text: "image: 'ghcr.io/acme/app:{version}'  # ours"}]
  - do: refuse
    tag: v1.0.0
  - do: publish
    tag: v1.1.0-rc.1
  - do: publish
    tag: v1.1.0-rc.2
    commit-of: v1.1.0-rc.1
  - do: publish
    tag: v1.1.0
    commit-of: v1.1.0-rc.2
  - do: publish
    tag: v1.1.1
"""


def test_a_release_is_the_bytes_of_its_last_candidate_or_built_without_one(tmp_path: Path) -> None:
    ended = rehearse(tmp_path / "work", scenario=SCENARIO, config=CONFIG)

    assert ended.code == 0, ended.log
    promoted, rebuilt = ended.report["steps"][-2:]
    tags = promoted["tags"]["acme/app"]
    assert tags["v1.1.0"] == tags["v1.1.0-rc.2"] == tags["latest"] != tags["v1.1.0-rc.1"]
    why = {change["tag"]: change["why"] for change in (*promoted["changes"], *rebuilt["changes"])}
    assert why["v1.1.0"] == "promote: the images of v1.1.0-rc.2"
    assert why["v1.1.1"] == "merge-digests: built as v1.1.1"


def test_what_is_wrong_before_and_at_a_promotion_is_found(tmp_path: Path, suite: Path) -> None:
    break_code(suite, "drift/classes.py", "return token\n\n\ndef find_mixed", "return token + '0'\n\n\ndef find_mixed")
    break_code(suite, "promotion/candidate.py", "reverse=True", "reverse=False")

    ended = rehearse(tmp_path / "work", root=suite, scenario=SCENARIO, config=CONFIG)

    assert ended.code == 1
    failures = {step["number"]: step["problems"] for step in ended.report["steps"] if step["problems"]}
    assert set(failures) == {1, 5}
    assert "deploy.yaml does not name v1.1.0 after the patch" in failures[1][0]
    assert "acme/app:v1.1.0 is another image than v1.1.0-rc.2." in failures[5][0]


def test_a_used_tag_that_is_not_refused_is_found(tmp_path: Path, suite: Path) -> None:
    break_code(suite, "commands/version_audit.py", "    if not given.preflight:", "    if True:")
    scenario = SCENARIO.partition("  - do: publish")[0]

    ended = rehearse(tmp_path / "work", root=suite, scenario=scenario, config=CONFIG)

    assert ended.code == 1
    failures = {step["number"]: step["problems"] for step in ended.report["steps"] if step["problems"]}
    assert failures == {2: ["version-audit does not say that v1.0.0 exists already."]}
