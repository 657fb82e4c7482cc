"""Help for users' tests: transports that record instead of sending, and a pytest plugin.

For a real server in the same process, use the transport URL `memory://name`.
"""

from rpcgen.runtime.testing.recording import AsyncRecordingTransport, Recorded, RecordingTransport

__all__ = ["AsyncRecordingTransport", "Recorded", "RecordingTransport"]
