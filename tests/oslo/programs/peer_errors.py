"""Exceptions of a program that was written by hand; both of its sides import this module."""


class NotFound(Exception):
    """As the interface declares it: what it was made of travels."""

    def __init__(self, message: str = "", **kwargs: object) -> None:
        super().__init__(message)
        self.kwargs = kwargs


class Picky(Exception):
    """One that cannot be made again of its arguments."""

    def __init__(self, first: int, second: int) -> None:
        super().__init__(f"{first} and {second}")
