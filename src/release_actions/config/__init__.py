"""`release.yaml`: what a project publishes and which rules hold, read once and passed on as frozen dataclasses.

`document` says what may be written, `rules` what has to hold beyond the form, `model` what the rest of the package
works with. Nothing here reads the environment, a registry or GitHub, and no key is accepted that nothing uses.
"""

from release_actions.config.load import FILE, load_config, load_text, load_whole
from release_actions.config.model import (
    CHANNELS,
    PULL_REQUEST,
    CleanupRule,
    Config,
    Credentials,
    Package,
    Recipe,
    RetiredPackage,
    Scan,
    Source,
)

__all__ = [
    "CHANNELS",
    "FILE",
    "PULL_REQUEST",
    "CleanupRule",
    "Config",
    "Credentials",
    "Package",
    "Recipe",
    "RetiredPackage",
    "Scan",
    "Source",
    "load_config",
    "load_text",
    "load_whole",
]
