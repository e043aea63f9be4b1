"""protect-latest on a real registry: tags move by digest, and other clients see what it says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.contract import distribution
from tests.contract.clients import Desk, host_of

from release_actions import main
from release_actions.errors import ExitCode
from release_actions.http.client import Http
from release_actions.registry.client import Registry
from release_actions.runner.report import Report
from release_actions.runner.workflow import Workflow
from release_actions.simulator import Image, build_image
from release_actions.simulator.oci import DOCKER_LIST, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST

pytestmark = pytest.mark.tools("docker-registry", "skopeo")

BOTH = ("linux/amd64", "linux/arm64")
KINDS: dict[str, dict[str, Any]] = {
    OCI_INDEX: {"platforms": BOTH},
    DOCKER_LIST: {"platforms": BOTH, "docker": True},
    OCI_MANIFEST: {"platforms": BOTH[:1]},
    DOCKER_MANIFEST: {"platforms": BOTH[:1], "docker": True},
}
FLOATS = {"latest": "v0.5.0", "v0": "v0.5.0", "v0.5": "v0.5.0", "v0.4": "v0.4.1"}
TAGS = "v0.4.0, v0.4.1, v0.5.0, v0.6.0-rc.1"


class Place:
    """A registry with one package, and runs of the command against it."""

    def __init__(self, url: str, folder: Path, platforms: tuple[str, ...]) -> None:
        self.url, self.folder, self.platforms = url, folder, platforms
        self.desk = Desk(folder / "desk")
        self.http = Http()
        self.registry = Registry(self.http, url)
        text = f"repository: llm-d/llm-d\nimages:\n  llm-d-cuda:\n    platforms: [{', '.join(platforms)}]\n"
        (folder / "release.yaml").write_text(text, encoding="utf-8")

    def push(self, image: Image, tag: str) -> str:
        for content in image.blobs.values():
            self.registry.put_blob("llm-d/llm-d-cuda", content)
        for child in image.manifests[:-1]:
            self.registry.put_manifest("llm-d/llm-d-cuda", child.digest, child.body, child.media_type)
        return self.registry.put_manifest("llm-d/llm-d-cuda", tag, image.root.body, image.root.media_type)

    def protect(self, mode: str) -> Report:
        environ = {
            "RELEASE_ACTIONS_REGISTRY_URL": self.url,
            "GITHUB_WORKSPACE": str(self.folder),
            "INPUT_EXISTING_TAGS": TAGS,
            "INPUT_SETTLE_TIME": "0s",
            "INPUT_MODE": mode,
        }
        return main.main_inner(["protect-latest"], environ, Workflow({}))

    def skopeo(self, tag: str) -> tuple[str, str]:
        """Digest and media type that skopeo finds under a tag."""
        image = f"docker://{host_of(self.url)}/llm-d/llm-d-cuda:{tag}"
        options = ("--insecure-policy", "inspect", "--tls-verify=false")
        inspected: dict[str, Any] = json.loads(self.desk.run("skopeo", *options, image))
        raw: dict[str, Any] = json.loads(self.desk.run("skopeo", *options, "--raw", image))
        return inspected["Digest"], raw["mediaType"]


@pytest.fixture(params=KINDS, ids=lambda kind: str(kind).removeprefix("application/vnd."))
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    kind = KINDS[request.param]
    with distribution.running(tmp_path / "registry") as url:
        place = Place(url, tmp_path, kind["platforms"])
        for tag in TAGS.split(", "):
            place.push(build_image(**kind, seed=tag), tag)
        # What went wrong: a candidate took latest, a backport took v0.
        place.push(build_image(**kind, seed="v0.6.0-rc.1"), "latest")
        place.push(build_image(**kind, seed="v0.4.1"), "v0")
        yield place
        place.http.close()


def test_a_moved_tag_has_the_digest_and_the_type_of_its_release(place: Place, request: pytest.FixtureRequest) -> None:
    kind = next(kind for kind in KINDS if kind.removeprefix("application/vnd.") in request.node.name)
    assert place.protect("check").exit_code is ExitCode.REFUSED
    report = place.protect("enforce")
    assert report.exit_code is ExitCode.PASS
    for tag, release in FLOATS.items():
        wanted = place.registry.head_manifest("llm-d/llm-d-cuda", release)
        assert wanted is not None
        assert place.skopeo(tag) == (wanted.digest, kind)
        assert place.registry.get_manifest("llm-d/llm-d-cuda", tag) == place.registry.get_manifest(
            "llm-d/llm-d-cuda", release
        )
    assert place.protect("check").exit_code is ExitCode.PASS
    assert place.protect("enforce").outputs["moved"] == []


def test_a_snapshot_brings_back_what_was_there(place: Place) -> None:
    before = {tag: place.skopeo(tag) for tag in ("latest", "v0", "v0.5.0", "v0.4.0")}
    place.protect("snapshot")
    place.protect("enforce")
    assert place.skopeo("latest") != before["latest"]
    report = place.protect("restore")
    assert {tag: place.skopeo(tag) for tag in before} == before
    # v0.5 and v0.4 are new since: only a deletion would take them back.
    assert report.exit_code is ExitCode.REFUSED


def test_an_image_that_lost_a_child_is_no_target(place: Place) -> None:
    image = place.registry.get_manifest("llm-d/llm-d-cuda", "v0.5.0")
    assert image is not None
    children = [child["digest"] for child in json.loads(image.body).get("manifests", ())]
    if not children:
        # A single manifest has no child to lose: its tag goes with it.
        children = [image.digest]
    answer = place.http.request(
        "DELETE",
        f"{place.url}/v2/llm-d/llm-d-cuda/manifests/{children[0]}",
        what="delete a child",
        credential=None,
        expect=(202,),
    )
    assert answer.status == 202
    report = place.protect("enforce")
    # The release that git has is not there any more, or not whole.
    assert report.exit_code is ExitCode.REFUSED
    older = place.registry.head_manifest("llm-d/llm-d-cuda", "v0.4.1")
    assert older is not None
    assert place.skopeo("latest")[0] == older.digest
