"""promote through its command line: the bytes that were tested get the final tag in every package, or in none."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests
from tests.commands.promoting import APP, BOTH, CANDIDATE, COMMIT, FINAL, WEB, Stage, make_candidate, set_up
from tests.commands.published import OTHER, TOKEN, Shop, entry, labels, said, world
from tests.commands.test_verify_provenance import attestation
from tests.http.loopback import Reply, replies, serving
from tests.killed import Killed

from release_actions.config.grammar import BUILT_AS
from release_actions.errors import ExitCode, InputError, PolicyError
from release_actions.promotion.subject import VERSION
from release_actions.registry.names import digest_of
from release_actions.simulator import Simulator, World, build_image
from release_actions.simulator.faults import Fault
from release_actions.simulator.git import Target
from release_actions.simulator.image_factory import attachment, attachment_tag
from release_actions.simulator.oci import OCI_INDEX
from release_actions.versions.grammar import TagRefused

STAGING = "ghcr.io/acme/staging/app"


@pytest.fixture(name="world")
def _world() -> World:
    return world()


@pytest.fixture
def stage(simulator: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stage:
    return set_up(Shop.of(simulator, tmp_path), monkeypatch)


def writes(simulator: Simulator) -> int:
    return sum(entry.method not in {"GET", "HEAD"} for entry in simulator.requests.entries)


def tag_in_git(made: World, tag: str, message: str = "") -> str:
    """Put a git tag on a new commit, or on the commit with that message."""
    repository = made.repository("acme/app")
    assert repository is not None
    known = {commit.message: commit for commit in repository.git.commits.values()}
    commit = known.get(message) or repository.git.commit(message or f"Work for {tag}", made.now())
    repository.git.refs[f"refs/tags/{tag}"] = Target(commit.sha, "commit")
    return commit.sha


def test_the_report_is_about_the_final_tag(stage: Stage, tmp_path: Path) -> None:
    report = stage.promote(report="promote.json")

    (file,) = tmp_path.rglob("promote.json")
    document = json.loads(file.read_bytes())
    assert (document["report"], document["verdict"], document["tag"]) == ("promote", "warn", FINAL)
    assert report.outputs["report-digest"] == digest_of(file.read_bytes())


def test_the_release_is_the_candidate_byte_by_byte(stage: Stage) -> None:
    tested = stage.names(CANDIDATE)

    report = stage.promote()

    assert (report.exit_code, report.outputs["failed"]) == (ExitCode.PASS, [])
    assert stage.names(FINAL) == tested
    assert report.outputs == {
        "promoted": True,
        "rebuild": False,
        "candidate": CANDIDATE,
        "images": [
            {"package": APP, "tags": [FINAL], "platforms": list(BOTH), "required": True, "digest": tested[0]},
            {"package": WEB, "tags": [FINAL], "platforms": list(BOTH[:1]), "required": True, "digest": tested[1]},
        ],
        "failed": [],
    }
    assert report.lines == (
        f"{APP}: v1.0.0 names {tested[0]} of {CANDIDATE}.",
        f"{WEB}: v1.0.0 names {tested[1]} of {CANDIDATE}.",
        f"{CANDIDATE} as v1.0.0: 2 packages promoted. Now let protect-latest move the floating tags.",
    )
    assert f"| `{APP}:v1.0.0` | `{tested[0]}` |" in report.summary


def test_verify_images_reads_what_was_promoted(stage: Stage) -> None:
    promoted: Any = stage.promote().outputs["images"]

    assert stage.shop.verify(*promoted).exit_code is ExitCode.PASS


def say_built_as(stage: Stage, name: str) -> None:
    """Let the candidate's image say what it was built as."""
    stage.publish(image=make_candidate(labels={**labels(), BUILT_AS: name}))


def test_what_a_candidate_was_built_as_goes_on_with_its_digest(stage: Stage) -> None:
    say_built_as(stage, "app:v1.0.0-rc.1")
    promoted: Any = stage.promote().outputs["images"]
    assert promoted[0]["built-as"] == "app:v1.0.0-rc.1"
    # The plan of the release promises its own labels, and the promoted bytes have the candidate's.
    plan = {**entry(), "promised-labels": {VERSION: "1.0.0"}, "built-as": "app:v1.0.0"}

    merged = stage.shop.merge(plan, digests="", published_from=COMMIT, proved_images=json.dumps(promoted))
    planted = [{**promoted[0], "built-as": "app:v1.0.0-rc.2"}]
    refused = stage.shop.merge(plan, digests="", published_from=COMMIT, proved_images=json.dumps(planted))

    assert merged.exit_code is ExitCode.PASS
    listed: Any = merged.outputs["images"]
    assert (listed[0]["built-as"], "promised-labels" in listed[0]) == ("app:v1.0.0-rc.1", False)
    assert stage.shop.verify(*listed).exit_code is ExitCode.PASS
    assert "the plan says 'app:v1.0.0-rc.2'" in said(refused)[0]


@pytest.mark.parametrize("name", ["app/alpine:v1.0.0-rc.1", "app:v1.0.0-rc.0", "web:v1.0.0-rc.1"])
def test_an_attested_image_that_is_not_the_candidates_is_refused(stage: Stage, name: str) -> None:
    say_built_as(stage, name)

    report = stage.promote()

    assert (report.exit_code, stage.names()) == (ExitCode.REFUSED, ["", ""])
    assert f"{APP}:{CANDIDATE} was built as {name}, and not as app:{CANDIDATE}" in said(report)[0]


def test_a_candidate_is_promoted_in_every_destination(stage: Stage) -> None:
    text = (stage.shop.workspace / "release.yaml").read_text(encoding="utf-8")
    apart = "images:\n  app:\n    channels: {release: {destinations: {mirror: {name: mirror}}}}\n"
    channels = "channels: {release: {name: '{image}', destinations: {mirror: {namespace: acme/copies}}}}\n"
    (stage.shop.workspace / "release.yaml").write_text(
        channels + text.replace("images:\n  app:\n", apart), encoding="utf-8"
    )
    digest = stage.publish()
    first = stage.attested[digest]
    assert stage.publish(package="ghcr.io/acme/copies/mirror", image=make_candidate()) == digest
    stage.attested[digest] = [*first, *stage.attested[digest]]

    report = stage.promote(images="app")

    assert report.exit_code is ExitCode.PASS
    assert [stage.shop.under(FINAL, package)["@"] for package in (APP, "ghcr.io/acme/copies/mirror")] == [digest] * 2


def test_a_second_run_writes_nothing_and_says_so(stage: Stage, simulator: Simulator) -> None:
    stage.promote()
    before = writes(simulator)

    report = stage.promote()

    assert (report.exit_code, report.outputs["promoted"]) == (ExitCode.PASS, True)
    assert writes(simulator) == before
    assert report.lines[0] == f"{APP}: v1.0.0 named {stage.names()[0]} of {CANDIDATE} already."


def test_a_dry_run_says_what_would_be_and_writes_nothing(stage: Stage, simulator: Simulator) -> None:
    before = writes(simulator)

    report = stage.promote(dry_run="true")

    assert (report.exit_code, writes(simulator)) == (ExitCode.PASS, before)
    assert (report.outputs["promoted"], report.outputs["failed"]) == (False, [APP, WEB])
    assert report.lines[0] == f"{APP}: v1.0.0 would name {stage.names(CANDIDATE)[0]} of {CANDIDATE}."
    assert report.lines[-1] == f"{CANDIDATE} as v1.0.0: 2 packages could be promoted. Nothing was written."


def incomplete(stage: Stage) -> None:
    image = build_image(BOTH[:1], labels=labels(), attestations=True)
    stage.publish(APP, image)


def from_another_commit(stage: Stage) -> None:
    stage.publish(APP, make_candidate(labels=labels(OTHER)))


def released_as_something_else(stage: Stage) -> None:
    stage.publish(APP, make_candidate(seed="another build"), tag=FINAL)


def pushed_again_without_attestation(stage: Stage) -> None:
    del stage.attested[stage.publish(APP, make_candidate(seed="by hand"))]


def attested_by_a_dev_build(stage: Stage) -> None:
    stage.attested[stage.names(CANDIDATE)[0]] = attestation(APP, "refs/heads/main")


def attested_for_the_release_itself(stage: Stage) -> None:
    stage.attested[stage.names(CANDIDATE)[0]] = attestation(APP, f"refs/tags/{FINAL}")


def attested_as_another_package(stage: Stage) -> None:
    stage.attested[stage.names(CANDIDATE)[0]] = attestation(WEB, f"refs/tags/{CANDIDATE}")


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (incomplete, f"{APP}: it lacks linux/arm64."),
        (from_another_commit, f"says it was built from {OTHER}, and the tag is on {COMMIT}"),
        (released_as_something_else, f"{APP}:v1.0.0 is published already as sha256:"),
        (pushed_again_without_attestation, f"Nothing proves that {APP}:{CANDIDATE} was built from the tag {CANDIDATE}"),
        (attested_by_a_dev_build, "it is from refs/heads/main"),
        (attested_for_the_release_itself, "it is from refs/tags/v1.0.0"),
        (attested_as_another_package, f"it is about {WEB}"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_package_that_is_refused_keeps_all_from_being_released(
    stage: Stage, spoil: Callable[[Stage], None], words: str
) -> None:
    spoil(stage)
    before = stage.names(FINAL)

    report = stage.promote()

    assert (report.exit_code, report.outputs["promoted"]) == (ExitCode.REFUSED, False)
    assert words in "\n".join(said(report))
    assert stage.names(FINAL) == before
    assert report.lines[1] == f"{WEB}: v1.0.0 was not written, because other packages were refused."
    assert report.lines[-1] == f"{CANDIDATE} as v1.0.0 was refused: 1 of 2 packages may not be promoted."


def test_a_package_without_the_candidate_keeps_all_from_being_released(stage: Stage) -> None:
    stage.publish(APP, make_candidate(tag="v1.0.0-rc.2"), tag="v1.0.0-rc.2")

    report = stage.promote(**{"from": "v1.0.0-rc.2"})

    assert report.exit_code is ExitCode.REFUSED
    assert said(report)[-1].startswith(f"error: There is no {WEB}:v1.0.0-rc.2.")
    assert stage.names(FINAL) == ["", ""]


def test_an_optional_package_without_the_candidate_is_skipped(stage: Stage) -> None:
    config = stage.shop.workspace / "release.yaml"
    config.write_text(config.read_text() + "    required: false\n", encoding="utf-8")
    tested = stage.publish(APP, make_candidate(tag="v1.0.0-rc.2"), tag="v1.0.0-rc.2")

    report = stage.promote(**{"from": "v1.0.0-rc.2"}, candidate_label="allow")

    assert (report.exit_code, report.outputs["promoted"]) == (ExitCode.PASS, True)
    assert stage.names(FINAL) == [tested, ""]
    assert [finding.level.value for finding in report.findings] == ["warning"]
    assert report.lines[1] == f"{WEB}: skipped, it has no v1.0.0-rc.2 and is not required."
    assert report.outputs["failed"] == [WEB]


def test_a_release_of_skipped_packages_only_is_refused(stage: Stage) -> None:
    config = stage.shop.workspace / "release.yaml"
    config.write_text(config.read_text() + "    required: false\n", encoding="utf-8")

    report = stage.promote(**{"from": "v1.0.0-rc.7"}, images="web")

    assert (report.exit_code, report.outputs["promoted"]) == (ExitCode.REFUSED, False)


def test_an_attestation_that_is_listed_and_does_not_verify_is_not_known(stage: Stage) -> None:
    stage.attested.clear()
    with serving(replies(*[Reply.of({"attestations": [{}]})] * 2)) as api:
        stage.shop.environ = {**stage.shop.environ, "GITHUB_API_URL": api.url}
        report = stage.promote()

    assert (report.exit_code, stage.names(FINAL)) == (ExitCode.UNKNOWN, ["", ""])


def test_without_gh_nothing_is_known_and_nothing_is_written(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(command: Any, environ: Any) -> Any:
        raise FileNotFoundError(command, environ)

    monkeypatch.setattr("release_actions.images.provenance.run_program", missing)
    report = stage.promote()

    assert (report.exit_code, stage.names(FINAL)) == (ExitCode.UNKNOWN, ["", ""])
    assert "could not be found out: gh does not run here" in said(report)[0]


@pytest.mark.parametrize(
    ("word", "code", "levels"),
    [
        ("allow", ExitCode.PASS, []),
        ("warn", ExitCode.PASS, ["warning", "warning"]),
        ("refuse", ExitCode.REFUSED, ["error", "error"]),
    ],
)
def test_a_label_that_names_the_candidate_is_judged_as_asked(
    stage: Stage, word: str, code: ExitCode, levels: list[str]
) -> None:
    report = stage.promote(candidate_label=word)

    assert (report.exit_code, [finding.level.value for finding in report.findings]) == (code, levels)
    assert all(f"that it is {CANDIDATE}." in text for text in said(report))


@pytest.mark.parametrize("version", [FINAL, FINAL.removeprefix("v")])
def test_a_label_that_names_the_release_is_right(stage: Stage, version: str) -> None:
    stage.publish(APP, make_candidate(labels={**labels(), "org.opencontainers.image.version": version}))
    stage.publish(WEB, make_candidate(WEB, labels={**labels(), "org.opencontainers.image.version": version}))

    assert stage.promote(candidate_label="refuse").exit_code is ExitCode.PASS


# Which candidate


def test_the_last_candidate_of_the_releases_commit_is_taken(stage: Stage, world: World) -> None:
    commit = tag_in_git(world, "v1.0.0-rc.9", "tested")
    for tag in ("v1.0.0-rc.10", FINAL):
        tag_in_git(world, tag, "tested")
    tag_in_git(world, "v1.0.0-rc.11", "not tested")
    tag_in_git(world, "v0.9.0-rc.12", "tested")
    for package in (APP, WEB):
        image = make_candidate(package, labels=labels(commit), seed="ten")
        digest = stage.publish(package, image, tag="v1.0.0-rc.10")
        stage.attested[digest] = json.loads(json.dumps(stage.attested[digest]).replace(COMMIT, commit))

    report = stage.promote(**{"from": ""}, revision="", token=TOKEN)

    assert said(report) == [text for text in said(report) if text.startswith("warning")]
    assert (report.outputs["candidate"], report.outputs["promoted"]) == ("v1.0.0-rc.10", True)


@pytest.mark.parametrize(
    ("tags", "words"),
    [
        ((), "acme/app has no git tag v1.0.0"),
        ((FINAL,), "No candidate of v1.0.0 is on its commit"),
        ((FINAL, CANDIDATE), f"The last one, {CANDIDATE}, is on another."),
    ],
)
def test_without_a_candidate_on_the_commit_nothing_is_promoted(
    stage: Stage, world: World, tags: tuple[str, ...], words: str
) -> None:
    for tag in tags:
        tag_in_git(world, tag)

    with pytest.raises(PolicyError, match=words):
        stage.promote(**{"from": ""}, revision="", token=TOKEN)


def test_a_candidate_that_moves_while_it_is_read_is_refused(stage: Stage, simulator: Simulator) -> None:
    other = make_candidate(seed="another")

    def move(world: World, _: str) -> None:
        world.push("acme/app", other, [CANDIDATE])

    simulator.faults.add(Fault(method="HEAD", path=f"/v2/acme/app/manifests/{CANDIDATE}", steps=(move,)))

    report = stage.promote()

    assert (report.exit_code, stage.names(FINAL)) == (ExitCode.REFUSED, ["", ""])
    assert "it moved while it was read" in "\n".join(said(report))


def test_a_candidate_that_moves_before_the_write_changes_nothing(stage: Stage, simulator: Simulator) -> None:
    tested, other = stage.names(CANDIDATE), make_candidate(seed="another")

    def move(world: World, _: str) -> None:
        world.push("acme/app", other, [CANDIDATE])

    simulator.faults.add(Fault(method="PUT", path="/v2/acme/app/manifests/v1.0.0", steps=(move,)))

    report = stage.promote()

    assert (report.exit_code, stage.names(FINAL)) == (ExitCode.PASS, tested)


def test_a_post_release_is_promoted_in_the_projects_own_spelling(stage: Stage) -> None:
    config = stage.shop.workspace / "release.yaml"
    config.write_text(config.read_text() + "versions:\n  post-spelling: four-numbers\n", encoding="utf-8")

    report = stage.promote(to="v1.0.0.1")

    assert (report.exit_code, stage.names("v1.0.0.1")) == (ExitCode.PASS, stage.names(CANDIDATE))


@pytest.mark.parametrize(
    ("candidate", "final", "error"),
    [
        (CANDIDATE, "latest", TagRefused),
        (CANDIDATE, "v1", TagRefused),
        (CANDIDATE, "v1.0.0-rc.2", PolicyError),
        (CANDIDATE, "v1.0.1", PolicyError),
        ("v1.0.0", FINAL, PolicyError),
        ("v1.0.0-alpha.1", FINAL, PolicyError),
        ("missing.lock.json", FINAL, TagRefused),
    ],
)
def test_only_a_candidate_of_the_release_becomes_it(
    stage: Stage, candidate: str, final: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        stage.promote(**{"from": candidate}, to=final)


def test_a_revision_that_is_no_commit_is_a_mistake(stage: Stage) -> None:
    with pytest.raises(InputError, match="Input 'revision' is 'main'"):
        stage.promote(revision="main")


# The lock


@pytest.fixture
def lock(stage: Stage) -> dict[str, Any]:
    """What verify-images locks of the candidates; `promote` is to be given the file lock.json."""
    images = [
        {"package": APP, "tags": [CANDIDATE], "platforms": list(BOTH)},
        {"package": WEB, "tags": [CANDIDATE], "platforms": list(BOTH[:1])},
    ]
    locked: Any = stage.shop.verify(*images).outputs["lock"]
    return dict(locked)


def promote_lock(stage: Stage, lock: Any, digest: str | None = None) -> Any:
    text = lock if isinstance(lock, str) else json.dumps(lock)
    (stage.shop.workspace / "lock.json").write_text(text, encoding="utf-8")
    return stage.promote(**{"from": "lock.json"}, lock_digest=digest_of(text.encode()) if digest is None else digest)


def test_a_lock_names_the_candidate(stage: Stage, lock: dict[str, Any]) -> None:
    report = promote_lock(stage, lock)

    assert (report.exit_code, report.outputs["candidate"]) == (ExitCode.PASS, CANDIDATE)
    assert stage.names(FINAL) == stage.names(CANDIDATE)


def test_what_was_pushed_after_the_lock_is_refused(stage: Stage, lock: dict[str, Any]) -> None:
    stage.publish(APP, make_candidate(seed="pushed again"))

    report = promote_lock(stage, lock)

    assert report.exit_code is ExitCode.REFUSED
    assert f"and the lock has {lock['images'][APP]['digest']}" in said(report)[0]


def test_a_lock_proves_nothing_by_itself(stage: Stage, lock: dict[str, Any]) -> None:
    stage.attested.clear()

    report = promote_lock(stage, lock)

    assert (report.exit_code, stage.names(FINAL)) == (ExitCode.REFUSED, ["", ""])


def test_a_package_that_the_lock_lacks_is_refused(stage: Stage, lock: dict[str, Any]) -> None:
    report = promote_lock(stage, {**lock, "images": {APP: lock["images"][APP]}})

    assert report.exit_code is ExitCode.REFUSED
    assert f"The lock does not have {WEB}." in said(report)[-1]


@pytest.mark.parametrize("digest", ["", "sha256:" + "0" * 64], ids=["nobody", "another file"])
def test_a_lock_that_no_job_vouches_for_is_refused(stage: Stage, lock: dict[str, Any], digest: str) -> None:
    with pytest.raises(PolicyError, match=r"lock\.json"):
        promote_lock(stage, lock, digest)

    assert stage.names(FINAL) == ["", ""]


def test_verify_images_says_by_which_digest_its_lock_is_known(stage: Stage) -> None:
    images = [{"package": WEB, "tags": [CANDIDATE], "platforms": list(BOTH[:1])}]

    digest = stage.shop.verify(*images, lock_file="lock.json").outputs["lock-digest"]

    assert digest == digest_of((stage.shop.workspace / "lock.json").read_bytes())
    assert stage.shop.verify(*images).outputs["lock-digest"] == ""
    assert stage.promote(**{"from": "lock.json"}, lock_digest=str(digest), images="web").exit_code is ExitCode.PASS


def test_a_lock_of_another_commit_is_refused(stage: Stage, lock: dict[str, Any]) -> None:
    with pytest.raises(PolicyError, match=f"lock is of images of the commit {OTHER}"):
        promote_lock(stage, {**lock, "revision": OTHER})


def test_a_lock_of_two_candidates_is_refused(stage: Stage, lock: dict[str, Any]) -> None:
    lock["images"][APP]["tags"] = ["v1.0.0-rc.2"]

    with pytest.raises(PolicyError, match="has to name one candidate"):
        promote_lock(stage, lock)


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        '{"version": 2}',
        '{"version": 1, "revision": "x"}',
        '{"version": 1, "revision": "x", "images": {}}',
        '{"version": 1, "revision": "x", "images": {"a": 1}}',
        '{"version": 1, "revision": "x", "images": {"a": {"digest": "sha256:0", "tags": []}}}',
        '{"version": 1, "revision": "x", "images": {"a": {"digest": "sha256:%s", "tags": [1]}}}' % ("0" * 64),
    ],
)
def test_a_file_that_is_no_lock_is_a_mistake(stage: Stage, text: str) -> None:
    with pytest.raises(InputError):
        promote_lock(stage, text)


# Candidates in other packages


@pytest.fixture
def staged(stage: Stage) -> Stage:
    """The candidate of app in a package of its own, with a signature, referrers, and a signature of an attestation."""
    digest = stage.publish(APP, make_candidate(seed="staged"), into=STAGING)
    registry, name = stage.shop.registry, STAGING.partition("/")[2]
    signature = attachment(digest, seed="signature")
    stage.shop.push("any", signature, package=STAGING)
    registry.put_manifest(name, attachment_tag(digest, ".sig"), signature.root.body, signature.root.media_type)
    sbom = attachment(digest, seed="sbom")
    stage.shop.push("any", sbom, package=STAGING)
    entry = {"mediaType": sbom.root.media_type, "digest": sbom.root.digest, "size": len(sbom.root.body)}
    referrers = json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [entry]}).encode()
    registry.put_manifest(name, attachment_tag(digest), referrers, OCI_INDEX)
    countersigned = attachment(sbom.root.digest, seed="countersigned")
    stage.shop.push("any", countersigned, package=STAGING)
    tag = attachment_tag(sbom.root.digest, ".sig")
    registry.put_manifest(name, tag, countersigned.root.body, countersigned.root.media_type)
    return stage


def promote_staged(stage: Stage, **inputs: str) -> Any:
    return stage.promote(images="app", source_packages=f"{APP}={STAGING}", **inputs)


def attachments(stage: Stage, package: str) -> dict[str, str]:
    name = package.partition("/")[2]
    tags = [tag for tag in stage.shop.registry.tags(name) or () if tag.startswith("sha256-")]
    return {tag: stage.names(tag, package)[0] for tag in tags}


def test_a_candidate_of_another_package_is_copied_whole(staged: Stage, world: World) -> None:
    report = promote_staged(staged)

    assert (report.exit_code, staged.names(FINAL, APP)) == (ExitCode.PASS, staged.names(CANDIDATE, STAGING))
    assert attachments(staged, APP) == attachments(staged, STAGING)
    assert len(attachments(staged, APP)) == 3
    assert all(not world.missing("acme/app", tag) for tag in world.tags("acme/app"))


def test_the_attestation_is_about_the_package_of_the_candidate(staged: Stage) -> None:
    (digest,) = staged.names(CANDIDATE, STAGING)
    staged.attested[digest] = attestation(APP, f"refs/tags/{CANDIDATE}")

    assert promote_staged(staged).exit_code is ExitCode.REFUSED


def test_attachments_that_differ_are_kept_and_reported(staged: Stage) -> None:
    (digest,) = staged.names(CANDIDATE, STAGING)
    other = attachment(digest, seed="signed here already")
    staged.shop.push("any", other)
    tag = attachment_tag(digest, ".sig")
    staged.shop.registry.put_manifest("acme/app", tag, other.root.body, other.root.media_type)

    report = promote_staged(staged)

    assert report.exit_code is ExitCode.PASS
    assert staged.names(tag, APP) == [other.root.digest]
    assert f"{APP} has other attachments under {tag} than the candidate's package." in said(report)[-1]


def test_layers_are_uploaded_where_a_registry_does_not_mount_them(staged: Stage, monkeypatch: Any) -> None:
    monkeypatch.setattr("release_actions.registry.client.Registry.mount_blob", lambda *_: False)

    assert promote_staged(staged).exit_code is ExitCode.PASS
    assert staged.names(FINAL, APP) == staged.names(CANDIDATE, STAGING)


def test_a_layer_that_is_too_large_to_upload_leaves_no_tag(staged: Stage, monkeypatch: Any) -> None:
    monkeypatch.setattr("release_actions.registry.client.Registry.mount_blob", lambda *_: False)
    monkeypatch.setattr("release_actions.promotion.writing.LONGEST_BLOB", 10)

    report = promote_staged(staged)

    assert (report.exit_code, staged.names(FINAL, APP)) == (ExitCode.UNKNOWN, [""])
    assert "did not mount the layer" in said(report)[-1]


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ("ghcr.io/acme/none=ghcr.io/acme/x", "names 'ghcr.io/acme/none', which is not a package of the release"),
        (f"{APP}=quay.io/acme/x", "the source 'quay.io/acme/x', which is not a package of the same registry"),
        (f"{APP}=", "the source '', which is not"),
        (f"{APP}=ghcr.io/ACME", "the source 'ghcr.io/ACME', which is not"),
    ],
)
def test_mistakes_in_source_packages_are_reported(stage: Stage, lines: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        stage.promote(source_packages=lines)


# Stopped, raced and failing


def test_a_run_that_is_killed_after_each_of_its_writes_ends_right(
    staged: Stage, world: World, monkeypatch: Any
) -> None:
    wanted = staged.names(CANDIDATE, STAGING)
    send, armed = requests.Session.send, threading.Event()

    def deadly(session: Any, request: Any, **options: Any) -> Any:
        answer = send(session, request, **options)
        if armed.is_set() and request.method not in {"GET", "HEAD"}:
            armed.clear()
            raise Killed
        return answer

    monkeypatch.setattr(requests.Session, "send", deadly)
    kills = 0
    report = None
    while report is None:
        armed.set()
        try:
            report = promote_staged(staged)
        except Killed:
            kills += 1
            # Whoever pulls the release meanwhile gets nothing or all of it.
            assert staged.names(FINAL, APP) == [""] or not world.missing("acme/app", FINAL)
            assert kills < 60, "each run goes on where the one before ended"

    assert kills > 10
    assert (report.exit_code, staged.names(FINAL, APP)) == (ExitCode.PASS, wanted)
    assert attachments(staged, APP) == attachments(staged, STAGING)


def test_two_runs_at_once_end_with_the_same_release(stage: Stage) -> None:
    reports: list[Any] = []
    runs = [threading.Thread(target=lambda: reports.append(stage.promote())) for _ in range(2)]

    for thread in runs:
        thread.start()
    for thread in runs:
        thread.join()

    assert [report.exit_code for report in reports] == [ExitCode.PASS, ExitCode.PASS]
    assert stage.names(FINAL) == stage.names(CANDIDATE)


def test_a_failure_in_the_middle_says_what_stands_where(stage: Stage, simulator: Simulator) -> None:
    simulator.faults.add(Fault(method="PUT", path="/v2/acme/web/manifests/v1.0.0", times=0, answer=403))

    report = stage.promote()

    assert (report.exit_code, report.outputs["failed"]) == (ExitCode.UNKNOWN, [WEB])
    assert report.lines[1:] == (
        f"{WEB}: v1.0.0 was not written yet.",
        f"{CANDIDATE} as v1.0.0 is not finished. It is in {APP}, and 1 of 2 are missing. Run this again.",
    )
    simulator.faults.clear()
    assert stage.promote().outputs["promoted"] is True
    assert stage.names(FINAL) == stage.names(CANDIDATE)


def test_another_release_that_is_pushed_during_the_run_is_not_replaced(stage: Stage, simulator: Simulator) -> None:
    other = make_candidate(WEB, seed="by hand")

    def push(world: World, _: str) -> None:
        world.push("acme/web", other, [FINAL])

    simulator.faults.add(Fault(method="PUT", path="/v2/acme/app/manifests/v1.0.0", steps=(push,)))

    report = stage.promote()

    assert (report.exit_code, stage.names(FINAL)[1]) == (ExitCode.UNKNOWN, other.root.digest)
    assert f"{WEB}:v1.0.0 names {other.root.digest} and not the candidate's" in said(report)[-1]


def test_a_tag_that_is_shown_late_is_waited_for(stage: Stage, simulator: Simulator) -> None:
    simulator.faults.add(Fault(method="PUT", path="/v2/acme/app/manifests/v1.0.0", tag_lag=1))

    assert stage.promote().exit_code is ExitCode.PASS


def test_a_package_that_cannot_be_read_keeps_all_from_being_released(stage: Stage, simulator: Simulator) -> None:
    simulator.faults.add(Fault(method="GET", path="/v2/acme/web/manifests/*", times=0, answer=403))

    report = stage.promote()

    assert (report.exit_code, report.outputs["promoted"]) == (ExitCode.UNKNOWN, False)
    simulator.faults.clear()
    assert stage.names(FINAL) == ["", ""]
