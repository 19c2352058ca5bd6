"""A queue of items that arrive while other items run."""

import os
from collections import deque
from threading import Lock
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Inbox(Generic[Item]):
    """A queue between two threads; the one that takes items can wait for it as for a file."""

    def __init__(self) -> None:
        self._items: deque[Item] = deque()
        self._lock, self._ended = Lock(), False
        self._read, self._write = os.pipe()

    def fileno(self) -> int:
        """A file descriptor that is readable while there is an item, or after the end."""
        return self._read

    def put(self, item: Item) -> None:
        """Add an item."""
        with self._lock:
            self._items.append(item)
            if len(self._items) == 1:
                os.write(self._write, b"+")

    def end(self) -> None:
        """Say that no more items will arrive."""
        with self._lock:
            if not self._ended:
                self._ended = True
                os.write(self._write, b".")

    def take(self) -> Item | None:
        """Remove and return the next item, or None if there is none at present."""
        with self._lock:
            if not self._items:
                return None
            if len(self._items) == 1:
                os.read(self._read, 1)
            return self._items.popleft()

    @property
    def ended(self) -> bool:
        """Whether there are no items and none will arrive."""
        with self._lock:
            return self._ended and not self._items
