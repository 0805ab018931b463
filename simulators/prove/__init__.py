"""The proof: simulated devices that number what they say, a script of faults, and a verdict from their own records."""
