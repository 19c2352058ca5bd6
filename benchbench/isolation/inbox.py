"""Items that come while others run."""

import os
from collections import deque
from threading import Lock
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Inbox(Generic[Item]):
    """Items put in by one thread and taken out by another, which may wait on this as on a file."""

    def __init__(self) -> None:
        self._items: deque[Item] = deque()
        self._lock, self._ended = Lock(), False
        self._read, self._write = os.pipe()

    def fileno(self) -> int:
        """What becomes readable when something has come."""
        return self._read

    def put(self, item: Item) -> None:
        """Add an item."""
        with self._lock:
            self._items.append(item)
            if len(self._items) == 1:
                os.write(self._write, b"+")

    def end(self) -> None:
        """No more items will come."""
        with self._lock:
            if not self._ended:
                self._ended = True
                os.write(self._write, b".")

    def take(self) -> Item | None:
        """The next item, or None where there is none at present."""
        with self._lock:
            if not self._items:
                return None
            if len(self._items) == 1:
                os.read(self._read, 1)
            return self._items.popleft()

    @property
    def ended(self) -> bool:
        """Whether there are no items, nor will there be."""
        with self._lock:
            return self._ended and not self._items
