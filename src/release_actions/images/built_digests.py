"""What the build jobs say they have pushed: for each package and platform a digest.

Given by the slots of our workflows, as a JSON object, or as a folder of files that the jobs left as artifacts, which
any job of the run can replace. What is said here is a claim: which platform a digest really holds is read from the
image itself. This module must never follow a link out of the folder.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from release_actions.errors import InputError, Place, Problem
from release_actions.images.manifests import Platform
from release_actions.images.slots import SlotValue
from release_actions.registry.names import DIGEST
from release_actions.runner.nearest_path import suggest_path

LONGEST = 64 * 1024
"""Bytes of one file. A line is some 200 bytes long."""

LINE = re.compile(r"(?P<package>[^\s@]+)@(?P<digest>[^\s@]+)\s+(?P<platform>\S+)")
LINE_HINT = "Each line is PACKAGE@DIGEST PLATFORM, as in ghcr.io/llm-d/llm-d-cuda@sha256:… linux/amd64."
JSON_HINT = 'Write {"ghcr.io/llm-d/llm-d-cuda": {"linux/amd64": "sha256:…"}}.'


@dataclass(frozen=True)
class Claim:
    """One job's word: what it pushed for a platform of a package. `place` is the line of its file.

    `label` is that of the listed image, where the job's slot says it. Elsewhere only the package is known.
    """

    package: str
    platform: Platform
    digest: str
    place: Place | None = None
    label: str = ""


def read(given: str, folder: Path) -> tuple[Claim, ...]:
    """The claims in a JSON object, or in the folder that `given` names and that is at `folder`. Raises `InputError`."""
    return read_json(given) if given.startswith("{") else read_folder(folder, given)


def read_slots(values: Iterable[SlotValue]) -> tuple[Claim, ...]:
    """The claims in the slots of the build jobs."""
    return tuple(
        Claim(value.promise.package, value.promise.platform, value.digest, label=value.promise.label)
        for value in values
    )


def read_json(text: str) -> tuple[Claim, ...]:
    """Claims from package -> platform -> digest."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        message = "Input 'digests' begins like a JSON object and is not JSON."
        raise InputError(message, hint=JSON_HINT) from error
    claims: list[Claim] = []
    problems: list[Problem] = []
    for package, platforms in value.items():
        if not isinstance(platforms, dict):
            problems.append(Problem(f"Input 'digests' has no platforms under {package[:100]!r}.", JSON_HINT))
            continue
        for platform, digest in platforms.items():
            claim = claim_of(package, str(digest), platform, None)
            if isinstance(claim, Claim):
                claims.append(claim)
            else:
                problems.append(Problem(f"Input 'digests' {claim}.", JSON_HINT))
    if problems:
        raise InputError(problems=problems)
    return tuple(claims)


def read_folder(folder: Path, name: str) -> tuple[Claim, ...]:
    """Claims from every file of a folder and the folders in it. `name` is what the user calls the folder."""
    if not folder.is_dir():
        message = f"Input 'digests' names the folder {name}, which does not exist."
        top = Path(str(folder).removesuffix(name))
        near = suggest_path(name, top, is_folder=True) if top != folder else ""
        hint = f"{near} Either no build job uploaded a digest, or they were downloaded to another folder.".strip()
        raise InputError(message, hint=hint)
    claims: list[Claim] = []
    problems: list[Problem] = []
    for file in list_files(folder):
        shown = f"{name.rstrip('/')}/{file.relative_to(folder).as_posix()}"
        for record in read_file(file, shown):
            if isinstance(record, Claim):
                claims.append(record)
            else:
                problems.append(record)
    if problems:
        raise InputError(problems=problems)
    return tuple(claims)


def list_files(folder: Path) -> Iterable[Path]:
    """Every file below a folder, sorted. Links are files, and are not followed."""
    paths = []
    for at, _, names in os.walk(folder, followlinks=False):
        paths += [Path(at, name) for name in names]
    return sorted(paths)


def read_file(file: Path, shown: str) -> Iterator[Claim | Problem]:
    """The claims of one file, and its mistakes."""
    if file.is_symlink() or not file.is_file():
        yield Problem(f"{shown} is not a file with digests but a link or a device.", LINE_HINT)
        return
    with file.open("rb") as opened:
        content = opened.read(LONGEST + 1)
    if len(content) > LONGEST:
        yield Problem(f"{shown} has more than {LONGEST} bytes.", LINE_HINT, Place(shown))
        return
    lines = content.decode(errors="replace").splitlines()
    if not any(line.strip() for line in lines):
        yield Problem(f"{shown} is empty.", LINE_HINT, Place(shown))
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        match = LINE.fullmatch(line.strip())
        if match is None:
            yield Problem("This line has no digest.", LINE_HINT, Place(shown, number))
            continue
        claim = claim_of(match["package"], match["digest"], match["platform"], Place(shown, number))
        yield claim if isinstance(claim, Claim) else Problem(f"This line {claim}.", LINE_HINT, Place(shown, number))


def claim_of(package: str, digest: str, platform: str, place: Place | None) -> Claim | str:
    """A claim from its texts, or what is wrong as the end of a sentence."""
    if not DIGEST.fullmatch(digest):
        return f"has {digest[:100]!r}, which is not a digest"
    try:
        return Claim(package, Platform.parse(platform), digest, place)
    except ValueError:
        return f"has {platform[:100]!r}, which is not a platform"


def select_package(claims: Iterable[Claim], package: str, label: str = "") -> tuple[Claim, ...]:
    """What is claimed for one package, each claim once, in the order of platforms and digests.

    `label`: of the flavour that is meant, where the package has several.
    """
    label = label or package
    own = {
        (claim.platform, claim.digest): claim
        for claim in claims
        if claim.package == package and claim.label in {"", label}
    }
    return tuple(own[key] for key in sorted(own))
