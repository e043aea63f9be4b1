"""A small `gh` that verifies attestations of a rehearsal: it prints what the stand-in of actions/attest noted.

Run as a program: `gh_stand_in.py FOLDER ARGUMENTS...`. FOLDER has a file `DIGEST.json` for each manifest with
attestations. It checks no signature: what an attestation has to say, the action that asks checks itself.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

VERIFY = ["attestation", "verify"]


def main(folder: str, *arguments: str) -> int:
    """Answer one call; returns the exit code."""
    if arguments == ("--version",):
        sys.stdout.write("gh version 2.83.0 (a stand-in)\n")
        return 0
    if list(arguments[:2]) != VERIFY:
        sys.stderr.write(f"This stand-in of gh only knows {' '.join(VERIFY)}.\n")
        return 1
    answers = Path(folder, f"{hashlib.sha256(Path(arguments[2]).read_bytes()).hexdigest()}.json")
    if not answers.is_file():
        sys.stderr.write("Error: no attestations found\n")
        return 1
    sys.stdout.write(answers.read_text(encoding="utf-8"))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
