"""The workflow that releases images, from the caller that users copy to what the registry holds then."""

from __future__ import annotations

from pathlib import Path

import pytest

from e2e.llm_d import EXAMPLES, LlmD
from e2e.pipeline import SECRETS, Pipeline

pytestmark = pytest.mark.tools("act", "git", "buildah", "crane", "jq")

CALLER = EXAMPLES / "llm-d" / "workflows" / "ci-release.yml"
AWS = {key.lower().removesuffix("_s3_bucket_only"): value for key, value in SECRETS.items() if key.startswith("AWS")}


@pytest.fixture
def pipeline(llm_d: LlmD, tmp_path: Path) -> Pipeline:
    """llm-d after v0.4.0, with its own sources."""
    return Pipeline.begin(llm_d, tmp_path / "pipeline")


def test_a_stable_tag_publishes_every_image_and_then_moves_the_floating_tags(pipeline: Pipeline) -> None:
    before = pipeline.llm_d.look()
    event = pipeline.push_tag("v0.5.0")
    ran = pipeline.run(CALLER, event)
    assert ran.code == 0, ran.errors

    after = pipeline.llm_d.look()
    for package in pipeline.llm_d.released:
        now, past = after.digests(package.name), before.digests(package.name)
        assert now["latest"] == now["v0"] == now["v0.5"] == now["v0.5.0"] != past["latest"]
        assert {tag: now[tag] for tag in past if tag not in {"latest", "v0"}} == {
            tag: digest for tag, digest in past.items() if tag not in {"latest", "v0"}
        }
        assert set(now) - set(past) == {"v0.5", "v0.5.0", f"{now['v0.5.0'].replace(':', '-')}.sig"}
        published = after.packages[package.name]["v0.5.0"]
        assert published.missing == ()
        # An image of one platform is not wrapped into an index.
        assert set(published.platforms) == set(package.platforms if len(package.platforms) > 1 else ())

    # The stage before the image had the secrets, and the image had none; both had the same arguments and builder.
    builds = [build for build in pipeline.recorded("build") if "VLLM_PREBUILT" in build["arguments"]]
    first = [build for build in builds if build["target"] == "builder"]
    last = [build for build in builds if build["target"] == "runtime"]
    assert len(first) == len(last) == 4
    assert {build["outputs"] for build in first} == {"type=cacheonly"}
    assert [build["secrets"] for build in first] == [AWS] * 4
    assert [build["secrets"] for build in last] == [{}] * 4
    assert sorted(build["arguments"] for build in first) == sorted(build["arguments"] for build in last)
    told = [entry for entry in ran.entries if entry.get("command") != "add-mask"]
    assert [str(entry)[:500] for entry in told for secret in SECRETS.values() if secret in str(entry)] == []

    # Findings have a category for every image and platform, or they would replace each other.
    categories = {said["category"] for said in pipeline.recorded("sarif")}
    assert categories == {f"{one.package}/{name}" for one in pipeline.llm_d.released for name in one.platforms}
    assert {(said["name"], said["digest"]) for said in pipeline.recorded("attest")} == {
        (package.reference, after.digests(package.name)["v0.5.0"]) for package in pipeline.llm_d.released
    }
