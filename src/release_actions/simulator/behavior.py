"""How the registry behaves where registries differ, or where GitHub does not say how GHCR behaves.

Each default is what has been observed of GHCR, with the observation beside it. Tests and seeds switch one to see
that an action does not depend on it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass
class RegistryBehavior:
    """The switches, one a field."""

    checks_children: bool = False
    """Refuse an index whose children are missing, as the distribution registry does. GHCR accepts it (Mic92/niks3#233).

    The distribution specification permits either (opencontainers/distribution-spec#310).
    """
    tag_moves_change_dates: bool = False
    """Set `updated_at` of a version when it gains or loses a tag, and when it is restored.

    GHCR changes neither `created_at` nor `updated_at` when a tag is set, moved or taken, nor when a digest is pushed
    again (experiment of 2026-09-17 in dependabot/dependabot-core#16328). What a restoration does is not known.
    """
    shuffles_versions: bool = False
    """List versions in an order without meaning. GitHub documents no order; newest first is what people see."""
    stale_tag_reads: int = 0
    """How many reads of a tag that was just written see what it named before, or 404 where it named nothing.

    GHCR does so for some seconds, now and then (metadist/synaplan#1613, p2pool-starter-stack/pithead#429). A read by
    digest was never seen to be stale.
    """
    cuts_tags: bool = False
    """Put the names cut from a pushed version on the same image: `latest`, `v0`, `v0.5`, `v0.5.0`, `v0.5.0-rc`.

    GHCR does not. llm-d's release guide believes it, and other registries can be told to do it.
    """
    head_counts_as_download: bool = False
    """Count a manifest's HEAD as a download as well. A GET always counts."""
    redirects_blobs: bool = True
    """Answer a blob's GET with a redirect to signed storage on another origin, as GHCR does."""
    new_packages: str = "private"
    """Visibility of a package that a push creates."""
    registry_token_seconds: int = 300
    """How long a token of the registry's token endpoint lives."""


VERSION = re.compile(r"(v?)(\d+)\.(\d+)\.(\d+)(?:-([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*))?")


def cut_names(tag: str) -> Sequence[str]:
    """The tags that a registry with `cuts_tags` puts beside a pushed one; none for what is not a full version.

    >>> cut_names("v0.5.0-rc.1")
    ('latest', 'v0', 'v0.5', 'v0.5.0', 'v0.5.0-rc')
    """
    match = VERSION.fullmatch(tag)
    if match is None:
        return ()
    prefix, major, minor, patch, suffix = match.groups()
    release = f"{prefix}{major}.{minor}.{patch}"
    parts = suffix.split(".") if suffix else []
    shorter = ["-".join([release, ".".join(parts[:length])]) if length else release for length in range(len(parts))]
    return ("latest", f"{prefix}{major}", f"{prefix}{major}.{minor}", *shorter)
