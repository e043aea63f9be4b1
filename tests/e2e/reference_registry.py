"""What a plain client says about the registry that the distribution project makes."""

from __future__ import annotations

import subprocess


def crane(*arguments: str) -> str:
    """The output of crane. Raises `CalledProcessError`."""
    return subprocess.run(["crane", *arguments, "--insecure"], capture_output=True, text=True, check=True).stdout


def digests(image: str) -> dict[str, str]:
    """Tag -> digest of an image "host/path", signatures left out."""
    tags = [tag for tag in crane("ls", image).split() if not tag.startswith("sha256-")]
    return {tag: crane("digest", f"{image}:{tag}").strip() for tag in tags}
