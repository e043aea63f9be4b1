"""A project with images, a chart and repositories, and what its files say, audited without a checkout."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from release_actions.drift.audit import Audit, Rules, run_audit
from release_actions.drift.catalogue import Catalogue, Kind, Name, Wanted
from release_actions.drift.reference import Text
from release_actions.drift.scan import Scan, scan_repository

CUDA = "ghcr.io/acme/engine-cuda"
DEV = "ghcr.io/acme/engine-cuda-dev"
ROUTER = "ghcr.io/acme/engine-router"
OLD_ROUTER = "ghcr.io/acme/request-router"
CHART = "ghcr.io/acme/charts/engine-router"

CATALOGUE = Catalogue(
    names=(
        Name(CUDA, Kind.IMAGE, "cuda"),
        Name(DEV, Kind.IMAGE, "cuda", is_dev=True),
        Name(ROUTER, Kind.IMAGE, "router"),
        Name(OLD_ROUTER, Kind.IMAGE, "router", current=ROUTER),
        Name(CHART, Kind.CHART, "router"),
        Name("acme/engine", Kind.REPOSITORY, "cuda"),
        Name("acme/engine-router", Kind.REPOSITORY, "router"),
        Name("ghcr.io/acme/engine-sim", Kind.IMAGE, "sim"),
    ),
    wanted={
        "cuda": Wanted("cuda", "acme/engine-cuda", "v0.5.0", is_release=True),
        "router": Wanted("router", "acme/engine-router", "v0.9.0", templates={Kind.CHART: "{number}"}),
        "sim": Wanted("sim", "acme/engine-sim", why="nobody asked for it"),
    },
    repository="acme/engine",
    branch="release-0.5",
)
"""The release v0.5.0 of the engine wants the router in v0.9.0; the simulator's version is not known."""


def scan_files(files: Mapping[str, str], catalogue: Catalogue = CATALOGUE) -> Scan:
    """What a scan finds in these files: path -> content."""

    def read(words: tuple[bytes, ...]) -> Iterable[Text]:
        return (
            Text(path, content)
            for path, content in files.items()
            if any(word in content.encode("utf-8", "surrogateescape") for word in words)
        )

    return scan_repository(read, catalogue)


def audit_files(files: Mapping[str, str], rules: Rules | None = None, catalogue: Catalogue = CATALOGUE) -> Audit:
    """The audit of these files."""
    return run_audit(scan_files(files, catalogue), catalogue, rules or Rules({}))


def verdicts(files: Mapping[str, str], catalogue: Catalogue = CATALOGUE) -> list[tuple[str, str, str]]:
    """Token, verdict and what to write instead, of every reference in the order of files and places."""
    judged = audit_files(files, catalogue=catalogue).judged
    return [(item.reference.token, item.verdict.value, item.instead) for item in judged]
