"""Unpacks the archive of an artifact, which any job of its run may have uploaded. Pure."""

from __future__ import annotations

import io
import lzma
import zipfile
import zlib

UNREADABLE = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, NotImplementedError, RuntimeError, EOFError, OSError)
"""What zipfile raises for an archive that is none, is damaged, or is packed in a way that it does not know."""


class UnreadableArchive(Exception):  # noqa: N818  # an answer, caught where the artifact is known
    """Why an archive has no content, to end a sentence."""


def unpack_json(archive: bytes, largest: int) -> bytes:
    """The one JSON file of an archive, at most one byte more than `largest`. Raises `UnreadableArchive`."""
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as opened:
            files = [item for item in opened.infolist() if not item.is_dir() and item.filename.endswith(".json")]
            if len(files) != 1:
                message = f"it holds {len(files)} JSON files, not one"
                raise UnreadableArchive(message)
            with opened.open(files[0]) as content:
                # The size that the archive states is a claim: one byte more than allowed is enough to know.
                return content.read(largest + 1)
    except UNREADABLE as error:
        message = f"it is no archive that can be read: {error}"
        raise UnreadableArchive(message) from None
