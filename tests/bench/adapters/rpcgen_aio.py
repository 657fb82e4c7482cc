"""rpcgen with its asyncio API on the standard loop, handlers are coroutines."""

from tests.bench.adapters._rpcgen import cold_aio, load_aio, serve_aio

serve = serve_aio
load = load_aio
cold = cold_aio
