"""What edge and PMS tell each other, and how."""
