"""Release container images without surprises: one package behind a suite of GitHub composite actions."""

__version__ = "0.1.0"
