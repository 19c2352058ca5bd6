"""Call a core, and describe in one sentence what is wrong with the value that it returns."""

from typing import Any

from torch import Tensor, nn

from benchbench.core.errors import FormError, UnsupportedError


def require_form(core: nn.Module) -> None:
    """Raise FormError where one of PyTorch's own cores lacks ``batch_first=True``."""
    if isinstance(core, nn.RNNBase) and not core.batch_first:
        raise FormError("the core needs batch_first=True; without it, the batch is taken for the time")


def call(core: nn.Module, inputs: Tensor, state: Any = None) -> tuple[Tensor, Any]:
    """Run a core on inputs (batch, time, feature), from ``state`` or from the core's own initial state.

    Returns the core's states (batch, time, unit) and the state that it ends in. Raises FormError where the core
    returns something else, or does not accept a state that it returned.
    """
    returned = core(inputs) if state is None else _gone_on(core, inputs, state)
    if not isinstance(returned, (tuple, list)) or len(returned) != 2:
        got = f"{len(returned)} values" if isinstance(returned, (tuple, list)) else f"one {type(returned).__name__}"
        raise FormError(f"the core must return two values, its states and the state that it ends in, not {got}")
    states, state = returned
    if not isinstance(states, Tensor) or states.ndim != 3 or states.shape[:2] != inputs.shape[:2]:
        wanted = f"(batch, time, unit) = ({inputs.shape[0]}, {inputs.shape[1]}, unit)"
        got = str(tuple(states.shape)) if isinstance(states, Tensor) else f"a {type(states).__name__}"
        raise FormError(f"the core's states must have the shape {wanted}, not {got}")
    return states, state


def _gone_on(core: nn.Module, inputs: Tensor, state: Any) -> Any:
    try:
        return core(inputs, state)
    except UnsupportedError:
        raise
    except Exception as error:
        why = f"{type(error).__name__}: {' '.join(str(error).split())}"
        raise FormError(f"the core does not accept the state that it returned: {why}") from error
