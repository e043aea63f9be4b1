"""Write docs/llm-d-differences.md, or say that it is stale: `llm_d_differences.py [--check]`.

llm-d's own builds are data in llm_d_today.yaml. For each event, build-matrix plans examples/llm-d/release.yaml as it
does in a workflow, and every job is compared field by field. Each difference needs exactly one of the explanations in
the data, and each explanation has to explain one: otherwise nothing is written and the script ends with 1.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "src"))

from generated_page import write_or_check  # noqa: E402  # the path above comes first
from release_actions.builds import version_file  # noqa: E402  # the path above comes first
from release_actions.builds.path_filter import matches  # noqa: E402  # as above
from release_actions.commands import build_matrix  # noqa: E402  # as above
from release_actions.config import placeholders  # noqa: E402  # the path above comes first
from release_actions.config.grammar import BUILT_AS, OCI_LABELS  # noqa: E402  # as above
from release_actions.errors import ActionError  # noqa: E402  # as above
from release_actions.runner.context import Context  # noqa: E402  # as above
from release_actions.runner.markdown import code, codes, plain, table  # noqa: E402  # as above
from release_actions.runner.workflow import Workflow  # noqa: E402  # as above

DATA = ROOT / "scripts/llm_d_today.yaml"
EXAMPLE = ROOT / "examples/llm-d"
PAGE = ROOT / "docs/llm-d-differences.md"

SHA = "0123456789abcdef0123456789abcdef01234567"
NOW = datetime(2026, 8, 21, 23, 0, tzinfo=timezone.utc)
RUN, REFUSED, JOB = "42", "refused", "job"

Job = Mapping[str, Any]
Jobs = Mapping[tuple[str, str], Job]
"""Image (with its variant, `cuda/ubuntu`) and platform -> what is compared of the job."""


@dataclass(frozen=True)
class Difference:
    """What one event gives today and here. `what`: the field, `job` for one of one side only, or `refused`."""

    event: str
    channel: str
    what: str
    image: str
    today: str
    here: str


def text(value: Any) -> str:
    """A value of a job for people."""
    if isinstance(value, Mapping):
        return ", ".join(f"{name}={found}" for name, found in value.items()) or "none"
    if isinstance(value, (list, tuple, set)):
        return ", ".join(value) or "none"
    return {True: "yes", False: "no", "": "none"}.get(value, str(value))


def of_today(data: Mapping[str, Any], event: Mapping[str, Any]) -> dict[tuple[str, str], Job]:
    """The jobs that an event starts in llm-d's workflows."""
    wanted = event["images"]
    if wanted == "changed":
        wanted = [
            key for key, globs in data["filters"].items() if any(matches(globs, path) for path in event["changed"])
        ]
    found: dict[tuple[str, str], Job] = {}
    for key, image in data["images"].items():
        if wanted != "all" and key.partition("/")[0] not in wanted:
            continue
        special = image.get("dev", {}) if event["channel"] == "dev" else {}
        for platform, runner in {**image["runners"], **special.get("runners", {})}.items():
            arguments = {**image.get("args", {}), **special.get("args", {})}
            found[key, platform] = {
                "package": f"{event['registry']}/llm-d/{image['package']}",
                "tags": sorted([*event["tags"], *event.get("more-tags", {}).get(key, [])]),
                "runner": runner,
                **{name: image.get(name, "") for name in ("dockerfile", "context", "target", "prebuild")},
                "secrets": sorted(image.get("secrets", [])),
                "prebuild-secrets": sorted(image.get("prebuild-secrets", [])),
                "no-cache": image.get("no-cache", False),
                "cache": special.get("cache", image.get("cache", "")),
                "attested": special.get("attested", image["attested"]),
                "source": filled(dict(image.get("source", {})), platform, event),
                "args": filled(arguments, platform, event),
                "labels": filled(image.get("labels", {}), platform, event),
            }
    return found


def filled(templates: Mapping[str, str | None], platform: str, event: Mapping[str, Any]) -> dict[str, str | None]:
    """Values of today's data as a run has them. One of None is not compared."""
    versions = version_file.load(EXAMPLE / "docker/common-versions", name="docker/common-versions").values
    values = {**versions, **event.get("values", {})}
    ref = str(event["set"]["ref"]).removeprefix("refs/tags/").removeprefix("refs/heads/")
    known = {"platform": platform, "ref-name": ref, "run-id": RUN, "date": "the time of day"}
    return {
        name: None
        if template is None
        else placeholders.fill(template, lambda used: known.get(used) or values[used.removeprefix(placeholders.FILE)])
        for name, template in templates.items()
    }


def of_here(release: Path, event: Mapping[str, Any]) -> dict[tuple[str, str], Job]:
    """The jobs that build-matrix plans for an event. Raises `ActionError` when it refuses it."""
    said = event["set"]
    payload: dict[str, Any] = {} if said["event"] == "schedule" else {"repository": {"default_branch": "main"}}
    if said["event"] == "release":
        payload["release"] = {"tag_name": str(said["ref"]).removeprefix("refs/tags/")}
    if "pull" in said:
        payload["pull_request"] = {"number": said["pull"], "head": {"sha": SHA}, "base": {"sha": SHA}}
    inputs = {name.replace("-", "_"): value for name, value in said.get("inputs", {}).items()}
    given = build_matrix.Inputs(
        images=tuple(name.strip() for name in inputs.get("images", "all").split(",")),
        overrides=tuple(filter(None, [inputs.get("overrides", "")])),
        pull_request=int(inputs.get("pull_request", 0)),
        changed_files=tuple(event.get("changed", ())) if said["event"] != "workflow_dispatch" else (),
    )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copyfile(release, folder / "release.yaml")
        shutil.copytree(EXAMPLE / "docker", folder / "docker")
        (folder / "event.json").write_text(json.dumps(payload), encoding="utf-8")
        context = Context(
            repository="llm-d/llm-d",
            event_name=said["event"],
            event_path=str(folder / "event.json"),
            ref=said["ref"],
            sha=SHA,
            workspace=folder,
            now=NOW,
            environ={"GITHUB_RUN_ID": RUN},
        )
        outputs: Any = build_matrix.run(given, context, Workflow({})).outputs
    tags = {entry["package"]: sorted(entry["tags"]) for entry in outputs["images"]}
    return {key_of(entry): compared(entry, tags) for entry in outputs["matrix"]["include"]}


def key_of(entry: Mapping[str, Any]) -> tuple[str, str]:
    """Image and platform of an entry, as the data calls them: rhel is the variant without a name of its own."""
    variant = entry["variant"] if entry["variant"] not in {"", "rhel"} else ""
    return (f"{entry['image']}/{variant}" if variant else entry["image"]), entry["platform"]


def compared(entry: Mapping[str, Any], tags: Mapping[str, list[str]]) -> Job:
    """What is compared of an entry."""
    cache = entry["cache-from"].splitlines()
    named = {"repository": entry["source-repository"], "commit": entry["source-commit"], "patch": entry["source-patch"]}
    return {
        **{name: entry[name] for name in ("package", "runner", "dockerfile", "context", "target", "no-cache")},
        "tags": tags[entry["package"]],
        "prebuild": entry["prebuild-target"],
        "secrets": sorted(line.partition("=")[0] for line in entry["secrets"].splitlines()),
        "prebuild-secrets": sorted(line.partition("=")[0] for line in entry["prebuild-secrets"].splitlines()),
        "cache": ", ".join(line.partition(",")[0].removeprefix("type=") for line in cache),
        "attested": entry["provenance"] != "false",
        "source": named if entry["source-commit"] else {},
        "args": dict(line.split("=", 1) for line in entry["build-args"].splitlines()),
        # What docker/metadata-action writes from the run today, every image gets here. Nothing today tells the images
        # of one package apart.
        "labels": {
            name: value
            for name, _, value in (line.partition("=") for line in entry["labels"].splitlines())
            if not name.startswith(OCI_LABELS) and name != BUILT_AS
        },
    }


def differences(
    data: Mapping[str, Any], release: Path
) -> Iterator[tuple[Mapping[str, Any], Jobs, Jobs | None, list[Difference]]]:
    """For each event, the jobs of today, those of here (None: refused), and every difference."""
    for event in data["events"]:
        today = of_today(data, event)
        try:
            here: Jobs | None = of_here(release, event)
        except ActionError as error:
            where = (event["name"], event["channel"])
            yield event, today, None, [Difference(*where, REFUSED, "", f"{len(today)} jobs", error.problems[0].message)]
            continue
        yield event, today, here, list(between(event, today, here or {}))


def between(event: Mapping[str, Any], today: Jobs, here: Jobs) -> Iterator[Difference]:
    """What differs, once for each image of an event whose platforms differ alike."""
    seen = set()
    for key in sorted({*today, *here}):
        for what, was, now in job_differences(today.get(key), here.get(key)):
            found = Difference(event["name"], event["channel"], what, key[0], was, now)
            if found not in seen:
                seen.add(found)
                yield found


def job_differences(today: Job | None, here: Job | None) -> Iterator[tuple[str, str, str]]:
    """Field, value today and value here, where they differ."""
    if today is None or here is None:
        yield JOB, "not built" if today is None else "built", "not built" if here is None else "built"
        return
    for name, was in today.items():
        one, other = changed(was, here[name]) if isinstance(was, Mapping) else (was, here[name])
        if one != other:
            yield name, text(one), text(other)


def changed(was: Mapping[str, str | None], now: Mapping[str, str]) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """What differs of two mappings, without the keys that are not compared."""
    compared = {key for key in {*was, *now} if was.get(key, "") is not None}
    names = sorted(key for key in compared if was.get(key) != now.get(key))
    return {key: was[key] for key in names if key in was}, {key: now[key] for key in names if key in now}


def explains(explanation: Mapping[str, Any], difference: Difference) -> bool:
    """Whether an explanation is about a difference."""
    return (
        explanation["what"] == difference.what
        and difference.event in explanation.get("events", [difference.event])
        and difference.image in explanation.get("images", [difference.image])
        and difference.channel == explanation.get("channel", difference.channel)
    )


def page(data: Mapping[str, Any], release: Path) -> str:
    """The page. Raises `ValueError` with every difference that is not explained once, and idle explanations."""
    explanations = data["differences"]
    about: dict[int, list[Difference]] = {number: [] for number in range(len(explanations))}
    rows, wrong = [], []
    for event, today, here, found in differences(data, release):
        numbers = set()
        for difference in found:
            fitting = [number for number, each in enumerate(explanations) if explains(each, difference)]
            if len(fitting) != 1:
                wrong.append(f"{len(fitting)} explanations fit {difference}")
            for number in fitting[:1]:
                about[number].append(difference)
                numbers.add(number + 1)
        listed = ", ".join(f"[{number}](#difference-{number})" for number in sorted(numbers)) or "none"
        count = "refused" if here is None else str(len(here))
        rows.append([plain(event["name"]), str(len(today)), count, str(same(today, here or {})), listed])
    wrong += [
        f"nothing needs the explanation {explanations[number]['title']!r}" for number, of in about.items() if not of
    ]
    if wrong:
        raise ValueError("\n".join(wrong))
    source = data["source"]
    head = ["Event", "Jobs today", "Jobs here", "Alike in every field", "Differences"]
    fields = list(next(iter(of_today(data, data["events"][0]).values())))
    sections = [section(number, each, about[number]) for number, each in enumerate(explanations)]
    notes = [
        f"* {event['name'][0].upper()}{event['name'][1:]}: {event['note']}\n"
        for event in data["events"]
        if "note" in event
    ]
    return (
        "# llm-d's builds: today and with this suite\n\n"
        "<!-- Generated by scripts/llm_d_differences.py. Do not edit. -->\n\n"
        f"Today is [llm-d at {source['commit']}]({source['repository']}/tree/{source['commit']}), {source['date']}: "
        f"{codes(source['files'])}. Here is what build-matrix plans for the same events from "
        "[examples/llm-d/release.yaml](../examples/llm-d/release.yaml).\n\n"
        f"Of each job are compared: {', '.join(fields)}. Build arguments and labels are compared with their values, "
        f"except `{OCI_LABELS}*`: docker/metadata-action makes those from the run, and build-matrix does here, "
        f"with `{BUILT_AS}`.\n\n"
        + table(head, rows)
        + f"\n{''.join(notes)}\nNot in the table: release images are not signed today, and nothing asks whether both "
        "platforms of an index are there. That is for other jobs than those that build-matrix plans.\n\n"
        "## The differences\n\n" + "\n".join(sections)
    )


def same(today: Jobs, here: Jobs) -> int:
    """How many jobs have nothing that differs."""
    return sum(1 for key in {*today} & {*here} if not list(job_differences(today[key], here[key])))


def section(number: int, explanation: Mapping[str, Any], found: Sequence[Difference]) -> str:
    """An explanation with one of the differences that it is about, for each way in which they differ."""
    rows: dict[tuple[str, str], list[Difference]] = {}
    for each in found:
        rows.setdefault((each.today, each.here), []).append(each)
    shown = [
        [plain(", ".join(sorted({each.image for each in all_of} - {""})) or "all"), code(was), code(now)]
        for (was, now), all_of in list(rows.items())[:MOST]
    ]
    more = f"\n{len(rows) - MOST} more differ in the same way.\n" if len(rows) > MOST else ""
    name = "job" if explanation["what"] == JOB else explanation["what"]
    return (
        f'### <a id="difference-{number + 1}"></a>{number + 1}. {explanation["title"]}\n\n'
        f"{' '.join(explanation['reason'].split())}\n\n"
        + table(["Image", f"{name[0].upper()}{name[1:]} today", "Here"], shown)
        + more
    )


MOST = 4
"""Rows of an explanation."""


def current() -> str:
    """The page as it has to be now."""
    return page(yaml.safe_load(DATA.read_text(encoding="utf-8")), EXAMPLE / "release.yaml")


def main(argv: Sequence[str] | None = None) -> int:
    """Write or check. 1 when the page is stale, or cannot be made."""
    return write_or_check(PAGE, current, "llm_d_differences", argv)


if __name__ == "__main__":
    sys.exit(main())
