"""The sans-I/O core: frames in, decisions out.

No module of this package imports asyncio, threading, socket, select, time or zmq; `now` is an argument. The shells in
`blocking/` and `aio/` feed it, and hold no decision of their own.
"""
