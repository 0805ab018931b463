"""Pure rules of guests: how a name is shown to somebody who does not need it."""

_SHOWN = 1
_HIDDEN = "•••"


def masked(name: str) -> str:
    """The name reduced to its first character: enough to tell two guests apart, too little to know one."""
    stripped = name.strip()
    return f"{stripped[:_SHOWN]}{_HIDDEN}" if stripped else ""


def cleaned_name(name: str) -> str:
    """The name with its white space in order (inner runs become one blank, control characters go)."""
    printable = "".join(character if character.isprintable() else " " for character in name)
    return " ".join(printable.split())
