"""Who spoke: voices as vectors, recordings parted by speaker."""
