"""Every command of our pages runs as it is written: by a shell, in a project's checkout, against the embedded GitHub.

What a shell makes of a line is taken from a real one; only then is our command called, in this process. These rules say
what a line needs:

* `…` is a token or an argument that the reader fills in. The token is the simulator's; a line with another `…` is
  parsed.
* Commands of ours run, with the simulator as their network, and have to end with 0; those of `JUDGES` may find
  something.
* `rehearse`, `test`, `simulate`, `.ci/run` and the benchmarks take longer than a test may: they are parsed. `.ci/run`
  and the nightly workflows run them. Parsed means that every flag exists and takes the value.
* Of other programs only git runs. Those of `NOT_OURS` need the real GitHub, a GPU, or the tools of our own development.
  What gh verifies is in `tests/images/test_consumer.py`; crane and curl run on the simulator that their page starts.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
from tests.manifests.documented import ROOT, Documented, list_blocks

from release_actions import main
from release_actions.commands.simulate import EXAMPLE, describe_simulator
from release_actions.errors import ExitCode
from release_actions.runner import inputs
from release_actions.runner.flags import parse_flags
from release_actions.simulator import Simulator
from release_actions.simulator.seed import world_from_dict, world_from_file

NOT_OURS = {"gh", "docker", "vllm", "crane", "curl", "ruff", "export", "cd", ".ci/run"}
BENCHMARK = "bin/python"
JUDGES = {"doctor"}
"""Commands of ours that say what is wrong with the project, which here has something wrong."""

LONG = {"rehearse", "test", "simulate"}
BLOCKS = list(list_blocks())
PACKAGE = "llm-d/llm-d-cuda"
IMAGES = json.dumps(
    [{"package": f"ghcr.io/{PACKAGE}", "tags": ["v0.5.0-rc.9"], "platforms": ["linux/amd64", "linux/arm64"]}]
)
NOW = "2026-02-03T09:00:00Z"
TOKEN = "GITHUB_TOKEN=…"
BLOCKS = list(list_blocks())

RELEASE = """\
repository: llm-d/llm-d
channels:
  release: {name: "llm-d-{image}"}
  dev: {name: "llm-d-{image}-dev"}
defaults: {platforms: [linux/amd64, linux/arm64]}
images:
  cuda: {dockerfile: docker/Dockerfile.cuda}
versions:
  release-branch: release-{major}.{minor}
  rules: {release-branch: warn}
performance:
  metrics: {parse_ms: {direction: lower, tolerance: 5%}}
"""

COMPONENTS = """\
organisations: [llm-d]
components:
  cuda:
    organisation: llm-d
    name: llm-d-cuda
    type: Image
    version: {kind: release}
    repository: llm-d/llm-d
    image: ghcr.io/llm-d/llm-d-cuda
"""

NOTES = """\
## LLM-D Component Summary

| Component | Version | Previous Version | Type |
| --- | --- | --- | --- |
| llm-d/llm-d-cuda | `v0.5.0` | `v0.4.0` | Image |

## What's Changed

* Serve pages by @ada in https://github.com/llm-d/llm-d/pull/7

**Full Changelog**: https://github.com/llm-d/llm-d/compare/v0.4.0...v0.5.0
"""


REPOSITORIES = {
    "now": NOW,
    "accounts": {"llm-d": {"type": "organization"}, "ada": {}},
    "tokens": [
        {
            "token": "ghs_job",
            "kind": "actions",
            "repository": "llm-d/llm-d",
            "permissions": {"contents": "write", "packages": "write"},
        }
    ],
    "repositories": {
        "llm-d/llm-d": {
            "commits": [{"id": "first", "message": "Begin", "date": "2026-01-06T10:00:00Z", "login": "ada"}],
            "branches": {"main": "first", "release-0.6": "first"},
            "tags": {tag: {"commit": "first"} for tag in ("v0.3.0-rc.1", "v0.4.0", "v0.5.0-rc.1", "v0.5.0")},
        }
    },
}
COMMIT = world_from_dict(REPOSITORIES).repositories["llm-d/llm-d"].git.refs["refs/heads/main"].sha


def make_image(*tags: str) -> dict[str, object]:
    """An image of two platforms, built from the commit of its tag."""
    platforms = ["linux/amd64", "linux/arm64"]
    labels = {"revision": COMMIT, "source": "https://github.com/llm-d/llm-d", "version": tags[0].removeprefix("v")}
    named = {f"org.opencontainers.image.{name}": value for name, value in labels.items()}
    return {"tags": list(tags), "platforms": platforms, "labels": named, "created": "2026-01-06T11:30:00Z"}


RELEASES = (("v0.3.0-rc.1",), ("v0.4.0", "v0.4"), ("v0.5.0-rc.1",), ("v0.5.0", "v0.5", "v0", "latest"))
WORLD = {
    **REPOSITORIES,
    "packages": {
        PACKAGE: {"repository": "llm-d/llm-d", "versions": [make_image(*tags) for tags in RELEASES]},
        # One that a clean-up was run on, whose undo file is there.
        "llm-d/llm-d-old": {"repository": "llm-d/llm-d", "versions": [make_image("v0.1.0"), make_image("v0.1.0-rc.1")]},
    },
}


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with Simulator(world_from_dict(WORLD)) as running:
        yield running


PUBLISH = """\
on: {push: {branches: [main]}}
jobs:
  image:
    runs-on: ubuntu-latest
    steps:
      - uses: docker/build-push-action@v6
        with: {push: true, tags: "ghcr.io/acme/web:edge"}
"""
"""What a repository has that moves over."""


def write(folder: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A clone of a project with two releases, a release branch, and what the pages' commands name."""
    folder = tmp_path_factory.mktemp("project")
    results = {
        f"results/{tag}/run-{run}.json": json.dumps(
            {
                "commit": str(number) * 40,
                "runner": "a",
                "runs": [{"metrics": {"parse_ms": 10 + number / 100 + run / 100}}],
            }
        )
        for number, tag in enumerate(("v0.7.0", "v0.8.0-rc.1"))
        for run in range(5)
    }
    sources = {"release.yaml": RELEASE, "components.yaml": COMPONENTS, "docker/Dockerfile.cuda": "FROM scratch\n"}
    called = "on: {workflow_call: {inputs: {tag: {type: string}}}}\njobs: {}\n"
    write(folder, {".github/workflows/release.yml": called})
    write(folder, {**sources, "README.md": "Use ghcr.io/llm-d/llm-d-cuda:v0.5.0.\n", ".gitignore": "*\n"})
    for words in (
        ["init", "--quiet", "--initial-branch", "main"],
        ["add", "--force", "."],
        ["commit", "--quiet", "--message", "Begin"],
        ["tag", "v0.3.0-rc.1"],
        ["tag", "v0.4.0"],
        ["commit", "--quiet", "--allow-empty", "--message", "Serve pages (#7)"],
        ["tag", "v0.5.0-rc.1"],
        ["tag", "v0.5.0"],
        ["commit", "--quiet", "--allow-empty", "--message", "Serve more pages (#8)"],
        ["branch", "release-0.6"],
    ):
        git(folder, *words)
    write(folder, {**results, "notes.md": NOTES, "old-notes.md": NOTES})
    shutil.copytree(ROOT / "examples/single-image", folder / "examples/single-image")
    write(folder, {".github/workflows/publish.yml": PUBLISH})
    write(folder, {"release-actions": '#!/bin/sh\nprintf "%s\\0" "$PWD" "$GITHUB_TOKEN" "$@" >"$CALLED"\n'})
    (folder / "release-actions").chmod(0o755)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        yield folder


def git(folder: Path, *words: str) -> None:
    who = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
    subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True)


@dataclass(frozen=True)
class Call:
    """What a shell made of a line: folder, token and words."""

    folder: Path
    token: str
    words: tuple[str, ...]


def read_call(folder: Path, line: str, variables: Mapping[str, str]) -> Call | None:
    """The call of ours that a line makes; None for a line of other programs, which has run then."""
    called = folder / ".called"
    called.unlink(missing_ok=True)
    path = f"{folder}{os.pathsep}{os.environ['PATH']}"  # an installed `release-actions` is called by its name
    environ = {"PATH": path, "HOME": str(folder), "CALLED": str(called), **variables}
    ended = subprocess.run(["sh", "-c", line], cwd=folder, env=environ, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    if not called.is_file():
        return None
    where, token, *words = called.read_text(encoding="utf-8").split("\0")[:-1]
    return Call(Path(where), token, tuple(words))


def check_flags(words: tuple[str, ...]) -> None:
    """Whether a command and its flags exist and have values that they take."""
    name, *argv = words
    command = main.load(name)
    flags = parse_flags(name, "", inputs.specs(command.Inputs), dict, argv)
    inputs.read(command.Inputs, {spec.name: flags.inputs.get(spec.name, "") for spec in inputs.specs(command.Inputs)})


def check_long(words: tuple[str, ...]) -> None:
    """What takes longer than a test may: its flags exist."""
    if words[0] == "test":
        assert set(words[1:]) <= {"--print-environment"}
    else:
        check_flags(tuple(word for word in words if word != "ghs_job"))


def check_benchmark(line: str) -> None:
    """A benchmark and its flags exist."""
    _, file, *_ = line.split()
    source = (ROOT / file).read_text(encoding="utf-8")
    assert set(re.findall(r"--[a-z-]+", line)) <= set(re.findall(r'add_argument\("(--[a-z-]+)"', source)), line


def find_program(line: str) -> str:
    """The program that a line starts, without what is set for it."""
    words = (word for word in shlex.split(line, comments=True) if not re.fullmatch(r"[A-Z_]+=\S*", word))
    return next(words, "")


def call(simulator: Simulator, folder: Path, words: Iterable[str], token: str = "ghs_job") -> int:
    """Run a command of ours on the simulator. Returns its exit code."""
    environ = {
        "GITHUB_API_URL": simulator.api_url,
        "RELEASE_ACTIONS_REGISTRY_URL": simulator.registry_url,
        "GITHUB_WORKSPACE": str(folder),
        "RELEASE_ACTIONS_NOW": NOW,
        "GITHUB_TOKEN": token,
        "PATH": os.environ["PATH"],
    }
    return main.main(list(words), environ)


@pytest.fixture(scope="module", autouse=True)
def built(simulator: Simulator, project: Path) -> None:
    """Digests of two platforms, as build jobs hand them on in a folder."""
    state = requests.get(f"{simulator.api_url}/_simulator/state", timeout=10).json()
    (index,) = (item for item in state["packages"][PACKAGE]["versions"] if "v0.5.0-rc.1" in item["tags"])
    pushed = zip(index["children"], index["platforms"], strict=True)
    write(project, {"digests/one.txt": "".join(f"ghcr.io/{PACKAGE}@{digest} {name}\n" for digest, name in pushed)})


@pytest.fixture(scope="module", autouse=True)
def undone(simulator: Simulator, project: Path) -> None:
    """A clean-up and a teardown that can be taken back."""
    clean = ["--packages", "llm-d/llm-d-old", "--delete-tags", "v0.1.0-rc.1", "--undo-file", "ghcr-cleanup-undo.json"]
    assert call(simulator, project, ["ghcr-cleanup", *clean]) == ExitCode.PASS
    tear_down = ["--candidates", "v0.3.0-rc.1", "--undo-file", "rc-teardown-undo.json"]
    assert call(simulator, project, ["rc-teardown", "--repository", "llm-d/llm-d", *tear_down]) == ExitCode.PASS


@pytest.mark.parametrize("block", BLOCKS, ids=str)
def test_a_documented_command_runs_as_written(
    block: Documented, project: Path, simulator: Simulator, capsys: pytest.CaptureFixture[str]
) -> None:
    variables = {"COMMIT": COMMIT, "TOKEN": "ghs_job", "IMAGES": IMAGES}
    before = ""
    for line in block.commands:
        program = find_program(line)
        if program == "cd":
            before += f"{line} && "
        if program == BENCHMARK:
            check_benchmark(line.partition("#")[0])
        if program in {*NOT_OURS, BENCHMARK}:
            continue
        made = read_call(project, before + line.replace("…", "ghs_job"), variables)
        if made is None:
            continue
        if made.words[0] in LONG or "…" in line.replace(TOKEN, ""):
            check_long(made.words)
            continue
        code = call(simulator, made.folder, made.words, made.token)
        shown = capsys.readouterr()
        allowed = {ExitCode.PASS, ExitCode.REFUSED} if made.words[0] in JUDGES else {ExitCode.PASS}
        assert code in allowed, f"{line}\n{shown.out}\n{shown.err}"


@pytest.mark.tools("crane", "curl")
def test_what_the_simulators_page_says_to_try_works_on_the_simulator_that_it_starts() -> None:
    lines = [line for block in BLOCKS if block.page == "docs/simulator.md" for line in block.commands]
    programs = ("crane", "curl")

    with Simulator(world_from_file(EXAMPLE)) as running:
        ports = {"127.0.0.1:41002": running.registry_url, "127.0.0.1:41001": running.api_url}
        token = {"GITHUB_TOKEN": next(iter(running.world.tokens))}
        printed = [line for line in describe_simulator(running, token) if line.strip().startswith(programs)]
        shown = {}
        for line in (*(line for line in lines if find_program(line) in programs), *printed):
            here = line
            for written, address in ports.items():
                here = here.replace(written, address.removeprefix("http://"))
            ended = subprocess.run(["sh", "-c", here], capture_output=True, text=True, check=True)
            shown[line] = ended.stdout

    tags, versions = (shown[line] for line in lines if line in shown)
    listed = {tag for version in json.loads(versions) for tag in version["metadata"]["container"]["tags"]}
    assert "v0.5.0-rc.1" in listed
    assert listed == set(tags.split())
    assert all(shown.values())
