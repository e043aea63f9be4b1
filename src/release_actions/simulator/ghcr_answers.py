"""What GHCR's answers look like: its challenges, its errors in the specification's form, and what a request names."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, field

from werkzeug.wrappers import Request

from release_actions.simulator.origin import Answer

DENIED = "requested access to the resource is denied"


WRONG_SCOPES = "permission_denied: The token provided does not match expected scopes."


@dataclass
class Upload:
    """A blob on its way."""

    path: str
    content: bytearray = field(default_factory=bytearray)


def decode_credential(credential: str) -> str:
    """The secret inside base64, empty if there is none."""
    try:
        return base64.b64decode(credential, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""


def find_name(request: Request) -> str:
    """The repository that a request's path names."""
    match = re.match(r"/v2/(.+)/(?:manifests|blobs|tags|referrers)/", request.path)
    return match[1] if match else "user/image"


def ask_for_token(request: Request, name: str, actions: str) -> Answer:
    """401 with the way to a token (distribution's "Token Authentication Specification")."""
    answer = make_problem(401, "UNAUTHORIZED", "authentication required")
    realm = f"{request.host_url}token"
    scope = f"repository:{name}:{actions}"
    answer.headers["WWW-Authenticate"] = f'Bearer realm="{realm}",service="{request.host}",scope="{scope}"'
    return answer


def confirm_created(name: str, digest: str) -> Answer:
    """A blob is there now."""
    return Answer(201, b"", {"Location": f"/v2/{name}/blobs/{digest}", "Docker-Content-Digest": digest})


def format_range(upload: Upload) -> str:
    """The `Range` of an upload: first and last byte, `0-0` before the first."""
    return f"0-{max(0, len(upload.content) - 1)}"


def make_error(code: str, message: str, detail: object = None) -> dict[str, object]:
    """One error of the specification's list."""
    return {"code": code, "message": message, **({"detail": detail} if detail is not None else {})}


def make_problem(status: int, code: str, message: str, detail: object = None) -> Answer:
    """An answer that says no."""
    return Answer(status, {"errors": [make_error(code, message, detail)]})
