"""Changes of every kind that somebody could make to an interface file, wise and unwise ones.

A mutation changes a unit, or says that it does not apply. Most can be dated, undated or dated wrongly: `when` decides.
"""

from collections.abc import Callable, Mapping

from tests.verdicts.mutations.enums import ENUMS
from tests.verdicts.mutations.members import MEMBERS
from tests.verdicts.mutations.methods import METHODS
from tests.verdicts.mutations.surface import SURFACE
from tests.verdicts.mutations.types import TYPES
from tests.verdicts.units import Unit

#: All of them by name.
MUTATIONS: Mapping[str, Callable[[Unit], bool]] = {
    mutation.__name__: mutation for mutation in (*MEMBERS, *TYPES, *ENUMS, *METHODS, *SURFACE)
}

__all__ = ["MUTATIONS"]
