"""Whether a backtracking matcher can lose its way in an automaton.

Matching by backtracking takes time in proportion to the ways in which a text can be read. Those grow exponentially if
some state can be left and reached again by two different ways on one text, and polynomially if two loops follow each
other that can share a text (Weber and Seidl, "On the degree of ambiguity of finite automata"). Both are searched for
here; if neither exists and the choices outside loops are few, matching is linear.
"""

from __future__ import annotations

from rpcgen.idl.regex.automaton import Automaton, Refused

#: How many steps a proof may take.
BUDGET = 60_000
_MAX_CHOICES = 4_096


def check(automaton: Automaton) -> int:
    """Return how many steps the proof took that matching is linear in the text; raise `Refused` without a proof."""
    component = components(automaton)
    budget = [BUDGET]
    _check_choices(automaton, component)
    _check_nested(automaton, component, budget)
    _check_adjacent(automaton, component, budget)
    return BUDGET - budget[0]


def components(automaton: Automaton) -> list[int]:
    """Number the loops: states of one number can reach each other; 0 is for states on no loop."""
    follow = automaton.follow
    order: list[int] = []
    seen: set[int] = set()
    for start in range(len(follow)):
        stack = [(start, iter(follow[start]))] if start not in seen else []
        seen.add(start)
        while stack:
            state, rest = stack[-1]
            following = next((s for s in rest if s not in seen), None)
            if following is None:
                order.append(stack.pop()[0])
            else:
                seen.add(following)
                stack.append((following, iter(follow[following])))
    back: list[list[int]] = [[] for _ in follow]
    for state, targets in enumerate(follow):
        for target in targets:
            back[target].append(state)
    component = [-1] * len(follow)
    number = 0
    for start in reversed(order):
        if component[start] >= 0:
            continue
        number += 1
        waiting, found = [start], [start]
        component[start] = number
        while waiting:
            for state in back[waiting.pop()]:
                if component[state] < 0:
                    component[state] = number
                    waiting.append(state)
                    found.append(state)
        if len(found) == 1 and start not in follow[start]:
            component[start] = 0
    return component


def _check_choices(automaton: Automaton, component: list[int]) -> None:
    """Bound the ways through the parts that are on no loop, and out of each loop."""
    ways = 1
    for state, targets in enumerate(automaton.follow):
        leaving = [
            target
            for target in targets
            if not component[state] or component[target] != component[state]
        ]
        ways *= max(1, _most_overlapping([automaton.masks[target] for target in leaving]))
        if ways > _MAX_CHOICES:
            raise Refused("its alternatives can match the same text in too many ways")


def _most_overlapping(masks: list[int]) -> int:
    """Return an upper bound for how many sets share one character."""
    return max((sum(1 for other in masks if mask & other) for mask in masks), default=1)


def _spend(budget: list[int]) -> None:
    budget[0] -= 1
    if budget[0] < 0:
        raise Refused("it is too complicated to prove that it is fast")


def _check_nested(automaton: Automaton, component: list[int], budget: list[int]) -> None:
    """Look for a state that two different ways on one text lead back to."""
    for source, target in automaton.doubled:
        if component[source] and component[source] == component[target]:
            raise Refused(_NESTED)
    for state, inside in enumerate(component):
        if inside and _returns_twice(automaton, component, state, budget):
            raise Refused(_NESTED)


_NESTED = "a repeat in it can match the same text in several ways"


def _returns_twice(
    automaton: Automaton, component: list[int], state: int, budget: list[int]
) -> bool:
    """Walk two ways at once from a state; have they parted, and met there again?"""
    follow, masks, inside = automaton.follow, automaton.masks, component[state]
    seen: set[tuple[int, int, bool]] = set()
    waiting = [(state, state, False)]
    while waiting:
        left, right, parted = waiting.pop()
        for one in follow[left]:
            if component[one] != inside:
                continue
            for other in follow[right]:
                _spend(budget)
                if component[other] != inside or not masks[one] & masks[other]:
                    continue
                step = (min(one, other), max(one, other), parted or one != other)
                if step == (state, state, True):
                    return True
                if step not in seen:
                    seen.add(step)
                    waiting.append(step)
    return False


def _check_adjacent(automaton: Automaton, component: list[int], budget: list[int]) -> None:
    """Look for two loops, the second reachable from the first, that can share a text which also leads across."""
    looping = [state for state, number in enumerate(component) if number]
    for first in looping:
        for second in looping:
            _spend(budget)
            if first == second or second in automaton.accepting:
                # Behind an accepting state nothing can fail, so nobody comes back for another way.
                continue
            if automaton.masks[first] & automaton.masks[second] and _shared(
                automaton, component, first, second, budget
            ):
                raise Refused(_UNANCHORED if first == automaton.skip else _ADJACENT)


_ADJACENT = "two repeats in it can match the same text, one after the other"
_UNANCHORED = (
    "it may start anywhere, and a repeat in it is tried again from each place; start it with ^"
)


def _shared(
    automaton: Automaton, component: list[int], first: int, second: int, budget: list[int]
) -> bool:
    """Say whether some text leads from first to first, from first to second and from second to second."""
    follow, masks = automaton.follow, automaton.masks
    goal = (first, second, second)
    seen: set[tuple[int, int, int]] = set()
    waiting = [(first, first, second)]
    while waiting:
        left, across, right = waiting.pop()
        for a in follow[left]:
            if component[a] != component[first]:
                continue
            for b in follow[across]:
                both = masks[a] & masks[b]
                if not both:
                    continue
                for d in follow[right]:
                    _spend(budget)
                    if component[d] != component[second] or not both & masks[d]:
                        continue
                    triple = (a, b, d)
                    if triple == goal:
                        return True
                    if triple not in seen:
                        seen.add(triple)
                        waiting.append(triple)
    return False
