"""The workflow that releases images, from the caller that users copy to what the registry holds then."""

from __future__ import annotations

import re

import pytest
from tests.e2e.llm_d import EXAMPLES
from tests.e2e.pipeline import SECRETS, Pipeline
from tests.gate import makers

pytestmark = pytest.mark.tools("act", "git", "buildah", "crane", "jq")

CALLER = EXAMPLES / "llm-d" / "workflows" / "ci-release.yml"
AWS = {key.lower().removesuffix("_s3_bucket_only"): value for key, value in SECRETS.items() if key.startswith("AWS")}


SMALL = """\
repository: llm-d/llm-d
floating-tags: [latest, "v{major}", "v{major}.{minor}"]
defaults:
  platforms: [linux/amd64]
  scan: {critical: gate}
images:
  llm-d-cuda: {platforms: [linux/amd64, linux/arm64], dockerfile: docker/Dockerfile.cuda}
  llm-d-cpu: {dockerfile: docker/Dockerfile.cpu}
  llm-d-rocm: {dockerfile: docker/Dockerfile.rocm, required: false}
"""
COMMAND = """\
  llm-d-cpu:
    dockerfile: docker/Dockerfile.cpu
    command: |
      labels=()
      while IFS= read -r label; do labels+=(--label "$label"); done <<<"$LABELS"
      store=(--storage-driver vfs --root "$RUNNER_TEMP/store" --runroot "$RUNNER_TEMP/store-run")
      buildah "${store[@]}" build --quiet --isolation chroot --format oci --platform "$PLATFORM" "${labels[@]}" \\
        --file "$DOCKERFILE" --tag built "$CONTEXT"
      buildah "${store[@]}" push --quiet --digestfile "$DIGEST_FILE" built "oci:$RUNNER_TEMP/pushed:built"
      image="${RELEASE_ACTIONS_REGISTRY_URL#http://}/${IMAGE#*/}"
      crane push --insecure "$RUNNER_TEMP/pushed" "$image@$(cat "$DIGEST_FILE")"
"""
"""An image that is not built by docker buildx."""

CUDA, CPU, ROCM = "llm-d/llm-d-cuda", "llm-d/llm-d-cpu", "llm-d/llm-d-rocm"
ALL = (CUDA, CPU, ROCM)
PLATFORMS = {CUDA: ("linux/amd64", "linux/arm64"), CPU: ("linux/amd64",), ROCM: ("linux/amd64",)}
FLOATS = ("latest", "v0", "v0.4", "v0.5")


@pytest.fixture
def small(pipeline: Pipeline) -> Pipeline:
    """The same repository with three images, of which one is not required."""
    pipeline.configure(SMALL)
    return pipeline


def tags(pipeline: Pipeline, package: str) -> dict[str, str]:
    """Tag -> digest of a package, signatures left out."""
    found = pipeline.llm_d.look().digests(package)
    return {tag: digest for tag, digest in found.items() if not tag.startswith("sha256-")}


def signed(pipeline: Pipeline, package: str, tag: str = "v0.5.0") -> bool:
    """Whether what a tag names has a signature."""
    found = pipeline.llm_d.look().digests(package)
    return found[tag].replace(":", "-") in found


def floats(pipeline: Pipeline) -> dict[str, dict[str, str]]:
    """What every floating tag names."""
    return {name: {tag: d for tag, d in tags(pipeline, name).items() if tag in FLOATS} for name in ALL}


def test_a_stable_tag_publishes_every_image_and_then_moves_the_floating_tags(pipeline: Pipeline) -> None:
    before = pipeline.llm_d.look()
    event = pipeline.push_tag("v0.5.0")
    ran = pipeline.run(CALLER, event)
    assert ran.code == 0, ran.errors
    assert "gate" not in ran.jobs, "nobody asked for it"

    after = pipeline.llm_d.look()
    for package in pipeline.llm_d.released:
        now, past = after.digests(package.name), before.digests(package.name)
        assert now["latest"] == now["v0"] == now["v0.5"] == now["v0.5.0"] != past["latest"]
        assert {tag: now[tag] for tag in past if tag not in {"latest", "v0"}} == {
            tag: digest for tag, digest in past.items() if tag not in {"latest", "v0"}
        }
        published = after.packages[package.name]["v0.5.0"]
        signatures = {digest.replace(":", "-") for digest in published.manifests}
        assert set(now) - set(past) == {"v0.5", "v0.5.0", *signatures}
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
    # An image is as old as its commit, whenever it is built.
    (seconds,) = {build["epoch"] for build in last}
    assert seconds.isdecimal()
    assert sorted(build["arguments"] for build in first) == sorted(build["arguments"] for build in last)
    told = [entry for entry in ran.entries if entry.get("command") != "add-mask"]
    assert [str(entry)[:500] for entry in told for secret in SECRETS.values() if secret in str(entry)] == []

    # Findings have a category for every image and platform, or they would replace each other.
    categories = {said["category"] for said in pipeline.recorded("sarif")}
    assert categories == {f"{one.package}/{name}" for one in pipeline.llm_d.released for name in one.platforms}
    assert {(said["name"], said["digest"]) for said in pipeline.recorded("attest")} == {
        (package.reference, after.digests(package.name)["v0.5.0"]) for package in pipeline.llm_d.released
    }


def test_a_candidate_is_published_and_moves_nothing(small: Pipeline) -> None:
    small.configure(SMALL.replace("  llm-d-cpu: {dockerfile: docker/Dockerfile.cpu}\n", COMMAND))
    before = {name: tags(small, name) for name in ALL}
    ran = small.run(CALLER, small.push_tag("v0.5.0-rc.1"))
    assert ran.code == 0, ran.errors
    for name in ALL:
        now = tags(small, name)
        assert now.pop("v0.5.0-rc.1") not in now.values()
        assert now == before[name]
    assert {build["package"].rpartition("/")[2] for build in small.recorded("build")} == {"llm-d-cuda", "llm-d-rocm"}


def test_a_platform_that_does_not_build_keeps_its_image_back_and_every_floating_tag(small: Pipeline) -> None:
    before = floats(small)
    broken = "ghcr.io/llm-d/llm-d-cuda@linux/arm64"
    ran = small.run(CALLER, small.push_tag("v0.5.0"), BROKEN=broken)
    assert ran.code == 1
    assert set(ran.slots("build")) == {"slot-0", "slot-2", "slot-3"}
    assert "v0.5.0" not in tags(small, CUDA)
    assert "v0.5.0" in tags(small, CPU)
    assert "v0.5.0" in tags(small, ROCM)
    assert floats(small) == before
    assert any("no digest was given for linux/arm64" in text for text in ran.errors)
    assert any(text.startswith("ghcr.io/llm-d/llm-d-cuda: It was not published") for text in ran.errors)


def test_an_optional_image_that_does_not_build_keeps_nothing_back_but_itself(small: Pipeline) -> None:
    before = floats(small)
    ran = small.run(CALLER, small.push_tag("v0.5.0"), BROKEN="ghcr.io/llm-d/llm-d-rocm@linux/amd64")
    assert ran.jobs["finish"] == ["success"], ran.errors
    assert tags(small, CUDA)["latest"] == tags(small, CUDA)["v0.5.0"]
    assert tags(small, CPU)["latest"] == tags(small, CPU)["v0.5.0"]
    assert floats(small)[ROCM] == before[ROCM]


def test_a_merge_job_that_dies_leaves_the_registry_as_it_was(small: Pipeline) -> None:
    before = {name: tags(small, name) for name in ALL}
    ran = small.run(CALLER, small.push_tag("v0.5.0"), DEAD="merge")
    assert ran.code == 1
    assert ran.jobs["merge"] == ["failure"]
    assert {"scan", "sign", "verify"} & set(ran.jobs) == set()
    assert ran.jobs["finish"] == ["failure"]
    assert {name: tags(small, name) for name in ALL} == before


def test_a_digest_that_is_lost_on_the_way_is_missed(small: Pipeline) -> None:
    before = floats(small)
    small.rewrite("slot-0: ${{ steps.result.outputs.slot-0 }}", "slot-0: ''")
    ran = small.run(CALLER, small.push_tag("v0.5.0"))
    assert ran.code == 1
    assert ran.jobs["build"] == ["success"] * 4
    assert "v0.5.0" not in tags(small, CUDA)
    assert "v0.5.0" in tags(small, CPU)
    assert floats(small) == before


def test_a_leg_that_speaks_for_another_image_stops_everything(small: Pipeline) -> None:
    before = {name: tags(small, name) for name in ALL}
    # The leg of the first platform of llm-d-cuda gives its digest as that of llm-d-cpu.
    small.rewrite('"slot-$SLOT=$SLOT $PACKAGE ', '"slot-$SLOT=$SLOT ${PACKAGE/llm-d-cuda/llm-d-cpu} ')
    ran = small.run(CALLER, small.push_tag("v0.5.0"))
    assert ran.code == 1
    assert any("Slot 0 of the job build is about '0 ghcr.io/llm-d/llm-d-cpu linux/amd64'" in e for e in ran.errors)
    assert {name: tags(small, name) for name in ALL} == before
    assert small.recorded("attest") == []


def test_a_command_cannot_speak_for_what_docker_builds(small: Pipeline) -> None:
    hostile = (
        COMMAND + '      echo "slot-0=0 ghcr.io/llm-d/llm-d-cuda linux/amd64 $(cat "$DIGEST_FILE") 1" >>"$FORGED"\n'
    )
    small.configure(SMALL.replace("  llm-d-cpu: {dockerfile: docker/Dockerfile.cpu}\n", hostile))
    # A command that has taken over its runner can write every output of its own job.
    small.rewrite(
        '$GITHUB_RUN_ATTEMPT" >>"$GITHUB_OUTPUT"',
        '$GITHUB_RUN_ATTEMPT" >>"$GITHUB_OUTPUT"; cat "$FORGED" >>"$GITHUB_OUTPUT" || true',
    )
    before = {name: tags(small, name) for name in ALL}
    ran = small.run(CALLER, small.push_tag("v0.5.0"), FORGED=str(small.folder / "forged"))
    assert ran.code == 1
    assert any(
        "Slot 0 of the job command has a value, but the plan gave the slot to the job build" in e for e in ran.errors
    )
    assert {name: tags(small, name) for name in ALL} == before


def test_a_verdict_about_another_digest_counts_for_no_image(small: Pipeline) -> None:
    # Hand-over: merge, scan.
    before = floats(small)
    small.finds("llm-d-cpu", "CRITICAL")
    # The scan of llm-d-cpu hands on that something else passed.
    forged = f"{{ sed 's/@*sha256:[0-9a-f]*/sha256:{'0' * 64}/; s/refused.*/passed/' \"$VERDICT\"; }}"
    small.rewrite('$(head -n 1 "$VERDICT")', f"$({forged})")
    ran = small.run(CALLER, small.push_tag("v0.5.0"))
    assert ran.code == 1
    assert any(f"The scan of linux/amd64 judged sha256:{'0' * 64}" in text for text in ran.errors)
    assert floats(small) == before
    assert small.recorded("attest") == []


def test_a_gate_stops_a_release_before_anything_floats(small: Pipeline) -> None:
    before = floats(small)
    small.finds("llm-d-cpu", "CRITICAL", "HIGH")
    ran = small.run(CALLER, small.push_tag("v0.5.0"))
    assert ran.code == 1
    assert "failure" in ran.jobs["scan"]
    assert "sign" not in ran.jobs
    assert small.recorded("attest") == []
    assert "v0.5.0" in tags(small, CPU), "it can be tried under its exact tag"
    assert floats(small) == before
    assert any("linux/amd64 has 1 critical, 1 high known." in text for text in ran.errors)
    assert not any(tag.startswith("sha256-") for tag in small.llm_d.look().digests(CPU))


def test_a_scanner_that_fails_has_not_found_nothing(small: Pipeline) -> None:
    before = floats(small)
    ran = small.run(CALLER, small.push_tag("v0.5.0"), BLIND="llm-d-cpu")
    assert ran.code == 1
    assert floats(small) == before
    assert any(text.startswith("ghcr.io/llm-d/llm-d-cpu: linux/amd64 was not scanned.") for text in ran.errors)


def test_a_gate_stops_an_optional_image_alone(small: Pipeline) -> None:
    before = floats(small)
    small.finds("llm-d-rocm", "CRITICAL")
    ran = small.run(CALLER, small.push_tag("v0.5.0"))
    assert ran.code == 0, ran.errors
    assert tags(small, CUDA)["latest"] == tags(small, CUDA)["v0.5.0"]
    assert "v0.5.0" in tags(small, ROCM)
    assert floats(small)[ROCM] == before[ROCM]


def test_a_run_that_died_after_its_exact_tags_is_built_again(small: Pipeline) -> None:
    before = floats(small)
    event = small.push_tag("v0.5.0")
    died = small.run(CALLER, event, DEAD="scan sign verify finish")
    assert died.code == 1
    assert (died.jobs["merge"], died.jobs["finish"]) == (["success"], ["failure"])
    assert floats(small) == before
    assert not any(signed(small, name) for name in ALL)
    builds = len(small.recorded("build"))

    # Nothing was attested, so nothing proves who pushed what the tags name.
    again = small.run(CALLER, event)
    assert again.code == 0, again.errors
    assert {"build", "merge", "scan", "sign", "verify", "finish"} <= set(again.jobs)
    assert len(small.recorded("build")) == 2 * builds
    exact = {name: tags(small, name)["v0.5.0"] for name in ALL}
    assert floats(small) == {
        name: {**before[name], **dict.fromkeys(("latest", "v0", "v0.5"), exact[name])} for name in ALL
    }
    assert all(signed(small, name) for name in ALL)
    assert {said["digest"] for said in small.recorded("attest")} == set(exact.values())


def test_a_signature_that_another_writer_dropped_is_made_again(small: Pipeline) -> None:
    ran = small.run(CALLER, small.push_tag("v0.5.0"), DROPPED="llm-d-cpu@1")
    assert ran.code == 0, ran.errors
    assert all(signed(small, name) for name in ALL)
    calls = (small.folder / "record" / "signed").read_text(encoding="utf-8").splitlines()
    assert sorted(call.rpartition("/")[2].partition("@")[0] for call in calls) == [
        "llm-d-cpu",
        "llm-d-cpu",
        "llm-d-cuda",
        "llm-d-rocm",
    ]
    assert tags(small, CPU)["latest"] == tags(small, CPU)["v0.5.0"]


def test_nothing_floats_while_a_signature_stays_lost(small: Pipeline) -> None:
    # Hand-over: sign, finish.
    before = floats(small)
    ran = small.run(CALLER, small.push_tag("v0.5.0"), DROPPED="llm-d-cpu@all")
    assert ran.code == 1
    assert any("ghcr.io/llm-d/llm-d-cpu: a signature of sha256:" in text for text in ran.errors)
    assert floats(small) == before


def test_a_planted_image_is_never_signed_nor_promoted(small: Pipeline) -> None:
    event = small.push_tag("v0.5.0")
    # Whoever may push packages has put images under the tag whose labels name the right commit.
    planted = {name: small.plant(name, "v0.5.0", event.sha, platforms) for name, platforms in PLATFORMS.items()}
    ran = small.run(CALLER, event)
    assert ran.code == 0, ran.errors
    assert "build" in ran.jobs
    for name in ALL:
        now = tags(small, name)
        assert now["latest"] == now["v0.5.0"] != planted[name]
    assert not {said["digest"] for said in small.recorded("attest")} & set(planted.values())


def test_a_planted_image_is_refused_where_nothing_is_rebuilt(small: Pipeline) -> None:
    caller = small.folder / "refuse.yml"
    text = CALLER.read_text(encoding="utf-8")
    caller.write_text(
        re.sub(r"(    uses: .*ci-release.*\n)", r"\1    with: {unproven: refuse}\n", text), encoding="utf-8"
    )
    event = small.push_tag("v0.5.0")
    planted = {name: small.plant(name, "v0.5.0", event.sha, platforms) for name, platforms in PLATFORMS.items()}
    before = floats(small)
    ran = small.run(caller, event)
    assert (ran.code, ran.jobs) == (1, {"plan": ["failure"]})
    assert any("nothing proves who built it" in text for text in ran.errors)
    assert {name: tags(small, name)["v0.5.0"] for name in ALL} == planted
    assert floats(small) == before


def test_a_candidate_without_an_optional_image_is_finished_and_moves_nothing(small: Pipeline) -> None:
    before = {name: tags(small, name) for name in ALL}
    event = small.push_tag("v0.5.0-rc.1")
    first = small.run(CALLER, event, BROKEN="ghcr.io/llm-d/llm-d-rocm@linux/amd64")
    assert first.jobs["finish"] == ["success"], first.errors
    published = {name: tags(small, name) for name in ALL}
    again = small.run(CALLER, event)
    assert again.code == 0, again.errors
    assert "build" not in again.jobs
    assert {name: tags(small, name) for name in ALL} == published
    assert published[ROCM] == before[ROCM]
    for name in (CUDA, CPU):
        assert {tag: digest for tag, digest in published[name].items() if tag != "v0.5.0-rc.1"} == before[name]
        assert signed(small, name, "v0.5.0-rc.1")


def test_a_tag_pushed_again_and_its_github_release_change_no_tag(small: Pipeline) -> None:
    # A caller that starts on both, as workflows do that were copied from one another.
    caller = small.folder / "both.yml"
    both = CALLER.read_text(encoding="utf-8").replace("on:\n", "on:\n  release:\n    types: [published]\n", 1)
    caller.write_text(both, encoding="utf-8")
    event = small.push_tag("v0.5.0")
    assert small.run(caller, event).code == 0
    released, builds = {name: tags(small, name) for name in ALL}, len(small.recorded("build"))
    again = small.run(caller, event)
    assert again.code == 0, again.errors
    assert "build" not in again.jobs, "an attestation proves that the first run built it"
    assert {name: tags(small, name) for name in ALL} == released
    written = len(small.llm_d.writes())
    published = small.event("release", event.ref, {"action": "published", "release": {"tag_name": "v0.5.0"}})
    ran = small.run(caller, published)
    assert (ran.code, ran.jobs) == (0, {}), ran.errors
    assert {name: tags(small, name) for name in ALL} == released
    assert (len(small.llm_d.writes()), len(small.recorded("build"))) == (written, builds)


@pytest.fixture
def promoting(small: Pipeline) -> Pipeline:
    """The same, whose finals are their last candidates."""
    small.configure(SMALL + "versions: {final: promote}\n")
    return small


def test_a_promoted_final_is_its_candidate_byte_by_byte(promoting: Pipeline) -> None:
    candidate = promoting.run(CALLER, promoting.push_tag("v0.5.0-rc.1"))
    assert candidate.code == 0, candidate.errors
    tested = {name: tags(promoting, name)["v0.5.0-rc.1"] for name in ALL}
    builds, attested = promoting.recorded("build"), promoting.recorded("attest")
    event = promoting.push_tag("v0.5.0")

    for _ in range(2):  # the second run finds everything done
        ran = promoting.run(CALLER, event)
        assert ran.code == 0, ran.errors
        assert {"promote", "merge", "scan", "verify", "finish"} <= set(ran.jobs)
        assert {"build", "command", "sign"} & set(ran.jobs) == set()
        for name in ALL:
            now = tags(promoting, name)
            assert {now[tag] for tag in ("v0.5.0", "latest", "v0", "v0.5")} == {tested[name]}

    assert (promoting.recorded("build"), promoting.recorded("attest")) == (builds, attested)


def test_a_final_without_a_candidate_on_its_commit_is_not_promoted(promoting: Pipeline) -> None:
    candidate = promoting.run(CALLER, promoting.push_tag("v0.5.0-rc.1"))
    assert candidate.code == 0, candidate.errors
    promoting.commit("One more change")
    before = {name: tags(promoting, name) for name in ALL}

    ran = promoting.run(CALLER, promoting.push_tag("v0.5.0"))

    assert (ran.code, ran.jobs) == (1, {"plan": ["success"], "promote": ["failure"]})
    assert any("No candidate of v0.5.0 is on its commit" in text for text in ran.errors)
    assert {name: tags(promoting, name) for name in ALL} == before


GATED = (
    SMALL
    + """\
gate:
  before-floating-tags: true
  required:
    - {report: verify-images, max-age: 1d}
    - {report: branch-audit, max-age: 1d}
"""
)


def test_no_floating_tag_moves_before_the_gate_says_go(small: Pipeline) -> None:
    # Hand-over: gate, finish.
    small.configure(GATED)
    before = floats(small)
    event = small.push_tag("v0.5.0")

    refused = small.run(CALLER, event)

    assert (refused.code, refused.jobs["gate"]) == (1, ["failure"])
    assert floats(small) == before
    assert any("branch-audit is missing" in text for text in refused.errors), refused.errors
    assert "No-go" in (small.folder / "artifacts" / "release-status" / "index.html").read_text(encoding="utf-8")

    # A job before hands on the report and its digest, and the run is repeated.
    report = small.folder / "artifacts" / "branch-audit-report" / "branch-audit.json"
    report.parent.mkdir()
    run = {**makers.RUN, "repository": "llm-d/llm-d", "id": "1"}
    now = small.llm_d.setting.world.now()
    report.write_bytes(makers.content(commit=event.sha, run=run, **{"as-of": now.isoformat()}))
    line = f"reports/branch-audit-report/branch-audit.json@{makers.digest(report.read_bytes())}"
    caller = small.folder / "with-report.yml"
    text = CALLER.read_text(encoding="utf-8")
    caller.write_text(re.sub(r"(    uses: .*ci-release.*\n)", rf"\1    with: {{reports: '{line}'}}\n", text), "utf-8")
    admitted = small.run(caller, event)

    assert admitted.code == 0, admitted.errors
    exact = {name: tags(small, name)["v0.5.0"] for name in ALL}
    assert {name: tags(small, name)["latest"] for name in ALL} == exact
