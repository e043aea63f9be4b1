from __future__ import annotations

from pathlib import Path

import pytest

from release_actions.cleanup.cache import Cache, opened
from release_actions.images import OCI_MANIFEST
from release_actions.registry import Manifest, digest_of

BODY = b'{"schemaVersion": 2}\n\n{}'


def kept(algorithm: str = "sha256") -> Manifest:
    return Manifest(BODY, OCI_MANIFEST, digest_of(BODY, algorithm))


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
def test_the_exact_bytes_come_back(tmp_path: Path, algorithm: str) -> None:
    cache = Cache(tmp_path / "new")
    assert cache.get(kept(algorithm).digest) is None
    cache.put(kept(algorithm))
    assert cache.get(kept(algorithm).digest) == kept(algorithm)
    assert len([file for file in (tmp_path / "new").rglob("*") if file.is_file()]) == 1


@pytest.mark.parametrize("content", [b"", BODY, OCI_MANIFEST.encode() + b"\n" + BODY + b" ", b"text/html\n" + BODY])
def test_what_is_not_what_its_name_says_is_not_there(tmp_path: Path, content: bytes) -> None:
    cache = Cache(tmp_path)
    cache.put(kept())
    [file] = [file for file in tmp_path.rglob("*") if file.is_file()]
    file.write_bytes(content)
    assert cache.get(kept().digest) is None


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "sha256").write_text("", encoding="utf-8")
    cache = Cache(tmp_path)
    cache.put(kept())
    assert cache.get(kept().digest) is None


def test_without_a_name_there_is_none() -> None:
    assert opened("") is None
