"""The connection of a run to a Dask scheduler."""

import logging
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

from distributed import Client, Future

from benchbench.core.errors import InputError

_ANSWER = 5.0  # seconds for a scheduler to answer
_PAUSE = 0.5  # between two tries
_FAULTS = (OSError, TimeoutError, ValueError)


class Link:
    """The connection to a scheduler; its methods raise ConnectionError once the scheduler cannot be reached."""

    def __init__(self, address: str) -> None:
        """Connect; InputError, within seconds, if no scheduler answers."""
        logging.getLogger("distributed").setLevel(logging.CRITICAL)  # the run says what is wrong, once
        self.address = address
        try:
            self.client = self._connected(_ANSWER)
        except _FAULTS as error:
            raise InputError(
                f"--scheduler {address}: no Dask scheduler answers there ({_reason(error)}); "
                "'dask scheduler' prints the address of one that it starts"
            ) from None

    def _connected(self, seconds: float) -> Client:
        return Client(self.address, timeout=seconds, set_as_default=False, name="benchbench")

    def again(self, seconds: float) -> None:
        """Connect again; ConnectionError if no scheduler answers for so many seconds."""
        self._drop()
        until = time.monotonic() + seconds
        while True:
            try:
                self.client = self._connected(max(_PAUSE, min(_ANSWER, until - time.monotonic())))
            except _FAULTS as error:
                if time.monotonic() > until:
                    raise self.gone() from error
                time.sleep(_PAUSE)
            else:
                return

    def gone(self) -> ConnectionError:
        """Return the error that ends a run whose scheduler does not answer."""
        return ConnectionError(
            f"the scheduler at {self.address} does not answer any more; the records so far are kept, "
            "and the same command continues from them"
        )

    @property
    def connected(self) -> bool:
        """Whether the connection is up."""
        return bool(self.client.status == "running")

    def workers(self) -> dict[str, dict[str, Any]] | None:
        """What the scheduler knows about each worker, by address; None if it does not answer."""
        with suppress(Exception):  # such as those of a client that is reconnecting
            scheduler: Any = self.client.scheduler
            found: dict[str, dict[str, Any]] = self.client.sync(
                scheduler.identity, n_workers=-1, callback_timeout=_ANSWER
            )["workers"]
            return found
        return None

    def submit(self, function: Callable[..., Any], *given: Any, worker: str, needs: dict[str, int]) -> Future[Any]:
        """Have one worker call a function once; Dask neither retries it nor moves it to another worker."""
        return self.client.submit(
            function,
            *given,
            workers=[worker],
            allow_other_workers=False,
            pure=False,
            retries=0,
            resources=needs or None,
        )

    def ask(self, function: Callable[..., Any], *given: Any, worker: str, seconds: float) -> Any:
        """Return what a function returns on a worker; what it raises there is raised here."""
        future = self.submit(function, *given, worker=worker, needs={})
        try:
            return future.result(timeout=seconds)
        finally:
            future.release()

    def each(self, function: Callable[..., Any]) -> dict[str, Any]:
        """What a function returns or raises, by the address of each worker that answers in time, even a busy one."""
        with suppress(Exception):
            found: dict[str, Any] = self.client.sync(
                self.client._run, function, on_error="return", callback_timeout=_ANSWER
            )
            return found
        return {}

    def tell(self, function: Callable[..., Any], *given: Any, workers: Iterable[str]) -> None:
        """Call a function on workers at once, even on busy ones; errors are ignored."""
        if self.connected and (there := list(workers)):
            with suppress(Exception):
                self.client.sync(
                    self.client._run, function, *given, workers=there, on_error="ignore", callback_timeout=_ANSWER
                )

    def close(self) -> None:
        """Close the connection."""
        self._drop()

    def _drop(self) -> None:
        with suppress(Exception):
            self.client.close(timeout=1)


def _reason(error: Exception) -> str:
    cause = error.__cause__ or error
    return " ".join(str(cause).split()) or type(cause).__name__
