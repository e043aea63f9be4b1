"""From what people have to what they need here: init, validate, doctor."""
