"""The version rules of the language, executed word by word on the model of one interface file.

An oracle for tests: it prefers to be obviously right, and is slow. It shares no code with the product but the classes
of the model, and knows nothing of frames, Python types or transports: values are plain (None, bool, int, float, str,
list, dict).
"""

from tests.versions.reference.answers import read_result, write_result
from tests.versions.reference.dates import shape_version, spoken
from tests.versions.reference.gate import accepts
from tests.versions.reference.messages import Converter, Message, Reason, Refusal, Step
from tests.versions.reference.reading import read
from tests.versions.reference.writing import can_be_sent, write

__all__ = [
    "Converter",
    "Message",
    "Reason",
    "Refusal",
    "Step",
    "accepts",
    "can_be_sent",
    "read",
    "read_result",
    "shape_version",
    "spoken",
    "write",
    "write_result",
]
