"""Faults: what goes wrong, for which requests, and how often. Decides only; the origin carries it out.

A fault is chosen by method and path, then by count or by chance. Chance is drawn from the fault's seed, the request
and how often it was asked, never from a shared stream: threads that overtake each other meet the same faults.
"""

from __future__ import annotations

import fnmatch
import hashlib
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from types import MappingProxyType
from typing import Literal
from urllib.parse import unquote

from release_actions.simulator.image_factory import build_image
from release_actions.simulator.world import World

Step = Callable[[World, str], None]
"""Something that happens in the world just before a request is served: gets the world and the request's path."""


@dataclass(frozen=True)
class Fault:
    """One kind of trouble.

    Which requests: of one `server` (`api`, `registry` or `uploads`; empty: all), `method` (`*`, or some with `|`
    between them) and `path`, a pattern over the percent-encoded path where `*` stands for any characters. Of these,
    from the `nth` on, `times` of them (0: no end), each with `probability`, and never more than `in_a_row` (0: no
    bound) of the same request one after another.

    What happens, any of: `latency` in seconds; `steps` in the world before; then one of `answer` (a status, with
    `retry_after` in seconds, and GitHub's words of a secondary limit if `secondary`), `reset` of the connection
    before or after the work is done, `truncate` the body; and `lag`: a package that the request writes to is shown
    as it was for that many reads; `tag_lag`: only the tag that the request writes is.
    """

    name: str = ""
    method: str = "*"
    path: str = "*"
    nth: int = 1
    times: int = 1
    probability: float = 1.0
    seed: str = ""
    in_a_row: int = 0
    latency: float = 0.0
    steps: tuple[Step, ...] = ()
    answer: int = 0
    retry_after: int | None = None
    secondary: bool = False
    reset: Literal["", "before", "after"] = ""
    truncate: bool = False
    lag: int = 0
    tag_lag: int = 0
    server: Literal["", "api", "registry", "uploads"] = ""

    def fits(self, server: str, method: str, path: str) -> bool:
        """Whether a request is one of those this fault chooses from."""
        return (
            self.server in {"", server}
            and (self.method == "*" or method in self.method.split("|"))
            and fnmatch.fnmatchcase(path, self.path)
        )


@dataclass
class FaultEffects:
    """All that happens to one request."""

    latency: float = 0.0
    steps: list[Step] = field(default_factory=list)
    answer: int = 0
    retry_after: int | None = None
    secondary: bool = False
    reset: Literal["", "before", "after"] = ""
    truncate: bool = False


class Faults:
    """Faults and their counts. `met` counts by name how often each hit."""

    def __init__(self, faults: Iterable[Fault] = ()) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []
        self._matches: Counter[int] = Counter()
        self._hits: Counter[int] = Counter()
        self._asked: Counter[tuple[int, str, str]] = Counter()
        self._row: Counter[tuple[int, str, str]] = Counter()
        self.counts: Counter[str] = Counter()
        for fault in faults:
            self.add(fault)

    def add(self, fault: Fault) -> None:
        """One more fault, from now on."""
        with self._lock:
            self._faults.append(fault)

    def clear(self) -> None:
        """No more faults."""
        with self._lock:
            self._faults.clear()
            for counter in (self._matches, self._hits, self._asked, self._row):
                counter.clear()

    def choose(self, server: str, method: str, path: str) -> FaultEffects:
        """What happens to a request. Of several faults that end a request early, the first one does."""
        effects = FaultEffects()
        if not self._faults:
            return effects
        with self._lock:
            for index, fault in enumerate(self._faults):
                if fault.fits(server, method, path) and self._strikes(index, fault, method, path):
                    self.counts[fault.name or f"fault {index + 1}"] += 1
                    apply_fault(effects, fault)
        return effects

    def _strikes(self, index: int, fault: Fault, method: str, path: str) -> bool:
        key = (index, method, path)
        self._matches[index] += 1
        self._asked[key] += 1
        strikes = (
            self._matches[index] >= fault.nth
            and (fault.times == 0 or self._hits[index] < fault.times)
            and (fault.in_a_row == 0 or self._row[key] < fault.in_a_row)
            and chance(fault, method, path, self._asked[key]) < fault.probability
        )
        self._row[key] = self._row[key] + 1 if strikes else 0
        self._hits[index] += strikes
        return strikes


def apply_fault(effects: FaultEffects, fault: Fault) -> None:
    """Let one more fault happen to a request."""
    effects.latency += fault.latency
    effects.steps += fault.steps
    if fault.lag:
        effects.steps.append(lag_step(fault.lag))
    if fault.tag_lag:
        effects.steps.append(lag_tag_step(fault.tag_lag))
    if effects.answer or effects.reset or effects.truncate:
        return
    effects.answer, effects.retry_after, effects.secondary = fault.answer, fault.retry_after, fault.secondary
    effects.reset, effects.truncate = fault.reset, fault.truncate


def chance(fault: Fault, method: str, path: str, asked: int) -> float:
    """A number in [0, 1) for one request: the same for the same fault, request and count."""
    text = f"{fault.seed}\0{fault.name}\0{fault.path}\0{method}\0{path}\0{asked}"
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:7], "big") / 256**7


# Steps


def push_step(
    package: str, tags: Iterable[str], *, platforms: Iterable[str] = ("linux/amd64",), content: str = "pushed meanwhile"
) -> Step:
    """Another client pushes an image."""

    def step(world: World, _path: str) -> None:
        world.push(package, build_image(tuple(platforms), seed=content), tags)

    return step


def tag_step(package: str, tag: str, to: str) -> Step:
    """Another client moves a tag to what another tag or a digest names."""

    def step(world: World, _path: str) -> None:
        world.tag(package, to, tag)

    return step


def delete_step(package: str, reference: str) -> Step:
    """Another client deletes a version, named by tag or digest; nothing happens if it is gone."""

    def step(world: World, _path: str) -> None:
        target = world.package(package)
        version = target.find(reference) if target else None
        if target and version:
            target.drop(version, world.now())

    return step


def vanish_step() -> Step:
    """The version that the request names is deleted by another client; nothing happens if it names none."""

    def step(world: World, path: str) -> None:
        by_id = re.fullmatch(r"/(?:orgs|users)/([^/]+)/packages/container/([^/]+)/versions/(\d+)(?:/restore)?", path)
        if by_id:
            package = world.package(f"{by_id[1]}/{unquote(by_id[2])}")
            version = package.version(int(by_id[3])) if package else None
        else:
            by_name = re.fullmatch(r"/v2/(.+)/manifests/([^/]+)", path)
            package = world.package(by_name[1]) if by_name else None
            version = package.find(by_name[2]) if package and by_name else None
        if package and version:
            package.drop(version, world.now())

    return step


def advance_step(seconds: float) -> Step:
    """Time passes."""

    def step(world: World, _path: str) -> None:
        world.clock.advance(timedelta(seconds=seconds))

    return step


def lag_step(reads: int) -> Step:
    """The package that the request writes to is shown as it was before, for a number of reads."""

    def step(world: World, path: str) -> None:
        match = re.match(r"/v2/(.+)/manifests/", path)
        rest = re.match(r"/(?:orgs|users)/([^/]+)/packages/container/([^/]+)", path)
        if match:
            world.lag(match[1], reads)
        elif rest:
            world.lag(f"{rest[1]}/{unquote(rest[2])}", reads)

    return step


def lag_tag_step(reads: int) -> Step:
    """The tag that the request writes names what it named before, for a number of reads of it."""

    def step(world: World, path: str) -> None:
        match = re.fullmatch(r"/v2/(.+)/manifests/([^/:]+)", path)
        if match:
            world.lag_tag(match[1], match[2], reads)

    return step


# Presets

MANIFEST = "/v2/*/manifests/*"
VERSION = "/*/packages/container/*/versions/*"

LATENCY = (Fault("latency", times=0, latency=0.01),)

FLAKY = (
    Fault("unavailable", times=0, probability=0.03, in_a_row=1, answer=503),
    Fault("bad gateway", method="GET|HEAD", times=0, probability=0.02, in_a_row=1, answer=502),
    Fault("reset before", method="GET|HEAD|PUT|DELETE", times=0, probability=0.02, in_a_row=1, reset="before"),
    Fault("reset after", method="GET|HEAD", times=0, probability=0.01, in_a_row=1, reset="after"),
    # What a client may repeat without harm: a manifest's PUT is the same again, a version's DELETE is 404 then.
    Fault("reset after push", method="PUT", path=MANIFEST, times=0, probability=0.02, in_a_row=1, reset="after"),
    Fault("reset after delete", method="DELETE", path=VERSION, times=0, probability=0.02, in_a_row=1, reset="after"),
    Fault("truncated", method="GET", times=0, probability=0.01, in_a_row=1, truncate=True),
)

RATE_LIMITED = (
    Fault("too many", times=0, probability=0.01, in_a_row=1, answer=429, retry_after=1),
    Fault("secondary", server="api", times=0, probability=0.02, in_a_row=1, answer=403, retry_after=1, secondary=True),
)

READ_LAG = (
    Fault("lag of a push", method="PUT", path=MANIFEST, times=0, probability=0.2, lag=1),
    Fault("lag of a tag", method="PUT", path=MANIFEST, times=0, probability=0.2, tag_lag=2),
    Fault("lag of a delete", method="DELETE", path=VERSION, times=0, probability=0.2, lag=1),
)

PRESETS = MappingProxyType(
    {
        "latency": LATENCY,
        "flaky": FLAKY,
        "rate-limited": RATE_LIMITED,
        "read-lag": READ_LAG,
        "storm": (*LATENCY, *FLAKY, *RATE_LIMITED),
    }
)
"""Named sets of faults. A client survives each that repeats what may be repeated and waits as it is told."""


def preset(name: str, seed: str = "") -> tuple[Fault, ...]:
    """A preset whose chance is drawn from a seed. Raises `KeyError`."""
    return tuple(replace(fault, seed=seed) for fault in PRESETS[name])
