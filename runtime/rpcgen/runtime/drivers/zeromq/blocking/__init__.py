"""The ZeroMQ driver for threads: waiting for the engines' sockets with epoll, and a lock round everything else.

ZeroMQ's sockets are not thread-safe, so whoever touches one holds the driver's lock; nobody waits while holding it.
One thread waits in `poll` (the leader); others send. Knows nothing of frames or routing.

The order of things that makes this safe although a socket's FD is edge-triggered and a send may take the edge:

1. A thread waits for FDs only when, since the last operation on each socket, it was seen to have nothing to read.
   A socket of which that is not known is in `_unsure`.
2. `_leading` is set, under the lock, before the leader waits. Who sends while it is set must look itself whether
   something came, and ring the bell if so. Who sends while it is not set puts the socket into `_unsure`.
3. A thread that searches for a server waits for the leader to tell it of changes; without a leader it waits for the
   sockets itself (it pumps) and leaves in the inbox what is not for it. A leader may come while it does: then both
   wait, and each rings for the other when it took something. A bell is silenced by the one that it rings for alone;
   the other, woken too, waits again.
4. No wait is longer than SWEEP, after which every socket is asked: should an edge be lost all the same, it costs that
   time and not the rest of a call's.
"""
