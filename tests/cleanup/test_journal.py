"""What a clean-up writes into a package before it deletes, and what the next one reads of it."""

from __future__ import annotations

import json

import pytest

from release_actions.cleanup import journal
from release_actions.images.manifests import AnyManifest, parse
from release_actions.registry.media_types import OCI_INDEX
from release_actions.registry.names import digest_of as named


def read(body: bytes) -> AnyManifest:
    return parse(body, named(body), OCI_INDEX)


def digest(number: int) -> str:
    return f"sha256:{number:064x}"


def test_parts_and_the_rest_are_told_apart() -> None:
    found = read(journal.write([digest(2)], [digest(3), digest(2)]))
    assert journal.read_listed(found) == {digest(2)}
    assert journal.read_deleting(found) == {digest(2), digest(3)}
    assert journal.read_taken_off(found) == ""
    assert journal.write([digest(2)], [digest(3)]) == journal.write([digest(2)], [digest(2), digest(3), digest(3)])


def test_a_large_journal_keeps_what_no_rule_would_find_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "MOST", 3)
    found = read(journal.write([digest(8), digest(9)], [digest(5), digest(4)]))
    assert journal.read_listed(found) == {digest(8), digest(9)}
    assert journal.read_deleting(found) == {digest(5), digest(8), digest(9)}
    more = read(journal.write(map(digest, range(4)), [digest(5)]))
    assert journal.read_deleting(more) == set(map(digest, range(4)))


def test_the_largest_journal_is_a_manifest_that_registries_take() -> None:
    assert len(journal.write(map(digest, range(journal.MOST)), ())) < 4_000_000


def test_an_empty_index_says_what_its_tags_were_taken_off() -> None:
    found = read(journal.write((), tags=["v0.5.0-rc.2"], of=digest(1)))
    assert journal.read_taken_off(found) == digest(1)
    assert journal.tags_of(found) == {"v0.5.0-rc.2", journal.TAG}
    assert journal.is_journal(found, ["v0.5.0-rc.2"])
    assert not journal.is_journal(found, ["latest"])
    assert journal.read_deleting(found) == frozenset()


def test_an_image_is_no_journal() -> None:
    body = json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [], "annotations": {"a": "b"}}).encode()
    assert not journal.is_journal(read(body))
    assert journal.read_deleting(read(body)) == frozenset()
    assert journal.read_taken_off(None) == ""
