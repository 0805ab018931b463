"""Card encoders: what is on a key card, how it is protected, and how encoders are spoken to."""
