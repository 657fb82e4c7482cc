"""Random histories of an interface: files that grow version by version, each a faithful evolution of the one before."""

from tests.versions.histories.history import History, Release, make_history

__all__ = ["History", "Release", "make_history"]
