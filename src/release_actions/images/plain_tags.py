"""Refuses, in words, files with images that some actions do not read: of other tags, or built by other tools."""

from __future__ import annotations

from release_actions.config import Config
from release_actions.errors import InputError
from release_actions.versions.grammar import image_tag_of


def require_plain_tags(config: Config, action: str, hint: str, *, copies: bool = False) -> None:
    """Raise `InputError` where a release's images have other tags than its git tag, or are built by other tools.

    `copies`: whether the action knows of packages that hold copies of others.
    """
    release = f"{config.tag_prefix}1.2.3"
    if image_tag_of(release, config.tag_prefix) != release:
        message = f"{action} reads images under their git tag, and {config.at().file} has a template 'image-tag'."
        raise InputError(message, hint=hint, place=config.at("image-tag"))
    copied = next((package for package in config.packages() if package.copy_of), None)
    if copied and not copies:
        message = f"{action} reads one package an image, and {copied.copy_of} is copied to {copied.reference}."
        raise InputError(message, hint=hint, place=config.at("channels", "release", "destinations"))
    other = next((package for package in config.packages() if package.built_by), None)
    if other:
        message = f"{action} covers images that release-actions builds, and {other.built_by} builds {other.reference}."
        raise InputError(message, hint=hint, place=config.at("images", other.image, "built-by"))
    flavour = next((package for package in config.packages() if package.flavour), None)
    if flavour:
        message = f"{action} reads one image a package, and {flavour.reference} has several flavours."
        raise InputError(message, hint=hint, place=flavour.place)
