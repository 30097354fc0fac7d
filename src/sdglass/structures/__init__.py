"""Sites of the moments: structures and their neighbours, and kinds of structure, one file each.

A kind is a frozen dataclass of its parameters with ``make(rng)``, which returns a `Structure`. Registered in
`STRUCTURES`, here or in a file of your own, it is known by its name everywhere.
"""

from sdglass.registry import Registry

STRUCTURES = Registry("structure kind", "sdglass.structures")


def structure_kind(data):
    """Return the kind of structure that plain data describe, ``{"kind": name, **parameters}``.

    `InputError` if the kind or one of its parameters is unknown.
    """
    return STRUCTURES.from_dict(data, "kind")
