"""A text is not quoted, and other readers of YAML take it for something else.

rpcgen reads `no` as it stands, but most tools that look at the file (editors, checks of your own, other languages) read
false, and null, a number or a date in the same way. `rpcgen fmt` and `rpcgen lint --fix` add the quotes.

## Found

```yaml
methods:
  answer: {call: any, returns: Answer}
types:
  Answer: {open: true, enum: [yes, no, 404]}
```

## Fine

```yaml
methods:
  answer: {call: any, returns: Answer}
types:
  Answer: {open: true, enum: ["yes", "no", "404"]}
```
"""

from __future__ import annotations

from collections.abc import Iterator

from rpcgen.idl.grammar import BARE_VERSION, FILE, LIBRARY, VERSION
from rpcgen.idl.lint.rule import Edit, Finding, Subject
from rpcgen.idl.misread import is_misread, texts

CATEGORY = "minimal"
SEVERITY = "warning"

#: The compiler itself speaks of these, as version-not-string.
_VERSIONS = (VERSION, BARE_VERSION)


def check(subject: Subject) -> Iterator[Finding]:
    """Find unquoted texts that YAML resolves to something else."""
    for tree in subject.trees.values():
        shape = FILE if tree.get("interface") is not None else LIBRARY
        for text, meant in texts(tree, shape):
            if meant is not None and meant.pattern in _VERSIONS:
                continue
            if text.plain and not text.missing and is_misread(text.value):
                yield Finding(
                    text.at,
                    f"the text {text.value} is not quoted, and most readers of YAML take it for something else",
                    f'write "{text.value}"',
                    edit=Edit(text.at, f'"{text.value}"'),
                )
