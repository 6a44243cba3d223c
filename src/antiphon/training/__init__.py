"""Learning the alphabet and the relation (paper 5.2)."""
