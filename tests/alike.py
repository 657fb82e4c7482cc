"""Keys that hash alike, as a peer would choose them: of each a map of Python's costs the square of its length."""

from __future__ import annotations

from itertools import count, islice, product

#: All that Python knows of a whole number's hash, and of a uuid's: what is left when it is divided by this.
MODULUS = 2**61 - 1


def arrays(number: int) -> bytes:
    """A map in MessagePack whose keys are arrays of -1 and -2, which have one hash; its values are null."""
    keys = islice(product(b"\xfe\xff", repeat=15), number)
    told = (b"\x9f" + bytes(key) + b"\xc0" for key in keys)
    return b"\xdf" + number.to_bytes(4, "big") + b"".join(told)


def numbers(total: int) -> list[int]:
    """Keys of 64 bits: one half is on a way on which Python looks for the last key, which the other half is.

    A map of 2^n looks at `key`, and then at 5 x + 1 + what is left of the key, of which five bits go each time.
    """
    way = total // 2
    places = 1 << (way * 8 // 5).bit_length()  # the map has no reason to grow
    at, steps = 1, dict[int, int]()
    while len(steps) < way:
        steps[at] = len(steps)
        at = (5 * at + 1) % places
    late = next(key for key in count(places) if _begins_early(key, steps, places))
    return [*steps, *[late] * (total - way)]


def _begins_early(key: int, steps: dict[int, int], places: int) -> bool:
    at, rest = key % places, key
    while at in steps and rest:
        rest >>= 5
        at = (5 * at + rest + 1) % places
    return steps.get(at, way := len(steps)) < way // 10


def map_of(keys: list[int]) -> bytes:
    """A map in MessagePack with these keys below 2^32, which may come twice; its values are null."""
    told = (b"\xce" + key.to_bytes(4, "big") + b"\xc0" for key in keys)
    return b"\xdf" + len(keys).to_bytes(4, "big") + b"".join(told)


def json_of(keys: list[int], value: str = '""') -> bytes:
    """The same in JSON, with some value."""
    return ("{" + ",".join(f'"{key}":{value}' for key in keys) + "}").encode()


def huge(number: int) -> list[int]:
    """Whole numbers of more than 64 bits with one hash."""
    return [7 + MODULUS * (2**10 + each) for each in range(number)]
