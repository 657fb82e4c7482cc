"""Arguments from the command line, read by the types of a contract: `name=value` pairs, or one JSON object.

Only the form is made right here (numbers, durations, base64, keys of maps); whether a value fits is for the server to say.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, cast

from rpcgen.cli._contract import Contract, Method, read_members
from rpcgen.cli._exit import Failure, nearest

#: Types of which the command line says the values in one word of JSON.
_WORDS = frozenset({"bool", "int", "float"})

#: Types whose text on the command line is the value.
_TEXT = frozenset({"string", "uuid", "datetime", "date", "duration", "decimal", "bytes"})

#: A whole number in the one way that JSON has for it, so that no two keys of a map are one.
_INT = re.compile("0|-?[1-9][0-9]{0,18}")


def read_arguments(contract: Contract, method: Method, words: Sequence[str]) -> dict[str, Any]:
    """The arguments of a call, by name, as they travel.

    Raises:
        Failure: a word is no argument of the method, or its text is not of its type's form.
    """
    for word in words:
        if not _is_text(word):
            raise Failure(f"{word[:80]!a} is not UTF-8; expected name=value, or one JSON object")
    if len(words) == 1 and words[0].lstrip().startswith("{"):
        typed = [(name, value, False) for name, value in _object(words[0]).items()]
    else:
        typed = [(*_pair(word), True) for word in words]
    arguments: dict[str, Any] = {}
    for name, value, is_text in typed:
        member = method.args.get(name)
        if member is None:
            raise Failure(_unknown(method, name))
        if name in arguments:
            raise Failure(f"argument {name!r} is given twice")
        arguments[name] = _read(_Reader(contract, name), value, member.type, is_text=is_text)
    return arguments


def _read(reader: _Reader, value: Any, type_: str, *, is_text: bool) -> Any:
    try:
        return reader.from_text(value, type_) if is_text else reader.fit(value, type_)
    except RecursionError:
        raise Failure(f"argument {reader.name!r} is nested too deeply") from None


def _pair(word: str) -> tuple[str, str]:
    name, equals, value = word.partition("=")
    if not equals:
        raise Failure(f"{word!r} is not name=value, nor one JSON object")
    return name, value


def _unknown(method: Method, name: str) -> str:
    advice = nearest(name, method.args) or f"; it takes: {', '.join(method.args) or 'none'}"
    return f"{method.name} has no argument {name!r}{advice}"


def _object(text: str) -> dict[str, Any]:
    try:
        return cast("dict[str, Any]", _json(text, "the arguments have"))
    except ValueError as error:
        raise Failure(f"the arguments: {text[:80]!r} is no JSON: {error}") from None
    except RecursionError:
        raise Failure("the arguments are nested too deeply") from None


def _json(text: str, whose: str) -> Any:
    """A value of JSON; raises Failure where a key is there twice, and one of its values would be lost, or a text is none."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            names = [name for name, _ in pairs]
            twice = next(name for name in found if names.count(name) > 1)
            raise Failure(f"{whose} the key {twice[:80]!r} twice")
        return found

    value = json.loads(text, object_pairs_hook=once)
    if not _is_text(json.dumps(value, ensure_ascii=False)):
        raise Failure(
            f"{whose} half of a surrogate pair (\\ud800 to \\udfff), which is no character"
        )
    return value


def _is_text(text: str) -> bool:
    """Whether text can travel: what the command line had that is no UTF-8 is in it, too."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _duration(value: str | float) -> str | float:
    """`30s`, `1.5h` or a number of seconds as ISO 8601, as interface files may say it; anything else as it is."""
    from rpcgen.idl.durations import iso_duration, parse_duration

    seconds = parse_duration(str(value))
    return value if seconds is None else iso_duration(seconds)


class _Reader:
    """Reads one argument."""

    def __init__(self, contract: Contract, name: str) -> None:
        self._types = contract.types
        self.name = name

    def from_text(self, text: str, type_: str) -> Any:
        """A value from the command line."""
        if type_.endswith("?") and text == "null":
            return None
        base = self._base(type_.removesuffix("?"))
        if not isinstance(base, str):
            return text if "enum" in base else self.fit(self._json(text, type_, " as JSON"), type_)
        if base in _TEXT:
            return self.fit(text, base)
        if base == "any":
            try:
                return _json(text, f"argument {self.name!r} has")
            except ValueError:
                return text
        return self.fit(self._json(text, type_, "" if base in _WORDS else " as JSON"), type_)

    def _json(self, text: str, type_: str, form: str) -> Any:
        try:
            return _json(text, f"argument {self.name!r} has")
        except ValueError:
            raise Failure(
                f"argument {self.name!r} is {text[:80]!r}, expected {type_}{form}"
            ) from None

    def fit(self, value: Any, type_: str) -> Any:
        """A value of JSON's types as the value that travels."""
        if value is None:
            return None
        base = self._base(type_.removesuffix("?"))
        if not isinstance(base, str):
            return self._fit_named(value, base)
        if base == "bytes" and isinstance(value, str):
            return self._decoded(value)
        if base == "decimal" and isinstance(value, int | float):
            return str(value)
        if base == "duration" and isinstance(value, str | int | float):
            return _duration(value)
        return self._fit_many(value, base)

    def _fit_many(self, value: Any, base: str) -> Any:
        """The items of a list, or the keys and values of a map; anything else as it is."""
        kind, _, inside = base.removesuffix("]").partition("[")
        if kind == "list" and type(value) is list:
            return [self.fit(one, inside) for one in cast("Any", value)]
        if kind == "map" and type(value) is dict:
            key, _, item = inside.partition(", ")
            pairs = cast("dict[str, Any]", value).items()
            return {self._key(name, key): self.fit(one, item) for name, one in pairs}
        return value

    def _decoded(self, text: str) -> bytes:
        try:
            return base64.b64decode(text, validate=True)
        except ValueError as error:  # also of text that is no ASCII
            raise Failure(f"argument {self.name!r} is no base64 text: {error}") from None

    def _base(self, type_: str) -> str | Mapping[str, Any]:
        """A built-in type's text, or what the contract says of a named one; aliases are followed."""
        said: Mapping[str, Any] | None = self._types.get(type_)
        if said is None:
            return type_
        return self._base(said["type"].removesuffix("?")) if "type" in said else said

    def _key(self, key: str, type_: str) -> str | int:
        if self._base(type_) != "int":
            return key
        if _INT.fullmatch(key) is None:
            raise Failure(f"argument {self.name!r} has the key {key[:80]!r}, expected int")
        return int(key)

    def _fit_named(self, value: Any, said: Mapping[str, Any]) -> Any:
        if not isinstance(value, dict):
            return value
        members = dict[str, str]()
        while "fields" in said:
            members |= {name: one.type for name, one in read_members(said["fields"]).items()}
            said = self._types[said["extends"]] if "extends" in said else {}
        members |= {tag: one.type for tag, one in read_members(said.get("union", {})).items()}
        fields = cast("dict[str, Any]", value)
        return {k: self.fit(v, members[k]) if k in members else v for k, v in fields.items()}
