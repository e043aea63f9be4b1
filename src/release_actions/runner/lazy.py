"""Postpones a costly import that a library makes and most runs never use."""

from __future__ import annotations

import contextlib
import importlib
import sys
import types
from collections.abc import Iterator
from typing import Any


class Postponed(types.ModuleType):
    """Stands for a module in libraries that import it inside `postpone_import`; the first use loads the real one."""

    def __getattr__(self, name: str) -> Any:
        return getattr(importlib.import_module(self.__name__), name)


@contextlib.contextmanager
def postpone_import(name: str) -> Iterator[None]:
    """Give the imports made inside a stand-in for the module `name`, unless it is loaded already.

    `actions_toolkit.core` imports requests for OpenID Connect, which is four fifths of its import time. Importlib's own
    LazyLoader does not help: an import statement that finds its module in `sys.modules` loads it.
    """
    if name in sys.modules:
        yield
        return
    sys.modules[name] = Postponed(name)
    try:
        yield
    finally:
        del sys.modules[name]
