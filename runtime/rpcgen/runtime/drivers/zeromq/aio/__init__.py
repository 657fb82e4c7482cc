"""The ZeroMQ driver for asyncio: the loop waits for the engines' sockets. Knows nothing of frames or routing.

A socket's FD is edge-triggered and a send may take the edge, so each send puts its socket into `_unsure`, and one
callback, queued at most once a pass of the loop, asks those sockets again. Asking libzmq after every send whether
something came would cost more than the send.
"""
