"""Tiny wheels and source archives, made on the spot, and a loopback index that serves them as pypi.org would."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import io
import tarfile
import threading
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


def write_wheel(
    folder: Path, name: str, files: Mapping[str, str], *, scripts: str = "", tag: str = "py3-none-any"
) -> Path:
    """A wheel `name` 1.0 with these files, path -> text. `scripts` is the text of its entry_points.txt."""
    folder.mkdir(parents=True, exist_ok=True)
    info = f"{name}-1.0.dist-info"
    content = {
        **files,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: {tag}\n",
    }
    if scripts:
        content[f"{info}/entry_points.txt"] = scripts
    rows = []
    for path, text in content.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
        rows.append(f"{path},sha256={digest},{len(text.encode())}\n")
    content[f"{info}/RECORD"] = "".join(rows) + f"{info}/RECORD,,\n"
    wheel = folder / f"{name}-1.0-{tag}.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, text in content.items():
            archive.writestr(zipfile.ZipInfo(path), text)
    return wheel


def write_sdist(folder: Path, name: str, witness: Path) -> Path:
    """A source archive whose build, if anyone starts it, creates the file `witness`."""
    folder.mkdir(parents=True, exist_ok=True)
    setup = (
        "import pathlib, setuptools\n"
        f"pathlib.Path({str(witness)!r}).touch()\n"
        f"setuptools.setup(name={name!r}, version='1.0')\n"
    )
    sdist = folder / f"{name}-1.0.tar.gz"
    with tarfile.open(sdist, "w:gz") as archive:
        for path, text in {
            "setup.py": setup,
            "PKG-INFO": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
        }.items():
            entry = tarfile.TarInfo(f"{name}-1.0/{path}")
            entry.size = len(text.encode())
            archive.addfile(entry, io.BytesIO(text.encode()))
    return sdist


def locked(*files: Path) -> str:
    """A hash lock over these files, each the one file of its package."""
    return "".join(
        f"{file.name.split('-')[0]}==1.0 \\\n    --hash=sha256:{hashlib.sha256(file.read_bytes()).hexdigest()}\n"
        for file in files
    )


@dataclass
class Index:
    """A running index. `requests` are the paths it was asked for, in order."""

    url: str
    requests: list[str] = field(default_factory=list)


@contextlib.contextmanager
def serving(folder: Path, *, status: int = 0, refusals: int = 1000, damaged: int = 0) -> Iterator[Index]:
    """Serve a folder's files as a simple repository (PEP 503) on a free loopback port.

    `status` answers the first `refusals` requests. The first `damaged` downloads have a wrong last byte.
    """
    requests: list[str] = []
    downloads: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            requests.append(self.path)
            parts = self.path.strip("/").split("/")
            if status and len(requests) <= refusals:
                self.reply(status, "text/plain", b"refused")
                return
            if parts[0] == "files" and (folder / parts[-1]).is_file():
                downloads.append(self.path)
                content = (folder / parts[-1]).read_bytes()
                self.reply(
                    200, "application/octet-stream", content[:-1] + b"?" if len(downloads) <= damaged else content
                )
                return
            files = sorted(folder.glob(f"{parts[-1]}-*"))
            page = "".join(f'<a href="/files/{file.name}">{file.name}</a><br>' for file in files)
            found = parts[0] == "simple" and bool(files)
            self.reply(200 if found else 404, "text/html", f"<!DOCTYPE html><html><body>{page}</body></html>".encode())

        def reply(self, status: int, content_type: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield Index(f"http://127.0.0.1:{server.server_port}/simple/", requests)
    finally:
        server.shutdown()
        server.server_close()
