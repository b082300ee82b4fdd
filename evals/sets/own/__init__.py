"""The project's own set: one invented person's memory, and what she asks of it."""
