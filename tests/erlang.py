"""What to ask a RabbitMQ node in its own language: the text of Erlang expressions. Knows no process.

A node answers one in hundredths of a second; `rabbitmqctl` starts a node of its own to ask, which takes a second.
"""

from __future__ import annotations

from collections.abc import Sequence

#: What gives property lists, of a virtual host and of columns; and what names the columns that there are.
_LISTS = {
    "bindings": ("rabbit_binding:info_all({vhost})", "rabbit_binding:info_keys()"),
    "channels": ("rabbit_channel:info_all({columns})", "rabbit_channel:info_keys()"),
    "connections": (
        "rabbit_networking:connection_info_all({columns})",
        "rabbit_networking:connection_info_keys()",
    ),
    "consumers": ("rabbit_amqqueue:consumers_all({vhost})", "rabbit_amqqueue:consumer_info_keys()"),
    "exchanges": ("rabbit_exchange:info_all({vhost}, {columns})", "rabbit_exchange:info_keys()"),
    "queues": (
        "rabbit_amqqueue:info_all({vhost}, {columns})",
        "[type | rabbit_amqqueue:info_keys()]",
    ),
}

#: Values are shown as `rabbitmqctl` shows them. The node listens a moment before all of it runs.
_ROWS = """
ok = rabbit:await_startup(),
[] = {columns} -- {known},
Plain = fun
    Self(Value) when is_binary(Value) -> binary_to_list(Value);
    Self(Values) when is_list(Values) -> [Self(Value) || Value <- Values];
    Self({{Key, _, Value}}) -> {{Self(Key), Self(Value)}};
    Self(Value) -> Value
end,
Text = fun
    (Value) when is_binary(Value) -> Value;
    (Value) when is_pid(Value) -> rabbit_misc:pid_to_string(Value);
    ({{resource, _, _, Name}}) -> Name;
    (Value) -> io_lib:format("~0tp", [Plain(Value)])
end,
Cell = fun (Column, Row) ->
    {{Column, Value}} = lists:keyfind(Column, 1, Row),
    Text(Value)
end,
Print = fun (Row) ->
    io:put_chars([lists:join("\\t", [Cell(Column, Row) || Column <- {columns}]), "\\n"])
end,
lists:foreach(Print, {rows}).
"""

_NEW_VHOST = """
ok = rabbit:await_startup(),
ok = rabbit_vhost:add({vhost}, {user}),
rabbit_auth_backend_internal:set_permissions({user}, {vhost}, <<".*">>, <<".*">>, <<".*">>, {user}).
"""


def listing(what: str, columns: Sequence[str], vhost: str) -> str:
    """What prints the rows of a list, with a tab between two columns."""
    names = {"columns": f"[{', '.join(columns)}]", "vhost": _binary(vhost)}
    rows, known = _LISTS[what]
    return _ROWS.format(rows=rows.format(**names), known=known, **names)


def new_vhost(name: str, user: str) -> str:
    """What makes a virtual host where a user may do everything."""
    return _NEW_VHOST.format(vhost=_binary(name), user=_binary(user))


def _binary(text: str) -> str:
    """A text as Erlang has it; only of letters that need no escape."""
    assert text.isascii(), text
    assert not set(text) & set('"\\'), text
    return f'<<"{text}">>'
