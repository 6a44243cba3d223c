"""What an agent learned: what its classes stand for, which go together at which lag, where two agents differ."""
