"""How much of an exception a log shows. Knows nothing of handlers, nor of where the log goes."""

from __future__ import annotations

import logging
import traceback
from typing import Final

#: Characters of a traceback, with the exception's text at its end, that are shown from each of its ends.
SHOWN: Final = 8_192


def shorten(record: logging.LogRecord) -> bool:
    """Write down a record's exception before a handler does, and no more of it than may be: a filter that passes all.

    What programs raise may have a text of any size, and code may have lines of any length. Handlers that look at the
    exception itself still find it in the record.
    """
    if record.exc_info and record.exc_info[1] is not None and not record.exc_text:
        text = "".join(traceback.format_exception(record.exc_info[1])).rstrip("\n")
        left_out = len(text) - 2 * SHOWN
        if left_out > 0:
            text = (
                f"{text[:SHOWN]}\n... {left_out} characters are left out here ...\n{text[-SHOWN:]}"
            )
        record.exc_text = text
    return True
