"""Authors as commits name them: a name and an address, of which GitHub's own ones give the account. Pure."""

from __future__ import annotations

import re

from release_actions.changes.model import Author
from release_actions.changes.programs import is_program_signature

NO_REPLY = re.compile(r"(?:[0-9]+\+)?([A-Za-z0-9_-]+(?:\[bot\])?)@users\.noreply\.[a-z0-9.-]+", re.IGNORECASE)
"""The address that GitHub gives to who keeps theirs private, and to apps."""


def author_of(name: str, email: str) -> Author:
    """An author by what a commit says. The login is only known from an address that GitHub gave."""
    match = NO_REPLY.fullmatch(email.strip())
    login = match[1] if match else ""
    return Author(login, name, bot=login.endswith("[bot]") or is_program_signature(name, email))
