"""What versions cost with the blocking API."""

from tests.bench.adapters._versions import cold, load_blocking, serve_blocking

__all__ = ["cold", "load", "serve"]

serve = serve_blocking
load = load_blocking
