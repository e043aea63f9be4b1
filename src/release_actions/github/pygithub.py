"""PyGithub over our own requests: its objects and GraphQL, and one policy for waiting, redirects, time and secrets.

PyGithub lets its connection be replaced. This one hands every request to `Http`, which repeats, waits and gives up as
for all others, and which raises `RemoteError` itself. PyGithub is imported only inside the functions, because it costs
more than everything else a run imports. Nothing is changed by what is asked here.
"""

from __future__ import annotations

import contextlib
import importlib.util
import re
import sys
import threading
import types
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from release_actions.errors import InputError, RemoteError
from release_actions.http.answer import Response
from release_actions.http.client import USER_AGENT, Http
from release_actions.http.origins import SETTINGS, Credential, Origin
from release_actions.runner.characters import flatten

if TYPE_CHECKING:
    from github import Github

ANSWERS = frozenset({*range(200, 300), 301, 302, 307, 308})
"""Statuses that PyGithub gets to see. It follows a redirect within the API's own host, and refuses others."""

MESSAGE_LENGTH = 500

T = TypeVar("T")

_asking: ContextVar[str] = ContextVar("asking", default="ask GitHub")
"""What the request is for, to end the sentence "Could not …"."""

_injecting = threading.Lock()


class _Answer:
    """An answer as PyGithub reads it."""

    def __init__(self, response: Response) -> None:
        self.status = response.status
        self._response = response

    def getheaders(self) -> list[tuple[str, str]]:
        return list(self._response.headers.items())

    def read(self) -> str:
        return self._response.body.decode("utf-8", "replace")


class _Connection:
    """A connection as PyGithub uses one. Subclasses say by which scheme, `Http` and credential."""

    scheme: str
    http: Http
    credential: Credential | None

    def __init__(self, host: str, port: int | None = None, **_: Any) -> None:
        self.host = host
        name = f"[{host}]" if ":" in host else host
        self._base = f"{self.scheme}://{name}" + (f":{port}" if port else "")

    def request(self, verb: str, url: str, body: Any, headers: Mapping[str, str], stream: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002  # the library's parameters
        data = body.encode() if isinstance(body, str) else None
        # Tokens go only where they belong, whatever PyGithub has put into the headers.
        sent = {name: text for name, text in headers.items() if name.lower() not in {"authorization", "user-agent"}}
        address = f"{self._base}{url}"
        own = self.credential is not None and self.credential.origin == Origin.of(address)
        # A query of GraphQL is a POST that changes nothing.
        is_query = urlsplit(url).path.endswith("/graphql") and not re.match(rb'\{"query": "\s*mutation', data or b"")
        self._response = self.http.request(
            verb,
            address,
            what=_asking.get(),
            credential=self.credential if own else None,
            headers=sent,
            data=data,
            expect=ANSWERS,
            idempotent=True if is_query else None,
        )

    def getresponse(self) -> _Answer:
        return _Answer(self._response)

    def close(self) -> None:
        """Close the connections that are kept open."""
        self.http.close()


def open_client(api_url: str, *, token: str = "", http: Http | None = None) -> Github:
    """PyGithub for one API. Nothing is requested yet. Raises `InputError` for an address that may not be spoken to.

    `http` sends the requests, and is closed with the client; without one it gets its own.
    """
    credential = Credential.bearer(api_url, token)
    Origin.of(api_url)
    sender = http or Http()
    _import_without_nacl()
    from github import Github
    from github.Requester import Requester

    def connection(scheme: str) -> Any:
        return type("Connection", (_Connection,), {"scheme": scheme, "http": sender, "credential": credential})

    # The classes are PyGithub's for the whole process, and each client keeps those of the moment it is made.
    with _injecting:
        Requester.injectConnectionClasses(connection("http"), connection("https"))
        try:
            return Github(
                base_url=api_url.rstrip("/"),
                user_agent=USER_AGENT,
                per_page=100,
                retry=None,
                seconds_between_requests=None,
                seconds_between_writes=None,
            )
        finally:
            Requester.resetConnectionClasses()


def encode_query(
    github: Github, text: str, variables: Mapping[str, str], what: str, *, lenient: bool = False
) -> dict[str, Any]:
    """The data that a GraphQL query asks for. `lenient`: an object that is not there is None in it, else an error.

    Raises `RemoteError`. An answer with errors is not taken for the part that it has.
    """
    path = "/graphql"
    # Not by graphql_query: it makes an exception of an object that is not there, and gives nothing of the rest.
    asked = {"query": text, "variables": dict(variables)}
    url = github.requester.graphql_url
    _, answer = ask(lambda: github.requester.requestJsonAndCheck("POST", url, input=asked), what, path)
    reported = answer.get("errors") if isinstance(answer, dict) else None
    kinds = {str(error.get("type", "")) for error in reported} if isinstance(reported, list) else set()
    data = answer.get("data") if isinstance(answer, dict) else None
    if (reported and not (lenient and kinds == {"NOT_FOUND"})) or not isinstance(data, dict):
        first = reported[0].get("message", "") if isinstance(reported, list) and reported else "no data"
        message = f'Could not {what}: GitHub answered "{flatten(str(first))[:MESSAGE_LENGTH]}".'
        hint = "It does not exist, or the token may not see it." if kinds == {"NOT_FOUND"} else "Run it again later."
        raise RemoteError(message, hint=hint, method="POST", path=path)
    return data


def ask(act: Callable[[], T], what: str, path: str = "") -> T:
    """What PyGithub reads inside `act`, which must change nothing. Raises `RemoteError`; `what` follows "Could not"."""
    with translate_errors(what, path):
        return act()


@contextlib.contextmanager
def translate_errors(what: str, path: str = "") -> Iterator[None]:
    """Name what PyGithub asks for inside, and make a `RemoteError` of what it raises itself."""
    _import_without_nacl()
    from github import GithubException

    before = _asking.set(what)
    try:
        yield
    except GithubException as error:
        message = f"Could not {what}: GitHub answered {error.status}."
        raise RemoteError(message, hint="Run it again later.", path=path, status=error.status) from None
    except RuntimeError:
        message = f"Could not {what}: GitHub redirects to another host, which is not followed."
        hint = f"Check the address. Addresses are set by {SETTINGS}."
        raise RemoteError(message, hint=hint, path=path) from None
    except ValueError:
        message = f"Could not {what}: the answer is not JSON."
        raise RemoteError(message, hint="Run it again later.", path=path) from None
    finally:
        _asking.reset(before)


@contextlib.contextmanager
def translate_answers(what: str) -> Iterator[None]:
    """Raise `RemoteError` when an answer lacks an expected value."""
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError, InputError) as error:
        detail = re.sub(r"[^ -~]", " ", str(error))[:100]
        message = f"Could not {what}: the answer is not what it should be ({type(error).__name__}: {detail})."
        raise RemoteError(message, hint="Run it again later.") from error


def _import_without_nacl() -> None:
    """Let PyGithub be imported where PyNaCl has no wheel. It encrypts secrets with it, which nothing here does."""
    if "nacl" in sys.modules or importlib.util.find_spec("nacl"):
        return
    nacl = types.ModuleType("nacl")
    for name in ("encoding", "public"):
        part = types.ModuleType(f"nacl.{name}")
        setattr(nacl, name, part)
        sys.modules[part.__name__] = part
    sys.modules["nacl"] = nacl
