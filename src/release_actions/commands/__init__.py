"""One module a command: read the world, plan, apply, verify, report."""
