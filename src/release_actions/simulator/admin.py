"""Routes that are the simulator's own, under `/_simulator`, on both origins: a look at the state and the requests.

They are no part of GitHub: they take no token, meet no faults, count against no limit and are not in the log.
"""

from __future__ import annotations

import json

from release_actions.simulator.clock import stamp
from release_actions.simulator.origin import Answer, Call, Route
from release_actions.simulator.request_log import RequestLog


def routes(log: RequestLog) -> tuple[Route, ...]:
    """The routes, over a request log."""

    def state(call: Call) -> Answer:
        """The whole world as JSON."""
        return shown(call.world.dump())

    def requests(_call: Call) -> Answer:
        """Requests so far, counted by kind."""
        return shown(
            [
                {"origin": origin, "method": method, "route": route, "status": status, "count": count}
                for (origin, method, route, status), count in log.kinds().items()
            ]
        )

    def clock(call: Call) -> Answer:
        """Move the clock on by `?advance=SECONDS`."""
        seconds = call.arg("advance")
        if not seconds.isdecimal():
            return Answer(400, {"message": "Pass ?advance=SECONDS, a whole number."})
        return shown({"now": stamp(call.world.clock.advance(int(seconds)))})

    return (
        ("GET", "/_simulator/state", state),
        ("GET", "/_simulator/requests", requests),
        ("POST", "/_simulator/clock", clock),
    )


def shown(value: object) -> Answer:
    """JSON for people to read."""
    text = json.dumps(value, indent=2, ensure_ascii=False) + "\n"
    return Answer(200, text.encode(), {"Content-Type": "application/json; charset=utf-8"})
