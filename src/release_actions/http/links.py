"""Addresses that an answer names: the next page of a list, a redirect, an upload, a token service.

Whatever a server names is an address that may be spoken to, or an error in words. A list is read completely or not at
all: one that is silently short would pass for the whole.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from urllib.parse import urljoin

from release_actions.errors import InputError
from release_actions.http.answer import Response
from release_actions.http.origins import Origin
from release_actions.runner import lazy

with lazy.postpone_import("requests"):
    import requests

MOST_PAGES = 10_000
EMPTY_PAGE = 64
"""Bytes below which a page may equal another one: it holds nothing, like `{"name": "a/b", "tags": null}`."""


def resolve_address(response: Response, address: str, how: str) -> str:
    """An address that an answer names, made absolute. `how` comes before "an address" in the error's sentence.

    Raises `RemoteError` when it may not be spoken to.
    """
    try:
        absolute = urljoin(response.url, address)
        Origin.of(absolute)
    except (ValueError, InputError):
        # `urljoin` and `urlsplit` raise ValueError, as for the half bracket of "http://[::1".
        response.reject(f"{how} an address that may not be spoken to")
    return absolute


def read_links(response: Response) -> dict[str, str]:
    """The `Link` header (RFC 8288): relation -> address as the server wrote it, for `resolve_address`."""
    addresses: dict[str, str] = {}
    header = response.headers.get("Link", "")
    for link in requests.utils.parse_header_links(header) if header else ():
        for relation in str(link.get("rel", "")).lower().split():
            addresses.setdefault(relation, str(link.get("url", "")).strip())
    return addresses


def find_next_page(response: Response) -> str | None:
    """The address of the next page, None on the last. Raises `RemoteError` for a link that leads nowhere."""
    address = read_links(response).get("next")
    if address == "":
        response.reject("announces a next page without saying where it is")
    return None if address is None else resolve_address(response, address, "names as next page")


def follow_pages(first: Response, ask: Callable[[str], Response]) -> Iterator[Response]:
    """Every page of a list: the first, then what `ask` returns for each address of `Link: rel="next"`.

    Ends after the last page or raises `RemoteError`: a page that repeats, leads elsewhere or announces a next one
    without naming it is an error.
    """
    page = first
    origin = Origin.of(first.url)
    asked: set[str] = set()
    seen: set[bytes] = set()
    # Ends because no address is asked for twice and there are at most `MOST_PAGES` of them.
    while True:
        mark = hashlib.sha256(page.body).digest()
        if mark in seen and len(page.body) > EMPTY_PAGE:
            page.reject("repeats a page that was read before")
        seen.add(mark)
        asked.add(page.url)
        following = find_next_page(page)
        yield page
        if following is None:
            return
        if following in asked or len(asked) >= MOST_PAGES:
            page.reject("leads back to a page that was read before, so the list never ends")
        if Origin.of(following) != origin:
            page.reject("names a next page on another host")
        page = ask(following)
