"""How many of the party are inside, given that somebody is? Pure: shares by number, from one up."""

Party = tuple[float, ...]
"""Shares of one inside, two inside, … up to the number of guests; they add up to one. Empty: all may be in or not."""


def unknown(guests: int) -> Party:
    """Nothing is known: each number is as probable."""
    return (1 / guests,) * guests


def arrived(guests: int, together: float) -> Party:
    """Somebody came into an empty room: all of them (`together`), or one."""
    if guests == 1:
        return (1.0,)
    return (1 - together, *(0.0,) * (guests - 2), together)


def joined(party: Party) -> Party:
    """A card from outside opened the door of those inside: one more is in. Were all in, one had left unnoticed."""
    if len(party) == 1:
        return party
    return (0.0, *party[:-2], party[-2] + party[-1])


def remaining(party: Party, stayed: tuple[float, ...], left: float) -> Party:
    """The door moved, and somebody is still inside.

    `stayed`: how probable that is, by number before; `left`: whether it was one who went out, and not a tray taken in.
    Where one alone was inside, and stayed, a companion was let in as probably as not.
    """
    if len(party) == 1:
        return party
    after = [0.0] * len(party)
    for number, share in enumerate(party):
        weight = share * stayed[number]
        other = number - 1 if number else 1
        moved = left if number else 0.5
        after[other] += weight * moved
        after[number] += weight * (1 - moved)
    whole = sum(after)
    return tuple(share / whole for share in after) if whole > 0 else unknown(len(party))


def mixed(first: Party, second: Party, share: float) -> Party:
    """The first with that share, the second with the rest."""
    return tuple(share * one + (1 - share) * other for one, other in zip(first, second, strict=True))
