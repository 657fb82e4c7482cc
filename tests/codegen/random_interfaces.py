"""Interface files made by chance: names of every length, and all kinds of fields, so that every line breaks somewhere."""

from __future__ import annotations

import random

SIZES = (0, 3, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100)
SCALARS = ("int", "string", "uuid", "datetime", "any", "bytes", "decimal", "duration")
WRAPPERS = ("{}", "list[{}]", "map[string, {}]", "map[string, list[{}]]", "list[list[{}?]]")


class Maker:
    """Makes one file; the same seed makes the same one."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._types = [f"T{number}" + "A" * self._size() for number in range(8)]

    def _size(self, limit: int = 101) -> int:
        return self._random.choice([size for size in SIZES if size < limit])

    def _name(self, number: int) -> str:
        return f"f{number}_" + "a" * self._size()

    def _type(self) -> str:
        inner = self._random.choice([*SCALARS, *self._types])
        # A struct is only ever reached through `?` or a list, so that every type has a finite value.
        end = "?" if inner in self._types else self._random.choice(["", "?"])
        return self._random.choice(WRAPPERS).format(inner) + end

    def _field(self, number: int) -> str:
        texts = "x" * self._size()
        return self._random.choice(
            [
                f"{{type: int, min: {self._random.choice([1, 10**9])}, max: {10**15}, default: {10**10}}}",
                f'{{type: string, pattern: "^{texts}$"}}',
                f'{{type: "list[string]?", size: 1..{10**6}, unique: true, since: "1.1"}}',
                f"{{type: string, default: d{texts}}}",
                f'{{type: "list[{self._random.choice(self._types)}]", default: []}}',
                f'{{type: "map[string, string]", default: {{k{texts}: v{texts}}}}}',
                '{type: datetime, default: "2024-02-29T12:00:00Z"}',
                "{type: int?, presence: explicit, min: 1}",
                *self._dated_fields(number),
                *[f'"{self._type()}"' for _ in range(8)],
            ]
        )

    def _dated_fields(self, number: int) -> list[str]:
        """Fields that were not always as they are."""
        older = self._type()
        return [
            f'{{type: "{self._type().removesuffix("?")}?", until: "2.0"}}',
            '{type: int, min: 1, default: 3, until: "2.1"}',
            f'{{type: string?, was: {{"1.2": {self._name(number)}o, "2.1": {self._name(number)}p}}}}',
            f'{{type: "list[int?]", was_type: {{"1.2": "{older}", "2.1": {{type: int, min: 7}}}}}}',
            f'{{type: "{self._type()}", was_type: {{"2.1": "{older}"}}}}',
        ]

    def _fields(self, count: int) -> str:
        return f"{{{', '.join(f'{self._name(number)}: {self._field(number)}' for number in range(count))}}}"

    def _definition(self, number: int) -> str:
        names = [self._name(each) for each in range(3)]
        match number:
            case 0:
                return f"{{enum: [{', '.join(names)}]}}"
            case 1:
                return f'{{type: string, pattern: "^{"x" * self._size()}$", size: 1..10}}'
            case 2:
                return f"{{union: {{{', '.join(f'{name}: {self._types[7]}' for name in names)}}}}}"
            case 3:
                return f'{{opaque: true, attributes: {{{names[0]}: string?, {names[1]}: "{self._type()}"}}}}'
            case _:
                return f"{{fields: {self._fields(6)}}}"

    def _form(self, name: str) -> str:
        return self._random.choice(
            [
                name + "a" * self._size(),
                f"{{args: {{f1_a: string, {self._name(2)}: {{type: int?, min: 1}}}}}}",
                f'{{args: {{}}, returns: "{self._type()}"}}',
                f"{{name: {name}, call: [any, server]}}",
            ]
        )

    def make(self, name: str) -> str:
        """The text of a file."""
        lines = ["rpcgen: 1", f"interface: {name}", 'version: "2.2"', 'serves: ["1.3"]', "types:"]
        lines += [
            f"  {each}: {self._definition(number)}" for number, each in enumerate(self._types)
        ]
        errors = [f"E{number}" + "A" * self._size() for number in range(3)]
        lines.append("errors:")
        lines += [
            f"  {error}: {{fields: {self._fields(number)}}}" for number, error in enumerate(errors)
        ]
        lines.append("methods:")
        for number in range(6):
            raised = ", ".join(self._random.sample(errors, self._random.randint(1, 3)))
            arguments = self._fields(self._random.randint(0, 4))
            if number % 2:  # has older forms, whose dates are its arguments'
                arguments = f'{{{self._name(0)}: "{self._type()}", {self._name(1)}: int = 1}}'
            lines.append(
                f"  m{self._name(number)}:\n    call: any\n    raises: [{raised}]\n    args: {arguments}"
            )
            lines.append(f'    returns: "{self._type()}"')
            if number % 2:
                lines.append(
                    f'    was: {{"1.2": {self._form(f"o{number}")}, "2.1": {self._form(f"p{number}")}}}'
                )
            if number % 3 == 2:
                lines.append('    until: "2.2"')
        return "\n".join(lines) + "\n"
