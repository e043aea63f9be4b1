"""A signature is found where a registry lists what refers to a digest, and nothing is taken for such a list."""

from __future__ import annotations

import json

import pytest
from tests.commands.test_check_attachments import referrer
from tests.http.loopback import Asked, Reply, Script, serving

from release_actions.errors import ActionError
from release_actions.http.client import Http
from release_actions.images.attachments import Level, Signature, find_signature
from release_actions.registry.client import Registry
from release_actions.registry.media_types import OCI_INDEX, OCI_MANIFEST
from release_actions.registry.names import digest_of

DIGEST = digest_of(b"the image")
SIGNATURE = referrer(DIGEST)
ENTRY = {"mediaType": OCI_MANIFEST, "digest": digest_of(SIGNATURE), "size": len(SIGNATURE)}
INDEX = json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [ENTRY]}).encode()


def answer(referrers: Reply) -> Script:
    """A registry that has the signature's manifest, no tags, and something to say about referrers."""

    def script(asked: Asked) -> Reply:
        if asked.path.endswith(f"/referrers/{DIGEST}"):
            return referrers
        if asked.path.endswith(f"/manifests/{digest_of(SIGNATURE)}"):
            return Reply(200, SIGNATURE, {"Content-Type": OCI_MANIFEST})
        return Reply(404)

    return script


def test_a_signature_that_the_registry_lists_is_found(http: Http) -> None:
    with serving(answer(Reply(200, INDEX, {"Content-Type": OCI_INDEX}))) as server:
        signature = find_signature(Registry(http, server.url), "a/b", DIGEST)
    assert signature == Signature(DIGEST, Level.LISTED, digest_of(SIGNATURE))


@pytest.mark.parametrize(
    "referrers",
    [
        Reply(404),
        Reply(200, b"<html>packages</html>", {"Content-Type": "text/html"}),
        Reply(
            200,
            json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": []}).encode(),
            {"Content-Type": OCI_INDEX},
        ),
    ],
    ids=["none", "a page for people", "an empty list"],
)
def test_what_ghcr_answers_about_referrers_lists_nothing(http: Http, referrers: Reply) -> None:
    with serving(answer(referrers)) as server:
        assert find_signature(Registry(http, server.url), "a/b", DIGEST) == Signature(DIGEST, Level.NONE)


def test_a_list_that_cannot_be_read_is_not_taken_for_an_empty_one(http: Http) -> None:
    with serving(answer(Reply(200, b"{", {"Content-Type": OCI_INDEX}))) as server, pytest.raises(ActionError):
        find_signature(Registry(http, server.url), "a/b", DIGEST)
