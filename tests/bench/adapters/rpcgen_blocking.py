"""rpcgen with its blocking API: one client for 64 threads, handlers in the server's threads."""

from tests.bench.adapters._rpcgen import cold_blocking, load_blocking, serve_blocking

serve = serve_blocking
load = load_blocking
cold = cold_blocking
