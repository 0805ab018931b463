"""Room feed: the link's PMS end. What the rooms say comes in, what the front desk believes goes out."""
