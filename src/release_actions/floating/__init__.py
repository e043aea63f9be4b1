"""Where latest, vX and vX.Y must point, and moving them there."""
