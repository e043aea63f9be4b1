"""Postpones a costly import that a library makes and most runs never use."""

from __future__ import annotations

import importlib.util
import sys


def postpone(name: str) -> None:
    """Load the module `name` at the first use of one of its attributes, not when it is imported.

    `actions_toolkit.core` imports requests for OpenID Connect, which is four fifths of its import time. Does nothing
    when the module is loaded already or not installed.
    """
    spec = importlib.util.find_spec(name) if name not in sys.modules else None
    if spec is None or spec.loader is None:
        return
    spec.loader = importlib.util.LazyLoader(spec.loader)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
