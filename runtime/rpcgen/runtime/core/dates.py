"""When something began, counted in one major (LANGUAGE 5: a bound of the message's own major goes first)."""

from __future__ import annotations

from rpcgen.runtime.descriptor import Since

#: The minor of something that does not exist in the major at all.
NEVER = 2**31


def minor_in(since: Since, major: int) -> int:
    """The minor of `major` at which something dated `since` begins: 0 if it began in an older major."""
    own = [minor for its_major, minor in since if its_major == major]
    if own:
        return own[0]
    return NEVER if since and since[0][0] > major else 0
