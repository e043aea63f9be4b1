"""Cut the schema of SARIF 2.1.0 that the findings about release notes are held to.

    python scripts/update_sarif_schema.py            write it again
    python scripts/update_sarif_schema.py --check    end with 1 if that would change the file

Titles, descriptions and defaults are left out: they decide nothing. The schema is the one that OASIS publishes, as the
npm package `@microsoft/jest-sarif` of SARIF's own JavaScript SDK carries it; it comes through `npm pack`.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

from update_openapi_excerpt import ROOT, CannotCutError, npm, written

PACKAGE = "@microsoft/jest-sarif"
VERSION = "1.0.0-beta.0"
INTEGRITY = "sha512-A1fOhPd6Ic5iDk4F9YPw1qNB4XF+7+IviR7xl8r2F6QzQkx5cpY9LsGk2rExiFIEcBbjpVnSmwWGBukASkiQ9A=="
MEMBER = "package/lib/schemas/sarif-2.1.0-rtm.5.json"
SCHEMA = ROOT / "tests" / "contract" / "sarif-2.1.0.schema.json"
PROSE = frozenset({"title", "description", "default"})
NAMED = frozenset({"properties", "definitions"})
"""Keywords whose keys are names, which may be called like a keyword."""


def download() -> dict[str, Any]:
    """The schema. Raises `CannotCutError`."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        npm("pack", f"{PACKAGE}@{VERSION}", "--ignore-scripts", cwd=folder)
        (archive,) = folder.glob("*.tgz")
        integrity = "sha512-" + base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
        if integrity != INTEGRITY:
            message = f"{PACKAGE} {VERSION} is not the package it was: {integrity} in place of {INTEGRITY}."
            raise CannotCutError(message)
        with tarfile.open(archive) as package:
            member = package.extractfile(MEMBER)
            if member is None:
                message = f"{PACKAGE} {VERSION} has no {MEMBER}."
                raise CannotCutError(message)
            found: dict[str, Any] = json.load(member)
            return found


def cut(node: Any) -> Any:
    """A schema without its prose."""
    if isinstance(node, list):
        return [cut(child) for child in node]
    if not isinstance(node, dict):
        return node
    return {
        key: {name: cut(child) for name, child in value.items()} if key in NAMED else cut(value)
        for key, value in node.items()
        if key not in PROSE
    }


def main(argv: list[str]) -> int:
    """Write or check the schema. Returns the exit code."""
    parser = argparse.ArgumentParser(description="Cut the schema of SARIF.")
    parser.add_argument("--check", action="store_true", help="change nothing; end with 1 if the schema is stale")
    options = parser.parse_args(argv)
    try:
        text = written(cut(download())) + "\n"
    except CannotCutError as error:
        print(error, file=sys.stderr)
        return 3
    committed = SCHEMA.read_text(encoding="utf-8") if SCHEMA.exists() else ""
    if options.check:
        if text != committed:
            print(f"{SCHEMA.name} is stale: run python scripts/update_sarif_schema.py", file=sys.stderr)
        return int(text != committed)
    SCHEMA.write_text(text, encoding="utf-8")
    print(f"Wrote {SCHEMA.name}, {len(text) // 1024} KiB.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
