"""What versions cost with the asyncio API."""

from tests.bench.adapters._versions import cold, load_aio, serve_aio

__all__ = ["cold", "load", "serve"]

serve = serve_aio
load = load_aio
