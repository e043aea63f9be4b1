"""How GitHub's REST API says things: errors, pages, parameters. Words and forms are GitHub's own."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from urllib.parse import urlencode

from release_actions.simulator.origin import Answer, Call, HttpError

DOCS = "https://docs.github.com/rest"
PER_PAGE = 30
LARGEST_PAGE = 100

T = TypeVar("T")


def problem(status: int, message: str, docs: str = "", **more: Any) -> Answer:
    """An answer that says no. `docs`: the page under docs.github.com/rest."""
    body = {"message": message, **more, "documentation_url": f"{DOCS}/{docs}" if docs else DOCS, "status": str(status)}
    return Answer(status, body)


def http_error(status: int, message: str, docs: str = "", **more: Any) -> HttpError:
    """The same, to raise."""
    return HttpError(problem(status, message, docs, **more))


def not_found(docs: str = "") -> HttpError:
    """What is not there, or not for this client to see."""
    return http_error(404, "Not Found", docs)


def invalid(docs: str, resource: str, field: str, code: str) -> HttpError:
    """422 with GitHub's list of what did not validate."""
    return http_error(422, "Validation Failed", docs, errors=[{"resource": resource, "code": code, "field": field}])


def not_accessible(call: Call, permission: str, docs: str = "") -> HttpError:
    """A token with permissions lacks one. `permission`: as GitHub's header writes it, `packages=write`."""
    integration = call.token is not None and call.token.is_integration
    who = "integration" if integration else "personal access token"
    error = http_error(403, f"Resource not accessible by {who}", docs)
    error.answer.headers["X-Accepted-GitHub-Permissions"] = permission.replace("-", "_")
    return error


def paged(
    call: Call,
    total: int,
    part: Callable[[int, int], Sequence[T]],
    show: Callable[[T], Any],
    *,
    per_page: int = PER_PAGE,
) -> Answer:
    """A page of a list with its `Link` header. `part(start, count)` gives the items of a page."""
    page, size = page_of(call, per_page)
    answer = Answer(200, [show(item) for item in part((page - 1) * size, size)])
    link = links(call, page, size, total)
    if link:
        answer.headers["Link"] = link
    return answer


def paged_list(call: Call, items: Sequence[T], show: Callable[[T], Any], *, per_page: int = PER_PAGE) -> Answer:
    """A page of a list that is at hand as a whole."""
    return paged(call, len(items), lambda start, count: items[start : start + count], show, per_page=per_page)


def page_of(call: Call, per_page: int = PER_PAGE) -> tuple[int, int]:
    """Page and size as asked for; what is no number or too small is the default, what is too large the largest."""
    page, size = (number(call.arg(name)) for name in ("page", "per_page"))
    return page or 1, min(size or per_page, max(LARGEST_PAGE, per_page))


def number(text: str) -> int:
    """A parameter's whole number, 0 if it is none."""
    return int(text) if re.fullmatch(r"[0-9]{1,9}", text) else 0


def links(call: Call, page: int, size: int, total: int) -> str:
    """The `Link` header: prev, next, last and first as far as they lead elsewhere (RFC 8288)."""
    last = max(1, -(-total // size))
    pages = {}
    if page > 1:
        pages["prev"] = min(page - 1, last)
    if page < last:
        pages |= {"next": page + 1, "last": last}
    if page > 1:
        pages["first"] = 1
    path = call.request.environ["REQUEST_URI"].partition("?")[0]
    kept = [(key, value) for key, value in call.request.args.items(multi=True) if key != "page"]
    return ", ".join(
        f'<{call.base}{path}?{urlencode([*kept, ("page", target)])}>; rel="{rel}"' for rel, target in pages.items()
    )


def sent(call: Call) -> dict[str, Any]:
    """The JSON object of a request's body. Raises `HttpError`."""
    if not call.body:
        return {}
    try:
        value = json.loads(call.body)
    except ValueError as error:
        raise http_error(400, "Problems parsing JSON") from error
    if not isinstance(value, dict):
        raise http_error(400, "Body should be a JSON object")
    return value
