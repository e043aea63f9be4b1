"""What comes in from a run and what goes out to it: inputs, outputs, annotations, summaries."""
