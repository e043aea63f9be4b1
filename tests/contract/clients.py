"""Real registry clients, each behind the same few verbs, and small images for them to carry.

The clients run with a home of their own, so that no login or policy of the machine plays a part.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import os
import shutil
import subprocess
import tarfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"


class ClientError(Exception):
    """A client ended with an error; its words are the message."""


@dataclass(frozen=True)
class Layout:
    """An OCI image layout in a folder: `digest` is the digest of the index or manifest it holds."""

    folder: Path
    digest: str
    children: tuple[str, ...] = ()


def write_layout(folder: Path, text: str, platforms: Iterable[str] = ("linux/amd64",)) -> Layout:
    """An image that holds one file with `text`; an index over one manifest a platform if there are several."""
    blobs = folder / "blobs" / "sha256"
    blobs.mkdir(parents=True)

    def store(data: bytes, media_type: str, **more: Any) -> dict[str, Any]:
        digest = hashlib.sha256(data).hexdigest()
        (blobs / digest).write_bytes(data)
        return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(data), **more}

    def as_json(value: Mapping[str, Any]) -> bytes:
        return json.dumps(value, indent=1).encode()

    manifests = []
    for platform in platforms:
        system, _, architecture = platform.partition("/")
        archive = _archive(f"{text} on {platform}")
        config = as_json(
            {
                "os": system,
                "architecture": architecture,
                "config": {},
                "rootfs": {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(archive).hexdigest()}"]},
            }
        )
        manifest = as_json(
            {
                "schemaVersion": 2,
                "mediaType": MANIFEST,
                "config": store(config, CONFIG),
                "layers": [store(gzip.compress(archive, mtime=0), LAYER)],
            }
        )
        manifests.append(store(manifest, MANIFEST, platform={"os": system, "architecture": architecture}))
    top = manifests[0]
    if len(manifests) > 1:
        top = store(as_json({"schemaVersion": 2, "mediaType": INDEX, "manifests": manifests}), INDEX)
    (folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}', encoding="utf-8")
    (folder / "index.json").write_bytes(as_json({"schemaVersion": 2, "manifests": [top]}))
    children = tuple(each["digest"] for each in manifests) if len(manifests) > 1 else ()
    return Layout(folder, top["digest"], children)


def _archive(text: str) -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as archive:
        entry = tarfile.TarInfo("hello")
        entry.size = len(text.encode())
        archive.addfile(entry, io.BytesIO(text.encode()))
    return target.getvalue()


def digest_of(folder: Path) -> str:
    """The digest that a pulled layout names, after every blob it needs has been read and hashed."""
    index = json.loads((folder / "index.json").read_text(encoding="utf-8"))
    (top,) = index["manifests"]
    _verify(folder, top)
    return str(top["digest"])


def _verify(folder: Path, descriptor: Mapping[str, Any]) -> None:
    data = (folder / "blobs" / Path(*descriptor["digest"].split(":"))).read_bytes()
    if f"sha256:{hashlib.sha256(data).hexdigest()}" != descriptor["digest"]:
        message = f"{descriptor['digest']} holds other bytes"
        raise ClientError(message)
    if descriptor["mediaType"] in {INDEX, MANIFEST}:
        found = json.loads(data)
        for child in [*found.get("manifests", []), *found.get("layers", []), *filter(None, [found.get("config")])]:
            _verify(folder, child)


@dataclass(frozen=True)
class Desk:
    """Where clients run: a home, and logins by registry (host:port -> password)."""

    home: Path
    passwords: Mapping[str, str] = field(default_factory=dict)

    def run(self, *command: str) -> str:
        """What a program prints. Raises `ClientError`."""
        self.home.mkdir(parents=True, exist_ok=True)
        auths = {
            host: {"auth": base64.b64encode(f"robot:{password}".encode()).decode()}
            for host, password in self.passwords.items()
        }
        (self.home / "config.json").write_text(json.dumps({"auths": auths}), encoding="utf-8")
        environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "TMPDIR": str(self.home),
            "XDG_RUNTIME_DIR": str(self.home),
            "DOCKER_CONFIG": str(self.home),
            "REGISTRY_AUTH_FILE": str(self.home / "config.json"),
        }
        done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=60, check=False)
        if done.returncode:
            raise ClientError(done.stderr)
        return done.stdout


class Skopeo:
    """https://github.com/containers/skopeo"""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def _skopeo(self, *arguments: str) -> str:
        return self.desk.run("skopeo", "--insecure-policy", *arguments)

    def push(self, layout: Layout, image: str) -> None:
        self._skopeo("copy", "--all", "--dest-tls-verify=false", f"oci:{layout.folder}", f"docker://{image}")

    def pull(self, image: str, folder: Path) -> str:
        self._skopeo("copy", "--all", "--src-tls-verify=false", f"docker://{image}", f"oci:{folder}")
        return digest_of(folder)

    def copy(self, source: str, target: str) -> None:
        options = ("--all", "--src-tls-verify=false", "--dest-tls-verify=false")
        self._skopeo("copy", *options, f"docker://{source}", f"docker://{target}")

    def tags(self, repository: str) -> list[str]:
        found: list[str] = json.loads(self._skopeo("list-tags", "--tls-verify=false", f"docker://{repository}"))["Tags"]
        return found

    def delete(self, image: str) -> None:
        self._skopeo("delete", "--tls-verify=false", f"docker://{image}")


class Crane:
    """https://github.com/google/go-containerregistry"""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def _crane(self, *arguments: str) -> str:
        return self.desk.run("crane", *arguments)

    def push(self, layout: Layout, image: str) -> None:
        if not layout.children:
            self._crane("push", str(layout.folder), image)
            return
        # crane pushes a layout's own index.json as the index, so the index is put in its place.
        turned = self.desk.home / layout.digest.replace(":", "-")
        shutil.copytree(layout.folder, turned, dirs_exist_ok=True)
        shutil.copyfile(layout.folder / "blobs" / Path(*layout.digest.split(":")), turned / "index.json")
        self._crane("push", "--index", str(turned), image)

    def pull(self, image: str, folder: Path) -> str:
        self._crane("pull", "--format=oci", image, str(folder))
        return digest_of(folder)

    def copy(self, source: str, target: str) -> None:
        self._crane("copy", source, target)

    def tags(self, repository: str) -> list[str]:
        return self._crane("ls", repository).split()

    def delete(self, image: str) -> None:
        self._crane("delete", image)

    def digest(self, image: str) -> str:
        return self._crane("digest", image).strip()

    def tag(self, image: str, tag: str) -> None:
        self._crane("tag", image, tag)

    def append(self, image: str, *children: str) -> None:
        """Put an index over images that are in the registry already."""
        self._crane("index", "append", "--tag", image, *(part for child in children for part in ("-m", child)))


class Buildah:
    """https://github.com/containers/buildah"""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        (desk.home / "policy.json").parent.mkdir(parents=True, exist_ok=True)
        (desk.home / "policy.json").write_text('{"default": [{"type": "insecureAcceptAnything"}]}', encoding="utf-8")

    def _buildah(self, *arguments: str) -> str:
        store = ("--storage-driver", "vfs", "--root", f"{self.desk.home}/store", "--runroot", f"{self.desk.home}/run")
        return self.desk.run("buildah", *store, *arguments)

    @property
    def _policy(self) -> tuple[str, str]:
        return ("--signature-policy", str(self.desk.home / "policy.json"))

    def build(self, name: str, context: Path, platforms: Iterable[str]) -> None:
        """An image `FROM scratch` for each platform, together in the local manifest list `name`."""
        context.mkdir(parents=True, exist_ok=True)
        (context / "hello").write_text(name, encoding="utf-8")
        (context / "Containerfile").write_text("FROM scratch\nCOPY hello /hello\n", encoding="utf-8")
        for platform in platforms:
            options = ("--isolation", "chroot", "--platform", platform, "--manifest", name)
            self._buildah("bud", *self._policy, *options, str(context))

    def push(self, name: str, image: str) -> str:
        """Push a manifest list with its images; the digest it got."""
        digest = self.desk.home / "digest"
        options = ("--all", "--tls-verify=false", "--digestfile", str(digest), "--format", "oci")
        self._buildah("manifest", "push", *self._policy, *options, name, f"docker://{image}")
        return digest.read_text(encoding="utf-8").strip()

    def pull(self, image: str) -> str:
        """Pull the image of this machine's platform; its local id."""
        return self._buildah("pull", *self._policy, "--tls-verify=false", f"docker://{image}").strip()


def host_of(url: str) -> str:
    """host:port of a registry's address, as image names begin."""
    return urlsplit(url).netloc
