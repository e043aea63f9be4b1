"""Plays a whole release on one machine: the real actions, run as GitHub's runner runs them, against the simulator."""
