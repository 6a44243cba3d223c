"""How much two tracks go together, and how far each measure of it can be believed (docs/coupling.md)."""
