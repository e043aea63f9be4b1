"""The tested bytes under the final tag: which candidate, whether it may be released, and putting it there."""
