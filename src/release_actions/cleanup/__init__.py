"""Cleaning container packages: read them, carry a plan out, prove what is left, and bring back what broke."""
