"""MIFARE DESFire EV2, as far as a reader that cannot use it comes: it is an ISO 14443-4 card and tells its version.

Source: the public part of the DESFire data sheet: GetVersion in three parts, status codes, the ISO 7816 wrapping.
"""

GET_VERSION, MORE = 0x60, 0xAF
OK, NO_SUCH_COMMAND = 0x00, 0x1C
HARDWARE = bytes.fromhex("04010112001a05")
SOFTWARE = bytes.fromhex("04010102011a05")
BATCH = bytes.fromhex("ba54d0c4402031")


class DesfireCard:
    """Empty, with its keys unknown to us: every command but GetVersion is answered with 'no such command'."""

    kind = "desfire"
    atqa = bytes.fromhex("0344")
    sak = 0x20
    ats = bytes.fromhex("067577810280")

    def __init__(self, uid: bytes) -> None:
        """`uid`: seven bytes."""
        if len(uid) != 7:
            raise ValueError("such a card has a UID of seven bytes")
        self.uid = uid
        self._parts: list[bytes] = []

    def select(self) -> None:
        """A command that was under way is forgotten."""
        self._parts = []

    def exchange(self, command: bytes) -> bytes:
        """A native command, or one wrapped as an ISO 7816 APDU (`90 INS 00 00 …`, answered with `… 91 status`)."""
        if len(command) >= 5 and command[0] == 0x90:
            status, data = self._native(command[1])
            return data + bytes([0x91, status])
        status, data = self._native(command[0]) if command else (NO_SUCH_COMMAND, b"")
        return bytes([status]) + data

    def _native(self, instruction: int) -> tuple[int, bytes]:
        if instruction == GET_VERSION:
            self._parts = [SOFTWARE, self.uid + BATCH]
            return MORE, HARDWARE
        if instruction == MORE and self._parts:
            part = self._parts.pop(0)
            return (MORE if self._parts else OK), part
        self._parts = []
        return NO_SUCH_COMMAND, b""
