"""memex-ears: microphones, wearables and satellites are heard, and nothing else is done."""
