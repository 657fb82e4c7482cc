"""Runs a plain handler in a transaction of the server's store, on one thread."""

from __future__ import annotations

import time
from typing import Any

from rpcgen.runtime.core.job import Job
from rpcgen.runtime.core.once import enter, handle
from rpcgen.runtime.core.serving import Serving
from rpcgen.runtime.store import Store, Transaction


def run_once(serving: Serving, job: Job) -> None:
    """Handle and commit, then answer; or only answer, if that was done before. Raises whatever the handler raises."""
    store = serving.settings.store
    assert isinstance(store, Store)
    transaction = _begin(serving, job, store)
    if isinstance(transaction, bytes):
        serving.again(job, transaction)
        return
    try:
        arguments = serving.arguments_beside(job, time.monotonic)  # which may be too late by now
        enter(job, store, transaction)
    except BaseException:
        transaction.rollback()
        raise
    serving.committed(job, handle(job, arguments, transaction))


def _begin(serving: Serving, job: Job, store: Store[Any]) -> Transaction[Any] | bytes:
    try:
        return store.begin(serving.key(job))
    except Exception as error:
        raise serving.no_store(job, error) from error
