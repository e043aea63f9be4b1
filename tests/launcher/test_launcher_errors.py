"""What a person reads when the launcher stops, word for word, and the exit code that goes with it."""

from __future__ import annotations

import hashlib
import os
import socket
from pathlib import Path

import pytest
from tests.launcher.house import House, commands_in
from tests.launcher.wheelhouse import locked, serving, write_sdist, write_wheel

PREPARING = "release-actions: preparing the Python environment (once per job)\n"

ADD_PYTHON = "Add actions/setup-python before this step, or set RELEASE_ACTIONS_PYTHON to an interpreter.\n"
PLATFORM = "Use a released Python, or see that the mirror has every locked package. Nothing is built from source.\n"
UNREACHABLE = (
    "release-actions: The package index could not be reached, so the Python environment was not built.\n"
    "Check the network. PIP_INDEX_URL names a mirror, HTTPS_PROXY a proxy, PIP_CERT a file of certificates.\n"
)
MISMATCH = (
    "release-actions: A package on the index is not the one in requirements/actions.lock: its hash differs. "
    "Nothing was installed.\n"
    "If a mirror is set, for example by PIP_INDEX_URL, see that it serves the files of pypi.org unchanged.\n"
)


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House.build(tmp_path)


def old_python(house: House, name: str, version: str) -> Path:
    """An interpreter too old for this project. Python 2 does not know the options the launcher asks with."""
    if version.startswith("2."):
        return house.program(name, f'[ "$1" = --version ] || exit 2\necho "Python {version}" >&2')
    return house.program(name, f"printf {version}")


# --- Python


def test_no_python(house: House) -> None:
    (house.bin / "python3").unlink()
    ran = house.run("validate-tag")
    assert ran.code == 2
    assert ran.out == ""
    assert ran.err == f"release-actions: Python 3.10 or newer is needed and was not found.\n{ADD_PYTHON}"


def test_only_old_and_broken_pythons_are_named_with_their_versions(house: House) -> None:
    old_python(house, "python3", "3.9.18")
    old_python(house, "python", "2.7.18")
    house.program("python3.12", "echo 'pyenv: python3.12: command not found' >&2; exit 127")
    ran = house.run("validate-tag")
    assert ran.code == 2
    assert ran.err == (
        "release-actions: Python 3.10 or newer is needed and was not found: "
        f"{house.bin}/python3 is Python 3.9.18, {house.bin}/python is Python 2.7.18, "
        f"{house.bin}/python3.12 does not run.\n{ADD_PYTHON}"
    )
    assert list(house.temp.iterdir()) == []


def test_a_newer_python_is_found_behind_old_and_broken_ones(house: House) -> None:
    house.python("python3.11", os.path.realpath(house.bin / "python3"))
    house.program("python3", "exit 127")
    old_python(house, "python", "3.8.20")
    old_python(house, "python3.14", "3.9.0")
    assert house.run("validate-tag").report["yaml"] == "the lock"


@pytest.mark.parametrize(
    ("name", "reason"), [("old", "is Python 3.9.18"), ("older", "is Python 2.7.18"), ("absent", "does not run")]
)
def test_the_python_asked_for_is_used_or_nothing_is(house: House, name: str, reason: str) -> None:
    old_python(house, "old", "3.9.18")
    old_python(house, "older", "2.7.18")
    ran = house.run("validate-tag", RELEASE_ACTIONS_PYTHON=str(house.bin / name))
    assert ran.code == 2
    assert ran.err == (
        f"release-actions: RELEASE_ACTIONS_PYTHON names {house.bin}/{name}, which {reason}.\n"
        "Set it to a Python 3.10 or newer, or unset it to have one found.\n"
    )


def test_the_python_asked_for_may_be_anywhere(house: House) -> None:
    (house.bin / "python3").rename(house.home / "my python")
    ran = house.run("validate-tag", RELEASE_ACTIONS_PYTHON=str(house.home / "my python"))
    assert ran.report["yaml"] == "the lock"


def test_a_python_without_pip_and_nothing_in_its_place(house: House) -> None:
    house.interpreter("python3", hidden=("pip", "ensurepip"))
    ran = house.run("validate-tag")
    assert ran.code == 2
    assert ran.err == PREPARING + (
        "release-actions: python3 has neither pip nor ensurepip, and uv is not on the PATH.\n"
        "Add actions/setup-python before this step, or install pip for this Python.\n"
    )
    assert list(house.temp.iterdir()) == []


# --- The index


def test_an_index_that_cannot_be_reached(house: House) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: refused
        house.without_index()
        url = f"http://user:s3cret@127.0.0.1:{taken.getsockname()[1]}/simple/"
        ran = house.run("validate-tag", PIP_INDEX_URL=url, PIP_RETRIES="1")
    assert ran.code == 3
    assert ran.err.startswith(PREPARING)
    assert ran.err.endswith(UNREACHABLE)
    assert "s3cret" not in ran.err
    assert list(house.temp.iterdir()) == []


def test_an_index_that_shuts_the_door(house: House) -> None:
    house.without_index()
    with serving(house.wheels, status=403) as index:
        ran = house.run("validate-tag", PIP_INDEX_URL=index.url, PIP_RETRIES="0")
    assert ran.code == 3
    assert "403" in ran.err
    assert ran.err.endswith(UNREACHABLE)


def test_an_index_that_comes_back_at_the_third_try(house: House) -> None:
    house.without_index()
    with serving(house.wheels, status=403, refusals=2) as index:
        ran = house.run("validate-tag", PIP_INDEX_URL=index.url, PIP_RETRIES="0")
    assert ran.report["yaml"] == "the lock"
    assert ran.err == PREPARING


def test_a_package_that_is_not_the_locked_one(house: House) -> None:
    lock = locked(house.wheels / "yaml-1.0-py3-none-any.whl")
    swapped = write_wheel(house.wheels, "yaml", {"yaml.py": "SOURCE = 'somebody else'\n"})
    house.without_index()
    with serving(house.wheels) as index:
        ran = house.run("validate-tag", PIP_INDEX_URL=index.url)
    assert ran.code == 3
    assert ran.out == ""
    assert ran.err.endswith(MISMATCH)
    assert lock.split("sha256:")[1].strip() in ran.err, "pip names the package and both hashes"
    assert hashlib.sha256(swapped.read_bytes()).hexdigest() in ran.err
    assert list(house.temp.iterdir()) == []


def test_a_damaged_download_is_fetched_once_more(house: House) -> None:
    house.without_index()
    del house.environ["PIP_NO_CACHE_DIR"]
    with serving(house.wheels, damaged=1) as index:
        ran = house.run("validate-tag", PIP_INDEX_URL=index.url)
    assert ran.report["yaml"] == "the lock"
    assert len([path for path in index.requests if path.endswith(".whl")]) == 2


def test_a_source_archive_is_never_built(house: House, tmp_path: Path) -> None:
    witness = tmp_path / "built"
    house.lock(locked(write_sdist(house.wheels, "sdist", witness)))
    ran = house.run("validate-tag", PIP_NO_BINARY=":all:")
    assert ran.code == 3
    assert not witness.exists()
    assert ran.err.endswith(PLATFORM)


def test_no_wheel_for_this_platform(house: House) -> None:
    house.lock(locked(write_wheel(house.wheels, "elsewhere", {}, tag="cp39-cp39-win_arm64")))
    ran = house.run("validate-tag")
    assert ran.code == 3
    first, last = ran.err.splitlines()[-2:]
    assert first.startswith("release-actions: The index has no wheel of a locked package for Python 3.")
    assert last + "\n" == PLATFORM


def test_a_lock_without_hashes_installs_nothing(house: House) -> None:
    house.lock("yaml==1.0\n")
    ran = house.run("validate-tag")
    assert ran.code == 3
    assert "require-hashes" in ran.err
    assert ran.err.endswith(
        "release-actions: The Python environment could not be built.\n"
        "The lines above are what the installer said last.\n"
    )


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("error: Failed to fetch: `https://pypi.org/simple/yaml/`", "The package index could not be reached"),
        ("  cause: dns error: failed to lookup address information", "The package index could not be reached"),
        (
            "  cause: Hash mismatch for `yaml==1.0`",
            "A package on the index is not the one in requirements/actions.lock",
        ),
        ("  cause: No space left on device (os error 28)", "The disk is full: the Python environment could not be"),
        ("  cause: Disk quota exceeded", "The disk is full: the Python environment could not be written to"),
        ("  cause: Permission denied (os error 13)", "The Python environment could not be written to"),
        ("  cause: Because yaml==1.0 has no wheels with a matching Python ABI tag", "The index has no wheel"),
        ("something new", "The Python environment could not be built."),
    ],
)
def test_what_uv_says_is_understood_too(house: House, said: str, message: str) -> None:
    house.program("uv", f"echo '{said}' >&2; exit 2")
    house.interpreter("python3", hidden=("pip", "ensurepip"))
    ran = house.run("validate-tag", UV_FIND_LINKS="/nowhere")
    assert ran.code == 3
    assert f"  | {said}\n" in ran.err
    assert f"release-actions: {message}" in ran.err


# --- The disk and the repository


def test_a_folder_that_is_a_file(house: House, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    ran = house.run("validate-tag", RUNNER_TEMP=str(tmp_path / "file"))
    assert ran.code == 3
    assert ran.err == PREPARING + (
        f"release-actions: The Python environment could not be written to {tmp_path}/file.\n"
        "Set RELEASE_ACTIONS_CACHE to a folder that can be written to.\n"
    )


@pytest.mark.parametrize("mode", [0o770, 0o707, 0o777, 0o1777])
def test_a_cache_that_others_can_write_to_is_not_used(house: House, tmp_path: Path, mode: int) -> None:
    cache = tmp_path / "cache"
    cache.mkdir()
    cache.chmod(mode)
    ran = house.run("validate-tag", RELEASE_ACTIONS_CACHE=str(cache))
    assert ran.code == 2
    assert ran.err == (
        f"release-actions: RELEASE_ACTIONS_CACHE names {cache}, which another user owns or can write to.\n"
        "Whoever can write there decides what runs here. Name a folder of this user, and run chmod go-w on it.\n"
    )
    assert list(cache.iterdir()) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_cache_of_another_user_is_not_used(house: House, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    cache.mkdir(mode=0o755)
    os.chown(cache, 12345, -1)
    link = tmp_path / "link"
    link.symlink_to(cache)
    for name in (cache, link):
        ran = house.run("validate-tag", RELEASE_ACTIONS_CACHE=str(name))
        assert (ran.code, list(cache.iterdir())) == (2, [])


def test_a_cache_that_others_can_read_is_used_and_a_new_one_is_closed(house: House, tmp_path: Path) -> None:
    readable = tmp_path / "readable"
    readable.mkdir(mode=0o755)
    new = tmp_path / "new" / "cache"
    for cache in (readable, new):
        assert house.run("validate-tag", RELEASE_ACTIONS_CACHE=str(cache)).report["yaml"] == "the lock"
    assert new.stat().st_mode & 0o777 == 0o700


# --- An environment that is not complete


@pytest.mark.parametrize(
    "setting", ["dry-run = true", "prefix = {}/away", "root = {}/away", "target = {}/away", "user = true"]
)
def test_a_pip_conf_does_not_change_where_packages_go(house: House, tmp_path: Path, setting: str) -> None:
    configuration = tmp_path / "pip.conf"
    configuration.write_text(f"[install]\n{setting.format(tmp_path)}\n")
    ran = house.run("validate-tag", PIP_CONFIG_FILE=str(configuration))
    assert ran.report["yaml"] == "the lock"
    assert ran.err == PREPARING


def test_an_installer_that_ends_well_and_installs_nothing_leaves_no_environment(house: House) -> None:
    python = os.path.realpath(house.bin / "python3")
    house.program(
        "uv", f'[ "$1" = venv ] || exit 0\nfor place; do :; done\nexec "{python}" -I -m venv --without-pip "$place"'
    )
    house.interpreter("python3", hidden=("pip", "ensurepip"))
    ran = house.run("validate-tag", UV_FIND_LINKS="/nowhere")
    assert ran.code == 3
    assert "  | incomplete environment: yaml\n" in ran.err
    assert ran.err.endswith(
        "release-actions: The installer ended well, and the Python environment is not complete.\n"
        "Look for options of pip.conf or PIP_* that change where or what pip installs.\n"
    )
    assert house.environments() == []


def test_an_environment_that_lost_a_file_before_it_was_finished_is_built_again(house: House) -> None:
    house.run("validate-tag")
    environment = house.temp / house.environments()[0]
    (environment / "release-actions.complete").unlink()
    (module,) = environment.rglob("site-packages/yaml.py")
    module.write_text("")
    ran = house.run("validate-tag")
    assert ran.report["yaml"] == "the lock"
    assert ran.err == PREPARING


def test_a_complete_environment_of_an_earlier_launcher_is_kept(house: House) -> None:
    house.run("validate-tag")
    environment = house.temp / house.environments()[0]
    (environment / "release-actions.complete").unlink()
    ran = house.run("validate-tag")
    assert (ran.code, ran.err) == (0, "")
    assert (environment / "release-actions.complete").is_file()


# --- A full disk


def test_a_full_disk_is_named_even_if_the_installer_could_not_say_so(house: House) -> None:
    python = house.interpreter("python3", hidden=("pip", "ensurepip"))
    # The launcher asks Python how much room there is.
    python.write_text(python.read_text().replace("esac\n", "  *statvfs*) exit 0 ;;\nesac\n"))
    house.program("uv", "exit 2")
    ran = house.run("validate-tag", UV_FIND_LINKS="/nowhere", PIP_FIND_LINKS="/nowhere")
    assert ran.code == 3
    assert ran.err.endswith(
        f"release-actions: The disk is full: the Python environment could not be written to {house.temp}.\n"
        "Free some space there, or set RELEASE_ACTIONS_CACHE to a folder on another disk.\n"
    )


@pytest.mark.parametrize("part", ["requirements/actions.lock", "src/release_actions/__main__.py"])
def test_a_part_of_the_repository(house: House, part: str) -> None:
    (house.root / part).unlink()
    ran = house.run("validate-tag")
    assert ran.code == 2
    assert ran.err == (
        f"release-actions: {house.root}/{part} is missing.\n"
        "Use the whole repository of release-actions, not a part of it.\n"
    )


def test_the_gate_takes_the_lock_of_the_page_only_for_a_page(house: House) -> None:
    missing = f"release-actions: {house.root}/requirements/page.lock is missing.\n"

    assert house.run("release-gate", INPUT_PAGE="page/index.html").err.startswith(missing)
    assert house.run("release-gate", "--page=page/index.html").err.startswith(missing)
    assert missing not in house.run("release-gate", INPUT_PAGE="").err


# --- On a runner


def test_an_error_is_one_annotation_on_a_runner(house: House) -> None:
    ran = house.run("validate-tag", GITHUB_ACTIONS="true", RELEASE_ACTIONS_PYTHON="/nowhere/python")
    assert commands_in(ran.err) == [
        "::error::RELEASE_ACTIONS_PYTHON names /nowhere/python, which does not run."
        "%0ASet it to a Python 3.10 or newer, or unset it to have one found."
    ]


def test_text_from_outside_is_no_command(house: House) -> None:
    name = "/nowhere/50%\n::warning::\r  ::debug::##[error]x"
    ran = house.run("validate-tag", GITHUB_ACTIONS="true", RELEASE_ACTIONS_PYTHON=name)
    (line,) = commands_in(ran.err)
    assert line.startswith(
        "::error::RELEASE_ACTIONS_PYTHON names /nowhere/50%25%0A: :warning::%0A  : :debug::# #[error]x"
    )
    assert not [text for text in ran.err.splitlines() if text.lstrip().startswith("::") and text != line]
    assert "##[" not in ran.err


def test_the_installers_words_are_no_command(house: House) -> None:
    house.program("uv", r"printf '::error::one\r::error::two ##[error]three\n'; exit 2")
    house.interpreter("python3", hidden=("pip", "ensurepip"))
    ran = house.run("validate-tag", UV_FIND_LINKS="/nowhere", GITHUB_ACTIONS="true")
    assert len(commands_in(ran.err)) == 1
    assert "  | : :error::one\n  | : :error::two # #[error]three\n" in ran.err
