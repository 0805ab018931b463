"""How well the rooms know a hotel whose truth is known: `innkeeper truth` (docs/truth-machine.md).

It is given the hotel (`words.py` says in which shape) and knows nothing of who made it.
"""
