"""An embedded GitHub and GHCR: the REST API and the container registry in one process, over one state.

Simulated, as docs/simulator.md describes: GitHub Packages, git refs and tags, history, compare, releases
with assets, pull requests and milestones to read, rate limits; and GHCR's distribution API with its token endpoint.
Known to differ: there are no teams, forks, file contents and ETags of the API; commits carry paths in place of trees;
nothing that GitHub does later by itself happens. A guess about GitHub is a switch in `RegistryBehavior`, or is in that
page's table.

`world` holds the state and knows no HTTP; `ghcr` and `github` answer requests on it; `origin` matches routes, meets
faults and keeps the log; `server` and `transport` carry requests over loopback or in process. It takes made-up tokens
and listens on loopback only. The actions never import it.
"""

from release_actions.simulator.image_factory import Image, build_image
from release_actions.simulator.server import Simulator
from release_actions.simulator.transport import InProcess
from release_actions.simulator.world import World

__all__ = ["Image", "InProcess", "Simulator", "World", "build_image"]
