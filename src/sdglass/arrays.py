"""The border between a user's arrays and ours: any layout, type and origin in, plain float64 out."""

import numpy as np

from sdglass.errors import InputError

# A decorator of what users call. Exponentials that underflow are no errors, whatever the caller has told numpy,
# and what comes of an overflow is not finite, which is refused where it matters.
own_arithmetic = np.errstate(all="ignore")


@own_arithmetic
def real_array(values, name):
    """Return numbers as a float64 array of native byte order, contiguous, aligned, writeable, strides >= 0.

    That is what compiled code and torch take without a warning. An array that is like that already is not copied.

    Parameters
    ----------
    values : array_like
        Real numbers in any layout: views, lists, memory maps, subclasses, torch tensors on any device.
    name : str
        What to call them in an error message.

    Raises
    ------
    InputError
        If they are anything else: complex, booleans, objects, text, a ragged list, masked.
    """
    if type(values) is np.ndarray and values.dtype == float and values.flags.carray:
        array = values  # as in every step of the dynamics, a tenth of which the rest would cost
    else:
        array = _converted(values, name)
    # An axis of one entry counts as contiguous even if its stride is negative.
    return array.copy() if min(array.strides, default=0) < 0 else array


def _converted(values, name):
    try:
        if hasattr(values, "detach"):  # a torch tensor, whose gradient, device or type numpy may not know
            values = values.detach().cpu().resolve_conj().resolve_neg()
            values = (values.double() if values.is_floating_point() else values).numpy()
        masked = np.ma.is_masked(values)
        array = np.asarray(values)
    except (TypeError, ValueError, RuntimeError, OverflowError) as error:
        reason = " ".join(str(error).split())
        raise InputError(f"{name}: no array of numbers ({reason}); expected real numbers") from None
    if array.dtype.kind not in "fiu" and array.size:
        raise InputError(f"{name} holds {array.dtype}; expected real numbers")
    if masked:
        raise InputError(f"{name} is masked; expected numbers everywhere")
    return np.require(array, float, ["C", "A", "W", "E"])
