"""Hooks round every message, the same for threads and asyncio."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from rpcgen.runtime.context import Context

if TYPE_CHECKING:
    from rpcgen.runtime.core.call import Call


class Interceptor:
    """Subclass it and override what you need; pass instances as `interceptors=[...]` to a client or a server.

    Hooks run in order before, and in reverse order after. They must not block: in asyncio they run in the loop. What they
    set in a context variable before a handler is that request's own: the handler sees it, and the hook after it may reset
    it. On a server, requests of the built-in interface pass without them.
    """

    def before_send(self, call: Call) -> None:
        """A message is about to leave; its arguments are checked and encoded, `call.fields` may be replaced.

        An exception raised here goes to the caller, and nothing is sent.
        """

    def after_send(self, call: Call, error: Exception | None) -> None:
        """A call got its answer, or a cast left; `error` is what the caller sees, or None."""

    def before_handle(self, ctx: Context, arguments: msgspec.Struct) -> None:
        """A handler is about to run.

        Raise Rejected, or one of its subclasses, to refuse the request; anything else ends it as a RemoteError.
        """

    def after_handle(self, ctx: Context, error: BaseException | None) -> None:
        """A handler returned (None) or raised; the reply has not left yet.

        What is raised here, `SystemExit` included, is logged and changes nothing.
        """
