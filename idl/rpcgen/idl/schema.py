"""The JSON Schema of interface files, for editors: completion, descriptions, and squiggles while typing.

Made from `grammar`, so it cannot know other keys than the compiler. It knows structure only; an editor reads YAML's
own types where the compiler reads raw text, so it is a little more lenient about scalars. No `anyOf` and no `oneOf`
over whole nodes: each kind of node means one thing, and alternatives are told apart by `if`, so an error names its
cause.
"""

from __future__ import annotations

from typing import Any

from rpcgen.idl.grammar import FILE, LIBRARY
from rpcgen.idl.shape import Keys, Shape, TextShape

DIALECT = "https://json-schema.org/draft/2020-12/schema"
ADDRESS = "https://rpcgen.dev/schema/interface-1.json"

Schema = dict[str, Any]


def json_schema() -> Schema:
    """Return the schema; a fresh one, so that the caller may change it."""
    definitions = _Definitions()
    schema: Schema = {
        "$schema": DIALECT,
        "$id": ADDRESS,
        "title": "rpcgen interface",
        "description": "An RPC interface, or a file of types and errors that interfaces import.",
        "type": "object",
        "if": {"required": ["interface"]},
        "then": definitions.reference(FILE),
        "else": definitions.reference(LIBRARY),
    }
    return {**schema, "$defs": dict(sorted(definitions.schemas.items()))}


class _Definitions:
    """Turns shapes into schemas; one that is used in several places becomes a definition."""

    def __init__(self) -> None:
        self.schemas: dict[str, Schema] = {}
        self._names: dict[int, str] = {}

    def reference(self, shape: Shape) -> Schema:
        """Return a reference to a shape with keys, or the schema of a simple one."""
        if not shape.map:
            return self._schema(shape)
        name = self._names.get(id(shape))
        if name is None:
            name = self._name(shape.what)
            self._names[id(shape)] = name
            self.schemas[name] = {}
            self.schemas[name] = self._schema(shape)
        return {"$ref": f"#/$defs/{name}"}

    def _name(self, what: str) -> str:
        words = "".join(character if character.isalnum() else " " for character in what).split()
        base = "".join(word.capitalize() for word in words[:4])
        name, number = base, 1
        while name in self.schemas:
            number += 1
            name = f"{base}{number}"
        return name

    def _schema(self, shape: Shape) -> Schema:
        schema: Schema = {"description": shape.what}
        if shape.anything:
            return schema
        types: list[str] = ["null"] if shape.null else []
        if shape.text is not None:
            types += shape.text.json
            schema |= _text(shape.text, alone=not (shape.map or shape.items or shape.null))
        if shape.items is not None:
            types.append("array")
            schema["items"] = self.reference(shape.items)
        if shape.map:
            types.append("object")
            schema |= self._object(shape)
        unique = list(dict.fromkeys(types))
        return {"type": unique[0] if len(unique) == 1 else unique, **schema}

    def _object(self, shape: Shape) -> Schema:
        if shape.variants is not None:
            return self._variants(dict(shape.variants))
        if shape.keys is not None and shape.entries is None:
            return {**self._keys(shape.keys), **_one_of(shape.one_of)}
        if shape.entries is None or shape.keys is not None:
            raise AssertionError(f"unexpected map of {shape.what}")
        schema: Schema = {"additionalProperties": self.reference(shape.entries.value)}
        if shape.entries.named is not None:
            schema["patternProperties"] = {"^[A-Za-z]": self.reference(shape.entries.named)}
        if shape.entries.pattern is not None:
            schema["propertyNames"] = {"pattern": shape.entries.pattern}
        return schema

    def _keys(self, keys: Keys) -> Schema:
        schema: Schema = {
            "properties": {name: self.reference(key.shape) for name, key in keys.items()},
            "additionalProperties": False,
        }
        required = [name for name, key in keys.items() if key.required]
        return {**schema, "required": required} if required else schema

    def _variants(self, variants: dict[str, Keys]) -> Schema:
        """Chain the variants by `if`: the first key that is there decides, and the last is what is missing."""
        (name, keys), *rest = variants.items()
        here = self._keys(keys)
        if not rest:
            return {"if": {"type": "object"}, "then": here}
        schema: Schema = {"if": {"type": "object", "required": [name]}, "then": here}
        schema["else"] = self._variants(dict(rest))
        return schema


def _text(text: TextShape, *, alone: bool) -> Schema:
    """Return what holds for a scalar; `alone` says that nothing else may stand there."""
    schema: Schema = {}
    if text.choices:
        choices: list[Any] = [
            _JSON_CHOICES.get(text.json, {}).get(choice, choice) for choice in text.choices
        ]
        closed: Schema = {"enum": choices}
        schema |= (
            closed if alone else {"allOf": [{"if": {"type": list(text.json)}, "then": closed}]}
        )
    if text.pattern is not None:
        schema["pattern"] = text.pattern
    return schema


#: Choices that an editor does not take for text.
_JSON_CHOICES: dict[tuple[str, ...], dict[str, Any]] = {
    ("boolean",): {"true": True, "false": False},
    ("integer",): {"1": 1},
}


def _one_of(names: tuple[str, ...]) -> Schema:
    """Require one of some keys, in words that name the last if none is there."""
    if not names:
        return {}
    *others, last = names
    present: Schema = {"type": "object"}
    for name in others:
        present = {**present, "not": {"required": [name]}}
    return {"if": present, "then": {"required": [last]}}
