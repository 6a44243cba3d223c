"""Audio to frames: the encoders behind one protocol (paper 4.1)."""
