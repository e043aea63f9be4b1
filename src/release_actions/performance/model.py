"""What the parts of this room hand each other: runs of a benchmark, where they came from, and how a run is named.

A run is one execution of a benchmark against one server. The requests inside it are no samples of their own: they share
the server, its caches and its machine.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

INFINITE = "inf"
"""How an unlimited request rate is written, whether the file has a text or a number."""

WORK = ("input tokens", "output tokens", "tokens")
"""What is known of the work of a request, by which two sides are held to have done the same."""

IDENTITY = (
    "tool",
    "harness",
    "model",
    "dataset",
    "input-len",
    "output-len",
    "length-range",
    "prefix-len",
    "batch-size",
    "rate",
    "concurrency",
    "burstiness",
    "num-prompts",
    "stage",
    "tp",
    "pp",
    "dp",
    "dtype",
    "quantization",
    "device",
    "components",
)
"""Settings that two runs must share to be compared, in the order in which a group is named."""

ALIASES = {
    "model_id": "model",
    "model_name": "model",
    "dataset_name": "dataset",
    "input_len": "input-len",
    "random_input_len": "input-len",
    "prompt_tokens": "input-len",
    "output_len": "output-len",
    "random_output_len": "output-len",
    "output_tokens": "output-len",
    "random_range_ratio": "length-range",
    "range_ratio": "length-range",
    "random_prefix_len": "prefix-len",
    "batch_size": "batch-size",
    "request_rate": "rate",
    "max_concurrency": "concurrency",
    "num_prompts": "num-prompts",
    "tensor_parallel_size": "tp",
    "pipeline_parallel_size": "pp",
    "data_parallel_size": "dp",
    "gpu": "device",
    "gpu_type": "device",
    "accelerator": "device",
}
"""Names that the tools, and people in `--metadata`, use for settings of `IDENTITY`."""

COMMIT_KEYS = ("commit", "head_sha", "git_sha", "git_commit", "revision", "sha", "vllm_commit")
"""Metadata keys that name the commit which was measured, the first that is there wins."""

ENGINE_KEYS = ("engine", "engine_version", "vllm_version", "image")
RUNNER_KEYS = ("runner", "runner_name", "host", "hostname", "node")
SERVER_KEYS = ("server_start", "server_id", "container_id")
"""Metadata keys that name the start of a server which was measured. No tool names it by itself."""

NUMBER_KEYS = ("run_number", "run", "number")
"""Metadata keys that hold the number of a run of a benchmark."""


@dataclass(frozen=True)
class Source:
    """Where a run was read: the file as the user named it, and the number of the run in it, from 1."""

    file: str
    number: int = 1

    def __str__(self) -> str:
        return self.file if self.number == 1 else f"{self.file} (run {self.number})"


@dataclass(frozen=True)
class Run:
    """One run of a benchmark.

    `settings`: canonical names of `IDENTITY` where the file says them, and every other plain value of the file under
    its own name. `metrics`: as vLLM calls them, in its units. `defects`: why the run cannot be trusted, in words.
    `started`: ISO 8601, so that texts sort in time; empty when the file has no date. `work`: by names of `WORK`, which
    has to agree between two sides. `names_commit`: whether the format has a place for the measured commit.
    `unmeasured`: metrics that the file has as null, whose values are NaN. `server`: the start of a server that was
    measured, empty when it is not named. `appended_to`: the file that holds further runs of the same client, which may
    have measured one start of a server; empty when the run has a file of its own.
    """

    source: Source
    settings: Mapping[str, str]
    metrics: Mapping[str, float]
    defects: tuple[str, ...] = ()
    commit: str = ""
    names_commit: bool = True
    engine: str = ""
    runner: str = ""
    started: str = ""
    work: Mapping[str, float] = field(default_factory=dict)
    unmeasured: frozenset[str] = frozenset()
    server: str = ""
    appended_to: str = ""

    @property
    def is_saturated(self) -> bool:
        """Whether the server, not the client's schedule, limited the throughput, as far as the file says.

        At a fixed rate below what the server can do, throughput equals the rate and says nothing.
        """
        rate, concurrency = self.settings.get("rate", ""), self.settings.get("concurrency", "")
        return rate == INFINITE or bool(concurrency and concurrency != INFINITE) or not rate


def text_of(value: Any) -> str:
    """A setting as text that compares: `4`, `4.0` and `"4"` are one, so are `inf` and infinity; null is empty."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        stripped = value.strip()
        return INFINITE if stripped.lower() in {"inf", "infinity", "+inf"} else plain_number(stripped)
    if isinstance(value, float) and math.isinf(value):
        return INFINITE
    return plain_number(str(value)) if isinstance(value, (int, float)) else ""


def plain_number(text: str) -> str:
    """A whole number without `.0`; any other text as it is."""
    head, dot, tail = text.partition(".")
    is_whole = dot and head.lstrip("-").isdigit() and tail and not tail.strip("0")
    return head if is_whole else text


def settings_of(tool: str, values: Mapping[str, Any], said: Mapping[str, Any] | None = None) -> dict[str, str]:
    """The settings of a run. Lists and objects are no settings, nor is the commit.

    `values`: what the tool writes. `said`: what the user had it write besides, which cannot change the tool's: a limit
    that the tool knows not to be there is not one that the user names.
    """
    settings = {"tool": tool}
    for name, value in values.items():
        text = text_of(value)
        if text and name not in COMMIT_KEYS:
            settings.setdefault(canonical(name), text)
    known = {canonical(name) for name in values}
    besides = {name: value for name, value in (said or {}).items() if canonical(name) not in known}
    return settings if not besides else {**settings_of(tool, besides), **settings}


def canonical(name: str) -> str:
    """A setting as groups call it: `tensor_parallel_size` is `tp`."""
    return ALIASES.get(name, name.replace("_", "-") if name in KEBAB else name)


KEBAB = {name.replace("-", "_") for name in IDENTITY}


def mapping(value: Any) -> Mapping[str, Any]:
    """An object of a payload; empty when it is something else."""
    return value if isinstance(value, Mapping) else {}


def first_text(values: Mapping[str, Any], names: Iterable[str]) -> str:
    """The first of some keys that holds a text or a number."""
    return next((text for name in names if (text := text_of(values.get(name)))), "")


def number_of(value: Any) -> float | None:
    """A number of a file, NaN and infinity included; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        return float(value)
    except OverflowError:
        return math.inf


def split_nulls(values: Mapping[str, Any]) -> tuple[dict[str, float], frozenset[str]]:
    """Values of metrics, and the names of those that are null. Null and texts are NaN where a number should be."""
    numbers = {name: number_of(value) for name, value in values.items()}
    nulls = frozenset(name for name, value in values.items() if value is None)
    return {name: math.nan if number is None else number for name, number in numbers.items()}, nulls


def scale(value: Any, factor: float) -> Any:
    """A number times a factor; anything else as it is."""
    number = number_of(value)
    return value if number is None else number * factor


def count_of(value: Any) -> int | None:
    """A count of a file; None when there is none."""
    number = number_of(value)
    return int(number) if number is not None and math.isfinite(number) else None


def odd_counts(values: Mapping[str, Any], names: Iterable[str]) -> tuple[str, ...]:
    """A defect for each count that is there and is none: `failed` as a text, negative or NaN."""
    said = {name: values[name] for name in names if values.get(name) is not None}
    counts = {name: count_of(value) for name, value in said.items()}
    return tuple(f"{name} is no count" for name, count in counts.items() if count is None or count < 0)


NO_COUNT = "it does not say how many requests were completed"
"""Against a run of a tool that always says it. Without it the server may have been down."""


def request_defects(*, planned: int | None, completed: int | None, failed: int | None) -> tuple[str, ...]:
    """What the counts of requests say against a run."""
    defects = []
    if failed:
        defects.append(f"{failed} requests failed")
    if planned is not None and completed is not None and completed < planned:
        defects.append(f"{completed} of {planned} requests were completed")
    if completed == 0 and not defects:
        defects.append("no request was completed")
    return tuple(defects)


def unfinished_defects(*, completed: int | None, incomplete: int | None, in_flight: int | None) -> tuple[str, ...]:
    """What the requests that never ended say against a run.

    A load that ends after a time cuts off what is in flight then, which is no failure. More than that are answers that
    did not come. `in_flight`: the most that the load has at once, None when the file does not say it.
    """
    most = completed if in_flight is None else in_flight
    if not incomplete or most is None or incomplete <= min(most, completed or 0):
        return ()
    return (f"{incomplete} requests were never completed",)


def work_of(given: float | None, generated: float | None, *, both: float | None = None) -> dict[str, float]:
    """Tokens of a request, where they are known. `both`: where a format only has the sum."""
    tokens = dict(zip(WORK, (given, generated, both), strict=True))
    return {name: value for name, value in tokens.items() if value is not None}
