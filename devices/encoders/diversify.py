"""A key of its own for each card: AES-128 diversification after NXP AN10922 rev 2.2, section 2.2.

The cipher is imported at its first use: an edge without cards does not carry its 6 MB.
"""

BLOCK = 16
LONGEST_INPUT = 31
DIVERSIFIER_128 = b"\x01"


def diversified_key(master: bytes, diversification: bytes) -> bytes:
    """The 16-byte key of a card: `CMAC(master, 01 || diversification)` over two blocks, always.

    `diversification` is UID || AID || system identifier, 1 to 31 bytes. AN10922 pads to 32 bytes before it masks the
    last block, also where plain CMAC would take one block: the two agree only for more than 16 bytes in all.

    Raises:
        ValueError: the master key is not 16 bytes long, or the diversification is empty or too long.
    """
    if len(master) != BLOCK:
        raise ValueError("a master key has 16 bytes")
    if not 1 <= len(diversification) <= LONGEST_INPUT:
        raise ValueError("a diversification input has 1 to 31 bytes")
    message = DIVERSIFIER_128 + diversification
    if len(message) > BLOCK:  # plain CMAC does the same
        return cmac(master, message)
    padded = (message + b"\x80").ljust(2 * BLOCK, b"\x00")
    return _encrypted(master, padded[:BLOCK] + _xor(padded[BLOCK:], _second_subkey(master)))[-BLOCK:]


def cmac(key: bytes, message: bytes) -> bytes:
    """AES-CMAC (NIST SP 800-38B), 16 bytes."""
    from cryptography.hazmat.primitives.ciphers import algorithms
    from cryptography.hazmat.primitives.cmac import CMAC

    mac = CMAC(algorithms.AES(key))
    mac.update(message)
    return mac.finalize()


def _encrypted(key: bytes, blocks: bytes) -> bytes:
    """CBC from a zero vector: the last block is the MAC's."""
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    encryptor = Cipher(algorithms.AES(key), modes.CBC(bytes(BLOCK))).encryptor()
    return encryptor.update(blocks) + encryptor.finalize()


def _second_subkey(key: bytes) -> bytes:
    """K2 of CMAC: what masks a padded last block."""
    return _doubled(_doubled(_encrypted(key, bytes(BLOCK))))


def _doubled(block: bytes) -> bytes:
    value = int.from_bytes(block, "big") << 1
    return ((value & (1 << 128) - 1) ^ (0x87 if value >> 128 else 0)).to_bytes(BLOCK, "big")


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))
