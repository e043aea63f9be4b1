"""A small `gh` for the simulator: what publish.yml asks of it, over the same REST API. Attestations are a file.

Run as a program: `gh_stand_in.py ATTESTED ARGUMENTS...`. ATTESTED has a line
`DIGEST REF COMMIT WORKFLOW COMMIT PREDICATE` for each: the second commit is the workflow's own.
"""

from __future__ import annotations

import fnmatch
import hashlib
import json
import os
import sys
from pathlib import Path
from typing import Any

import requests

JSON = "application/vnd.github+json"
CLAIMS = ("--source-ref", "--source-digest", "--signer-workflow", "--signer-digest", "--predicate-type")


def ask(
    method: str, url: str, body: bytes | None = None, *, accept: str = JSON, kind: str = "application/json"
) -> bytes:
    headers = {"Authorization": f"Bearer {os.environ['GH_TOKEN']}", "Accept": accept, "Content-Type": kind}
    # A download is redirected to a storage that refuses requests with a token; requests drops it there, as gh does.
    answer = requests.request(method, url, data=body, headers=headers, timeout=30)
    answer.raise_for_status()
    return answer.content


def flag(arguments: list[str], name: str) -> list[str]:
    return [arguments[place + 1] for place, word in enumerate(arguments) if word == name]


def find_release(repository: str, tag: str) -> dict[str, Any]:
    releases = json.loads(ask("GET", f"{repository}/releases?per_page=100"))
    return next(dict(release) for release in releases if release["tag_name"] == tag)


def upload(repository: str, arguments: list[str]) -> None:
    release = find_release(repository, arguments[0])
    known = {asset["name"]: asset["url"] for asset in release["assets"]}
    for name in arguments[1:]:
        file = Path(name)
        if name == "--clobber":
            continue
        if file.name in known:
            ask("DELETE", known[file.name])
        address = f"{release['upload_url'].partition('{')[0]}?name={file.name}"
        ask("POST", address, file.read_bytes(), kind="application/octet-stream")


def download(repository: str, arguments: list[str]) -> None:
    release = json.loads(ask("GET", f"{repository}/releases/tags/{arguments[0]}"))
    folder = Path(flag(arguments, "--dir")[0])
    folder.mkdir(exist_ok=True)
    for asset in release["assets"]:
        if any(fnmatch.fnmatch(asset["name"], glob) for glob in flag(arguments, "--pattern")):
            (folder / asset["name"]).write_bytes(ask("GET", asset["url"], accept="application/octet-stream"))


def verify(attested: Path, arguments: list[str]) -> int:
    digest = hashlib.sha256(Path(arguments[0]).read_bytes()).hexdigest()
    wanted = " ".join([digest, *(flag(arguments, name)[0] for name in CLAIMS)])
    is_hosted = "--deny-self-hosted-runners" in arguments
    return 0 if is_hosted and wanted in attested.read_text(encoding="utf-8").splitlines() else 1


def call(api: str, arguments: list[str]) -> int:
    fields = [*flag(arguments, "-f"), *flag(arguments, "-F")]
    body = dict(field.split("=", 1) for field in fields)
    values = {name: json.loads(value) if value in {"true", "false"} else value for name, value in body.items()}
    path = next(word for word in arguments if word.startswith("repos/"))
    try:
        ask(flag(arguments, "--method")[0], f"{api}/{path}", json.dumps(values).encode())
    except requests.HTTPError as error:
        sys.stderr.write(f"gh: {error}\n")
        return 1
    return 0


def main(attested: Path, arguments: list[str]) -> int:
    api = os.environ["GITHUB_API_URL"]
    repository = f"{api}/repos/{os.environ['GITHUB_REPOSITORY']}"
    match arguments[:2]:
        case ["release", "upload"]:
            upload(repository, arguments[2:])
        case ["release", "download"]:
            download(repository, arguments[2:])
        case ["attestation", "verify"]:
            return verify(attested, arguments[2:])
        case ["auth", "setup-git"]:
            return 0
        case ["api", _]:
            return call(api, arguments[1:])
        case _:
            sys.stderr.write(f"gh: the stand-in does not know {arguments}\n")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
