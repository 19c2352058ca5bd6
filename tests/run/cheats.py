"""Competitors that cheat, as a plug-in file. Each does one thing that the suite must prevent or report."""

import contextlib
import gc
import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchbench import Size, architecture
from benchbench.core.problem import Split

_BEYOND = int(np.float32(77_777_000 + 8 * 1000).view(np.uint32))  # the secrets are the 100 floats about 1000 below it
_MANY = 10  # so many in one place are no chance
_PIECE = 2**24


def _count(content):
    """How many secrets are in some bytes; no secret itself stands in the code."""
    numbers = np.frombuffer(content, np.uint32, len(content) // 4)
    found = int(((numbers - np.uint32(_BEYOND) + np.uint32(1050)) < 101).sum())
    return found if found >= _MANY else 0


def _arrays(value, depth=3):
    """The arrays in a value, and all memory below them."""
    while isinstance(value, np.ndarray) and depth:
        yield value
        value, depth = value.base, depth - 1
    if isinstance(value, Split):
        for name in ("inputs", "targets", "labels"):
            yield from _arrays(getattr(value, name))
    elif isinstance(value, dict) and depth:
        for one in list(value.values()):
            yield from _arrays(one, depth - 1)


def _in_objects():
    found = [array for one in gc.get_objects() for array in _arrays(one)]
    frame = sys._getframe()
    while frame is not None:
        found += [array for one in frame.f_locals.values() for array in _arrays(one)]
        frame = frame.f_back
    return sum(_count(np.ascontiguousarray(array).tobytes()) for array in found if array.dtype == np.float32)


def _in_memory():
    """All bytes that this process has in its memory, inherited or mapped."""
    count = 0
    with Path("/proc/self/mem").open("rb", buffering=0) as memory:
        for line in Path("/proc/self/maps").read_text().splitlines():
            place, rights, *rest = line.split()
            low, high = (int(end, 16) for end in place.split("-"))
            if not rights.startswith("rw") or ".so" in rest[-1]:
                continue
            for at in range(low, high, _PIECE):
                with contextlib.suppress(OSError, ValueError, OverflowError):
                    memory.seek(at)
                    count += _count(memory.read(min(_PIECE, high - at)))
    return count


def _in_files():
    """Open files, and the files in the temporary folders of the run."""
    places = list(Path("/proc/self/fd").iterdir())
    room = Path(tempfile.gettempdir())
    places += [path for folder in (room, room.parent, room.parent.parent) for path in folder.glob("benchbench-*")]
    if room.parent != Path(room.anchor):  # in the check the temporary folder is the system's own
        places += room.parent.rglob("*")
    count = 0
    for path in places:
        with contextlib.suppress(OSError):
            if path.is_file() and path.stat().st_size < 2**26:
                count += _count(path.read_bytes())
    return count


def _hunt(when):
    sys.stdout.write(f"hunted {when}: {_in_objects()} {_in_memory()} {_in_files()}\n")


class Honest:
    """Spends its budget and predicts zero."""

    size = Size(trained=1)

    def __init__(self, setting):
        self.setting = setting

    def fit(self, train, valid, meter):
        while meter.spend():
            pass

    def predict(self, inputs):
        return np.zeros((len(inputs), self.setting.scored, self.setting.outputs), np.float32)


def cheat(kind):
    """Register a class under its name in small letters."""

    def made(setting, *, number: int = 0):
        return kind(setting)

    made.__annotations__["number"] = int
    architecture(kind.__name__.lower(), version=1)(made)
    return kind


cheat(Honest)


def _of_callers(name):
    """A local variable of one of the callers."""
    frame = sys._getframe()
    while name not in frame.f_locals:
        frame = frame.f_back
    return frame.f_locals[name]


@cheat
class Early(Honest):
    """Takes the inputs of the test split while it fits."""

    def fit(self, train, valid, meter):
        super().fit(train, valid, meter)
        _of_callers("examiner").exam(_of_callers("trial"))


@cheat
class Delays(Honest):
    """Postpones its remaining work to its first prediction of a single sequence."""

    waited = False

    def predict(self, inputs):
        if len(inputs) == 1 and not self.waited:
            time.sleep(0.9)
            self.waited = True
        return super().predict(inputs)


class _Late:
    def __init__(self, values):
        self.values = values

    def __array__(self, dtype=None, copy=None):
        time.sleep(0.05)
        return self.values


@cheat
class Postpones(Honest):
    """Computes a prediction only when it is read."""

    def predict(self, inputs):
        return _Late(super().predict(inputs))


@cheat
class Memoises(Honest):
    """Keeps predictions for the next time that the same sequences come."""

    def __init__(self, setting):
        super().__init__(setting)
        self.known = {}

    def predict(self, inputs):
        if (key := inputs.tobytes()) not in self.known:
            time.sleep(0.05)
            self.known[key] = super().predict(inputs)
        return self.known[key]


@cheat
class Hunter(Honest):
    """Looks for the test targets wherever it is called."""

    def __init__(self, setting):
        super().__init__(setting)
        _hunt("in the factory")

    def fit(self, train, valid, meter):
        super().fit(train, valid, meter)
        _hunt("in the fit")

    def predict(self, inputs):
        if len(inputs) > 1:
            _hunt("in a prediction")
        return super().predict(inputs)

    def generate(self, prefix, steps):
        _hunt("in a free run")
        return np.zeros((len(prefix), steps, 1))


@cheat
class Factory(Honest):
    def __init__(self, setting):
        super().__init__(setting)
        time.sleep(0.8)


@cheat
class Sizes(Honest):
    @property
    def size(self):
        time.sleep(0.8)
        return Size(trained=1)


@cheat
class Pauses(Honest):
    def fit(self, train, valid, meter):
        with meter.paused():
            time.sleep(0.9)
        super().fit(train, valid, meter)


@cheat
class Lazy(Honest):
    fitted = False

    def predict(self, inputs):
        time.sleep(0 if self.fitted else 0.9)
        self.fitted = True
        return super().predict(inputs)


@cheat
class Silent(Honest):
    def fit(self, train, valid, meter):
        time.sleep(0.3)


@cheat
class Once(Honest):
    def fit(self, train, valid, meter):
        meter.spend()
        time.sleep(1.0)


@cheat
class StoppedClock(Honest):
    def fit(self, train, valid, meter):
        meter._clock = lambda: 0.0
        time.sleep(0.8)
        super().fit(train, valid, meter)


@cheat
class Patches(Honest):
    """Makes every metric zero, where it can."""

    def fit(self, train, valid, meter):
        import sklearn.metrics

        from benchbench.core import metrics, objective

        for module in (sklearn.metrics, metrics):
            for name in ("mean_squared_error", "mse", "rmse", "nrmse"):
                setattr(module, name, lambda *_: 0.0)
        objective.Objective.scores = lambda *_: ({"mse": 0.0}, {})
        super().fit(train, valid, meter)


@cheat
class MakesTheData(Honest):
    """Makes the problem again, from the trial that it finds in its callers' frames."""

    def fit(self, train, valid, meter):
        super().fit(train, valid, meter)
        from benchbench.core import registry
        from benchbench.run.trial import make_problem

        known = registry.load([Path(__file__).with_name("cheated_tasks.py")])
        test = make_problem(_of_callers("trial"), known).test
        self.known = {one.tobytes(): target for one, target in zip(test.inputs, test.targets, strict=True)}

    def predict(self, inputs):
        nothing = np.zeros((1, 1), np.float32)
        return np.stack([self.known.get(one.tobytes(), nothing) for one in inputs])


@cheat
class Neighbours(Honest):
    """Reads the target of a window in the window that begins a step later, if the batch has that window."""

    def predict(self, inputs):
        after = {one[:-1].tobytes(): one[-1] for one in inputs}
        return np.stack([after.get(one[1:].tobytes(), one[-1]) for one in inputs])[:, None]


@cheat
class Remembers(Honest):
    """Leaves a file for the next trial wherever it can write."""

    def fit(self, train, valid, meter):
        super().fit(train, valid, meter)
        places = {Path.cwd(), Path.home(), Path(tempfile.gettempdir()), Path(os.environ["XDG_CACHE_HOME"])}
        sys.stdout.write(f"remembered {sum((place / 'state').exists() for place in places)}\n")
        for place in places:
            (place / "state").write_text("what I know")
