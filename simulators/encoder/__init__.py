"""A simulated card encoder: cards with real memory, the PN532's side of the wire, and the ports it hangs on."""
