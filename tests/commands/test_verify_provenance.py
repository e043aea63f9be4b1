"""verify-provenance through its command line: what a tag names is used again only if an attestation proves it."""

from __future__ import annotations

import base64
import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.commands.published import APP, BOTH, COMMIT, WEB, Shop, entry, world
from tests.http.loopback import Reply, replies, serving

from release_actions import main
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


@pytest.fixture
def shop(simulator: Simulator, tmp_path: Path) -> Shop:
    published = Shop.of(simulator, tmp_path)
    for platform in BOTH:
        published.push(platform)
    assert published.merge().exit_code is ExitCode.PASS
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
