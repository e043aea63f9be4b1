"""Workflows that users copy, played by act on a simulated GitHub and GHCR: judged by what the registry holds then."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from tests.e2e.llm_d import EXAMPLES, LlmD

from release_actions.rehearsal.rehearsal_world import make_image
from release_actions.simulator import build_image

pytestmark = pytest.mark.tools("act", "git")

CANDIDATE = "v0.5.0-rc.1"
DERIVED = ("latest", "v0", "v0.5", "v0.5.0", "v0.5.0-rc")
"""Tags that today's workflows put on a candidate's image."""

RELEASE = """\
name: Release
on:
  push:
    tags: ["v*"]
permissions: {}
jobs:
  validate:
    runs-on: ubuntu-24.04
    outputs:
      tag: ${{ steps.validate.outputs.tag }}
      image-tags: ${{ steps.validate.outputs.image-tags }}
    steps:
      - uses: actions/checkout@v7
      - id: validate
        uses: llm-d/release-actions/validate-tag@v1
  plan:
    needs: validate
    runs-on: ubuntu-24.04
    outputs:
      any: ${{ steps.plan.outputs.any }}
      matrix: ${{ steps.plan.outputs.matrix }}
    steps:
      - uses: actions/checkout@v7
      - id: plan
        uses: llm-d/release-actions/actions/build-matrix@v1
        with:
          tag: ${{ needs.validate.outputs.tag }}
  build:
    needs: [validate, plan]
    if: needs.plan.outputs.any == 'true'
    strategy:
      matrix: ${{ fromJSON(needs.plan.outputs.matrix) }}
    runs-on: ${{ matrix.runner }}
    steps:
      - env:
          JOB: ${{ toJSON(matrix) }}
          TAGS: ${{ needs.validate.outputs.image-tags }}
        run: printf '[%s, %s]' "$JOB" "$TAGS" >"$(mktemp "$BUILDS/XXXXXX")"
"""
"""Outputs that cross jobs, and a matrix from one. The actions are called by both of their addresses."""


@pytest.mark.parametrize(
    ("tag", "kind", "floating", "latest"),
    [
        (CANDIDATE, "candidate", [], "false"),
        ("v0.5.0", "stable", ["latest", "v0", "v0.5"], "true"),
        ("v0.3.2", "stable", ["v0.3"], "false"),
    ],
)
def test_a_pushed_tag_becomes_a_plan_by_release_plan(
    llm_d: LlmD, tag: str, kind: str, floating: list[str], latest: str
) -> None:
    before = llm_d.look()
    ran = llm_d.run(EXAMPLES / "first-workflow.yml", llm_d.push_tag(tag))
    assert ran.jobs == {"plan": ["success"]}, ran.log
    outputs = ran.outputs("plan", "plan")
    assert (outputs["tag"], outputs["kind"], outputs["make-latest"]) == (tag, kind, latest)
    assert json.loads(outputs["image-tags"]) == [tag]
    assert sorted(json.loads(outputs["floating-tags"])) == floating
    planned = {(job["package"], job["platform"]) for job in json.loads(outputs["matrix"])["include"]}
    assert planned == {(package.reference, name) for package in llm_d.released for name in package.platforms}
    assert llm_d.writes() == []
    assert llm_d.look() == before


def test_the_action_asks_github_with_the_token_of_the_job(llm_d: LlmD) -> None:
    ran = llm_d.run(EXAMPLES / "first-workflow.yml", llm_d.push_tag(CANDIDATE))
    assert ran.code == 0, ran.log
    asked = llm_d.simulator.requests.select(origin="api")
    assert {(entry.client, entry.status) for entry in asked} == {("actions llm-d/llm-d", 200)}


def test_the_nightly_repair_puts_production_back_after_a_candidate_overwrote_it(llm_d: LlmD) -> None:
    event = llm_d.push_tag(CANDIDATE)
    right = llm_d.look()
    for package in llm_d.released:
        image = make_image(package.platforms, "llm-d/llm-d", CANDIDATE, event.sha, f"{package.name} candidate")
        llm_d.setting.world.push(package.name, image, [CANDIDATE, *DERIVED])
    wrong = llm_d.look()
    assert wrong != right

    ran = llm_d.run(EXAMPLES / "protect-latest-nightly.yml", llm_d.night())

    assert ran.jobs == {"protect": ["success"]}, ran.log
    repaired = llm_d.look()
    for package in llm_d.released:
        now, past = repaired.digests(package.name), right.digests(package.name)
        assert {tag: now[tag] for tag in past} == past
        assert now["latest"] == now["v0"] == now["v0.4"] == now["v0.4.0"]
        assert now[CANDIDATE] == wrong.digests(package.name)[CANDIDATE]
        assert [pulled.missing for pulled in repaired.packages[package.name].values() if pulled.missing] == []

    written = len(llm_d.writes())
    assert llm_d.run(EXAMPLES / "protect-latest-nightly.yml", llm_d.night()).code == 0
    assert len(llm_d.writes()) == written, "the second night has nothing to do"


def test_the_nightly_clean_up_takes_old_dev_images_and_nothing_that_another_needs(llm_d: LlmD) -> None:
    cuda, cpu = "llm-d/llm-d-cuda-dev", "llm-d/llm-d-cpu-dev"
    world, now = llm_d.setting.world, llm_d.setting.world.now()
    platforms = ("linux/amd64", "linux/arm64")

    def push(package: str, name: str, age: timedelta, *tags: str) -> str:
        image = build_image(platforms, seed=f"{package}/{name}", attestations=True)
        return world.push(package, image, [name, *tags] if name else tags, at=now - age).digest

    for number in range(1, 26):
        # One a day in one package, so that the oldest five are neither among the newest 20 nor younger than 14 days;
        # one an hour in the other, where nothing is old.
        push(cuda, f"sha-{number:02}", timedelta(days=number))
        push(cpu, f"sha-{number:02}", timedelta(hours=number))
    push(cuda, "pr-7", timedelta(days=40), "main")
    lost = push(cuda, "", timedelta(days=50))
    before = llm_d.look()

    ran = llm_d.run(EXAMPLES / "ghcr-cleanup-nightly.yml", llm_d.night())

    assert ran.jobs == {"clean-up": ["success"]}, ran.log
    after = llm_d.look()
    gone = {f"sha-{number:02}" for number in range(21, 26)}
    assert set(before.packages[cuda]) - set(after.packages[cuda]) == gone
    for package, tags in after.packages.items():
        assert {tag: before.packages[package][tag] for tag in tags} == tags
        assert [pulled.missing for pulled in tags.values() if pulled.missing] == []
        assert package == cuda or set(tags) == set(before.packages[package])
    needed = {digest for pulled in after.packages[cuda].values() for digest in pulled.manifests}
    held = {version.digest for version in world.packages[cuda].versions()}
    assert held == needed, "what is left is what the tags need: parts and attestations of the others went along"
    assert lost not in held


def test_outputs_cross_jobs_and_become_a_matrix(llm_d: LlmD, tmp_path: Path) -> None:
    workflow, builds = tmp_path / "release.yml", tmp_path / "builds"
    workflow.write_text(RELEASE, encoding="utf-8")
    builds.mkdir()
    ran = llm_d.run(workflow, llm_d.push_tag(CANDIDATE), BUILDS=str(builds))
    jobs = [(package.reference, name) for package in llm_d.released for name in package.platforms]
    assert ran.jobs == {"validate": ["success"], "plan": ["success"], "build": ["success"] * len(jobs)}, ran.log
    built = [json.loads(file.read_text()) for file in builds.iterdir()]
    assert sorted((job["package"], job["platform"]) for job, _ in built) == sorted(jobs)
    assert [tags for _, tags in built] == [[CANDIDATE]] * len(jobs)


def test_a_refused_tag_ends_the_run_before_anything_is_built(llm_d: LlmD, tmp_path: Path) -> None:
    workflow, builds = tmp_path / "release.yml", tmp_path / "builds"
    workflow.write_text(RELEASE, encoding="utf-8")
    builds.mkdir()
    before = llm_d.look()
    ran = llm_d.run(workflow, llm_d.push_tag("v0.5"), BUILDS=str(builds))
    assert ran.code == 1
    assert ran.jobs == {"validate": ["failure"]}, ran.log
    assert ran.errors == [
        "Tag 'v0.5' is a floating tag: it names the newest release of 0.5.x, not one version.\n"
        "Did you mean v0.5.0? The action protect-latest moves floating tags. Do not push them. "
        "Delete the refused tag before you push another one. "
        "Rule floating has no level to set: a tag that is not a version is always refused."
    ]
    assert list(builds.iterdir()) == []
    assert llm_d.writes() == []
    assert llm_d.look() == before
