"""A page that a script makes, as a whole or in parts: written, or only checked."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def write_or_check(page: Path, make: Callable[[], str], script: str, argv: Sequence[str] | None) -> int:
    """Write a page or, with `--check`, say that it is stale. 1 when it is, or when it cannot be made.

    `make` gives the page's text and raises `ValueError` with what is wrong.
    """
    parser = argparse.ArgumentParser(description=f"Write {page.name}, or check it.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 when the page is stale")
    check = parser.parse_args(argv).check
    try:
        wanted = make()
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    if page.is_file() and page.read_text(encoding="utf-8") == wanted:
        return 0
    name = page.relative_to(ROOT) if page.is_relative_to(ROOT) else page
    if check:
        print(f"{name} is stale: run python scripts/{script}.py", file=sys.stderr)
        return 1
    page.write_text(wanted, encoding="utf-8")
    print(f"wrote {name}")
    return 0
