"""Files that contradict themselves about versions are refused, and ones that only look like it are not."""

from __future__ import annotations

import time

import pytest
from rpcgen.idl import loads, render

HEAD = 'rpcgen: 1\ninterface: demo.api\nversion: "6.5"\nserves: ["5.13"]\n'


def rules_of(text: str) -> list[str]:
    """Return the rules that a text breaks, each once."""
    loaded = loads(HEAD + text)
    assert render(loaded.diagnostics, loaded.sources) or not loaded.diagnostics
    return sorted({found.rule for found in loaded.diagnostics})


def args(text: str, more: str = "") -> str:
    """Return a method with arguments, beside one that was always there."""
    return f"methods: {{n: {{cast: any}}, m: {{cast: any, args: {{{text}}}{more}}}}}\n"


A = "types: {A: {fields: {x: int, %s}}}\n"


@pytest.mark.parametrize(
    "text",
    [
        # The older major never had it, and its messages mean the default.
        args("a: int = 1 since 6.0"),
        args("a: int? since 6.0"),
        args("a: {constant: 1, since: '6.0'}"),
        # The method is as new.
        args("a: int since 6.0", ", since: '6.0'"),
        # An older form of the whole method has other arguments.
        args("a: int", ", was: {'6.0': {args: {b: string}}}"),
        args("a: int since 6.0", ", was: {'6.0': {args: {b: string}}}"),
        # A type that only newer messages hold may have what older ones lack.
        A % "y: int since 6.0" + args("a: {type: A, was_type: {'6.0': string}}"),
        A % "y: int since 6.0" + args("a: A", ", was: {'6.0': {args: {b: string}}}"),
        A % "y: int since 6.0" + args("a: A? since 6.0"),
        # Results are read tolerantly.
        A % "y: int since 6.2" + "methods: {m: {call: any, returns: A}}\n",
        # A name is free when its bearer is gone, or has another by then.
        args("a: {type: int, was: {'6.0': b}}, b: int? since 6.0"),
        args("a: {type: int, was: {'6.0': b}}, b: {type: int?, since: '5.13', was: {'6.2': c}}"),
        args("a: {type: int?, since: '6.0', was: {'6.3': b}}, b: int? until 6.0"),
        "methods: {a: {cast: any, was: {'6.0': b}}, b: {cast: any, since: '6.0'}}\n",
        # Back to the older name.
        args("a: {type: int, was: {'5.3': a, '6.0': b}}"),
        "methods: {a: {cast: any, was: {'5.3': a, '6.0': b}}}\n",
        # Something that is gone, and needs nothing.
        A % "y: int? until 6.0" + args("a: A"),
        A % "y: {constant: 1, type: int, until: '6.0'}" + args("a: A"),
        A % "y: int until 6.0" + "events: {e: {payload: A}}\n",
        args("a: int until 6.0"),
        # A value is written without what is gone.
        A % "y: int = 3 until 6.0" + args("a: {type: A, default: {x: 1}}"),
        # Sent always where it is known, and left out below.
        args("a: {type: int?, since: '6.2', send: always, older: drop}"),
        # A chain of fallbacks.
        "types: {E: {enum: [a, b since 6.4, c since 6.5], fallback: {c: b, b: a}}}\n"
        "methods: {m: {call: any, returns: E}}\n",
        "types: {E: {enum: [a, b since 5.3], fallback: {b: a}}}\nmethods: {m: {call: any, returns: E}}\n",
        "types: {E: {open: {since: '6.4'}, enum: [a, b since 6.3], fallback: {b: a}}}\n"
        "methods: {m: {call: any, returns: E}}\n",
        # A method's topic has the interface's before it.
        "methods: {m: {cast: any, topic: {name: new, since: '6.2'}}}\n",
        # Forms chain: each part is as in the next form that says it.
        args("a: int", ", was: {'5.3': halt, '5.8': {call: any, returns: int}, '6.2': {args: {}}}"),
        "methods: {m: {call: any, returns: int, was: {'6.2': {returns: null}, '6.4': {returns: string}}}}\n",
        "methods: {m: {cast: any, was: {'6.2': {call: any since 5.3, cast: any}}}}\n",
        "types: {P: {version: '2.1', fields: {a: int, b: int? since 1.9, c: {type: int?, since: '2.1'}}}}\n"
        "events: {e: {payload: P}}\nerrors: {E: {fields: {p: P}}}\n",
    ],
)
def test_what_older_peers_can_live_with_is_accepted(text: str) -> None:
    """No mistake, and no doubt."""
    assert rules_of(text) == []


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ("required-arg-newer", args("a: int since 6.0")),
        ("required-arg-newer", args("a: int since 6.2", ", since: '6.0'")),
        ("required-arg-newer", args("a: int since 5.3")),
        ("required-arg-newer", args("a: int", ", was: {'6.0': {args: {b: int since 5.3}}}")),
        ("required-arg-newer", args("a: {type: int, since: ['5.13', '6.2']}")),
        ("required-field-newer", A % "y: int since 6.0" + args("a: A")),
        ("required-field-newer", A % "y: int since 5.2" + args("a: 'map[string, list[A]]'")),
        (
            "required-field-newer",
            "types: {A: {fields: {y: int since 6.1}}, B: {extends: A}, U: {union: {b: B}}}\n"
            + args("a: U"),
        ),
        (
            "required-field-newer",
            A % "y: int since 6.1" + args("b: int", ", was: {'6.3': {args: {a: A}}}"),
        ),
        (
            "required-field-newer",
            A % "y: int since 6.1" + args("b: {type: int, was_type: {'6.3': A}}"),
        ),
        ("bad-was", args("a: {type: int, was: {'6.0': b}}, b: int? since 5.13")),
        ("bad-was", args("a: {type: int, was: {'6.0': b}}, b: {type: int, was: {'5.1': c}}")),
        ("bad-was", args("a: {type: int, was: {'6.0': c}}, b: {type: int, was: {'5.1': c}}")),
        (
            "bad-was",
            args("b: int", ", was: {'6.3': {args: {a: {type: int, was: {'6.1': x}}, x: int}}}"),
        ),
        (
            "bad-was",
            "types: {A: {fields: {x: int}}, B: {extends: A, fields: {y: {type: int, was: {'6.1': x}}}}}\n",
        ),
        (
            "bad-was",
            "types: {P: {version: '1.9', fields: {x: int, y: {type: int, was: {'1.2': x}}}}}\n",
        ),
        ("bad-was", "errors: {E: {fields: {x: int, y: {type: int, was: {'6.1': x}}}}}\n"),
        (
            "bad-method-was",
            "methods: {a: {cast: any, was: {'6.1': b}}, b: {cast: any, since: '6.0'}}\n",
        ),
        (
            "bad-method-was",
            "methods: {a: {cast: any, was: {'6.1': {name: c, args: {x: int}}}}, b: {cast: any, was: {'5.2': c}}}\n",
        ),
        ("was-unchanged", args("a: {type: int, was: {'5.3': b, '6.0': b}}")),
        ("was-unchanged", args("a: {type: int?, was_type: {'5.3': int, '6.0': int}}")),
        (
            "was-unchanged",
            "types: {N: int}\n" + args("a: {type: 'list[N]', was_type: {'6.0': 'list[int]'}}"),
        ),
        ("was-unchanged", args("a: int", ", was: {'6.0': {args: {a: int}, cast: any}}")),
        ("was-unchanged", args("a: int", ", was: {'6.0': {returns: null}}")),
        ("was-unchanged", args("a: int", ", was: {'6.0': {name: m}}")),
        ("dates-unordered", args("a: {type: int, was: {'6.0': b, '5.3': c}}")),
        ("dates-unordered", args("a: {type: int, was: {'6': b, '6.0': c}}")),
        ("dates-unordered", "methods: {m: {cast: any, was: {'6': b, '6.0': c}}}\n"),
        ("since-future", args("a: {type: int, was: {'6.6': b}}")),
        ("since-future", args("a: {type: int, was_type: {'5.14': string}}")),
        ("since-future", args("a: int? until 6.6")),
        ("since-future", "methods: {m: {cast: any, was: {'7.0': b}}}\n"),
        ("was-outside", args("a: {type: int?, since: '6.0', was_type: {'5.3': string}}")),
        ("was-outside", args("a: {type: int?, until: '6.0', was: {'6.0': b}}")),
        ("until-before-since", args("a: {type: int?, since: '6.2', until: '5.3'}")),
        ("until-before-since", args("a: {type: int?, since: ['5.13', '6.2'], until: '5.13'}")),
        ("until-before-since", args("a: {type: int?, since: ['5.1', '6.2'], until: '5.3'}")),
        ("until-nested", args("a: int? since 6.0", ", until: '6.0'")),
        ("until-nested", args("a: int? until 6.3", ", until: '5.9'")),
        ("gone-field-needed", A % "y: int until 6.3" + "methods: {m: {call: any, returns: A}}\n"),
        ("gone-field-needed", "errors: {E: {fields: {x: int until 6.0}}}\n"),
        ("form-date", args("a: int? since 5.2", ", was: {'5.3': {args: {b: int}}}")),
        ("form-date", args("a: int", ", was: {'5.3': {args: {b: int? since 5.3}}}")),
        ("form-date", args("a: int", ", was: {'5.3': {args: {b: int? until 5.4}}}")),
        ("form-date", args("a: int", ", was: {'5.3': {call: any, cast: any since 5.4}}")),
        ("form-date", args("a: {type: int, was: {'5.3': c}}", ", was: {'5.3': {args: {b: int}}}")),
        ("cast-with-answer", args("a: int", ", was: {'5.3': {returns: int}}")),
        ("route-missing", "methods: {m: {call: any since 5.3, cast: any since 6.2}}\n"),
        (
            "route-missing",
            "methods: {m: {cast: {route: any, until: '6.2'}, call: any since 6.3}}\n",
        ),
        ("route-missing", "methods: {m: {cast: any, was: {'6.2': {call: any since 5.3}}}}\n"),
        (
            "type-gone",
            "types: {E: {enum: [a], until: '6.2'}}\nmethods: {m: {call: any, returns: E}}\n",
        ),
        ("since-nested", "types: {E: {enum: [a], since: '6.2'}, U: {union: {e: E}}}\n"),
        (
            "since-nested",
            "types: {E: {enum: [a], since: '6.2'}}\nmethods: {m: {call: any, returns: E}}\n",
        ),
        ("since-nested", "types: {E: {fields: {}, since: '6.2'}}\nevents: {e: {payload: E}}\n"),
        ("since-nested", "types: {E: {enum: [a], since: '6.2'}, B: 'list[E]'}\n"),
        (
            "fallback-newer",
            "types: {E: {enum: [a, b since 6.4, c since 6.4], fallback: {c: b, b: a}}}\nmethods: {m: {call: any, returns: E}}\n",
        ),
        (
            "fallback-newer",
            "types: {E: {enum: [a until 6.0, b since 6.4], fallback: {b: a}}}\nmethods: {m: {call: any, returns: E}}\n",
        ),
        ("bad-release", "releases: {env.x: '6.0'}\n"),
        ("bad-release", "releases: {a: '4.0'}\n"),
        ("bad-name", "releases: {'6.0': '6.0'}\n"),
        ("clock-in-request", "types: {P: {version: '1.0', fields: {}}}\n" + args("a: 'list[P]?'")),
        (
            "clock-in-request",
            "types: {P: {version: '1.0', fields: {}}}\n"
            + args("a: int", ", was: {'6.0': {args: {p: P}}}"),
        ),
        (
            "clock-base",
            "types: {B: {fields: {x: int? since 6.2}}, P: {version: '1.0', extends: B}}\nevents: {e: {payload: P}}\n",
        ),
        ("since-future", "types: {P: {version: '1.3', fields: {x: int? since 1.4}}}\n"),
        (
            "bad-envelope",
            "types: {P: {version: '1.3', envelope: {constants: {data: x}}, fields: {}}}\n",
        ),
        ("bad-envelope", "types: {P: {version: '1.3', envelope: {name: data}, fields: {}}}\n"),
        ("useless-key", args("a: {constant: 1, was_type: {'6.0': string}}")),
        ("useless-key", "errors: {E: {fields: {a: {type: int?, since: '6.2', older: drop}}}}\n"),
        (
            "default-with-presence",
            args("a: {type: int, presence: explicit, was_type: {'6.0': string = x}}"),
        ),
        ("value-type", args("a: {type: int, was_type: {'6.0': string = 3, '6.2': bool = 1}}")),
        (
            "value-constraint",
            args("a: {type: int, was_type: {'6.0': {type: int, max: 2, default: 3}}}"),
        ),
        ("constraint-type", args("a: {type: int, was_type: {'6.0': {type: bool, max: 2}}}")),
        ("bad-short-form", args("a: {type: int, was_type: {'6.0': string since 5.3}}")),
        ("unknown-type", args("a: {type: int, was_type: {'6.0': Nothing}}")),
        ("unknown-type", args("a: int", ", was: {'6.0': {args: {b: Nothing}}}")),
        ("unknown-error", "refused_as: Nothing\n"),
        ("path-gone", "methods: {m: {cast: server, to: h, args: {h: string? until 6.0}}}\n"),
        ("since-nested", args("a: {type: int?, since: '6.2', deprecated: {since: '6.1'}}")),
        (
            "since-nested",
            "methods: {n: {cast: any}, m: {cast: any, since: '6.2', deprecated: {since: '6.1'}}}\n",
        ),
        (
            "since-nested",
            "methods: {n: {cast: any}, m: {cast: any, since: '6.2', topic: {name: t, since: '6.1'}}}\n",
        ),
        ("since-nested", "types: {E: {enum: [a], since: '6.2', open: {since: '6.1'}}}\n"),
        ("bad-version", args("a: {type: int, was: {6.x: b}}")),
        ("bad-version", "methods: {m: {cast: any, was: {v6: b}}}\n"),
        ("date-without-interface", args("a: {type: int?, since: {demo.apy: '6.2'}}")),
        ("unknown-key", "methods: {m: {cast: any, was: {'6.2': {nme: b}}}}\n"),
        ("never-spoken", "methods: {m: {cast: any, args: {a: {type: int, was: {'4.3': b}}}}}\n"),
        ("value-type", A % "y: int = 3 until 6.0" + args("a: {type: A, default: {x: 1, y: 2}}")),
    ],
)
def test_contradictions_are_refused(rule: str, text: str) -> None:
    """Each by the rule that says what is wrong, and by no other."""
    assert rules_of(text) == [rule]


def test_served_majors_are_few_and_ascend() -> None:
    """Sixteen older ones; each is looked at."""
    head = 'rpcgen: 1\ninterface: demo.api\nversion: "99.5"\nserves: [{}]\n'
    majors = [f'"{major}.9"' for major in range(1, 18)]
    assert not loads(head.format(", ".join(majors[:16]))).diagnostics
    for wrong in (majors, majors[:2][::-1], majors[:1] * 2, ['"99.4"']):
        found = loads(head.format(", ".join(wrong))).diagnostics
        assert [each.rule for each in found] == ["bad-serves"]


def test_histories_cost_no_more_than_their_length() -> None:
    """Thousands of older names, types and forms are read and compared soon."""
    names = ", ".join(f"'5.{n}': n{n}" for n in range(1, 3000))
    types = ", ".join(f"'5.{n}': {'int' if n % 2 else 'string'}" for n in range(1, 3000))
    forms = ", ".join(f"'5.{n}': {{args: {{a{n}: int}}}}" for n in range(1, 3000))
    head = HEAD.replace("5.13", "5.9999")
    text = f"methods: {{m: {{cast: any, args: {{a: {{type: bool, was: {{{names}}}, was_type: {{{types}}}}}}}}},\n"
    text += f"  f: {{cast: any, args: {{a: int}}, was: {{{forms}}}}}}}\n"
    begin = time.process_time()
    assert not loads(head + text).diagnostics
    shared = "".join(f"    f{n}: {{type: int, was: {{'6.0': shared}}}}\n" for n in range(5000))
    found = loads(head + f"types:\n  A:\n   fields:\n{shared}").diagnostics
    assert {each.rule for each in found} == {"bad-was"}
    assert time.process_time() - begin < 10
