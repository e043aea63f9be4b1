"""One image in several places: on GHCR, under another name there, and in a registry with a login of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.commands.train import TOKEN, Train, make_train, make_world, said

from release_actions.config import load_text
from release_actions.errors import ConfigurationError, ExitCode, InputError
from release_actions.http.client import Http
from release_actions.http.exchange import Exchange
from release_actions.http.origins import Origin
from release_actions.images.image_list import read
from release_actions.registry.client import Registry
from release_actions.runner.report import Report
from release_actions.simulator import Simulator, World, build_image
from release_actions.simulator.accounts import TokenKind
from release_actions.simulator.image_factory import Image

HUB_TOKEN = "the-hubs-own-password"
SECRETS = f"HUB_USER=robot\nHUB_TOKEN={HUB_TOKEN}"
WRITERS = {"merge-digests", "verify-images", "protect-latest", "validate-tag", "promote"}


def make_config(hub: str) -> str:
    """web on GHCR, as acme/mirror there, and as acme/server in another registry."""
    return f"""\
repository: acme/web
channels:
  release:
    name: "{{image}}"
    destinations:
      mirror: {{name: mirror}}
      hub: {{registry: "{hub}", name: "{{image}}-server"}}
credentials:
  "{hub}": {{username: HUB_USER, password: HUB_TOKEN}}
images:
  web: {{platforms: [linux/amd64, linux/arm64]}}
cleanup:
  old: {{channel: release, delete-tags: ["*"], exclude-tags: [latest], keep-n-per-line: 1, keep-n: 0}}
"""


@pytest.fixture(name="world")
def _world() -> World:
    return make_world()


@dataclass
class Places(Train):
    """The project, and the other registry."""

    hub: Simulator | None = None

    @property
    def host(self) -> str:
        """The other registry, as image names begin with it."""
        assert self.hub is not None
        return self.hub.registry_url.removeprefix("http://")

    def run(self, command: str, *, tag: str = "", environ: dict[str, str] | None = None, **inputs: str) -> Report:
        """Run a command with the secrets of the other registry, where it takes them."""
        if command in WRITERS:
            inputs = {"registry_credentials": SECRETS, **inputs}
        return super().run(command, tag=tag, environ=environ, **inputs)

    def everywhere(self) -> list[dict[str, str]]:
        """Tag -> digest of each destination."""
        assert self.hub is not None
        return [self.tags(), self.tags("acme/mirror"), self.hub.world.tags("acme/web-server")]


@pytest.fixture
def hub() -> Iterator[Simulator]:
    world = World()
    world.add_account("acme", organization=True)
    world.add_repository("acme/web")
    world.add_token(HUB_TOKEN, TokenKind.ACTIONS, repository="acme/web", permissions={"packages": "write"})
    with Simulator(world) as simulator:
        yield simulator


@pytest.fixture
def places(simulator: Simulator, hub: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Places:
    made = make_train(simulator, tmp_path, monkeypatch, make_config(hub.registry_url.removeprefix("http://")))
    return Places(made.simulator, made.folder, made.commits, hub)


def plan(places: Places, tag: str) -> tuple[Any, dict[str, str]]:
    """The plan of a release whose platforms are built, and what the builds hand on."""
    commit = places.tag(tag)
    planned: Any = places.run("build-matrix", tag=tag).outputs
    jobs = planned["matrix"]["include"]
    outputs = {f"slot-{job['slot']}": places.build(job, commit) for job in jobs}
    return planned, {"build_results": json.dumps({"build": {"result": "success", "outputs": outputs}})}


def merge(places: Places, planned: Any, results: dict[str, str], **inputs: str) -> Report:
    given = {"image_list": json.dumps(planned["images"]), **results, **inputs}
    return places.run("merge-digests", **given)  # type: ignore[arg-type]  # none of them is tag or environ


def push(places: Places, image: Image, tag: str) -> None:
    """Put an image into the other registry."""
    registry = Registry(Http(), f"http://{places.host}", token=HUB_TOKEN)
    for content in image.blobs.values():
        registry.put_blob("acme/web-server", content)
    for manifest in image.manifests:
        registry.put_manifest("acme/web-server", manifest.digest, manifest.body, manifest.media_type)
    registry.put_manifest("acme/web-server", tag, image.root.body, image.root.media_type)


def test_a_release_channel_with_a_registry_of_its_own_is_read_there(places: Places) -> None:
    text = make_config(places.host)
    head, rest = text[: text.index("    destinations:")], text[text.index("credentials:") : text.index("cleanup:")]
    places.write(f'{head}    registry: "{places.host}"\n{rest}')
    images = places.release("v1.2.0", registry_url=f"http://{places.host}", token=HUB_TOKEN)

    report = places.run("protect-latest", mode="enforce")

    assert said(report) == []
    assert [image["package"] for image in images] == [f"{places.host}/acme/web"]
    assert places.hub is not None
    assert set(places.hub.world.tags("acme/web")) == {"v1.2.0", "v1.2", "v1", "latest"}
    assert places.run("validate-tag", tag="v1.2.0").outputs["already-published"] is True
    assert places.run("protect-latest", mode="check").outputs["drift"] is False
    assert places.tags() == {}


def test_an_image_is_built_once_and_planned_for_every_destination(places: Places) -> None:
    planned, _ = plan(places, "v1.2.0")

    jobs = planned["matrix"]["include"]
    assert [(job["package"], job["platform"]) for job in jobs] == [
        ("ghcr.io/acme/web", "linux/amd64"),
        ("ghcr.io/acme/web", "linux/arm64"),
    ]
    assert [(image["package"], image.get("copy-of"), image["tags"]) for image in planned["images"]] == [
        ("ghcr.io/acme/web", None, ["v1.2.0"]),
        ("ghcr.io/acme/mirror", "ghcr.io/acme/web", ["v1.2.0"]),
        (f"{places.host}/acme/web-server", "ghcr.io/acme/web", ["v1.2.0"]),
    ]
    assert [(image["registry"], image["password-secret"]) for image in planned["images"]] == [
        ("ghcr.io", ""),
        ("ghcr.io", ""),
        (places.host, "HUB_TOKEN"),
    ]


def test_one_digest_has_the_exact_tag_everywhere_and_floats_follow_in_each(places: Places) -> None:
    for tag in ("v1.2.0", "v1.3.0", "v1.2.1"):
        places.release(tag)

    report = places.run("protect-latest", mode="enforce", together="true")

    assert said(report) == []
    first, *others = places.everywhere()
    assert set(first) == {"v1", "v1.2", "v1.2.0", "v1.2.1", "v1.3", "v1.3.0", "latest"}
    assert others == [first, first]
    assert first["latest"] == first["v1.3.0"]
    assert places.run("protect-latest", mode="check", thorough="true").outputs["drift"] is False


def test_flavours_and_templates_of_tags_are_the_same_in_every_destination(places: Places) -> None:
    text = make_config(places.host).replace("repository: acme/web\n", 'repository: acme/web\nimage-tag: "{version}"\n')
    alpine = "{tag: '{tag}-alpine', dockerfile: Dockerfile.alpine, floating-tags: [alpine]}"
    flavours = f"    variants: {{debian: {{suffix: ''}}, alpine: {alpine}}}\n"
    head, _, rest = text.partition("  web: {platforms: [linux/amd64, linux/arm64]}\n")
    places.write(f"{head}  web:\n    platforms: [linux/amd64]\n{flavours}{rest}")
    places.release("v1.2.0")

    report = places.run("protect-latest", mode="enforce", together="true")

    assert said(report) == []
    first, *others = places.everywhere()
    assert set(first) == {"1.2.0", "1.2", "1", "latest", "1.2.0-alpine", "alpine"}
    assert first["alpine"] == first["1.2.0-alpine"] != first["latest"]
    assert others == [first, first]
    assert places.run("validate-tag", tag="v1.2.0").outputs["already-published"] is True


def test_builds_that_are_no_release_have_destinations_of_their_own(places: Places) -> None:
    dev = f'  dev: {{name: "{{image}}-dev", destinations: {{hub: {{registry: "{places.host}"}}}}}}\n'
    places.write(make_config(places.host).replace("credentials:", dev + "credentials:", 1))
    commit = places.tag("work")
    environ = {"GITHUB_EVENT_NAME": "push", "GITHUB_REF": "refs/heads/main", "GITHUB_SHA": commit}

    planned: Any = places.run("build-matrix", environ=environ, changed_files="Dockerfile").outputs
    places.publish(planned, commit)

    assert places.hub is not None
    copied = places.hub.world.tags("acme/web-dev")
    assert {"main", f"sha-{commit[:7]}"} <= set(copied)
    assert places.tags("acme/web-dev") == copied


def test_a_copy_holds_every_byte_of_the_image(places: Places) -> None:
    places.release("v1.2.0")

    registry = Registry(Http(), f"http://{places.host}", token=HUB_TOKEN)
    index = registry.get_manifest("acme/web-server", "v1.2.0")

    assert index is not None
    for child in json.loads(index.body)["manifests"]:
        manifest = registry.get_manifest("acme/web-server", child["digest"])
        assert manifest is not None
        document = json.loads(manifest.body)
        assert all(
            registry.has_blob("acme/web-server", blob["digest"]) for blob in (document["config"], *document["layers"])
        )


def test_a_destination_with_another_release_under_the_tag_keeps_the_image_from_all(places: Places) -> None:
    planned, results = plan(places, "v1.2.0")
    assert places.hub is not None
    labels = {"org.opencontainers.image.revision": "f" * 40}
    push(places, build_image(("linux/amd64",), labels=labels, seed="other"), "v1.2.0")

    report = merge(places, planned, results)

    assert report.exit_code is ExitCode.REFUSED
    assert f"{places.host}/acme/web-server:v1.2.0 is published already, built from {'f' * 40}" in said(report)[2]
    assert all("an image is published in all of its destinations or in none" in line for line in said(report)[:2])
    assert [set(tags) for tags in places.everywhere()] == [set(), set(), {"v1.2.0"}]


def test_a_run_that_ends_between_two_destinations_is_finished_by_the_next(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned, results = plan(places, "v1.2.0")
    put = Registry.put_manifest

    def die(self: Registry, repository: str, reference: str, body: bytes, media_type: str) -> Any:
        if (repository, reference) == ("acme/mirror", "v1.2.0"):
            raise KeyboardInterrupt
        return put(self, repository, reference, body, media_type)

    with monkeypatch.context() as patched:
        patched.setattr(Registry, "put_manifest", die)
        with pytest.raises(KeyboardInterrupt):
            merge(places, planned, results)
    assert [set(tags) for tags in places.everywhere()] == [set(), set(), {"v1.2.0"}]
    assert places.run("validate-tag", tag="v1.2.0").outputs["already-published"] is False

    report = merge(places, planned, results)

    assert said(report) == []
    first, *others = places.everywhere()
    assert others == [first, first]
    assert places.run("validate-tag", tag="v1.2.0").outputs["already-published"] is True


def test_a_dry_run_writes_nowhere(places: Places) -> None:
    planned, results = plan(places, "v1.2.0")

    report = merge(places, planned, results, dry_run="true")

    assert report.lines[-1] == "3 images would be published."
    assert places.everywhere() == [{}, {}, {}]


def test_no_registry_is_sent_the_login_of_another(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: dict[Origin, set[str]] = {}
    send_to = Exchange._send_to

    def record(self: Exchange, call: Any, url: str, credential: Any) -> Any:
        sent.setdefault(Origin.of(url), set()).update(credential.secrets if credential else ())
        return send_to(self, call, url, credential)

    with monkeypatch.context() as patched:
        patched.setattr(Exchange, "_send_to", record)
        places.release("v1.2.0")
        places.run("protect-latest", mode="enforce")
        places.run("validate-tag", tag="v1.2.0")
    assert places.hub is not None
    to_hub = sent.pop(Origin.of(places.hub.registry_url))

    assert any(HUB_TOKEN in secret for secret in to_hub)
    assert not any(TOKEN in secret for secret in to_hub)
    assert sent
    assert not any(HUB_TOKEN in secret for secrets in sent.values() for secret in secrets)


def count_requests(places: Places) -> dict[str, int]:
    """Requests of a check without drift, by package."""
    assert places.hub is not None
    for server in (places.simulator, places.hub):
        server.requests.clear()
    assert places.run("protect-latest", mode="check").outputs["drift"] is False
    asked = [*places.simulator.requests.entries, *places.hub.requests.entries]
    names = ("acme/web", "acme/mirror", "acme/web-server")
    return {name: sum(entry.path.startswith(f"/v2/{name}/") for entry in asked) for name in names}


def test_a_check_costs_the_same_in_each_destination_and_nothing_for_old_releases(places: Places) -> None:
    for tag in ("v1.2.0", "v1.3.0"):
        places.release(tag)
    places.run("protect-latest", mode="enforce")
    first = count_requests(places)
    for tag in ("v1.2.1", "v1.2.2", "v1.2.3"):
        places.release(tag)
    places.run("protect-latest", mode="enforce")

    assert count_requests(places) == first
    # The other registry is asked once how it wants to be logged in to.
    assert first["acme/web"] == first["acme/mirror"] <= first["acme/web-server"] <= first["acme/web"] + 1


def test_sixty_images_on_four_platforms_in_three_places_fit_into_one_plan(places: Places) -> None:
    head = make_config(places.host).partition("images:")[0]
    rows = "".join(f"  a-long-name-of-an-image-{n}: {{platforms: [linux/amd64, linux/arm64]}}\n" for n in range(60))
    places.write(head.replace("name: mirror", "namespace: acme/copies") + "images:\n" + rows)
    places.tag("v1.2.0")

    planned: Any = places.run("build-matrix", tag="v1.2.0").outputs

    assert (len(planned["images"]), len(planned["matrix"]["include"])) == (180, 120)
    copies = [image for image in planned["images"] if "copy-of" in image]
    assert {key for image in copies for key in image} & {"scan", "slots", "promised-labels"} == set()


def test_a_registry_without_credentials_is_said_before_anything_is_written(places: Places) -> None:
    planned, results = plan(places, "v1.2.0")

    with pytest.raises(InputError, match=rf"Nothing logs in to {places.host}, where images are to be published\."):
        merge(places, planned, results, registry_credentials="")
    with pytest.raises(InputError, match="Input 'registry-credentials' has no HUB_TOKEN"):
        merge(places, planned, results, registry_credentials="HUB_USER=robot")
    with pytest.raises(InputError, match=r"Input 'registry-token' is for one registry, and the images are in 127"):
        places.run(
            "verify-images",
            image_list=json.dumps(planned["images"]),
            registry_credentials="",
            revision="a" * 40,
            registry_token="secret-of-which-registry",
        )
    assert places.everywhere() == [{}, {}, {}]


def test_a_lost_part_of_a_destination_is_seen_and_stops_the_floating_tags(places: Places) -> None:
    images = places.release("v1.2.0")
    assert places.hub is not None
    package = places.hub.world.package("acme/web-server")
    assert package is not None
    version = next(each for each in package.versions() if not each.tags)
    package.drop(version, places.hub.world.now())

    report = places.run("verify-images", image_list=json.dumps(images), revision=places.commits["v1.2.0"])

    assert report.outputs["failed"] == [f"{places.host}/acme/web-server"]
    assert places.run("protect-latest", mode="enforce", together="true").exit_code is ExitCode.REFUSED
    assert "latest" not in places.tags()


def test_judge_images_lets_no_destination_go_ahead_of_another(places: Places) -> None:
    images = places.release("v1.2.0")
    lock = {"images": {image.label: {"digest": image.digest} for image in read(json.dumps(images))[:2]}}

    report = places.run(
        "judge-images",
        image_list=json.dumps(images),
        published=json.dumps(images),
        lock=json.dumps(lock),
        scan="false",
        sign="false",
    )

    assert report.outputs["ready"] is False
    assert report.lines[:3] == (
        f"ghcr.io/acme/web: {places.host}/acme/web-server is not ready, which has the same image.",
        f"ghcr.io/acme/mirror: {places.host}/acme/web-server is not ready, which has the same image.",
        f"{places.host}/acme/web-server: It was not verified.",
    )


def test_a_snapshot_holds_every_destination_and_puts_each_back(places: Places) -> None:
    for tag in ("v1.2.0", "v1.3.0"):
        places.release(tag)
    places.run("protect-latest", mode="enforce")
    before = places.everywhere()
    places.run("protect-latest", mode="snapshot")
    assert places.hub is not None
    places.simulator.world.tag("acme/web", "v1.2.0", "latest")
    places.hub.world.tag("acme/web-server", "v1.2.0", "v1")

    report = places.run("protect-latest", mode="restore")

    assert said(report) == []
    assert places.everywhere() == before


def test_a_clean_up_deletes_where_github_does_and_says_where_not(
    places: Places, capsys: pytest.CaptureFixture[str]
) -> None:
    for tag in ("v1.2.0", "v1.2.1"):
        places.release(tag)

    report = places.run("ghcr-cleanup", rule="old")

    assert [set(tags) for tags in places.everywhere()] == [{"v1.2.1"}, {"v1.2.1"}, {"v1.2.0", "v1.2.1"}]
    assert said(report) == []
    assert f"{places.host}/acme/web-server is not cleaned: only packages on GitHub's registry are." in (
        capsys.readouterr().out
    )


def test_a_teardown_removes_a_candidate_where_github_does_and_says_where_not(places: Places) -> None:
    for tag in ("v1.2.0", "v1.3.0-rc.1"):
        places.release(tag)

    report = places.run("rc-teardown", candidates="v1.3.0-rc.1")

    assert [set(tags) for tags in places.everywhere()] == [{"v1.2.0"}, {"v1.2.0"}, {"v1.2.0", "v1.3.0-rc.1"}]
    assert any(f"{places.host}/acme/web-server:v1.3.0-rc.1" in line for line in said(report))


def test_notes_may_name_every_destination(places: Places) -> None:
    places.write(make_config("quay.io"))
    places.tag("v1.2.0")
    text = "# v1.2.0\n\n```sh\ndocker pull quay.io/acme/web-server:{tag}\n```\n"

    for tag, is_right in (("v1.2.0", True), ("v1.1.0", False)):
        (places.folder / "release-notes.md").write_text(text.format(tag=tag), encoding="utf-8")
        report = places.run("release-notes", mode="lint", tag="v1.2.0", settle_time="")
        hits = [line for line in said(report) if "is named with" in line]
        assert hits == [] if is_right else "with v1.2.0 in release v1.2.0" in hits[0], hits


def test_a_rehearsal_refuses_destinations_in_words(places: Places) -> None:
    (places.folder / "rehearsal.yaml").write_text("repository: acme/web\n", encoding="utf-8")

    with pytest.raises(Exception, match=r"A rehearsal reads one package an image, and ghcr\.io/acme/web is copied to"):
        places.run("rehearse", config="release.yaml", scenario="rehearsal.yaml")


def test_two_destinations_may_not_name_one_package() -> None:
    text = make_config("docker.io").replace("name: mirror", "registry: index.docker.io, name: web-server")

    with pytest.raises(ConfigurationError) as error:
        load_text(text)

    assert (
        "The image 'web' in the destination 'hub' is published as 'acme/web-server', and so is the image 'web' in the "
        "destination 'mirror'. Give the destination 'hub' another 'registry', 'namespace' or 'name'."
    ) in str(error.value)


def test_an_image_may_have_another_name_in_a_destination_or_none() -> None:
    text = make_config("docker.io").replace(
        "  web: {platforms: [linux/amd64, linux/arm64]}",
        "  web: {platforms: [linux/amd64], channels: {release: {destinations: {hub: {name: front}, mirror: false}}}}\n"
        "  api: {platforms: [linux/amd64], channels: {release: {destinations: {mirror: false}}}}",
    )

    config = load_text(text)

    assert [(package.reference, package.copy_of) for package in config.packages()] == [
        ("ghcr.io/acme/web", ""),
        ("docker.io/acme/front", "ghcr.io/acme/web"),
        ("ghcr.io/acme/api", ""),
        ("docker.io/acme/api-server", "ghcr.io/acme/api"),
    ]


def test_an_image_says_nothing_of_a_destination_that_is_not_there() -> None:
    text = make_config("docker.io").replace(
        "linux/arm64]}", "linux/arm64], channels: {release: {destinations: {huh: false}}}}"
    )

    with pytest.raises(ConfigurationError, match=r"The channel 'release' has no destination 'huh'\. Did you mean"):
        load_text(text)
