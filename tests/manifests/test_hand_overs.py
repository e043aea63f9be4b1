"""What jobs of the real workflows hand on to each other: nothing goes on that the job before did not say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from release_actions.runner.expressions import Scope, Template

HOME = Path(__file__).parents[2] / ".github" / "workflows"


def read(name: str) -> dict[str, Any]:
    """The jobs of a workflow."""
    found: dict[str, Any] = yaml.safe_load((HOME / name).read_text(encoding="utf-8"))["jobs"]
    return found


def render(text: object, contexts: dict[str, Any]) -> str:
    """What an expression of a workflow comes to, apart from functions about the state of a run."""
    plain = str(text).replace("!cancelled() && ", "")
    return Template.read(plain, frozenset(contexts)).render(Scope(contexts))


def find_step(job: dict[str, Any], key: str) -> dict[str, Any]:
    """The step of a job that has an id or uses an action."""
    (step,) = (step for step in job["steps"] if key in {step.get("id"), step.get("uses")})
    return dict(step)


def test_only_the_tag_that_was_judged_is_promoted() -> None:
    # Hand-over: plan, promote.
    jobs = read("ci-release.yaml")
    promote = find_step(jobs["promote"], "$/promote")

    # validate-tag's own words, and not the event's or an input's: a refused tag gives none.
    assert jobs["plan"]["outputs"]["tag"] == "${{ steps.tag.outputs.tag }}"
    assert jobs["plan"]["outputs"]["promote"] == "${{ steps.tag.outputs.promote == 'true' }}"
    assert find_step(jobs["plan"], "tag")["uses"] == "$/validate-tag"
    assert promote["with"]["to"] == "${{ needs.plan.outputs.tag }}"
    assert jobs["promote"]["needs"] == "plan"
    for said, runs in (("true", "true"), ("false", "false"), ("", "false")):
        contexts = {"needs": {"plan": {"outputs": {"promote": said}}}}
        assert render(jobs["promote"]["if"], contexts) == runs
    # No candidate and no digest is chosen by what a job before hands on: the action proves what it finds itself.
    assert set(promote["with"]) == {"to", "config", "images", "registry-credentials"}


def test_a_person_is_asked_only_about_what_the_plan_will_build() -> None:
    # Hand-over: plan, approval.
    jobs = read("build-image.yml")
    for any_built, environment, asked in (
        ("true", "build-approval", "true"),
        ("false", "build-approval", "false"),
        ("", "build-approval", "false"),  # the plan failed
        ("true", "", ""),
    ):
        contexts = {"inputs": {"approval": environment}, "needs": {"plan": {"outputs": {"any": any_built}}}}
        assert render(jobs["approval"]["if"], contexts) == asked
    # What was approved is what is built: one plan gives both the commit and the images.
    shown = next(step for step in jobs["approval"]["steps"] if "env" in step)["env"]
    assert shown == {"BUILT": "${{ needs.plan.outputs.built }}", "COMMIT": "${{ needs.plan.outputs.commit }}"}
    given = jobs["images"]["with"]
    for name in ("matrix", "command-matrix", "images", "commit"):
        assert given[name] == f"${{{{ needs.plan.outputs.{name} }}}}"
        assert jobs["plan"]["outputs"][name] == f"${{{{ steps.builds.outputs.{name} }}}}"


def test_a_plan_reaches_the_builds_as_it_was_made() -> None:
    # Hand-over: plan, images.
    jobs = read("ci-release.yaml")
    given = jobs["images"]["with"]

    for name in ("matrix", "command-matrix", "commit"):
        assert given[name] == f"${{{{ needs.plan.outputs.{name} }}}}"
        assert jobs["plan"]["outputs"][name] == f"${{{{ steps.builds.outputs.{name} }}}}"
    # Nothing is published already because a label says so: only verify-provenance's word counts, and its digests go on.
    for verified, published, listed in (("true", "true", "proved"), ("false", "false", "plan"), ("", "false", "plan")):
        steps = {
            "provenance": {"outputs": {"verified": verified, "images": "proved"}},
            "builds": {"outputs": {"images": "plan"}},
        }
        assert render(jobs["plan"]["outputs"]["published"], {"steps": steps}) == published
        assert render(jobs["plan"]["outputs"]["images"], {"steps": steps}) == listed
    for plan, promote, runs in (
        ("success", "skipped", True),
        ("success", "success", True),
        ("success", "failure", False),
        ("success", "cancelled", False),
        ("failure", "skipped", False),
        ("skipped", "skipped", False),
    ):
        needs = {"plan": {"result": plan}, "promote": {"result": promote}}
        assert render(jobs["images"]["if"], {"needs": needs}) == str(runs).lower()


def test_nothing_floats_but_what_verify_locked() -> None:
    # Hand-over: verify, finish.
    finish = read("build-and-publish.yml")["finish"]
    judges = [step for step in finish["steps"] if step.get("uses") == "$/actions/judge-images"]
    protect = find_step(finish, "$/protect-latest")

    locks = {step["with"]["lock"] for step in (*judges, protect)}
    assert len(judges) == 2
    (lock,) = locks
    for result, given, used in (("success", "LOCK", "LOCK"), ("failure", "LOCK", "LOCK"), ("skipped", "LOCK", "")):
        needs = {"verify": {"result": result, "outputs": {"lock": given}}}
        assert render(lock, {"needs": needs}) == used
    # A verify that failed locks what is right, and the judge compares each image with it before anything moves.
    for step in (protect, next(step for step in finish["steps"] if step.get("uses") == "$/merge-digests")):
        assert "steps.ready.outputs.ready == 'true'" in step["if"]
    moving = next(step for step in finish["steps"] if step.get("uses") == "$/merge-digests")
    assert moving["with"]["image-list"] == "${{ steps.ready.outputs.images }}"


@pytest.mark.parametrize(
    ("tag", "ref"), [("v1.2.3", "refs/tags/v1.2.3"), ("refs/tags/v1.2.3", "refs/tags/v1.2.3"), ("", "")]
)
def test_a_draft_is_made_from_the_tag_and_from_no_branch_of_its_name(tag: str, ref: str) -> None:
    steps = [step for job in read("draft-release.yml").values() for step in job["steps"]]
    checkouts = [step for step in steps if step.get("uses", "").startswith("actions/checkout@")]

    assert checkouts
    assert {render(step["with"]["ref"], {"inputs": {"tag": tag}}) for step in checkouts} == {ref}


@pytest.mark.parametrize("job", ["merge", "scan", "verify", "sign", "finish"])
def test_a_job_that_judges_reads_no_artifact_and_no_cache(job: str) -> None:
    body = read("build-and-publish.yml")[job]

    assert body["cache-mode"] == "none"
    assert not [step for step in body["steps"] if "download-artifact" in step.get("uses", "")]
