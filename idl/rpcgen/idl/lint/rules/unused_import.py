"""Nothing of an imported file is used.

Whoever reads the file looks there in vain, and a change there seems to concern this interface. `rpcgen lint --fix`
takes the line out where the import has one for itself.

## Found

```yaml
imports: [common.yaml]
methods:
  get: {call: any, returns: string}
# file: common.yaml
rpcgen: 1
types: {Id: uuid}
```

## Fine

```yaml
imports: [common.yaml]
methods:
  get: {call: any, returns: Id}
# file: common.yaml
rpcgen: 1
types: {Id: uuid}
```
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping

from rpcgen.idl.lint.rule import Edit, Finding, Subject
from rpcgen.idl.yamltext.nodes import Mapping as Node
from rpcgen.idl.yamltext.nodes import Sequence, Text

CATEGORY = "minimal"
SEVERITY = "error"

_ALONE = re.compile(r"\s*-\s+[^\s,\[\]{}]+\s*(#.*)?")


def check(subject: Subject) -> Iterator[Finding]:
    """Find imports of the interface file from which, and from what they import, nothing is used."""
    interface = subject.interface
    used = {type_.position.file for type_ in interface.types.values()}
    used |= {error.position.file for error in interface.errors.values()}
    for item in _imports(subject.trees[interface.source]):
        file = _file(item.value, interface.source, subject.trees)
        if file is None or used & _reached(file, subject.trees):
            continue
        alone = _ALONE.fullmatch(subject.row(item.at))
        yield Finding(
            item.at,
            f'nothing of "{item.value}" is used',
            "take it out",
            edit=Edit(item.at, None) if alone is not None else None,
        )


def _imports(tree: Node) -> list[Text]:
    node = tree.get("imports")
    items = node.items if isinstance(node, Sequence) else []
    return [item for item in items if isinstance(item, Text)]


def _file(name: str, importer: str, trees: Mapping[str, Node]) -> str | None:
    """The file that an import names: beside the importer, or below some root."""
    beside = posixpath.normpath(posixpath.join(posixpath.dirname(importer), name))
    if beside in trees:
        return beside
    ending = "/" + posixpath.normpath(name)
    return next((file for file in trees if f"/{file}".endswith(ending)), None)


def _reached(start: str, trees: Mapping[str, Node]) -> set[str]:
    found: set[str] = set()
    waiting = [start]
    while waiting:
        file = waiting.pop()
        if file not in found:
            found.add(file)
            inner = (_file(item.value, file, trees) for item in _imports(trees[file]))
            waiting += [each for each in inner if each is not None]
    return found
