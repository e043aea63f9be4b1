"""Write the hash locks from their `.in` files, or say which lock is stale: `lock.py [--check|--upgrade]`.

A lock holds every package that its `.in` file leads to, for every platform and Python from 3.10 on, with the hashes of
its files. What is locked stays: without `--upgrade` a package changes only when its `.in` file no longer allows it, so
a release upstream makes no lock stale. A lock must never name an index: a caller's own mirror serves it just as well.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[1] / "requirements"

LOCKS = ("actions", "page", "simulator", "development", "statistics", "site", "build", "installers")
"""Names without their ending. The first four build on each other in this order; the others stand alone."""

STANDING_ALONE = frozenset({"statistics", "site", "installers"})

OVERRIDES = "overrides.txt"
"""What is locked for some platforms only, though a package asks for it everywhere."""

OLDEST_PYTHON = "3.10"


def find_uv() -> str:
    """The uv of this environment or of the PATH. Exits with 3 when there is none."""
    try:
        from uv import find_uv_bin  # a development dependency, which a bare interpreter does not have
    except ImportError:
        found = shutil.which("uv")
    else:
        found = find_uv_bin()
    if not found:
        print("lock.py needs uv: run it in the development environment, or install uv.", file=sys.stderr)
        sys.exit(3)
    return found


def compile_lock(uv: str, folder: Path, name: str, *, upgrade: bool) -> None:
    """Write `<name>.lock` in a folder from `<name>.in`. Exits with 3 when uv cannot, for example without an index."""
    command = [
        uv, "pip", "compile", "--quiet", "--no-config", "--universal", "--generate-hashes",
        "--only-binary", ":all:", "--python-version", OLDEST_PYTHON,
        "--no-emit-index-url", "--custom-compile-command", "python scripts/lock.py",
        *(["--override", OVERRIDES] if (folder / OVERRIDES).is_file() and name not in STANDING_ALONE else []),
        "--output-file", f"{name}.lock", f"{name}.in",
    ]  # fmt: skip
    ended = subprocess.run([*command, *(["--upgrade"] if upgrade else [])], cwd=folder, check=False)  # noqa: S603  # our own arguments
    if ended.returncode:
        print(f"uv could not resolve requirements/{name}.in; its reason is above.", file=sys.stderr)
        sys.exit(3)


def parse(lock: str) -> dict[str, frozenset[str]]:
    """Requirement with its marker -> hashes, from the text of a lock."""
    found: dict[str, set[str]] = {}
    current: set[str] = set()
    for line in lock.splitlines():
        text = line.strip().removesuffix("\\").strip()
        if text.startswith("--hash="):
            current.add(text.removeprefix("--hash="))
        elif text and not text.startswith("#"):
            current = found.setdefault(text, set())
    return {requirement: frozenset(hashes) for requirement, hashes in found.items()}


def differences(have: Mapping[str, frozenset[str]], want: Mapping[str, frozenset[str]]) -> list[str]:
    """What makes a lock stale, a sentence each; empty when it is current.

    Files that were added to a locked version upstream do not count: its other files are what they were.
    """
    found = [f"{requirement} is locked and no longer asked for" for requirement in have if requirement not in want]
    found += [f"{requirement} is asked for and not locked" for requirement in want if requirement not in have]
    for requirement, hashes in have.items():
        if not hashes:
            found.append(f"{requirement} has no hash")
        elif gone := hashes - want.get(requirement, hashes):
            found.append(f"{requirement} is locked with {min(gone)}, which the index does not have")
    return found


def check(uv: str, requirements: Path = FOLDER) -> list[str]:
    """Every lock of a folder against its `.in` file: what is stale, a sentence each. Changes nothing."""
    stale: list[str] = []
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        if (requirements / OVERRIDES).is_file():
            shutil.copy(requirements / OVERRIDES, folder)
        for name in LOCKS:
            for ending in ("in", "lock"):
                if (file := requirements / f"{name}.{ending}").is_file():
                    shutil.copy(file, folder)
        for name in LOCKS:
            have = folder / f"{name}.lock"
            before = parse(have.read_text(encoding="utf-8")) if have.is_file() else {}
            compile_lock(uv, folder, name, upgrade=False)
            after = parse(have.read_text(encoding="utf-8"))
            stale += [f"requirements/{name}.lock: {difference}." for difference in differences(before, after)]
    return stale


def main(argv: Sequence[str]) -> int:
    """Exit code: 0 written or current, 1 stale, 3 could not find out."""
    parser = argparse.ArgumentParser(prog="lock.py", description="Write the hash locks from their .in files.")
    action = parser.add_mutually_exclusive_group()
    action.add_argument("--check", action="store_true", help="change nothing; exit with 1 when a lock is stale")
    action.add_argument("--upgrade", action="store_true", help="take the newest release of every package")
    options = parser.parse_args(argv)
    uv = find_uv()
    if options.check:
        stale = check(uv)
        for sentence in stale:
            print(sentence)
        if stale:
            print("Run python scripts/lock.py and commit the locks.")
        return 1 if stale else 0
    for name in LOCKS:
        compile_lock(uv, FOLDER, name, upgrade=options.upgrade)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
