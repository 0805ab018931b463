"""Key cards: issued, duplicated, replaced, read, ended; the ledger of who was given which."""
