"""Configuration and event in, build jobs out."""
