"""check-attachments through its command line: what signing and attesting made is there by name, or it is said."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from tests.commands.published import APP, BOTH, Shop, entry, world

from release_actions import main
from release_actions.commands.check_attachments import READS, SECONDS_BETWEEN_READS, find_absent
from release_actions.errors import ActionError, ExitCode
from release_actions.images.attachments import PREDICATE_ANNOTATION, SIGNATURE_PREDICATE
from release_actions.registry.media_types import OCI_INDEX, OCI_MANIFEST
from release_actions.registry.names import digest_of
from release_actions.runner import stopping
from release_actions.runner.report import Level, Report
from release_actions.runner.workflow import Workflow
from release_actions.simulator import Simulator, World
from release_actions.simulator.accounts import TokenKind
from release_actions.simulator.attestations import Attestation
from release_actions.simulator.oci import parse

BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"
PROVENANCE, SPDX = "https://slsa.dev/provenance/v1", "https://spdx.dev/Document"
READER = "ghs_reads_attestations"


@pytest.fixture(name="world")
def _world(monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr(stopping, "sleep", lambda _seconds: None)
    found = world()
    found.add_token(READER, TokenKind.ACTIONS, repository="acme/app", permissions={"attestations": "read"})
    return found


@pytest.fixture
def shop(simulator: Simulator, tmp_path: Path) -> Shop:
    published = Shop.of(simulator, tmp_path)
    for platform in BOTH:
        published.push(platform)
    assert published.merge().exit_code is ExitCode.PASS
    return published


def digests(shop: Shop) -> list[str]:
    """The digest of the index and those of its platforms."""
    index = shop.under("v1.0.0")
    return [index["@"], *(child["digest"] for child in index["manifests"])]


def referrer(digest: str, predicate: str = SIGNATURE_PREDICATE) -> bytes:
    """The manifest of a bundle about a digest, as cosign 3 writes it."""
    empty = {"mediaType": "application/vnd.oci.empty.v1+json", "digest": digest_of(b"{}"), "size": 2}
    document = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "artifactType": BUNDLE,
        "config": empty,
        "layers": [{**empty, "mediaType": BUNDLE}],
        "subject": {"mediaType": OCI_INDEX, "digest": digest, "size": 1},
        "annotations": {"dev.sigstore.bundle.content": "dsse-envelope", PREDICATE_ANNOTATION: predicate},
    }
    return json.dumps(document).encode()


def attach(world: World, digest: str, *bodies: bytes) -> None:
    """Push manifests and list them in the index of what belongs to a digest; only the last writer's list stays."""
    package = APP.partition("/")[2]
    entries = []
    for body in bodies:
        world.put_manifest(package, parse(body, OCI_MANIFEST))
        entries.append({"mediaType": OCI_MANIFEST, "digest": digest_of(body), "size": len(body)})
    index = json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries}).encode()
    world.put_manifest(package, parse(index, OCI_INDEX), digest.replace(":", "-"))


def attest(world: World, digest: str, predicate: str = PROVENANCE) -> None:
    statement = {"subject": [{"digest": {"sha256": digest.removeprefix("sha256:")}}], "predicateType": predicate}
    payload = base64.b64encode(json.dumps(statement).encode()).decode()
    stored = Attestation.read(1, "ada", {"dsseEnvelope": {"payload": payload}})
    world.repositories["acme/app"].attestations.append(stored)


def check(shop: Shop, absent: str = "refuse", **more: Any) -> Report:
    environ = {
        **shop.environ,
        "GITHUB_REPOSITORY": "acme/app",
        "INPUT_ENTRY": json.dumps(entry(**{"digest": digests(shop)[0], **more})),
        "INPUT_ABSENT": absent,
        "INPUT_TOKEN": READER,
        "INPUT_REGISTRY_TOKEN": shop.token,
    }
    return main.main_inner(["check-attachments"], environ, Workflow({}))


def test_what_is_there_by_name_passes(shop: Shop, world: World) -> None:
    for digest in digests(shop):
        attach(world, digest, referrer(digest, PROVENANCE), referrer(digest))
    attest(world, digests(shop)[0])

    report = check(shop)

    assert (report.exit_code, report.outputs["signed"], report.outputs["attested"]) == (ExitCode.PASS, True, True)
    assert report.outputs["signatures"] == dict.fromkeys(digests(shop), "listed")
    first = digests(shop)[0]
    bundle = digest_of(referrer(first))
    assert report.lines[0] == f"{first}: the bundle {bundle} is listed as cosign's signature of it."
    assert report.lines[-1] == (
        f"{APP}@{first} has its attestation in GitHub's store. "
        "Nothing is verified here: that is done by cosign verify and gh attestation verify."
    )


def test_a_tag_that_anybody_can_put_is_no_signature(shop: Shop, world: World) -> None:
    for digest in digests(shop):
        body = referrer(digest)
        world.put_manifest("acme/app", parse(body, OCI_MANIFEST), f"{digest.replace(':', '-')}.sig")
    attest(world, digests(shop)[0])

    report = check(shop)

    assert (report.exit_code, report.outputs["signed"]) == (ExitCode.REFUSED, False)
    assert report.outputs["signatures"] == dict.fromkeys(digests(shop), "tagged")
    assert "A tag that ends in .sig may name anything" in report.findings[0].problem.hint
    tag = f"{digests(shop)[0].replace(':', '-')}.sig"
    assert report.lines[0].endswith(f"only the tag {tag} is there, and what it names is not known.")


def test_what_was_not_found_is_not_called_unsigned(shop: Shop, world: World) -> None:
    attest(world, digests(shop)[0])

    report = check(shop, "report")

    tag = digests(shop)[0].replace(":", "-")
    assert report.outputs["signatures"] == dict.fromkeys(digests(shop), "none")
    assert report.lines[0] == (
        f"{digests(shop)[0]}: no signature was found, by the tags {tag} and {tag}.sig and the registry's referrers."
    )
    assert "unsigned" not in str(report)


def test_an_entry_that_a_second_writer_dropped_is_missed(shop: Shop, world: World) -> None:
    # Hand-over: sign, registry.
    for digest in digests(shop):
        attach(world, digest, referrer(digest))
    # Another tool had read the index before, and writes its own list over it.
    attach(world, digests(shop)[0], referrer(digests(shop)[0], PROVENANCE))
    attest(world, digests(shop)[0])

    report = check(shop)

    assert (report.exit_code, report.outputs["signed"], report.outputs["attested"]) == (ExitCode.REFUSED, False, True)
    assert report.findings[0].problem.message == (
        f"{APP}: a signature of {digests(shop)[0]} was not found, though the steps that make it succeeded."
    )


def test_a_platform_without_a_signature_is_missed(shop: Shop, world: World) -> None:
    attach(world, digests(shop)[0], referrer(digests(shop)[0]))
    attest(world, digests(shop)[0])

    report = check(shop)

    assert report.outputs["signed"] is False
    assert all(digest in report.findings[0].problem.message for digest in digests(shop)[1:])


def test_a_signature_of_another_digest_that_is_listed_here_does_not_count(shop: Shop, world: World) -> None:
    first, *others = digests(shop)
    for digest in others:
        attach(world, digest, referrer(digest))
    attach(world, first, referrer(others[0]))

    assert check(shop, "report").outputs["signed"] is False


@pytest.mark.parametrize("predicate", ["", SPDX])
def test_an_attestation_of_another_kind_is_not_the_provenance(shop: Shop, world: World, predicate: str) -> None:
    for digest in digests(shop):
        attach(world, digest, referrer(digest))
    if predicate:
        attest(world, digests(shop)[0], predicate)

    report = check(shop, "report")

    assert (report.exit_code, report.outputs["signed"], report.outputs["attested"]) == (ExitCode.PASS, True, False)
    assert report.findings[0].level is Level.WARNING


def test_an_image_that_is_not_there_is_not_known(shop: Shop) -> None:
    with pytest.raises(ActionError, match="is not there") as caught:
        check(shop, digest=f"sha256:{'0' * 64}")

    assert caught.value.exit_code is ExitCode.UNKNOWN


def test_what_shows_late_is_waited_for_and_nothing_without_end() -> None:
    slept: list[float] = []
    late = iter([False, True, False, True])

    assert find_absent(["a", "b"], lambda _digest: next(late), slept.append) == []
    assert slept == [SECONDS_BETWEEN_READS] * 2
    assert find_absent(["a"], lambda _digest: False, slept.append) == ["a"]
    assert len(slept) == 2 + READS - 1
