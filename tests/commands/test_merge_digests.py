"""merge-digests through its command line, over real HTTP to the embedded GHCR: what the registry holds afterwards."""

from __future__ import annotations

import base64
import itertools
import json
import re
from pathlib import Path
from typing import Any

import pytest
from tests.commands.published import APP, BOTH, COMMIT, OTHER, WEB, Shop, built, entry, labels, said, world
from tests.http.loopback import Asked, Reply, replies, serving

from release_actions.config.grammar import BUILT_AS
from release_actions.errors import ExitCode, InputError
from release_actions.images import inspection, publish, registry_access
from release_actions.registry.media_types import OCI_INDEX
from release_actions.registry.names import digest_of
from release_actions.runner.report import Report
from release_actions.simulator import Simulator, World, build_image
from release_actions.simulator.faults import Fault

NOWHERE = f"sha256:{'0' * 64}"

CONFIG = """\
repository: acme/app
floating-tags: [latest, "v{major}", "edge-{major}"]
channels:
  dev: {name: "{image}-dev"}
images:
  app: {platforms: [linux/amd64, linux/arm64]}
"""


@pytest.fixture(name="world")
def _world() -> World:
    return world()


@pytest.fixture
def shop(simulator: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    for module in (publish, inspection):
        monkeypatch.setattr(module, "PAUSES", (0.0,) * 8)
    return Shop.of(simulator, tmp_path)


def platforms(document: Any) -> list[str]:
    return [f"{one['platform']['os']}/{one['platform']['architecture']}" for one in document["manifests"]]


def puts(simulator: Simulator) -> int:
    """Manifests that were written so far."""
    return sum(count for (_, method, _, _), count in simulator.requests.kinds().items() if method == "PUT")


def test_an_index_of_exactly_what_was_built_is_published(shop: Shop) -> None:
    digests = [shop.push(platform) for platform in BOTH]
    report = shop.merge(entry(tags=["v1.0.0", "v1.0.0-alias"]))
    assert report.exit_code is ExitCode.PASS
    found = shop.under("v1.0.0")
    assert [one["digest"] for one in found["manifests"]] == digests
    assert platforms(found) == list(BOTH)
    assert shop.under("v1.0.0-alias") == found
    assert report.outputs == {
        "images": [{**entry(tags=["v1.0.0", "v1.0.0-alias"]), "digest": found["@"]}],
        "failed": [],
        "scan-matrix": {"include": []},
    }
    assert report.lines == (
        f"{APP}: v1.0.0, v1.0.0-alias names {found['@']}, on linux/amd64, linux/arm64.",
        "1 image published.",
    )
    assert f"| `{APP}` | `v1.0.0`, `v1.0.0-alias` | `{found['@']}` | `linux/amd64`, `linux/arm64` |" in report.summary


def test_attestations_come_along(shop: Shop) -> None:
    for platform in BOTH:
        shop.push(platform, attestations=True)
    assert shop.merge().exit_code is ExitCode.PASS
    found = shop.under("v1.0.0")
    assert platforms(found) == [*BOTH, "unknown/unknown", "unknown/unknown"]
    about = [one["annotations"]["vnd.docker.reference.digest"] for one in found["manifests"][2:]]
    assert about == [one["digest"] for one in found["manifests"][:2]]


@pytest.mark.parametrize("how", [{}, {"attestations": True}, {"docker": True}], ids=str)
def test_an_image_of_one_platform_is_not_wrapped(shop: Shop, how: dict[str, Any]) -> None:
    image = built("linux/amd64", **how)
    digest = shop.push("linux/amd64", image)
    report = shop.merge(entry(platforms=["linux/amd64"]))
    assert report.exit_code is ExitCode.PASS
    found = shop.registry.get_manifest("acme/app", "v1.0.0")
    assert found is not None
    assert (found.digest, found.body, found.media_type) == (digest, image.root.body, image.root.media_type)


def test_a_second_run_writes_nothing(shop: Shop, simulator: Simulator) -> None:
    for platform in BOTH:
        shop.push(platform)
    first = shop.merge()
    before = puts(simulator)
    again = shop.merge()
    assert again.outputs == first.outputs
    assert puts(simulator) == before
    assert again.lines[0].startswith(f"{APP}: v1.0.0 named sha256:")


def test_a_dry_run_writes_nothing_and_tells_the_digest(shop: Shop, simulator: Simulator) -> None:
    for platform in BOTH:
        shop.push(platform)
    before = puts(simulator)
    told = shop.merge(dry_run="true")
    assert puts(simulator) == before
    assert shop.under("v1.0.0") is None
    assert told.lines[-1] == "1 image would be published."
    assert shop.merge().outputs == told.outputs


@pytest.mark.parametrize("there", [[], ["linux/amd64"], ["linux/arm64"]])
def test_a_missing_platform_means_no_tag(shop: Shop, there: list[str]) -> None:
    for platform in BOTH:
        shop.push(platform)
    shop.digests[APP] = {platform: shop.digests[APP][platform] for platform in there}
    report = shop.merge()
    assert report.exit_code is ExitCode.REFUSED
    missing = ", ".join(platform for platform in BOTH if platform not in there)
    only = f"only for {there[0]}" if there else "for none of its platforms"
    assert said(report) == [
        f"error: {APP} is not published: no digest was given for {missing}, {only}. An image is published on all its "
        "platforms or not at all."
    ]
    assert shop.under("v1.0.0") is None
    assert report.outputs == {
        "images": [{**entry(), "digest": ""}],
        "failed": [APP],
        "scan-matrix": {"include": []},
    }


def test_a_failing_image_does_not_keep_the_others_back(shop: Shop) -> None:
    for platform in BOTH:
        shop.push(platform, package=WEB)
    shop.push("linux/amd64")
    report = shop.merge(entry(), entry(WEB))
    assert report.exit_code is ExitCode.REFUSED
    assert report.outputs["failed"] == [APP]
    assert shop.under("v1.0.0") is None
    assert platforms(shop.under("v1.0.0", WEB)) == list(BOTH)
    assert report.lines[-1] == "1 image published, 1 failed."


def test_an_image_that_is_not_required_fails_as_a_warning(shop: Shop) -> None:
    report = shop.merge(entry(required=False))
    assert report.exit_code is ExitCode.PASS
    assert report.outputs["failed"] == [APP]
    assert [finding.level.value for finding in report.findings] == ["warning"]


def test_digests_of_other_packages_are_left_alone(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    for platform in BOTH:
        shop.push(platform)
    shop.digests[WEB] = {"linux/amd64": NOWHERE}
    assert shop.merge().exit_code is ExitCode.PASS
    assert f"Digests of packages that are not in image-list are skipped: {WEB}." in capsys.readouterr().out


def test_digests_are_read_from_a_folder_in_the_workspace(shop: Shop) -> None:
    for number, platform in enumerate(BOTH):
        digest = shop.push(platform)
        folder = shop.workspace / "digests" / f"digest-{number}"
        folder.mkdir(parents=True)
        (folder / "0").write_text(f"{APP}@{digest} {platform}\n")
    assert shop.merge(digests="digests").exit_code is ExitCode.PASS
    assert platforms(shop.under("v1.0.0")) == list(BOTH)


def test_what_is_not_in_the_package_is_refused(shop: Shop) -> None:
    shop.push("linux/amd64")
    shop.digests[APP]["linux/arm64"] = NOWHERE
    assert said(shop.merge()) == [
        f"error: {APP} is not published: it has no {NOWHERE}, which was pushed for linux/arm64. Check that the build "
        "job pushed to this package, and run it again."
    ]


def test_a_lifted_attestation_has_to_be_there(shop: Shop) -> None:
    image = built("linux/amd64", attestations=True)
    document = json.loads(image.root.body)
    document["manifests"][1]["digest"] = NOWHERE
    body = json.dumps(document).encode()
    for platform in BOTH:
        shop.push(platform, attestations=True)
    shop.digests[APP]["linux/amd64"] = shop.registry.put_manifest("acme/app", digest_of(body), body, OCI_INDEX)
    report = shop.merge()
    assert report.exit_code is ExitCode.REFUSED
    assert f"it has no {NOWHERE}, which was pushed for linux/amd64." in said(report)[0]
    assert shop.under("v1.0.0") is None


def test_a_platform_under_a_wrong_name_is_refused(shop: Shop) -> None:
    digest = shop.push("linux/arm64", built("linux/amd64"))
    shop.push("linux/amd64")
    assert said(shop.merge()) == [
        f"error: {APP} is not published: {digest} was given for linux/arm64, and its configuration says linux/amd64. "
        "Check which job pushed it, and for which platform it built."
    ]


# Tags


@pytest.mark.parametrize("tag", ["latest", "v1", "v1.2", "1", "stable"])
def test_a_floating_tag_is_refused(shop: Shop, tag: str) -> None:
    report = shop.merge(entry(tags=["v1.2.0", tag]))
    assert report.exit_code is ExitCode.REFUSED
    assert said(report) == [
        f"error: {APP} is not published: {tag} is a floating tag, and only exact tags are published here. Remove "
        "it from the tags: only protect-latest moves floating tags."
    ]


def test_the_configuration_says_what_floats(shop: Shop) -> None:
    (shop.workspace / "release.yaml").write_text(CONFIG)
    dev = f"{APP}-dev"
    for package in (APP, dev):
        for platform in BOTH:
            shop.push(platform, package=package)
    refused = {
        (package, tag): bool(shop.merge(entry(package, [tag]), dry_run="true").outputs["failed"])
        for package, tag in itertools.product((APP, dev), ("latest", "v1", "edge-1", "sha-0123456", "v1.0.0"))
    }
    assert {key for key, value in refused.items() if value} == {
        (APP, "latest"),
        (APP, "v1"),
        (APP, "edge-1"),
        (dev, "v1"),
        (dev, "edge-1"),
    }


def test_a_release_of_another_commit_is_not_replaced(shop: Shop) -> None:
    for platform in BOTH:
        shop.push(platform)
    assert shop.merge().exit_code is ExitCode.PASS
    before = shop.under("v1.0.0")
    for platform in BOTH:
        shop.push(platform, revision=OTHER)
    report = shop.merge()
    assert report.exit_code is ExitCode.REFUSED
    assert said(report) == [
        f"error: {APP}:v1.0.0 is published already, built from {COMMIT}, and this build is from {OTHER}. Release under "
        "a new tag, or set overwrite: true."
    ]
    assert shop.under("v1.0.0") == before
    assert shop.merge(overwrite="true").exit_code is ExitCode.PASS
    assert shop.under("v1.0.0") != before


def test_a_release_of_the_same_commit_is_replaced(shop: Shop) -> None:
    for seed in ("first", "second"):
        for platform in BOTH:
            shop.push(platform, seed=f"{seed} {platform}")
        assert shop.merge().exit_code is ExitCode.PASS
        assert [one["digest"] for one in shop.under("v1.0.0")["manifests"]] == list(shop.digests[APP].values())


def test_a_release_that_does_not_say_its_commit_is_not_replaced(shop: Shop) -> None:
    for platform in BOTH:
        shop.push(platform, build_image((platform,), seed=f"first {platform}"))
    assert shop.merge().exit_code is ExitCode.PASS
    for platform in BOTH:
        shop.push(platform, build_image((platform,), seed=f"second {platform}"))
    assert said(shop.merge()) == [
        f"error: {APP}:v1.0.0 is published already, built from an unknown commit, and this build is from an unknown "
        "commit. Release under a new tag, or set overwrite: true."
    ]


@pytest.mark.parametrize("revision", [COMMIT, OTHER])
def test_a_release_of_two_commits_is_not_replaced(shop: Shop, revision: str) -> None:
    mixed = []
    for platform, commit in zip(BOTH, (COMMIT, OTHER), strict=True):
        image = built(platform, revision=commit)
        shop.push(platform, image)
        system, _, architecture = platform.partition("/")
        where = {"os": system, "architecture": architecture}
        root = image.root
        mixed.append({"mediaType": root.media_type, "digest": root.digest, "size": len(root.body), "platform": where})
    body = json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": mixed}).encode()
    shop.registry.put_manifest("acme/app", "v1.0.0", body, OCI_INDEX)
    for platform in BOTH:
        shop.push(platform, revision=revision)
    assert (
        f"is published already, built from an unknown commit, and this build is from {revision}."
        in said(shop.merge())[0]
    )


def test_other_exact_tags_are_replaced(shop: Shop) -> None:
    for revision in (COMMIT, OTHER):
        for platform in BOTH:
            shop.push(platform, revision=revision)
        assert shop.merge(entry(tags=["pr-7"])).exit_code is ExitCode.PASS
    assert [one["digest"] for one in shop.under("pr-7")["manifests"]] == list(shop.digests[APP].values())


# Registries


def test_a_registry_that_shows_the_past_is_waited_for(shop: Shop, simulator: Simulator) -> None:
    for platform in BOTH:
        shop.push(platform)
    simulator.faults.add(Fault(method="PUT", path="/v2/*/manifests/v1.0.0", lag=3))
    assert shop.merge().exit_code is ExitCode.PASS
    simulator.faults.clear()
    for platform in BOTH:
        shop.push(platform, seed=f"again {platform}")
    simulator.faults.add(Fault(method="PUT", path="/v2/*/manifests/v1.0.0", lag=3))
    assert shop.merge().exit_code is ExitCode.PASS


def test_a_registry_that_does_not_show_the_tag_is_an_error(
    shop: Shop, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publish, "PAUSES", (0.0, 0.0))
    for platform in BOTH:
        shop.push(platform)
    simulator.faults.add(Fault(method="PUT", path="/v2/*/manifests/v1.0.0", lag=1000))
    report = shop.merge()
    assert report.exit_code is ExitCode.UNKNOWN
    assert report.outputs["images"] == [{**entry(), "digest": ""}]
    assert said(report)[0].startswith(f"error: {APP} was pushed as sha256:")
    assert ", and afterwards v1.0.0 names nothing. Another program pushes there too" in said(report)[0]


def test_a_registry_that_fails_half_way_leaves_word_of_what_was_published(shop: Shop, simulator: Simulator) -> None:
    for platform in BOTH:
        shop.push(platform)
    simulator.faults.add(Fault(method="PUT", path="/v2/*/manifests/second", answer=403, times=1000))
    report = shop.merge(entry(tags=["first", "second"]))
    assert report.exit_code is ExitCode.UNKNOWN
    assert said(report)[0].startswith(
        f"error: {APP} is published as first only, and not as second. Could not write acme/app:second: "
    )
    assert shop.under("first") is not None
    assert shop.under("second") is None


def test_a_registry_that_fails_is_not_known_and_stops_only_that_image(shop: Shop, simulator: Simulator) -> None:
    for package in (APP, WEB):
        for platform in BOTH:
            shop.push(platform, package=package)
    simulator.faults.add(Fault(method="GET", path="/v2/acme/web/*", answer=403, times=1000))
    report = shop.merge(entry(), entry(WEB))
    assert report.exit_code is ExitCode.UNKNOWN
    assert report.outputs["failed"] == [WEB]
    assert shop.under("v1.0.0") is not None


def test_githubs_token_goes_to_githubs_registry_only(
    shop: Shop, simulator: Simulator, capsys: pytest.CaptureFixture[str]
) -> None:
    host = simulator.registry_url.removeprefix("http://")
    alone = Shop(shop.registry_url, shop.workspace)
    alone.digests = {f"{host}/acme/app": {"linux/amd64": NOWHERE}}
    report = alone.merge(entry(f"{host}/acme/app", platforms=["linux/amd64"]))
    assert report.exit_code is ExitCode.UNKNOWN
    assert f"{host} is not GitHub's registry, so it is read without a token." in capsys.readouterr().out
    assert {one.client for one in simulator.requests.entries} == {"anonymous"}


def test_the_users_name_and_token_go_to_the_host_that_was_named(tmp_path: Path) -> None:
    with serving(replies(Reply.of({"token": "given-out"}))) as service:
        challenge = f'Bearer realm="{service.url}/token",service="registry.example"'

        def script(asked: Asked) -> Reply:
            known = asked.headers.get("Authorization") == "Bearer given-out"
            return Reply.of({}, 404) if known else Reply.of({}, 401, WWW_Authenticate=challenge)

        with serving(script) as server:
            host = server.url.removeprefix("http://")
            alone = Shop(server.url, tmp_path, token="secret-of-the-robot")
            named = {"registry_user": "robot", "login_host": service.url.removeprefix("http://")}
            found = alone.verify(entry(f"{host}/a/b", platforms=["linux/amd64"], digest=""), **named)
    assert found.exit_code is ExitCode.REFUSED
    (asked,) = service.asked
    assert asked.headers["Authorization"] == "Basic " + base64.b64encode(b"robot:secret-of-the-robot").decode()


@pytest.mark.parametrize("token", ["ghs_1", "ghp_1", "gho_1", "ghu_1", "ghr_1", "github_pat_1"])
def test_githubs_tokens_are_known_by_their_beginning(token: str) -> None:
    assert registry_access.GITHUB_TOKEN.match(token)
    assert not registry_access.GITHUB_TOKEN.match(f"robot-{token}")


def test_images_of_two_registries_take_two_logins(shop: Shop) -> None:
    alone = Shop(shop.registry_url, shop.workspace, token="secret-of-the-robot")

    with pytest.raises(InputError) as error:
        alone.run("merge-digests", [entry(), entry("quay.io/acme/app")], digests="{}", dry_run="true")

    assert str(error.value) == (
        "Input 'registry-token' is for one registry, and the images are in ghcr.io, quay.io. Name the secrets of each "
        "registry below 'credentials' in release.yaml, and pass them as input registry-credentials."
    )


def test_a_copy_needs_what_it_is_a_copy_of(shop: Shop) -> None:
    with pytest.raises(InputError) as error:
        shop.merge(entry(), entry("ghcr.io/acme/mirror", **{"copy-of": "ghcr.io/acme/other"}))

    assert str(error.value).startswith(
        "'image-list' names ghcr.io/acme/mirror, and not ghcr.io/acme/other, which it is a copy of."
    )


def test_inputs_are_required(shop: Shop) -> None:
    with pytest.raises(InputError, match=r"^Input 'image-list' is required and was not given\."):
        shop.run("merge-digests", [], image_list="")


@pytest.mark.parametrize("given", [{"digests": ""}, {"published_from": COMMIT}], ids=["neither", "both"])
def test_there_is_something_to_publish_or_something_published(shop: Shop, given: dict[str, str]) -> None:
    shop.push("linux/amd64")
    with pytest.raises(
        InputError, match=r"^Exactly one of the inputs 'build-results', 'digests' and 'published-from' is needed"
    ):
        shop.merge(**given)


# What is published already


def found(shop: Shop, *images: Any, commit: str = COMMIT) -> Report:
    """What the action says of images that are published."""
    return shop.merge(*images, digests="", published_from=commit)


@pytest.mark.parametrize("wanted", [BOTH, BOTH[:1]], ids=["index", "manifest"])
def test_what_the_tags_name_is_told_as_if_it_was_published_now(shop: Shop, wanted: tuple[str, ...]) -> None:
    for platform in wanted:
        shop.push(platform, attestations=True)
    image = entry(tags=["v1.0.0", "v1.0.0-alias"], platforms=wanted, scan=True)
    published = shop.merge(image)
    again = found(shop, image)
    assert again.exit_code is ExitCode.PASS
    assert again.outputs == published.outputs
    digest = shop.under("v1.0.0")["@"]
    assert again.outputs["images"] == [{**image, "digest": digest}]
    assert again.lines[0] == f"{APP}: v1.0.0, v1.0.0-alias named {digest} already, on {', '.join(wanted)}."


def test_what_is_merged_again_has_to_be_what_was_verified(shop: Shop) -> None:
    # Hand-over: build, finish.
    for platform in BOTH:
        shop.push(platform)
    verified: Any = shop.merge().outputs["images"]
    again = shop.merge({**verified[0], "tags": ["latest-build"]})
    for platform in BOTH:
        shop.push(platform, seed="another build of the commit")

    other = shop.merge({**verified[0], "tags": ["edge-build"]})

    assert (again.exit_code, shop.under("latest-build")["@"]) == (ExitCode.PASS, verified[0]["digest"])
    assert (other.exit_code, shop.under("edge-build")) == (ExitCode.REFUSED, None)
    assert f"was verified as {verified[0]['digest']}, and what was built comes to sha256:" in said(other)[0]


def test_a_tag_that_names_another_image_of_its_package_is_not_taken_for_published(shop: Shop) -> None:
    for platform in BOTH:
        shop.push(platform, labels={**labels(), BUILT_AS: "app/alpine:v1.0.0"})
    shop.merge()

    same = found(shop, entry(**{"built-as": "app/alpine:v1.0.0"}))
    other = found(shop, entry(**{"built-as": "app:v1.0.0"}))

    assert (same.exit_code, other.exit_code) == (ExitCode.PASS, ExitCode.REFUSED)
    assert "the plan says 'app:v1.0.0'" in said(other)[0]


def test_a_tag_that_was_moved_since_its_digest_was_proved_is_refused(shop: Shop) -> None:
    # Hand-over: promote, images.
    for platform in BOTH:
        shop.push(platform)
    proved = shop.merge().outputs["images"]
    digest = shop.under("v1.0.0")["@"]
    kept = shop.merge(digests="", published_from=COMMIT, proved_images=json.dumps(proved))
    for platform in BOTH:
        shop.push(platform, seed="planted")  # with the label of the right commit
    shop.merge(overwrite="true")

    moved = shop.merge(digests="", published_from=COMMIT, proved_images=json.dumps(proved))

    assert (kept.exit_code, kept.outputs["images"]) == (ExitCode.PASS, proved)
    assert found(shop, entry()).exit_code is ExitCode.PASS  # the label alone does not tell
    assert moved.exit_code is ExitCode.REFUSED
    assert f"and this run published {digest}" in said(moved)[0]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"published_from": COMMIT, "digests": ""}, "Input 'proved-images' has no digest of ghcr.io/acme/app."),
        ({}, "Input 'proved-images' is about images that are published already."),
    ],
)
def test_a_proof_of_other_images_or_of_none_that_is_published_is_bad_input(
    shop: Shop, given: dict[str, str], message: str
) -> None:
    shop.push(BOTH[0])

    with pytest.raises(InputError, match=f"^{re.escape(message)}"):
        shop.merge(proved_images=json.dumps([entry(WEB)]), **given)


def test_finding_writes_nothing(shop: Shop, simulator: Simulator) -> None:
    for platform in BOTH:
        shop.push(platform)
    shop.merge()
    before = puts(simulator)
    assert found(shop, entry(tags=["v1.0.0"])).exit_code is ExitCode.PASS
    assert found(shop, entry(tags=["v1.0.0", "v1.0.0-alias"])).exit_code is ExitCode.REFUSED
    assert puts(simulator) == before
    assert shop.under("v1.0.0-alias") is None


@pytest.mark.parametrize(("required", "code"), [(True, ExitCode.REFUSED), (False, ExitCode.PASS)])
def test_an_image_that_is_not_there_is_told_and_keeps_no_other_back(shop: Shop, required: bool, code: ExitCode) -> None:  # noqa: FBT001  # a parameter of the test
    for platform in BOTH:
        shop.push(platform)
    shop.merge()
    report = found(shop, entry(), entry(WEB, required=required, scan=True))
    assert report.exit_code is code
    assert said(report) == [f"{'error' if required else 'warning'}: {WEB}: there is no tag v1.0.0."]
    assert report.outputs == {
        "images": [
            {**entry(), "digest": shop.under("v1.0.0")["@"]},
            {**entry(WEB, required=required, scan=True), "digest": ""},
        ],
        "failed": [WEB],
        "scan-matrix": {"include": []},
    }


def test_an_image_that_lacks_a_platform_is_not_taken_for_published(shop: Shop) -> None:
    shop.push("linux/amd64")
    shop.merge(entry(platforms=["linux/amd64"]))
    report = found(shop)
    assert report.exit_code is ExitCode.REFUSED
    assert said(report) == [f"error: {APP}: it lacks linux/arm64."]
    assert report.outputs["images"] == [{**entry(), "digest": ""}]


def test_an_image_of_another_commit_is_not_taken_for_published(shop: Shop) -> None:
    for platform in BOTH:
        shop.push(platform)
    shop.merge()
    report = found(shop, commit=OTHER)
    assert report.exit_code is ExitCode.REFUSED
    assert f"linux/amd64 says it was built from {COMMIT}, and the tag is on {OTHER}" in said(report)[0]
    assert report.outputs["failed"] == [APP]


def test_an_index_of_which_a_child_is_gone_is_not_taken_for_published(shop: Shop, simulator: Simulator) -> None:
    digests = [shop.push(platform) for platform in BOTH]
    shop.merge()
    simulator.faults.add(Fault(method="GET", path=f"/v2/*/manifests/{digests[1]}", answer=404, times=1000))
    report = found(shop)
    assert report.exit_code is ExitCode.REFUSED
    assert f"{digests[1]} does not answer" in said(report)[0]


def test_a_registry_that_does_not_say_what_is_published_is_not_known(shop: Shop, simulator: Simulator) -> None:
    for platform in BOTH:
        shop.push(platform)
    shop.merge()
    simulator.faults.add(Fault(method="HEAD", path="/v2/acme/app/*", answer=403, times=1000))
    assert found(shop).exit_code is ExitCode.UNKNOWN


def test_a_tag_that_is_held_back_is_pushed_by_a_second_run_and_nothing_else_is(shop: Shop) -> None:
    for platform in BOTH:
        shop.push(platform)
    image = entry(tags=["sha-0123456", "latest"])
    (shop.workspace / "release.yaml").write_text(CONFIG, encoding="utf-8")
    first = shop.merge(image, hold_back="latest, main")
    assert first.exit_code is ExitCode.PASS
    assert shop.under("latest") is None
    found = shop.under("sha-0123456")
    assert first.outputs["images"] == [{**image, "tags": ["sha-0123456"], "digest": found["@"]}]


def test_every_tag_cannot_be_held_back(shop: Shop) -> None:
    with pytest.raises(InputError, match=f"'hold-back' holds every tag of {APP} back"):
        shop.merge(entry(tags=["latest"]), hold_back="latest")


def test_every_platform_of_what_was_published_is_scanned_on_its_own(shop: Shop) -> None:
    for platform in BOTH:
        shop.push(platform)
    image = entry(scan=True)
    report = shop.merge(image, entry(WEB, scan=True), entry(f"{WEB}-2", scan=False))
    digest = shop.under("v1.0.0")["@"]
    parts = [{**image, "digest": digest, "platform": name, "slot": str(n)} for n, name in enumerate(BOTH)]
    assert report.outputs["scan-matrix"] == {"include": parts}
