"""Events inside one process: groups, their members, and what waits for them. Knows nothing of a frame.

Members get as much as they can run; the rest waits with the group. What has an order waits apart, for one member alone.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

from rpcgen.runtime.deliveries import Caller
from rpcgen.runtime.errors import NotSent, Undeliverable
from rpcgen.runtime.inbox import HIGH_WATER, Inbox
from rpcgen.runtime.outgoing import Outgoing
from rpcgen.runtime.peers import Peer
from rpcgen.runtime.subscription import Subscription, Taken
from rpcgen.runtime.target import Target


class Member:
    """One program, as a group knows it.

    Args:
        inbox: gets what it is to run.
        room: how many events it takes at once.
    """

    def __init__(self, inbox: Inbox[tuple[Caller, bytes]], room: int) -> None:
        self.inbox = inbox
        self.room = room


class Group:
    """Those who share one copy of each event."""

    def __init__(self) -> None:
        self.targets: set[Target] = set()
        self.members: list[Member] = []
        #: Those that any member may run, and those of which one at a time gets all.
        self._any: deque[tuple[bytes, float | None]] = deque()
        self._ordered: deque[tuple[bytes, float | None]] = deque()
        self._lock = threading.Lock()

    def full(self) -> bool:
        """Whether the next event would be too much."""
        return len(self._any) + len(self._ordered) >= HIGH_WATER

    def put(self, frame: bytes, deadline: float | None, *, ordered: bool) -> None:
        """Let an event wait for a member."""
        with self._lock:
            (self._ordered if ordered else self._any).append((frame, deadline))
        self.hand_out()

    def hand_out(self) -> None:
        """Give members what waits."""
        with self._lock:
            for waiting, able in ((self._ordered, self.members[:1]), (self._any, self.members)):
                while waiting:
                    member = max(able, key=lambda each: each.room, default=None)
                    if member is None or member.room < 1:
                        break
                    self._give(member, *waiting.popleft())

    def _give(self, member: Member, frame: bytes, deadline: float | None) -> None:
        def done() -> None:
            with self._lock:
                member.room += 1
            self.hand_out()

        member.room -= 1
        member.inbox.put((Taken(done, deadline), frame))

    def join(self, member: Member) -> None:
        """Have a share."""
        with self._lock:
            self.members.append(member)
        self.hand_out()

    def leave(self, member: Member) -> None:
        """Get no more."""
        with self._lock:
            if member in self.members:
                self.members.remove(member)
        self.hand_out()


class Board(Peer):
    """Where the events of one target are published.

    Args:
        target: the event.
        groups: gives those that there are now.
    """

    __slots__ = ("_groups", "_target")

    def __init__(self, target: Target, groups: Callable[[], list[Group]]) -> None:
        super().__init__(str(target))
        self._target = target
        self._groups = groups

    def publish(self, frame: bytes, message: Outgoing) -> None:
        """Give each group its copy. Raises Undeliverable, or NotSent if a group has too much already."""
        hearing = [group for group in self._groups() if self._target in group.targets]
        if not hearing and message.required:
            raise Undeliverable(f"nobody subscribes to {self.name}")
        if any(group.full() for group in hearing):
            raise NotSent(f"{HIGH_WATER} events wait for subscribers of {self.name}")
        for group in hearing:
            group.put(frame, message.expires, ordered=message.ordered)


class Groups:
    """All groups of a hub."""

    def __init__(self) -> None:
        self._named: dict[tuple[str, str], Group] = {}
        self._own: list[Group] = []
        self._lock = threading.Lock()

    @property
    def lasting(self) -> bool:
        """Whether there is one that outlives its members."""
        return bool(self._named)

    def all(self) -> list[Group]:
        """Those that there are now."""
        with self._lock:
            return [*self._named.values(), *self._own]

    def join(self, subscription: Subscription, inbox: Inbox[tuple[Caller, bytes]]) -> Membership:
        """Subscribe; an interface of a group without a name has a group of its own."""
        member = Member(inbox, subscription.concurrency)
        membership = Membership(self, member)
        with self._lock:
            for interface in dict.fromkeys(heard.interface for heard in subscription.events):
                if subscription.group is None:
                    group = Group()
                    self._own.append(group)
                else:
                    group = self._named.setdefault((interface, subscription.group), Group())
                heard = (each for each in subscription.events if each.interface == interface)
                group.targets.update(each.target for each in heard)
                membership.groups.append(group)
        for group in membership.groups:
            group.join(member)
        return membership

    def forget(self, group: Group) -> None:
        """A group without a name ends with its only member."""
        with self._lock:
            if group in self._own:
                self._own.remove(group)


class Membership:
    """What one program has subscribed to."""

    def __init__(self, groups: Groups, member: Member) -> None:
        self._groups = groups
        self._member = member
        self.groups: list[Group] = []

    def leave(self) -> None:
        """Get no more. Idempotent."""
        for group in self.groups:
            group.leave(self._member)
            self._groups.forget(group)
