"""What is being said: found, and shown as captions, while its recording still grows."""
