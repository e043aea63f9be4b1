"""Judges one call of this suite: whether it exists, what it takes, and whether the job's token may do enough.

An input that an action does not have is only a warning on GitHub, and the run goes on without it: here it is an error,
unless the pin is a newer version than the one that judges.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from release_actions.adoption.callers import Caller
from release_actions.adoption.peers import find_peer_input
from release_actions.adoption.rules import Findings, Hit, make_finding
from release_actions.adoption.suite import Offer, Suite
from release_actions.runner.report import Finding, Level
from release_actions.surface.model import Group, Interface, Kind

TOKENS = ("token", "registry-token")
"""Inputs that take a token. With one of its own, what the job's may do does not matter."""

HOW_TO_GRANT = "Under 'permissions' of the job write: {}."


def judge_caller(caller: Caller, suite: Suite) -> Findings:
    """What is wrong with a call of this suite, as far as the file says it."""
    if not caller.ref:
        hit = Hit(f"{caller.address} has no version.", "Write @v1 behind it, or the commit of a release.")
        yield make_finding("missing-pin", hit, caller.place)
        return
    offer = suite.find(caller)
    if offer.interface is None:
        yield from judge_address(caller, suite, offer)
        return
    if caller.is_job is not (offer.interface.kind is Kind.WORKFLOW):
        yield judge_kind(caller)
        return
    yield from judge_inputs(caller, offer)
    yield from judge_secrets(caller, offer.interface)
    yield from judge_permissions(caller, suite, offer)


def judge_address(caller: Caller, suite: Suite, offer: Offer) -> Findings:
    """A path that the suite does not have."""
    path = caller.path or ""
    if offer.is_newer:
        message = f"Version {caller.ref} is newer than this release-actions, {suite.version}, which has no '{path}'."
        hit = Hit(message, "Validate with the version that the workflow pins.")
        yield make_finding("unknown-action", hit, caller.place, Level.WARNING)
        return
    near = find_near_address(path, suite.addresses)
    repository = "/".join(caller.address.split("/")[:2])
    hint = f"Did you mean {repository}/{near}?" if near else "README.md lists the actions."
    yield make_finding("unknown-action", Hit(f"release-actions has no '{path}'.", hint), caller.place)


def find_near_address(path: str, addresses: Iterable[str]) -> str:
    """What was probably meant: the same name with another ending or folder, else the nearest spelling."""
    stem = path.rpartition("/")[2].removesuffix(".yaml").removesuffix(".yml")
    known = [address for address in addresses if address]
    same = [address for address in known if address.rpartition("/")[2].partition(".")[0] == stem]
    return next(iter(same or difflib.get_close_matches(path, known, n=1)), "")


def judge_kind(caller: Caller) -> Finding:
    """A workflow is called by a job, an action by a step. In the other case GitHub refuses the file."""
    if caller.is_job:
        hit = Hit(f"{caller.name} is an action, and a job calls it.", "Call it in a step: put it under 'steps:'.")
    else:
        message = f"{caller.name} is a workflow, and a step calls it."
        hit = Hit(message, "Put 'uses:' directly under the job, which then has no 'steps:' and no 'runs-on:'.")
    return make_finding("wrong-kind", hit, caller.place)


def judge_inputs(caller: Caller, offer: Offer) -> Findings:
    """Inputs that it does not have, and those that it has to be given."""
    known = offer.interface.elements(Group.INPUTS) if offer.interface else {}
    # The runner compares names of inputs without case.
    folded = {name.lower(): name for name in known}
    for name, written in caller.inputs.items():
        if name.lower() not in folded:
            rule = "unknown-input"
            peer = find_peer_input(caller.name, name)
            if peer and peer[1].refused:
                rule = "false-friend"
            level = Level.WARNING if offer.is_newer else Level.ERROR
            yield make_finding(rule, explain_unknown(caller, name, known), written.place, level)
    given = {name.lower() for name in caller.inputs}
    for name, about in known.items():
        if about.get("required") and not about.get("default") and name.lower() not in given:
            hit = Hit(f"{caller.name} needs the input '{name}', which is not given.", f"Set '{name}:' under 'with:'.")
            yield make_finding("required-input", hit, caller.place)


def explain_unknown(caller: Caller, name: str, known: Iterable[str]) -> Hit:
    """What to write in place of an input that it does not have: ours for a peer's, else the nearest one."""
    message = f"{caller.name} has no input '{name}'."
    peer = find_peer_input(caller.name, name)
    near = difflib.get_close_matches(name, list(known), n=1)
    if peer:
        theirs, answer = peer
        message = f"{caller.name} has no input '{name}'; {theirs.repository} has."
        write = answer.ours[:1].upper() + answer.ours[1:] if answer.ours.startswith("leave") else f"Write {answer.ours}"
        return Hit(message, f"{write}. {answer.why}".strip())
    if near:
        return Hit(message, f"Did you mean '{near[0]}'?")
    return Hit(message, f"Remove it: GitHub ignores it with a warning. Its page lists what {caller.name} takes.")


def judge_secrets(caller: Caller, interface: Interface) -> Findings:
    """Secrets by names that a called workflow does not take: GitHub refuses the file."""
    if interface.kind is not Kind.WORKFLOW:
        return
    known = interface.elements(Group.SECRETS)
    for name, written in caller.secrets.items():
        if name not in known:
            near = difflib.get_close_matches(name, list(known), n=1)
            hint = f"Did you mean '{near[0]}'?" if near else "It takes " + (", ".join(known) or "none") + "."
            hit = Hit(f"{caller.name} takes no secret '{name}'.", hint)
            yield make_finding("unknown-secret", hit, written.place)


def judge_permissions(caller: Caller, suite: Suite, offer: Offer) -> Findings:
    """What the job's token lacks. GitHub refuses a call of a workflow that asks for more than its job has."""
    needed = suite.permissions_of(caller, offer)
    granted = caller.permissions
    tokens = (caller.inputs.get(name) for name in TOKENS)
    has_own = any(token and "secrets." in token.text and "GITHUB_TOKEN" not in token.text for token in tokens)
    if not needed or not caller.job or has_own:
        return
    words = ", ".join(f"{name}: {level}" for name, level in needed.items())
    if granted.named is None:
        message = f"Nothing says what the token of the job '{caller.job}' may do, so the repository's settings decide."
        hit = Hit(message, HOW_TO_GRANT.format(words))
        yield make_finding("permissions", hit, caller.place, Level.WARNING)
        return
    missing = {name: level for name, level in needed.items() if not granted.allows(name, level)}
    if missing:
        lacks = ", ".join(f"{name}: {level}" for name, level in missing.items())
        message = f"{caller.name} needs {lacks}, which the job '{caller.job}' does not give its token."
        if caller.is_job:
            message += " GitHub does not start the run."
        # Which uses of an action only read is not known so well that a right to read is always missed.
        level = Level.ERROR if caller.is_job or "write" in missing.values() else Level.WARNING
        yield make_finding("permissions", Hit(message, HOW_TO_GRANT.format(words)), granted.place, level)
