"""Is the candidate slower than the release before? Reads benchmark results, matches like with like, and judges.

The unit is a run of the server, never a request. Pure but for reading files; nothing here knows a workflow.
"""
