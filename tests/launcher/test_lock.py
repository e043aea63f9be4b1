"""The hash locks as committed, and the script that writes them and says when they are stale."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from uv import find_uv_bin

import lock

FIRST = f"sha256:{'1' * 64}"
SECOND = f"sha256:{'2' * 64}"


def committed(name: str) -> dict[str, frozenset[str]]:
    return lock.parse((lock.FOLDER / f"{name}.lock").read_text(encoding="utf-8"))


def asked_for(name: str) -> list[Requirement]:
    text = (lock.FOLDER / f"{name}.in").read_text(encoding="utf-8")
    return [Requirement(line) for line in text.splitlines() if line and not line.startswith(("#", "-"))]


@pytest.mark.parametrize("name", lock.LOCKS)
def test_every_package_is_pinned_with_hashes(name: str) -> None:
    found = committed(name)
    assert found
    for requirement, hashes in found.items():
        assert re.fullmatch(r"[a-z0-9-]+==[0-9][^ ]*( ; .+)?", requirement)
        assert hashes
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", value) for value in hashes)


@pytest.mark.parametrize("name", lock.LOCKS)
def test_a_lock_names_no_index_and_no_machine(name: str) -> None:
    text = (lock.FOLDER / f"{name}.lock").read_text(encoding="utf-8")
    assert not re.search(r"://|--index|--extra|--find-links|--trusted|(^|\s)/", text)


@pytest.mark.parametrize("name", lock.LOCKS)
def test_what_is_asked_for_is_locked_in_a_version_that_fits(name: str) -> None:
    pins: dict[str, list[str]] = {}
    for line in committed(name):
        pin = Requirement(line)
        pins.setdefault(canonicalize_name(pin.name), []).extend(part.version for part in pin.specifier)
    for requirement in asked_for(name):
        versions = pins.get(canonicalize_name(requirement.name), [])
        assert versions, f"{requirement.name} is not in {name}.lock"
        assert all(requirement.specifier.contains(version) for version in versions)


def test_what_the_tests_use_of_a_package_is_what_the_actions_run() -> None:
    runtime, simulator, dev = map(committed, lock.LOCKS[:3])
    assert runtime.items() <= simulator.items() <= dev.items()


def test_the_actions_install_nothing_of_the_simulator_or_the_tests() -> None:
    names = {requirement.partition("==")[0] for requirement in committed("actions")}
    assert not names & {canonicalize_name(r.name) for part in lock.LOCKS[1:] for r in asked_for(part)}


EVERYWHERE = {"actions-toolkit", "certifi", "charset-normalizer", "idna", "pygithub", "pyjwt", "requests", "semver"}


@pytest.mark.parametrize(
    ("machine", "compiled"),
    [
        *(
            (machine, {"cffi", "cryptography", "pynacl", "pyyaml"})
            for machine in ("x86_64", "aarch64", "arm64", "AMD64")
        ),
        ("s390x", {"pyyaml"}),
        *((machine, set()) for machine in ("ppc64le", "armv7l", "riscv64")),
    ],
)
def test_a_machine_gets_what_has_a_wheel_for_it(machine: str, compiled: set[str]) -> None:
    environment = {"platform_machine": machine, "python_full_version": "3.12.4", "python_version": "3.12"}
    wanted = {
        canonicalize_name(pin.name)
        for pin in map(Requirement, committed("actions"))
        if pin.marker is None or pin.marker.evaluate(environment)
    }

    assert wanted >= EVERYWHERE
    assert wanted & {"cffi", "cryptography", "pynacl", "pyyaml"} == compiled


PLATFORMS = ("x86_64-unknown-linux-musl", "aarch64-unknown-linux-musl", "aarch64-unknown-linux-gnu")


@pytest.mark.network
@pytest.mark.parametrize("platform", PLATFORMS)
def test_the_lock_has_a_wheel_of_everything_for_musl_and_arm(platform: str, tmp_path: Path) -> None:
    command = [find_uv_bin(), "pip", "install", "--no-config", "--quiet", "--dry-run", "--no-deps", "--require-hashes"]
    command += ["--only-binary", ":all:", "--python-version", "3.12", "--python-platform", platform]
    command += ["--target", str(tmp_path), "-r", str(lock.FOLDER / "actions.lock")]

    ended = subprocess.run(command, capture_output=True, text=True, check=False)

    assert ended.returncode == 0, ended.stderr


def test_parsing_reads_markers_and_hashes() -> None:
    text = (
        f"# header\none==1 \\\n    --hash={FIRST} \\\n    --hash={SECOND}\n    # via x\ntwo==2 ; python_version < '3'\n"
    )
    assert lock.parse(text) == {"one==1": frozenset({FIRST, SECOND}), "two==2 ; python_version < '3'": frozenset()}


@pytest.mark.parametrize(
    ("have", "want", "found"),
    [
        ({"a==1": {FIRST}}, {"a==1": {FIRST}}, []),
        ({"a==1": {FIRST}}, {"a==1": {FIRST, SECOND}}, []),
        (
            {"a==1": {FIRST}},
            {"b==1": {FIRST}},
            ["a==1 is locked and no longer asked for", "b==1 is asked for and not locked"],
        ),
        ({"a==1": {SECOND}}, {"a==1": {FIRST}}, [f"a==1 is locked with {SECOND}, which the index does not have"]),
        ({"a==1": set()}, {"a==1": {FIRST}}, ["a==1 has no hash"]),
    ],
)
def test_differences(have: dict[str, set[str]], want: dict[str, set[str]], found: list[str]) -> None:
    as_parsed = [{name: frozenset(hashes) for name, hashes in side.items()} for side in (have, want)]
    assert lock.differences(*as_parsed) == found


def test_checking_compiles_a_copy_with_the_present_locks_as_preference(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in lock.LOCKS:
        (tmp_path / f"{name}.in").write_text("a\n")
        (tmp_path / f"{name}.lock").write_text(f"a==1 \\\n    --hash={FIRST}\n")

    def compile_lock(uv: str, folder: Path, name: str, *, upgrade: bool) -> None:
        assert (uv, upgrade) == ("the uv", False)
        assert folder != tmp_path
        assert (folder / f"{name}.lock").read_text() == f"a==1 \\\n    --hash={FIRST}\n"
        if name == "development":
            (folder / f"{name}.lock").write_text(f"a==2 \\\n    --hash={FIRST}\n")

    monkeypatch.setattr(lock, "compile_lock", compile_lock)
    assert lock.check("the uv", tmp_path) == [
        "requirements/development.lock: a==1 is locked and no longer asked for.",
        "requirements/development.lock: a==2 is asked for and not locked.",
    ]
    assert (tmp_path / "development.lock").read_text() == f"a==1 \\\n    --hash={FIRST}\n"


@pytest.mark.parametrize(("stale", "code"), [([], 0), (["requirements/actions.lock: a==1 has no hash."], 1)])
def test_the_exit_code_says_whether_a_lock_is_stale(
    stale: list[str], code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(lock, "check", lambda _uv: stale)
    assert lock.main(["--check"]) == code
    assert capsys.readouterr().out == "".join(f"{line}\n" for line in stale) + (
        "Run python scripts/lock.py and commit the locks.\n" if stale else ""
    )


def test_an_index_out_of_reach_is_no_verdict(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "uv").write_text("#!/bin/sh\necho 'Failed to fetch' >&2\nexit 2\n")
    (tmp_path / "uv").chmod(0o755)
    with pytest.raises(SystemExit) as stopped:
        lock.compile_lock(str(tmp_path / "uv"), tmp_path, "actions", upgrade=False)
    assert stopped.value.code == 3
    assert (
        capfd.readouterr().err
        == "Failed to fetch\nuv could not resolve requirements/actions.in; its reason is above.\n"
    )
