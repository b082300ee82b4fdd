"""From a device to 16 kHz: what stands behind a microphone."""
