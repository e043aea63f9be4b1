"""Routes of a repository's store of attestations."""

from __future__ import annotations

from typing import Any

from release_actions.simulator import storage
from release_actions.simulator.attestations import Attestation
from release_actions.simulator.github.answers import http_error, number, sent
from release_actions.simulator.github.lookup import readable, writable
from release_actions.simulator.oci import digest_of
from release_actions.simulator.origin import Answer, Call, Route
from release_actions.simulator.repositories import Repository

STORE = "repos/attestations#create-an-attestation"
LIST = "repos/attestations#list-attestations"
PER_PAGE = 30


def store_attestation(call: Call, owner: str, repo: str) -> Answer:
    """Store a bundle."""
    repository = writable(call, owner, repo, STORE, "attestations")
    bundle = sent(call).get("bundle")
    initiator = (call.token.login if call.token else "") or "github-actions[bot]"
    try:
        attestation = Attestation.read(call.world.next_id("attestation"), initiator, bundle or {})
    except (ValueError, KeyError, TypeError) as error:
        raise http_error(422, "Invalid bundle", STORE) from error
    repository.attestations.append(attestation)
    return Answer(201, {"id": attestation.id})


def list_attestations(call: Call, owner: str, repo: str, subject_digest: str) -> Answer:
    """Attestations about a digest, newest first."""
    repository = readable(call, owner, repo, LIST, "attestations")
    kind = call.arg("predicate_type")
    found = [one for one in repository.attestations if subject_digest in one.subjects and one.is_kind(kind)]
    shown = found[::-1][: number(call.arg("per_page")) or PER_PAGE]
    return Answer(200, {"attestations": [attestation_body(call, repository, one) for one in shown]})


def attestation_body(call: Call, repository: Repository, attestation: Attestation) -> dict[str, Any]:
    """An attestation as the list has it."""
    return {
        "bundle": attestation.bundle,
        "repository_id": repository.id,
        "bundle_url": storage.address(call.world, call.urls["storage"], digest_of(str(attestation.id).encode())),
        "initiator": attestation.initiator,
    }


ROUTES: tuple[Route, ...] = (
    ("POST", "/repos/<owner>/<repo>/attestations", store_attestation),
    ("GET", "/repos/<owner>/<repo>/attestations/<subject_digest>", list_attestations),
)
