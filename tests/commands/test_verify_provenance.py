"""verify-provenance through its command line: what a tag names is used again only if an attestation proves it."""

from __future__ import annotations

import base64
import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.commands.published import APP, BOTH, COMMIT, OTHER, WEB, Shop, labels, said, world
from tests.commands.published import entry as list_entry
from tests.http.loopback import Reply, replies, serving

from release_actions import main
from release_actions.config.grammar import BUILT_AS
from release_actions.errors import ActionError, ExitCode
from release_actions.images.provenance import ISSUER, PREDICATE
from release_actions.runner.report import Report
from release_actions.runner.workflow import Workflow
from release_actions.simulator import Simulator, World
from release_actions.simulator.attestations import Attestation

SIGNER = "llm-d/release-actions/.github/workflows/build-and-publish.yml"
GH = """\
#!{python}
import hashlib, json, pathlib, sys
home = pathlib.Path(__file__).parent
if sys.argv[1:] == ["--version"]:
    sys.exit(print("gh version 2.83.0 (2026-01-01)"))
digest = "sha256:" + hashlib.sha256(pathlib.Path(sys.argv[3]).read_bytes()).hexdigest()
known = json.loads((home / "attested.json").read_text())
if digest not in known:
    sys.exit("Error: no attestations found")
for one in known[digest]:
    one["verificationResult"]["statement"]["subject"][0]["digest"] = {{"sha256": digest[7:]}}
print(json.dumps(known[digest]))
"""


def attestation(package: str = APP, ref: str = "refs/tags/v1.0.0") -> list[dict[str, Any]]:
    signer = f"https://github.com/{SIGNER}@refs/tags/v1"
    certificate = {
        "issuer": ISSUER,
        "subjectAlternativeName": signer,
        "buildSignerURI": signer,
        "sourceRepositoryURI": "https://github.com/acme/app",
        "sourceRepositoryDigest": COMMIT,
        "sourceRepositoryRef": ref,
    }
    statement = {"predicateType": PREDICATE, "subject": [{"name": package}]}
    return [{"verificationResult": {"statement": statement, "signature": {"certificate": certificate}}}]


@pytest.fixture(name="world")
def _world() -> World:
    return world()


def entry(package: str = APP, built_as: str = "app:v1.0.0", **more: Any) -> Any:
    """An entry of the plan, which says what its image is built as."""
    return list_entry(package, **{"built-as": built_as, **more})


def publish(shop: Shop, image: Any, *platforms: str) -> str:
    """Build and publish an image of the plan as our workflow would; its digest."""
    shop.digests.clear()
    for platform in platforms or BOTH:
        said = {**labels(), BUILT_AS: image["built-as"]}
        shop.push(platform, package=image["package"], labels=said, seed=f"{platform} {image['built-as']}")
    planned = {**image, "platforms": list(platforms or BOTH)}
    assert shop.merge(planned).exit_code is ExitCode.PASS
    return str(shop.under(image["tags"][0], image["package"])["@"])


def move(shop: Shop, tag: str, digest: str, package: str = APP) -> None:
    """Put a tag on what another one names, as whoever may push packages can."""
    name = package.partition("/")[2]
    manifest = shop.registry.get_manifest(name, digest)
    assert manifest is not None
    shop.registry.put_manifest(name, tag, manifest.body, manifest.media_type)


@pytest.fixture
def shop(simulator: Simulator, tmp_path: Path) -> Shop:
    published = Shop.of(simulator, tmp_path)
    publish(published, entry())
    return published


def verify(shop: Shop, attested: dict[str, Any], *images: Any, **given: str) -> Report:
    """Run the command beside a gh that knows some attestations by digest."""
    programs = shop.workspace / "programs"
    programs.mkdir(exist_ok=True)
    (programs / "gh").write_text(GH.format(python=sys.executable), encoding="utf-8")
    (programs / "gh").chmod(0o755)
    (programs / "attested.json").write_text(json.dumps(attested), encoding="utf-8")
    inputs = {
        "image_list": json.dumps(list(images) or [entry()]),
        "tag": "refs/tags/v1.0.0",
        "commit": COMMIT,
        "signer": SIGNER,
        "registry_token": shop.token,
        **given,
    }
    environ = {
        **shop.environ,
        "PATH": str(programs),
        "GITHUB_REPOSITORY": "acme/app",
        "GITHUB_WORKSPACE": str(shop.workspace),
        **{f"INPUT_{name.upper()}": text for name, text in inputs.items()},
    }
    return main.main_inner(["verify-provenance"], environ, Workflow({}))


def digest(shop: Shop) -> str:
    return str(shop.under("v1.0.0")["@"])


def test_an_image_that_is_proved_is_used_again_by_its_digest(shop: Shop) -> None:
    report = verify(shop, {digest(shop): attestation()})

    assert report.exit_code is ExitCode.PASS
    assert report.outputs == {
        "verified": True,
        "images": [{**entry(), "digest": digest(shop)}],
        "levels": {APP: "verified"},
    }
    assert report.lines[-1] == "1 image of an earlier run can be used again."


def test_a_label_proves_nothing(shop: Shop) -> None:
    # The image was merged with the right labels, and nobody attested it.
    report = verify(shop, {})

    assert report.exit_code is ExitCode.PASS
    assert (report.outputs["verified"], report.outputs["levels"]) == (False, {APP: "none"})
    assert report.outputs["images"] == [{**entry(), "digest": ""}]
    assert report.lines == (
        f"{APP}:v1.0.0 names {digest(shop)}, and nothing proves who built it.",
        "Everything is built again.",
    )


def test_what_is_not_proved_can_be_refused(shop: Shop) -> None:
    report = verify(shop, {}, unproven="refuse")

    assert report.exit_code is ExitCode.REFUSED
    (finding,) = report.findings
    assert "nothing proves who built it" in finding.problem.message


@pytest.mark.parametrize("wrong", [attestation(ref="refs/heads/main"), attestation(package=WEB)])
def test_an_attestation_of_something_else_proves_nothing(shop: Shop, wrong: Any) -> None:
    report = verify(shop, {digest(shop): wrong})

    assert report.outputs["verified"] is False


@pytest.mark.parametrize("unproven", ["rebuild", "refuse"])
def test_an_attestation_that_is_listed_and_does_not_verify_refuses_the_run(shop: Shop, unproven: str) -> None:
    with serving(replies(Reply.of({"attestations": [{}]}))) as api:
        shop.environ = {**shop.environ, "GITHUB_API_URL": api.url}
        report = verify(shop, {}, unproven=unproven)

    assert api.lines == [f"GET /repos/acme/app/attestations/{digest(shop)}?per_page=1"]
    assert report.exit_code is ExitCode.UNKNOWN
    assert report.outputs["levels"] == {APP: "listed"}
    assert "its attestation does not prove where it is from" in report.findings[0].problem.message


def test_an_optional_image_that_is_not_there_stops_nothing(shop: Shop) -> None:
    optional = entry(WEB, required=False)

    report = verify(shop, {digest(shop): attestation()}, entry(), optional)

    assert report.outputs["verified"] is True
    assert report.outputs["images"] == [{**entry(), "digest": digest(shop)}, {**optional, "digest": ""}]


def test_without_gh_nothing_is_known(shop: Shop) -> None:
    verify(shop, {})
    (shop.workspace / "programs" / "gh").unlink()
    environ = {**shop.environ, "PATH": str(shop.workspace / "programs"), "GITHUB_REPOSITORY": "acme/app"}
    given = {"image_list": json.dumps([entry()]), "tag": "v1.0.0", "commit": COMMIT, "signer": SIGNER}
    texts = {f"INPUT_{name.upper()}": text for name, text in {**given, "registry_token": shop.token}.items()}

    with pytest.raises(ActionError, match="could not be found out: gh does not run here") as caught:
        main.main_inner(["verify-provenance"], {**environ, **texts}, Workflow({}))

    assert caught.value.exit_code is ExitCode.UNKNOWN


COSIGN = """\
#!/bin/sh
if [ "$1" = version ]; then echo '{"gitVersion": "v3.1.3"}'; exit; fi
exec grep -q dsseEnvelope "$3"
"""


def store(world: World, shop: Shop, package: str) -> None:
    """Let GitHub's store have an attestation of what the tag names."""
    subject = {"name": package, "digest": {"sha256": digest(shop).removeprefix("sha256:")}}
    statement = {"subject": [subject], "predicateType": PREDICATE}
    payload = base64.b64encode(json.dumps(statement).encode()).decode()
    attestation = Attestation.read(1, "ada", {"dsseEnvelope": {"payload": payload}})
    world.repositories["acme/app"].attestations.append(attestation)


@pytest.mark.parametrize(("package", "level"), [(APP, "verified"), (WEB, "listed"), ("", "none")])
def test_cosign_is_given_the_bundles_of_githubs_store(shop: Shop, world: World, package: str, level: str) -> None:
    if package:
        store(world, shop, package)
    programs = shop.workspace / "programs"
    programs.mkdir()
    (programs / "cosign").write_text(COSIGN, encoding="utf-8")
    (programs / "cosign").chmod(0o755)
    (programs / "grep").symlink_to(shutil.which("grep") or "/bin/grep")

    report = verify(shop, {}, verifier="cosign")

    assert report.outputs["levels"] == {APP: level}
    assert report.exit_code is (ExitCode.UNKNOWN if level == "listed" else ExitCode.PASS)


def test_bundles_that_github_only_links_to_are_not_taken_for_none(shop: Shop) -> None:
    programs = shop.workspace / "programs"
    programs.mkdir()
    (programs / "cosign").write_text(COSIGN, encoding="utf-8")
    (programs / "cosign").chmod(0o755)
    with serving(replies(Reply.of({"attestations": [{"bundle_url": "https://example.com"}]}))) as api:
        shop.environ = {**shop.environ, "GITHUB_API_URL": api.url}
        with pytest.raises(ActionError, match="with their bundles") as caught:
            verify(shop, {}, verifier="cosign")

    assert caught.value.exit_code is ExitCode.UNKNOWN


ALPINE = entry(built_as="app/alpine:v1.0.0-alpine", tags=["v1.0.0-alpine"], flavour="alpine")


def attest_all(*digests: str) -> dict[str, Any]:
    """What gh knows once this workflow attested some images of the package for the tag."""
    return {digest: attestation() for digest in digests}


def test_an_attested_flavour_under_the_tag_of_another_refuses_the_run(shop: Shop) -> None:
    # Hand-over: an earlier run, plan.
    plain, alpine = digest(shop), publish(shop, ALPINE)
    attested = attest_all(plain, alpine)
    assert verify(shop, attested, entry(), ALPINE).outputs["verified"] is True
    move(shop, "v1.0.0", alpine)

    report = verify(shop, attested, entry(), ALPINE)

    assert report.exit_code is ExitCode.REFUSED
    assert report.outputs["verified"] is False
    assert report.outputs["levels"] == {APP: "other", f"{APP} (alpine)": "verified"}
    line = said(report)[0]
    assert line.startswith(f"error: {APP}:v1.0.0 names {alpine}, which this workflow built as another image: ")
    assert f"has the label {BUILT_AS} 'app/alpine:v1.0.0-alpine', and the plan says 'app:v1.0.0'" in line


def test_flavours_that_were_swapped_are_refused_both(shop: Shop) -> None:
    plain, alpine = digest(shop), publish(shop, ALPINE)
    move(shop, "v1.0.0-alpine", plain)
    move(shop, "v1.0.0", alpine)

    report = verify(shop, attest_all(plain, alpine), entry(), ALPINE)

    assert report.outputs["levels"] == {APP: "other", f"{APP} (alpine)": "other"}


@pytest.mark.parametrize("unproven", ["rebuild", "refuse"])
def test_a_tag_on_another_image_is_never_built_over(shop: Shop, unproven: str) -> None:
    move(shop, "v1.0.0", alpine := publish(shop, ALPINE))

    report = verify(shop, attest_all(alpine), unproven=unproven)

    assert report.exit_code is ExitCode.REFUSED


def test_an_attested_image_of_fewer_platforms_refuses_the_run(shop: Shop) -> None:
    less = publish(shop, entry(tags=["v1.0.0-partial"]), BOTH[0])
    move(shop, "v1.0.0", less)

    report = verify(shop, attest_all(less))

    assert report.outputs["levels"] == {APP: "other"}
    assert "it lacks linux/arm64" in said(report)[0]


def test_a_platform_under_the_tag_of_the_whole_image_proves_nothing(shop: Shop) -> None:
    # Only the index is attested; a platform of it is signed, and has no provenance of its own.
    whole = shop.under("v1.0.0")
    move(shop, "v1.0.0", whole["manifests"][0]["digest"])

    report = verify(shop, attest_all(whole["@"]))

    assert report.outputs["levels"] == {APP: "none"}


def test_a_candidates_image_under_the_final_tag_proves_nothing(shop: Shop) -> None:
    candidate = publish(shop, entry(built_as="app:v1.0.0-rc.1", tags=["v1.0.0-rc.1"]))
    move(shop, "v1.0.0", candidate)

    refused = verify(shop, {candidate: attestation(ref="refs/tags/v1.0.0-rc.1")})
    # Also where git's tag of the candidate could be anything: the image says that it is the candidate's.
    other = verify(shop, {candidate: attestation()})

    assert refused.outputs["verified"] is False
    assert other.outputs["levels"] == {APP: "other"}


def test_a_copy_that_is_not_the_original_refuses_the_run(shop: Shop) -> None:
    copy = list_entry(WEB, **{"copy-of": APP})
    publish(shop, entry(WEB))
    attested = {digest(shop): [*attestation(), *attestation(WEB)]}
    same = verify(shop, attested, entry(), copy)
    # Built for the tag as well, but not in the run that built the original.
    for platform in BOTH:
        shop.push(platform, package=WEB, labels={**labels(), BUILT_AS: "app:v1.0.0"}, seed=f"an earlier {platform}")
    assert shop.merge(entry(WEB), overwrite="true").exit_code is ExitCode.PASS
    attested[str(shop.under("v1.0.0", WEB)["@"])] = attestation(WEB)

    report = verify(shop, attested, entry(), copy)

    assert same.outputs["levels"] == {APP: "verified", WEB: "verified"}
    assert report.outputs["levels"] == {APP: "verified", WEB: "other"}
    assert f"it is a copy of {APP}, which is {digest(shop)}" in said(report)[0]


def test_a_list_that_does_not_say_what_was_built_proves_nothing(shop: Shop) -> None:
    report = verify(shop, attest_all(digest(shop)), list_entry())

    assert report.outputs["levels"] == {APP: "other"}
    assert "the list does not say what it was built as" in said(report)[0]


def test_a_label_of_another_commit_in_an_attested_image_refuses_the_run(shop: Shop) -> None:
    shop.digests.clear()
    for platform in BOTH:
        shop.push(platform, labels={**labels(OTHER), BUILT_AS: "app:v1.0.0"})
    assert shop.merge(overwrite="true").exit_code is ExitCode.PASS

    report = verify(shop, attest_all(digest(shop)))

    assert report.outputs["levels"] == {APP: "other"}
