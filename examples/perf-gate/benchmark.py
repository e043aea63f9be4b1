"""A small benchmark for one processor, in the form that perf-gate reads: JSON, compression and hashing.

Runs in any image with Python 3.8 or newer and needs nothing else. It prints one result.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import statistics
import time
import zlib
from datetime import datetime, timezone
from typing import Callable

WARM_UPS = 3
ROUNDS = 15


def median_ms(work: Callable[[], object]) -> float:
    """Median milliseconds of some rounds, after warming up."""
    for _ in range(WARM_UPS):
        work()
    times = []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        work()
        times.append((time.perf_counter() - begin) * 1000)
    return statistics.median(times)


def main() -> None:
    """Measure, and print the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--commit", default="", help="commit that is measured")
    parser.add_argument("--runner", default="", help="name of the machine")
    parser.add_argument("--rows", type=int, default=20000, help="size of the data")
    given = parser.parse_args()
    started = datetime.now(timezone.utc).isoformat(timespec="seconds")
    rows = [{"id": number, "name": f"row {number}", "tags": ["a", "b"]} for number in range(given.rows)]
    text = json.dumps(rows)
    data = text.encode()
    result = {
        "settings": {"tool": "cpu benchmark", "rows": given.rows},
        "commit": given.commit,
        "runner": given.runner,
        "started": started,
        "metrics": {
            "json_write_ms": median_ms(lambda: json.dumps(rows)),
            "json_read_ms": median_ms(lambda: json.loads(text)),
            "compress_ms": median_ms(lambda: zlib.compress(data)),
            "hash_ms": median_ms(lambda: hashlib.sha256(data).hexdigest()),
        },
    }
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
