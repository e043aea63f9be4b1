"""The launcher as a job uses it: first use, next use, the places it is called from, and what must not get in."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.launcher.house import ROOT, House, ended
from tests.launcher.wheelhouse import Index, locked, serving, write_wheel
from uv import find_uv_bin

from release_actions.main import ACTIONS

NEEDS_BUSYBOX = pytest.mark.skipif(shutil.which("busybox") is None, reason="needs busybox on PATH")

PREPARING = "release-actions: preparing the Python environment (once per job)\n"


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House.build(tmp_path)


@pytest.mark.parametrize(
    "shell",
    [
        pytest.param(("sh",), id="sh"),
        pytest.param(("dash",), id="dash", marks=pytest.mark.tools("dash")),
        pytest.param(("bash", "--posix"), id="bash-posix", marks=pytest.mark.tools("bash")),
        pytest.param(("bash",), id="bash", marks=pytest.mark.tools("bash")),
        pytest.param(("busybox", "sh"), id="busybox", marks=NEEDS_BUSYBOX),
    ],
)
def test_first_use_builds_and_says_so_and_the_next_is_quiet(house: House, shell: tuple[str, ...]) -> None:
    command = (shutil.which(shell[0]) or shell[0], *shell[1:])
    first = house.run("validate-tag", "--tag", "v1.2.3", shell=command)
    assert first.report["yaml"] == "the lock"
    assert first.err == PREPARING
    (name,) = house.environments()
    assert first.report["prefix"] == str(house.temp / name)
    assert house.left_over() == []
    # Nothing that an installation needs is there any more.
    shutil.rmtree(house.wheels)
    second = house.run("validate-tag", shell=command)
    assert second.err == ""
    assert second.report["prefix"] == first.report["prefix"]


def test_the_command_gets_its_arguments_its_inputs_and_the_callers_folder(house: House) -> None:
    ran = house.run("validate-tag", "--tag", "a b", "", "*", INPUT_DRY_RUN="true")
    assert ran.report["arguments"] == ["--tag", "a b", "", "*"]
    assert ran.report["inputs"] == {"INPUT_DRY_RUN": "true"}
    assert ran.report["cwd"] == str(house.workspace)
    assert ran.report["isolated"] == 1
    assert ran.report["unbuffered"] is True
    assert ran.report["script"] == str(house.root / "actions/validate-tag/main.py")


@pytest.mark.parametrize(
    "arguments", [(), ("--help",), ("--version",), ("release-plan", "--json"), ("../validate-tag",)]
)
def test_what_is_no_folder_under_actions_reaches_the_package(house: House, arguments: tuple[str, ...]) -> None:
    ran = house.run(*arguments)
    assert ran.report["script"] == str(house.root / "src/release_actions/__main__.py")
    assert ran.report["arguments"] == list(arguments)


def test_the_launcher_reaches_the_real_commands() -> None:
    assert os.access(ROOT / "release-actions", os.X_OK)
    assert (ROOT / "src/release_actions/__main__.py").is_file()
    for name in set(ACTIONS) - {"release-plan"}:
        assert (ROOT / "actions" / name / "main.py").is_file()


def test_each_group_of_commands_has_its_own_lock(house: House) -> None:
    for name in ("simulator", "development"):
        wheel = write_wheel(house.wheels, name.replace("-", "_"), {"yaml.py": f"SOURCE = {name!r}\n"})
        house.lock(locked(wheel), name)
    assert house.run("rehearse").report["yaml"] == "simulator"
    assert house.run("simulate").report["yaml"] == "simulator"
    assert house.run("protect-latest").report["yaml"] == "the lock"
    assert len(house.environments()) == 2
    environment = Path(house.run("test", "--print-environment").out.strip())
    assert [file.read_text() for file in environment.rglob("yaml.py")] == ["SOURCE = 'development'\n"]


def test_tests_run_from_the_root_with_pytest_on_every_core_unless_told_otherwise(house: House) -> None:
    wheel = write_wheel(
        house.wheels, "pytest", {"pytest.py": "import os, sys\nprint(os.getcwd(), sys.argv[1:], sys.flags.isolated)\n"}
    )
    house.lock(locked(wheel), "development")
    every_core = ["-n", "auto", "--dist", "worksteal"]
    assert house.run("test", "-k", "x y").out == f"{house.root} {[*every_core, '-k', 'x y']} 1\n"


def test_everything_in_the_lock_is_installed(house: House) -> None:
    wheels = [write_wheel(house.wheels, name, {f"{name}.py": ""}) for name in ("one", "two", "three")]
    house.lock(f"# header\n{locked(*wheels)}    # via nothing\n", "development")
    environment = Path(house.run("test", "--print-environment").out.strip())
    assert all(list(environment.rglob(f"site-packages/{name}.py")) for name in ("one", "two", "three"))


def test_a_changed_lock_gets_an_environment_of_its_own(house: House) -> None:
    house.run("validate-tag")
    wheel = write_wheel(house.wheels, "yaml", {"yaml.py": "SOURCE = 'the new lock'\n"})
    house.lock(locked(wheel))
    assert house.run("validate-tag").report["yaml"] == "the new lock"
    assert len(house.environments()) == 2


def write_tool(house: House) -> Path:
    return write_wheel(
        house.wheels,
        "tool",
        {"tool.py": "def main():\n    print('ran')\n"},
        scripts="[console_scripts]\ntool = tool:main\n",
    )


def test_scripts_in_the_environment_run_after_the_move(house: House) -> None:
    house.lock(locked(write_tool(house)), "development")
    environment = Path(house.run("test", "--print-environment").out.strip())
    assert subprocess.check_output([environment / "bin/tool"], text=True) == "ran\n"


# --- Where it is called from


@pytest.mark.parametrize("place", ["root", "in a folder", "linked cache", "program link", "chain of links", "beside"])
def test_it_finds_its_repository(house: House, tmp_path: Path, place: str) -> None:
    launcher = house.root / "release-actions"
    cache = tmp_path / "actions" / "v1"
    cache.parent.mkdir()
    if place == "in a folder":
        launcher = house.root / "actions" / "validate-tag" / ".." / ".." / "release-actions"
    elif place == "linked cache":
        cache.symlink_to(house.root, target_is_directory=True)
        launcher = cache / "actions" / ".." / "release-actions"
    elif place == "program link":
        launcher = house.home / "release-actions"
        launcher.symlink_to(house.root / "release-actions")
    elif place == "chain of links":
        (house.home / "one").symlink_to(os.path.relpath(house.root / "release-actions", house.home))
        launcher = house.home / "two"
        launcher.symlink_to("one")
    elif place == "beside":
        house.workspace = house.root
        launcher = Path("release-actions")
    ran = house.run("validate-tag", launcher=launcher, shell=("sh",))
    assert ran.report["script"] == str(house.root / "actions/validate-tag/main.py")


def test_it_is_found_through_the_path(house: House) -> None:
    (house.bin / "release-actions").symlink_to(house.root / "release-actions")
    house.program("call", "exec release-actions validate-tag")
    ran = house.run(launcher=house.bin / "call")
    assert ran.report["script"] == str(house.root / "actions/validate-tag/main.py")


def test_paths_with_blanks_and_signs(tmp_path: Path) -> None:
    house = House.build(tmp_path / "a b $HOME 'c' \"d\" *")
    # pip takes the variable for several folders, separated by blanks.
    house.environ["PIP_FIND_LINKS"] = str(house.wheels.rename(tmp_path / "wheels"))
    assert house.run("validate-tag").report["prefix"].startswith(str(house.temp))
    assert house.run("validate-tag").err == ""
    assert house.run("test", "--print-environment").out.startswith(str(house.temp))


def test_the_repository_is_only_read(house: House) -> None:
    before = {path: path.stat().st_mtime_ns for path in house.root.rglob("*")}
    for folder in (house.root, house.root / "src/release_actions", house.root / "actions/validate-tag"):
        folder.chmod(0o555)
    assert house.run("validate-tag").report["yaml"] == "the lock"
    assert {path: path.stat().st_mtime_ns for path in house.root.rglob("*")} == before


# --- Where the environment is


def test_a_named_cache_comes_first(house: House, tmp_path: Path) -> None:
    ran = house.run("validate-tag", RELEASE_ACTIONS_CACHE=str(tmp_path / "new" / "cache"))
    assert ran.report["prefix"].startswith(str(tmp_path / "new/cache/release-actions-"))
    assert house.environments() == []


def test_a_relative_cache_is_taken_from_the_callers_folder(house: House) -> None:
    environment = house.run("test", "--print-environment", RELEASE_ACTIONS_CACHE="cache").out.strip()
    assert Path(environment).parent == house.workspace / "cache"


def test_away_from_a_runner_it_is_in_the_users_cache_folder(house: House, tmp_path: Path) -> None:
    del house.environ["RUNNER_TEMP"]
    assert Path(house.run("validate-tag").report["prefix"]).parent == house.home / ".cache/release-actions"
    house.environ["XDG_CACHE_HOME"] = str(tmp_path / "xdg")
    assert Path(house.run("validate-tag").report["prefix"]).parent == tmp_path / "xdg/release-actions"


@pytest.mark.parametrize("home", ["missing", "empty", "a file"])
def test_without_a_home_it_is_in_a_folder_that_only_this_user_can_read(house: House, tmp_path: Path, home: str) -> None:
    del house.environ["RUNNER_TEMP"], house.environ["HOME"]
    if home == "empty":
        house.environ["HOME"] = ""
    elif home == "a file":
        (tmp_path / "file").touch()
        house.environ["HOME"] = str(tmp_path / "file")
    house.environ["TMPDIR"] = str(tmp_path)
    folder = tmp_path / f"release-actions-{os.getuid()}"
    assert Path(house.run("validate-tag").report["prefix"]).parent == folder
    assert folder.stat().st_mode & 0o777 == 0o700
    assert house.run("validate-tag").err == ""


def test_a_folder_that_others_can_write_to_is_refused(house: House, tmp_path: Path) -> None:
    del house.environ["RUNNER_TEMP"], house.environ["HOME"]
    folder = tmp_path / f"release-actions-{os.getuid()}"
    folder.mkdir()
    folder.chmod(0o777)
    ran = house.run("validate-tag", TMPDIR=str(tmp_path))
    assert ran.code == 3
    assert ran.err == (
        f"release-actions: The folder {folder} for the Python environment is not this user's alone.\n"
        "Set RELEASE_ACTIONS_CACHE to a folder that only you can write to.\n"
    )
    assert list(folder.iterdir()) == []


# --- Steps that run at once, and builds that were stopped


def test_two_steps_that_build_at_once_share_one_environment(house: House) -> None:
    runs = [house.start("validate-tag") for _ in range(3)]
    reports = [ended(run).report for run in runs]
    assert {report["yaml"] for report in reports} == {"the lock"}
    assert len({report["prefix"] for report in reports}) == 1
    assert len(house.environments()) == 1
    assert house.left_over() == []


def unending_install(house: House) -> None:
    """Make pip hang: its source is a pipe that nobody writes to."""
    os.mkfifo(house.root / "fifo")
    (house.root / "requirements/actions.lock").unlink()
    house.lock(f"-r {house.root}/fifo\n")


def wait_for_build(house: House) -> None:
    until = time.monotonic() + 60
    while not any((house.temp / name / "env").exists() for name in house.left_over()):
        assert time.monotonic() < until, "no build began"
        time.sleep(0.02)


def test_a_killed_build_is_never_used_and_goes_away_when_old(house: House) -> None:
    lock = (house.root / "requirements/actions.lock").read_text(encoding="utf-8")
    unending_install(house)
    run = house.start("validate-tag")
    wait_for_build(house)
    os.killpg(run.pid, signal.SIGKILL)
    assert ended(run).code == -signal.SIGKILL
    house.lock(lock)
    (half,) = house.left_over()
    assert house.run("validate-tag").report["yaml"] == "the lock"
    assert house.left_over() == [half], "it may be another step's, still at work"
    long_ago = time.time() - 7200
    os.utime(house.temp / half, (long_ago, long_ago))
    write_wheel(house.wheels, "other", {"yaml.py": "SOURCE = 'other'\n"})
    house.lock(locked(house.wheels / "other-1.0-py3-none-any.whl"))
    assert house.run("validate-tag").report["yaml"] == "other"
    assert house.left_over() == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_the_build_and_clears_up(house: House, number: signal.Signals) -> None:
    unending_install(house)
    run = house.start("validate-tag")
    wait_for_build(house)
    run.send_signal(number)
    stopped = ended(run)
    assert stopped.code == 130
    assert stopped.err == PREPARING + "release-actions: stopped while preparing the Python environment.\n"
    assert list(house.temp.iterdir()) == []


def test_a_signal_reaches_the_command(house: House) -> None:
    (house.root / "actions/validate-tag/main.py").write_text(
        "import signal, sys\nsignal.signal(signal.SIGTERM, lambda *_: sys.exit(42))\nprint('ready')\nsignal.pause()\n"
    )
    run = house.start("validate-tag")
    assert run.stdout is not None
    assert run.stdout.readline() == "ready\n"
    run.terminate()
    assert ended(run).code == 42


def test_an_environment_whose_python_was_removed_is_built_again(house: House) -> None:
    first = house.run("validate-tag").report["prefix"]
    (Path(first) / "bin/python").unlink()
    (Path(first) / "bin/python").symlink_to("/nowhere/python3")
    again = house.run("validate-tag")
    assert again.report["prefix"] == first
    assert again.err == PREPARING


def test_a_job_that_changes_its_python_gets_another_choice(house: House) -> None:
    house.run("validate-tag")
    ran = house.run("validate-tag", RELEASE_ACTIONS_PYTHON="/nowhere/python")
    assert ran.code == 2
    (house.home / "python3").write_text("#!/bin/sh\necho 3.9.18\n")
    (house.home / "python3").chmod(0o755)
    house.python("python3", "/nowhere/python")
    assert house.run("validate-tag").err == "", "the job's first choice holds while its PATH does"
    ran = house.run("validate-tag", PATH=f"{house.home}:{house.bin}")
    assert ran.code == 2
    assert "is Python 3.9.18" in ran.err


def test_the_next_use_starts_no_more_than_one_program(house: House) -> None:
    house.run("validate-tag")
    log = house.temp / "programs"
    for program in house.bin.iterdir():
        target = os.path.realpath(program)
        house.program(
            program.name, f'echo {program.name} >>"{log}"\nexec {target} "$@"'
        ) if program.name != "sh" else None
    assert house.run("validate-tag", shell=("/bin/sh",)).report["yaml"] == "the lock"
    assert log.read_text(encoding="utf-8").split() == ["sha256sum"]


# --- What must not get in


@pytest.mark.parametrize("where", ["workspace", "PYTHONPATH"])
def test_modules_of_the_caller_are_never_imported(house: House, where: str) -> None:
    for name in ("yaml", "sitecustomize", "usercustomize", "pip", "venv", "json", "runpy", "os"):
        (house.workspace / f"{name}.py").write_text("raise SystemExit('hijacked')\n")
    if where == "PYTHONPATH":
        house.environ["PYTHONPATH"] = str(house.workspace)
    ran = house.run("validate-tag")
    assert ran.report["yaml"] == "the lock"
    assert str(house.workspace) not in ran.report["path"]


HOSTILE = {
    "PIP_TARGET": "/nowhere/target",
    "PIP_USER": "1",
    "PIP_PREFIX": "/nowhere/prefix",
    "PIP_ROOT": "/nowhere/root",
    "PIP_REQUIRE_VIRTUALENV": "1",
    "PIP_CONSTRAINT": "/nowhere/constraints.txt",
    "PIP_REQUIREMENT": "/nowhere/requirements.txt",
    "PIP_NO_BINARY": ":all:",
    "PIP_ONLY_BINARY": ":none:",
    "PIP_PYTHON": "/nowhere/python",
    "PIP_PLATFORM": "win_amd64",
    "PIP_DRY_RUN": "1",
    "PIP_IGNORE_INSTALLED": "nonsense",
    "PIP_LOG": "/nowhere/log",
    "pip_target": "/nowhere/target",
    "PYTHONHOME": "/nowhere",
    "PYTHONPATH": "/nowhere",
    "PYTHONSTARTUP": "/nowhere/startup.py",
    "PYTHONPLATLIBDIR": "nowhere",
    "PYTHONINSPECT": "1",
    "PYTHONWARNINGS": "error",
    "PYTHONVERBOSE": "1",
    "PYTHONUSERBASE": "/nowhere",
    "VIRTUAL_ENV": "/nowhere",
    "CONDA_PREFIX": "/nowhere",
    "UV_SYSTEM_PYTHON": "1",
    "UV_PYTHON": "2.7",
    "UV_PROJECT_ENVIRONMENT": "/nowhere",
    "UV_CONFIG_FILE": "/nowhere/uv.toml",
    "UV_NO_BINARY": "1",
    "UV_CONSTRAINT": "/nowhere/constraints.txt",
    "UV_OVERRIDE": "/nowhere/overrides.txt",
    "UV_EXCLUDE_NEWER": "2001-01-01",
    "UV_VENV_SEED": "1",
    "UV_DRY_RUN": "1",
    "UV_WORKING_DIRECTORY": "/nowhere",
    "CDPATH": "/nowhere:/",
    "ENV": "/nowhere/env",
}


def test_variables_meant_for_other_installations_change_nothing(house: House) -> None:
    ran = house.run("validate-tag", environ=HOSTILE)
    assert ran.report["yaml"] == "the lock"
    assert ran.err == PREPARING
    assert house.left_over() == []


def test_variables_meant_for_other_installations_reach_the_command_all_the_same(house: House) -> None:
    (house.root / "actions/validate-tag/main.py").write_text("import os\nprint(os.environ['PIP_TARGET'])\n")
    for _ in range(2):
        assert house.run("validate-tag", PIP_TARGET="/nowhere").out == "/nowhere\n"


def test_an_index_and_its_settings_are_kept(house: House) -> None:
    house.without_index()
    with serving(house.wheels) as index:
        ran = house.run("validate-tag", PIP_INDEX_URL=index.url)
    assert ran.report["yaml"] == "the lock"
    assert [path for path in index.requests if path.endswith(".whl")] == ["/files/yaml-1.0-py3-none-any.whl"]


@pytest.mark.parametrize(
    "setting", ["user = true", "target = /nowhere", "no-binary = :all:", "require-virtualenv = true"]
)
def test_an_index_in_pip_conf_is_kept_and_another_place_there_is_not(house: House, setting: str) -> None:
    house.without_index()
    with serving(house.wheels) as index:
        (house.home / ".config/pip").mkdir(parents=True)
        (house.home / ".config/pip/pip.conf").write_text(f"[global]\nindex-url = {index.url}\n[install]\n{setting}\n")
        ran = house.run("validate-tag")
    assert ran.report["yaml"] == "the lock"
    assert index.requests


# --- uv


@pytest.fixture
def only_uv(house: House) -> Iterator[Index]:
    """uv is on the PATH and knows an index; there is no pip."""
    (house.bin / "uv").symlink_to(find_uv_bin())
    house.interpreter("python3", hidden=("pip", "ensurepip"))
    house.without_index()
    with serving(house.wheels) as index:
        house.environ["UV_DEFAULT_INDEX"] = index.url
        yield index


@pytest.mark.usefixtures("only_uv")
def test_uv_builds_when_it_is_on_the_path(house: House) -> None:
    ran = house.run("validate-tag", environ=HOSTILE)
    assert ran.report["yaml"] == "the lock"
    assert ran.err == PREPARING
    assert "uv = " in (Path(ran.report["prefix"]) / "pyvenv.cfg").read_text(encoding="utf-8")
    assert house.run("validate-tag").err == ""


@pytest.mark.usefixtures("only_uv")
def test_uv_reads_no_configuration_of_the_workspace(house: House) -> None:
    (house.workspace / "uv.toml").write_text("this is no configuration\n")
    (house.workspace / "pyproject.toml").write_text("[project]\nname = 'x'\nversion = '1'\nrequires-python = '<3'\n")
    ran = house.run("validate-tag")
    assert ran.report["yaml"] == "the lock"
    assert ran.err == PREPARING


@pytest.mark.usefixtures("only_uv")
def test_scripts_run_after_the_move_with_uv_too(house: House) -> None:
    house.lock(locked(write_tool(house)), "development")
    environment = Path(house.run("test", "--print-environment").out.strip())
    assert subprocess.check_output([environment / "bin/tool"], text=True) == "ran\n"


def test_uv_leaves_an_index_that_only_pip_knows_to_pip(house: House) -> None:
    house.program("uv", "exit 7")
    ran = house.run("validate-tag")
    assert ran.report["yaml"] == "the lock"
    assert ran.err == PREPARING


def test_pip_takes_over_when_uv_cannot(house: House) -> None:
    house.program("uv", "exit 7")
    ran = house.run("validate-tag", UV_FIND_LINKS="/nowhere")
    assert ran.report["yaml"] == "the lock"
    assert ran.err == PREPARING + "release-actions: uv could not do it, trying pip\n"


# --- Pips, old and missing


def test_the_pip_that_comes_with_python_is_enough(house: House) -> None:
    house.interpreter("python3", hidden=("pip",))
    ran = house.run("validate-tag")
    assert ran.report["yaml"] == "the lock"
    assert not list(Path(ran.report["prefix"]).rglob("pip"))


def test_a_virtual_environment_lends_its_pip(house: House) -> None:
    # Behind all links there is no pip; the interpreter on the PATH has one.
    house.interpreter("behind", hidden=("pip", "ensurepip"))
    python = os.path.realpath(house.bin / "python3")
    house.program(
        "python3", f'case "$*" in *sys.version_info*) exec "{house.bin}/behind" "$@";; esac; exec "{python}" "$@"'
    )
    assert house.run("validate-tag").report["yaml"] == "the lock"
