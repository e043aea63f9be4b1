"""The workflow that drafts a release, called as users copy it: judged by the draft that GitHub has then."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.e2e.llm_d import EXAMPLES
from tests.e2e.pipeline import WORKFLOWS, Pipeline

from release_actions.rehearsal.drafted import Expected, check_notes
from release_actions.rehearsal.rehearsal_world import make_image
from release_actions.rehearsal.release_notes import list_drafts, write_components
from release_actions.simulator.accounts import TokenKind

pytestmark = pytest.mark.tools("act", "git", "node")  # act computes hashFiles with Node.js

TAG, PREVIOUS = "v0.5.0", "v0.4.0"


@pytest.fixture
def caller(tmp_path: Path) -> Path:
    """What the example does once its images are published."""
    read: dict[Any, Any] = yaml.safe_load((EXAMPLES / "release-notes.yml").read_text(encoding="utf-8"))
    job = read["jobs"]["draft"]
    del job["needs"]
    file = tmp_path / "draft.yml"
    # YAML 1.1 takes the key `on` for a boolean.
    file.write_text(yaml.safe_dump({"on": read[True], "jobs": {"draft": job}}), encoding="utf-8")
    return file


@pytest.fixture
def merged(pipeline: Pipeline) -> Pipeline:
    """llm-d with two changes merged and a components file."""
    setting = pipeline.llm_d.setting
    for title in ("Route by the cached prefix", "Fix the probe"):
        setting.merge(title, "ada", ("kind/feature",), setting.world.now())
    text = write_components(pipeline.llm_d.config, "llm-d/llm-d")
    (pipeline.source / "components.yaml").write_text(text, encoding="utf-8")
    pipeline.commit("List the components")
    return replace(pipeline, llm_d=replace(pipeline.llm_d, act=replace(pipeline.llm_d.act, token=grant(pipeline))))


def grant(pipeline: Pipeline) -> str:
    """A token of a job with the permissions that the workflow asks for, and no more."""
    workflow = yaml.safe_load((WORKFLOWS / "draft-release.yml").read_text(encoding="utf-8"))
    permissions = workflow["jobs"]["draft"]["permissions"]
    token = "ghs_draft"  # opens nothing but the simulator
    world = pipeline.llm_d.setting.world
    world.add_token(token, TokenKind.ACTIONS, repository="llm-d/llm-d", permissions=permissions)
    return token


def publish(pipeline: Pipeline, sha: str) -> None:
    """Publish every image under the tag, as the jobs before would."""
    for package in pipeline.llm_d.released:
        image = make_image(package.platforms, "llm-d/llm-d", TAG, sha, package.name)
        pipeline.llm_d.setting.world.push(package.name, image, [TAG])


def test_a_tag_ends_as_one_draft_however_often_the_workflow_runs(merged: Pipeline, caller: Path) -> None:
    event = merged.push_tag(TAG)
    publish(merged, event.sha)

    ran = merged.run(caller, event)
    again = merged.run(caller, event)

    assert again.jobs == {"draft": ["success"]}, again.log
    assert ran.jobs == {"draft": ["success"]}, ran.log
    images = tuple(package.name for package in merged.llm_d.released)
    addresses = tuple(f"https://github.com/llm-d/llm-d/pull/{number}" for number in (1, 2))
    expected = Expected(TAG, PREVIOUS, addresses, (), images)
    assert [
        str(violation) for violation in check_notes("llm-d/llm-d", list_drafts(merged.llm_d.setting, TAG), expected)
    ] == []


def test_an_image_that_is_missing_leaves_no_draft(merged: Pipeline, caller: Path) -> None:
    ran = merged.run(caller, merged.push_tag(TAG))

    assert ran.code != 0
    assert list_drafts(merged.llm_d.setting, TAG) == ()
