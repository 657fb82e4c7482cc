"""Transport URLs and targets: what is accepted, and what is said about the rest."""

from __future__ import annotations

from typing import Literal
from urllib.parse import parse_qsl

import msgspec
import pytest
from rpcgen.runtime import BadUrl, InvalidTarget, Target
from rpcgen.runtime.transport import find_driver, known_schemes
from rpcgen.runtime.url import Host, parse_url


class Options(msgspec.Struct, frozen=True):
    size: int = 3
    ratio: float = 0.5
    flag: bool = False
    name: str | None = None
    mode: Literal["a", "b"] = "a"


def test_a_url_is_read_in_full() -> None:
    """Scheme, user, hosts, path and options are %-decoded."""
    url = parse_url("AMQP://me:p%40ss@h1:5672,h2,[::1]:7/v%2Fhost?size=5&name=a%26b")
    assert (url.scheme, url.username, url.password) == ("amqp", "me", "p@ss")
    assert url.hosts == (Host("h1", 5672), Host("h2"), Host("::1", 7))
    assert url.path == "/v/host"
    assert url.options(Options) == Options(size=5, name="a&b")


@pytest.mark.parametrize(
    "authority",
    [
        "me:p%40ss@h1:5672,h2,h3",
        "me:p%40ss@h1:5672,me:p%40ss@h2,me:p%40ss@h3",
        "me:p%40ss@h1:5672,h2,me:p%40ss@h3",
    ],
)
def test_every_host_may_repeat_the_user(authority: str) -> None:
    """As oslo.messaging's URLs do; one user for all of them is expected."""
    url = parse_url(f"rabbit://{authority}//")
    assert (url.hosts, url.path) == ((Host("h1", 5672), Host("h2"), Host("h3")), "//")
    assert (url.username, url.password) == ("me", "p@ss")


def test_a_query_is_read_as_forms_write_it() -> None:
    """A + is a blank and %2B is none; a name may have no value, and between two & may be nothing."""
    url = parse_url("memory://x?a+b=c+d%2Be&&flag&mode==&na%6De=%C3%A4")
    assert url.params == (
        ("a b", "c d+e"),
        ("flag", ""),
        ("mode", "="),
        ("name", "ä"),
    )
    assert url.params == tuple(parse_qsl("a+b=c+d%2Be&&flag&mode==&na%6De=%C3%A4", True))


def test_a_password_is_never_shown() -> None:
    """Neither str, repr nor an error echoes the password or the options."""
    url = parse_url("amqp://me:canary@h1/?name=canary")
    with pytest.raises(BadUrl) as caught:
        parse_url("amqp://me:canary@h1/?nmae=canary").options(Options)
    for text in (str(url), repr(url), str(caught.value)):
        assert "canary" not in text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("no url", "expected a transport URL"),
        ("a b://x", "expected a transport URL"),
        ("zmq+tcp://h:99999", "port"),
        ("zmq+tcp://h:x", "port"),
        (f"zmq+tcp://h:{'1' * 5000}", "port '1111111111111111' of 'h' is not a number"),
        ("zmq+tcp://[::1", "IPv6"),
    ],
)
def test_bad_urls_say_what_is_wrong(text: str, message: str) -> None:
    """A URL that cannot be read is a BadUrl that says why."""
    with pytest.raises(BadUrl, match=message):
        parse_url(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("amqp://me:canary/1@h/", "write %2F"),
        ("amqp://me:canary?1@h/", "write %2F"),
        ("amqp://me:canary@h1,you:canary@h2/", "one for all"),
        ("amqp://me:a@canary,b@h/", "%40"),
    ],
)
def test_a_password_that_is_written_wrongly_is_not_shown(text: str, message: str) -> None:
    """Nor any part of it that was taken for something else; the error says how it is written."""
    with pytest.raises(BadUrl, match=message) as caught:
        parse_url(text)
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("sise=1", "did you mean 'size'"),
        ("zzzz=1", "known: flag, mode, name, ratio, size"),
        ("size=x", "expected int"),
        ("flag=maybe", "expected bool"),
        ("mode=c", "expected one of a, b"),
        ("size=1&size=2", "given twice"),
    ],
)
def test_bad_options_say_what_is_wrong(query: str, message: str) -> None:
    """An option that is unknown, repeated or of the wrong type is a BadUrl with advice."""
    with pytest.raises(BadUrl, match=message):
        parse_url(f"memory://x?{query}").options(Options)


def test_booleans_read_as_people_write_them() -> None:
    """yes, on, 1 and true are True; no, off, 0 and false are False."""
    for text in ("1", "yes", "TRUE", "on"):
        assert parse_url(f"memory://x?flag={text}").options(Options).flag is True
    for text in ("0", "no", "False", "off"):
        assert parse_url(f"memory://x?flag={text}").options(Options).flag is False


def test_an_unknown_scheme_names_the_nearest() -> None:
    """A scheme without a driver is a BadUrl with the known ones."""
    with pytest.raises(BadUrl, match="did you mean 'memory'"):
        find_driver("memroy://x")
    with pytest.raises(BadUrl, match=r"known: .*memory.*zmq"):
        find_driver("carrier-pigeon://x")
    with pytest.raises(BadUrl, match="expected one of msgpack, json"):
        find_driver("memory://x?codec=pickle")
    assert "memory" in known_schemes()


def test_what_is_no_url_is_named_unless_it_may_hold_a_password() -> None:
    """The text that was given is in the message, but not if it has an @."""
    with pytest.raises(BadUrl, match=r"such as zmq\+ipc:///run/shop.*, found 'localhost:7000'"):
        parse_url("localhost:7000")
    with pytest.raises(BadUrl) as caught:
        parse_url("ann:secret@host:7000")
    assert "secret" not in str(caught.value)


def test_a_zeromq_url_without_a_matchmaker_names_all() -> None:
    """`zmq://` could mean any of them."""
    known = r"known: zmq\+ipc, zmq\+redis, zmq\+ring, zmq\+tcp$"
    with pytest.raises(BadUrl, match=known):
        find_driver("zmq:///run/shop").driver.connect(parse_url("zmq:///run/shop"))


@pytest.mark.parametrize(
    "name", ["", "a*", "a#", "a/b", "a b", "ü", "a\0", "amq.x", "x" * 256, "a\n"]
)
def test_names_with_wildcards_or_worse_are_refused(name: str) -> None:
    """No name of a target may surprise a queue, a path or a log."""
    for make in (
        lambda: Target(name, "topic"),
        lambda: Target("exchange", name),
        lambda: Target("exchange", "topic", server=name),
    ):
        with pytest.raises(InvalidTarget) as caught:
            make()
        assert "\n" not in str(caught.value)


def test_a_fanout_has_no_server() -> None:
    """A target is one server, all, or any; never two of them."""
    with pytest.raises(InvalidTarget, match="fanout"):
        Target("e", "t", server="s", fanout=True)
    assert str(Target("e", "t", fanout=True)) == "every server of e/t"
