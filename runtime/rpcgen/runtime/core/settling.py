"""What a transport that holds requests is told of them. Knows nothing of servers."""

from __future__ import annotations

from rpcgen.runtime.core.envelope import CALL
from rpcgen.runtime.core.job import Job
from rpcgen.runtime.deliveries import Delivery


def settle(delivery: Delivery | None, failure: str = "", *, hopeless: bool = False) -> None:
    """Tell the transport, if it waits for that, what became of a request: it needs no one else, or it could not be done.

    `hopeless` says that it never can be.
    """
    if delivery is None:
        return
    if failure and delivery.kept:
        delivery.fail(failure, hopeless=hopeless)
    else:
        delivery.settle()


def may_have_run(job: Job, delivery: Delivery) -> bool:
    """Whether another server had a request that must not run twice."""
    method = job.entry.method
    # Some transports do not know which of their messages are to be run at least once.
    twice = method.idempotent or (method.kept and job.request.how != CALL)
    return delivery.redelivered and not delivery.kept and not twice
