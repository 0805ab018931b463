"""The link between edge and PMS: what is said (`messages`), how it travels (`transport`), and that nothing is lost.

Both ends use the same `Link` (`link.py`) with an outbox and an inbox of their own (`stores.py`).
"""
