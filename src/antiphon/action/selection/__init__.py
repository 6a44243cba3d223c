"""Selection: which memory segments realise a specification (paper 3.3), found exactly."""
