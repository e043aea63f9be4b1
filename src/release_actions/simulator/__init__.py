"""An embedded GitHub and GHCR: GitHub's REST API and the container registry in one process, over one state."""

from release_actions.simulator.image_factory import Image, build_image
from release_actions.simulator.server import Simulator
from release_actions.simulator.transport import InProcess
from release_actions.simulator.world import World

__all__ = ["Image", "InProcess", "Simulator", "World", "build_image"]
