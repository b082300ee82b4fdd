"""What is being said: found while its recording grows, and shown as captions."""
