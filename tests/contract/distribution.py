"""The reference registry, Debian's `docker-registry`, as the measure of what any OCI registry does."""

from __future__ import annotations

import contextlib
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

CONFIGURATION = """\
version: 0.1
log: {{level: info, accesslog: {{disabled: true}}}}
storage: {{filesystem: {{rootdirectory: {folder}}}, delete: {{enabled: true}}}}
http: {{addr: "127.0.0.1:0"}}
"""
"""The registry takes a port itself and logs it: one that was free a moment ago may be anybody's now."""

LISTENING = re.compile(r'msg="listening on (127\.0\.0\.1:\d+)"')


@contextlib.contextmanager
def running(folder: Path) -> Iterator[str]:
    """An empty registry that keeps its files in `folder`; its address."""
    folder.mkdir(parents=True, exist_ok=True)
    configuration = folder / "configuration.yml"
    configuration.write_text(CONFIGURATION.format(folder=folder / "data"), encoding="utf-8")
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["docker-registry", "serve", str(configuration)], stdout=output, stderr=subprocess.STDOUT
        )
    try:
        yield f"http://{_address(process, log)}"
    finally:
        process.terminate()
        process.wait(timeout=10)


def _address(process: subprocess.Popen[bytes], log: Path) -> str:
    """Where the registry listens, host:port, as soon as it does."""
    end = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < end:
        if found := LISTENING.search(log.read_text(encoding="utf-8")):
            return found[1]
        time.sleep(0.05)
    message = f"docker-registry did not come up:\n{log.read_text(encoding='utf-8')}"
    raise RuntimeError(message)
