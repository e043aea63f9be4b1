"""Build the package, or compare its version: `package.py build FOLDER`, `package.py version VERSION`.

The version stands in `src/release_actions/__init__.py` and nowhere else; the changelog needs a heading for it. What
builds is pinned with hashes in `requirements/build.lock`.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from lock import find_uv

ROOT = Path(__file__).resolve().parents[1]
VERSION_FILE = ROOT / "src" / "release_actions" / "__init__.py"
CHANGELOG = ROOT / "CHANGELOG.md"


def read_version(text: str) -> str:
    """The version that a module's text sets. Raises `ValueError` when it sets none."""
    for node in ast.parse(text).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__version__":
            return str(ast.literal_eval(node.value))
    message = f"{VERSION_FILE.relative_to(ROOT)} sets no __version__."
    raise ValueError(message)


def has_heading(changelog: str, version: str) -> bool:
    """Whether a changelog says what a version brings, with its day. A candidate has what is unreleased."""
    if "-" in version:
        return True
    return bool(
        re.search(rf"^## \[{re.escape(version)}\] - [0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}$", changelog, re.MULTILINE)
    )


def build(folder: str) -> int:
    """Build the source distribution and the wheel. The exit code is uv's."""
    command = [
        find_uv(), "build", "--no-config", "--out-dir", folder,
        "--build-constraints", "requirements/build.lock", "--require-hashes",
    ]  # fmt: skip
    return subprocess.run(command, cwd=ROOT, check=False).returncode  # noqa: S603  # our own arguments


def main(arguments: Sequence[str]) -> int:
    """Exit code: 0 built or equal, 1 not equal, 2 wrong arguments, else what the build tool gave."""
    if len(arguments) != 2:  # noqa: PLR2004  # a word and its argument
        print(__doc__, file=sys.stderr)
        return 2
    action, argument = arguments
    if action == "build":
        return build(argument)
    version = read_version(VERSION_FILE.read_text(encoding="utf-8"))
    if version != argument:
        print(f"The package has version {version}, the tag {argument}: change {VERSION_FILE.relative_to(ROOT)}.")
        return 1
    if not has_heading(CHANGELOG.read_text(encoding="utf-8"), version):
        print(f"CHANGELOG.md has no heading '## [{version}] - YEAR-MONTH-DAY': give one to what is unreleased.")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
