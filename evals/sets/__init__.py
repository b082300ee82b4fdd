"""Sets of questions that the project ships."""
