"""One policy for every request: when to ask again, how long to wait, and when to give up.

It must never repeat a request that may have been carried out unless repeating is harmless, and never show a secret. How
a request is sent is in `exchange`, how long is waited in `waiting`, the words of a failure are in `failures`.
"""

from __future__ import annotations

import json as json_format
import math
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timezone
from http import HTTPStatus
from typing import Any, BinaryIO, NoReturn, final
from urllib.parse import urlencode

from release_actions import __version__
from release_actions.errors import RemoteError
from release_actions.http.answer import Response, host_of, path_of, request_sentence
from release_actions.http.budgets import Budget, Budgets
from release_actions.http.exchange import LONGEST_ANSWER, Call, Exchange
from release_actions.http.failures import PASSING, Fault, fault_of, hint_for
from release_actions.http.links import follow_pages
from release_actions.http.origins import Credential, Origin
from release_actions.http.pace import READS, Pace
from release_actions.http.waiting import (
    choose_backoff,
    compute_limit_wait,
    describe_allowance,
    is_limited,
    retry_after,
    wait_in_words,
)
from release_actions.runner import lazy, stopping
from release_actions.runner.redaction import Redactor

with lazy.postpone_import("requests"):
    import requests

Params = Mapping[str, str | int | Sequence[str]]

USER_AGENT = f"release-actions/{__version__} (+https://github.com/llm-d/release-actions)"

GITHUB_HEADERS = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
"""Headers of every request to GitHub's REST API."""

IDEMPOTENT = frozenset({"GET", "HEAD", "PUT", "DELETE"})
REFUSALS = frozenset({400, 401, 403, 404, 405})
"""Statuses of a request that was checked and not carried out."""

READ, WRITE, EVERY_KIND = "read", "write", ""
"""Kinds of requests that a wait may concern."""


@final
class Http:
    """Sends requests by the policy of this module. May be shared by threads.

    `tries`: attempts at one request before a passing fault becomes an error. `max_wait`: seconds one request may spend
    waiting for a rate limit, all in all. `log` gets a line each time something is tried again.
    `redactor` is the one of the run, which learns the credentials that are sent. `session` may bring transports of its
    own, for servers in the same process. `paces`: how many requests a minute each address gets, which is not limited
    where none is given.
    """

    def __init__(
        self,
        *,
        user_agent: str = USER_AGENT,
        tries: int = 5,
        max_wait: float = 900.0,
        sleep: Callable[[float], object] = stopping.sleep,
        now: Callable[[], float] = time.time,
        log: Callable[[str], object] = lambda _: None,
        redactor: Redactor | None = None,
        session: requests.Session | None = None,
        paces: Mapping[str, Pace] | None = None,
    ) -> None:
        self._tries = tries
        self._max_wait = max_wait
        self._sleep = sleep
        self._now = now
        self._log = log
        self._lock = threading.Lock()
        self._redactor = redactor or Redactor()
        self._budgets = Budgets()
        self._closed_until: dict[tuple[Origin, str], float] = {}
        self._paces = {Origin.of(url): pace for url, pace in (paces or {}).items()}
        self._exchange = Exchange(session, self._redactor, user_agent, self._keep_pace)

    def close(self) -> None:
        """Close the connections that are kept open."""
        self._exchange.close()

    def __enter__(self) -> Http:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def hide(self, *secrets: str) -> None:
        """Never show these texts in an error or a log line."""
        self._redactor.hide(*secrets)

    def redact(self, text: str) -> str:
        """The text without the secrets that were hidden."""
        return self._redactor.redact(text)

    def budget(self, url: str, resource: str = "core") -> Budget | None:
        """The rate limit that the server of `url` reported last; None before it has reported one."""
        return self._budgets.get(url, resource)

    def request(
        self,
        method: str,
        url: str,
        *,
        what: str,
        credential: Credential | None,
        headers: Mapping[str, str] | None = None,
        params: Params | None = None,
        data: bytes | BinaryIO | None = None,
        json: Any = None,
        expect: Collection[int] = (200,),
        idempotent: bool | None = None,
        longest: int = LONGEST_ANSWER,
        sink: BinaryIO | None = None,
    ) -> Response:
        """Send one request and return the answer, whose status is one of `expect`.

        `what` ends the sentence "Could not …" and should name the thing: "list the tags of llm-d/llm-d". `idempotent`
        allows repeating a method that is not known to be harmless. `longest`: bytes of an unpacked body. `sink`: a file
        that takes the body of an answer 200 instead. Raises
        `InputError` for an address that may not be spoken to, before anything is sent, and `RemoteError` for everything
        else, with the secrets removed.
        """
        method = method.upper()
        if params:
            url += ("&" if "?" in url else "?") + urlencode(params, doseq=True)
        sent = dict(headers or {})
        if json is not None:
            data = json_format.dumps(json, separators=(",", ":")).encode()
            sent["Content-Type"] = "application/json"
        if credential is not None:
            self.hide(*credential.secrets)
            if credential.origin != Origin.of(url):
                message = f"a credential of {credential.origin} was about to be sent to {Origin.of(url)}"
                raise ValueError(message)
        call = Call(
            method,
            url,
            sent,
            data,
            credential,
            expect,
            what,
            method in IDEMPOTENT if idempotent is None else idempotent,
            longest,
            sink,
        )
        return self._try(call, Origin.of(url))

    def pages(
        self,
        url: str,
        params: Params | None = None,
        *,
        what: str,
        credential: Credential | None,
        headers: Mapping[str, str] | None = None,
    ) -> Iterator[Response]:
        """Every page of a list, by `follow_pages`. The first page is asked for at once."""

        def ask(address: str, query: Params | None = None) -> Response:
            return self.request("GET", address, what=what, credential=credential, headers=headers, params=query)

        return follow_pages(ask(url, params), ask)

    def _try(self, call: Call, origin: Origin) -> Response:
        waited = 0.0
        faults = limits = 0
        uncertain = False
        # Ends because faults are counted up to `tries`, and what is waited for limits adds up to `max_wait`.
        while True:
            waited += self._wait_for_others(call, origin, waited)
            if stopping.is_stopping() and (kind_of(call.method) == WRITE or waited or faults):
                # What was read may still prove what was done. Nothing is written, and nothing is waited for.
                self._raise_stopped(call, uncertain=uncertain)
            try:
                response = self._exchange.send(call, origin)
            except (requests.RequestException, OSError) as error:
                fault = fault_of(error)
                faults += 1
                uncertain = uncertain or not fault.unsent
                if fault.is_lasting(origin) or faults >= self._tries or not (call.idempotent or fault.unsent):
                    self._raise_fault(call, origin, fault, faults)
                self._pause(call, f"{origin} {fault.words}", choose_backoff(faults))
                continue
            self._budgets.remember(response)
            if is_limited(response):
                limits += 1
                waited += self._wait_for_limit(call, response, limits, waited)
            elif response.status in PASSING and call.idempotent and faults + 1 < self._tries:
                faults += 1
                uncertain = True
                waited += self._wait_for_fault(call, response, faults, waited)
            elif response.status in call.expect:
                return replace(response, retried=True) if uncertain else response
            else:
                self._raise_refusal(call, response, faults + 1, uncertain=uncertain)

    def _keep_pace(self, method: str, origin: Origin) -> None:
        pace = self._paces.get(origin)
        if pace:
            pace.take(method)

    def _wait_for_others(self, call: Call, origin: Origin, waited: float) -> float:
        """Wait while another request to the same origin had to wait. Returns the seconds."""
        with self._lock:
            until = max(self._closed_until.get((origin, kind), 0.0) for kind in (EVERY_KIND, kind_of(call.method)))
            seconds = until - self._now()
        if seconds <= 0:
            return 0.0
        if waited + seconds > self._max_wait:
            self._raise_too_long(call, None, origin, seconds)
        self._sleep(seconds)
        return seconds

    def _wait_for_limit(self, call: Call, response: Response, limits: int, waited: float) -> float:
        """Wait as a server asks that limits the rate, and let other requests wait that it counts together with this."""
        origin = Origin.of(call.url)
        pause = compute_limit_wait(response, self._now(), limits)
        if waited + pause > self._max_wait:
            self._raise_too_long(call, response, origin, pause)
        # A wait in words is GHCR's, which counts reads and writes apart.
        kind = EVERY_KIND if wait_in_words(response) is None else kind_of(call.method)
        allowed = describe_allowance(response)
        if allowed is not None and origin in self._paces:
            self._paces[origin].learn(call.method, allowed)
        with self._lock:
            until = self._now() + pause
            self._closed_until[origin, kind] = max(until, self._closed_until.get((origin, kind), 0.0))
        return self._pause(call, f"{host_of(response.url)} limits the rate of requests", pause)

    def _wait_for_fault(self, call: Call, response: Response, faults: int, waited: float) -> float:
        """Wait before a request is sent again that a passing fault of the server ended."""
        pause = max(choose_backoff(faults), retry_after(response, self._now()) or 0.0)
        if waited + pause > self._max_wait:
            self._raise_too_long(call, response, Origin.of(call.url), pause)
        return self._pause(
            call, f"{host_of(response.url)} answered {response.status} {response.reason}".rstrip(), pause
        )

    def _pause(self, call: Call, why: str, seconds: float) -> float:
        self._log(self.redact(f"Could not {call.what} yet: {why}. Trying again in {math.ceil(seconds)} s."))
        self._sleep(seconds)
        return seconds

    def _fail(
        self,
        call: Call,
        message: str,
        hint: str,
        *,
        url: str = "",
        response: Response | None = None,
        undone: bool = False,
    ) -> NoReturn:
        raise RemoteError(
            self.redact(f"Could not {call.what}: {message}"),
            hint=self.redact(hint),
            method=call.method,
            path=self.redact(path_of(url or call.url)),
            status=response.status if response else 0,
            request_id=response.request_id if response else "",
            undone=undone,
        ) from None

    def _raise_refusal(self, call: Call, response: Response, tries: int, *, uncertain: bool) -> NoReturn:
        quoted = f', "{response.message}"' if response.message else ""
        times = f" ({tries} times)" if tries > 1 else ""
        self._fail(
            call,
            f"{host_of(response.url)} answered {response.status} {response.reason}".rstrip()
            + f" to {call.method} {path_of(response.url)}{times}{quoted}.{request_sentence(response.request_id)}",
            hint_for(response, anonymous=call.credential is None or call.credential.anonymous),
            url=response.url,
            response=response,
            undone=not uncertain and response.status in REFUSALS,
        )

    def _raise_fault(self, call: Call, origin: Origin, fault: Fault, tries: int) -> NoReturn:
        times = f" ({tries} times)" if tries > 1 else ""
        self._fail(call, f"{origin} {fault.words}{times}.", fault.hint)

    def _raise_stopped(self, call: Call, *, uncertain: bool) -> NoReturn:
        when = "before it was known whether this was done" if uncertain else "before this was sent"
        self._fail(call, f"a signal stopped the run {when}.", "Run it again.", undone=not uncertain)

    def _raise_too_long(self, call: Call, response: Response | None, origin: Origin, pause: float) -> NoReturn:
        until = datetime.fromtimestamp(self._now() + pause, timezone.utc)
        words = (
            "asks to wait"
            if response and response.status >= HTTPStatus.INTERNAL_SERVER_ERROR
            else "limits the rate of requests"
        )
        quoted = f' ("{response.message}")' if response and response.message else ""
        self._fail(
            call,
            f"{origin.host} {words} until {until:%Y-%m-%d %H:%M:%S} UTC{quoted}, which is longer than this run waits "
            f"({self._max_wait:.0f} s).",
            f"Run it again after {until:%H:%M} UTC. What was done until now is not undone.",
            response=response,
        )


def kind_of(method: str) -> str:
    """Whether a request reads or writes, which GHCR counts apart."""
    return READ if method in READS else WRITE
