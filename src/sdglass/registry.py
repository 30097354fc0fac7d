"""Named things that register themselves, each in its own file: force fields, hopping laws, kinds of structure.

A registry belongs to a package. Whatever module of that package (or of a user, see `load_plugin`) says

    @LAWS.register("gaussian")
    class Gaussian: ...

is there under its name everywhere: in Python, on the command line, in the configuration of a study.
"""

import difflib
import importlib.util
import pkgutil
import sys
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path

from sdglass.errors import InputError


class Registry(Mapping):
    """What is registered under which name.

    Parameters
    ----------
    what : str
        What the things are called in messages, such as ``"hopping law"``.
    package : str
        Dotted name of the package whose modules register them; they are imported when a name is first asked for.
        Modules whose names begin with an underscore are left alone.
    """

    def __init__(self, what, package):
        self.what, self.package = what, package
        self._found, self._lazy, self._complete = {}, {}, False

    def register(self, name):
        """Return a decorator that registers a class or a function under `name`; `InputError` if another has it."""

        def add(thing):
            known = self._found.get(name)
            if known is not None and _place(known) != _place(thing):
                raise InputError(
                    f"{self.what} {name!r}: {_place(thing)} would replace {_place(known)}; expected another name"
                )
            self._found[name] = thing
            return thing

        return add

    def register_lazily(self, name, place):
        """Register what `place`, ``"package.module:attribute"``, names; it is imported when it is asked for."""
        self._lazy[name] = place

    def __getitem__(self, name):
        self._discover()
        if name in self._lazy and name not in self._found:
            module, attribute = self._lazy[name].split(":")
            self._found[name] = getattr(import_module(module), attribute)
        if name in self._found:
            return self._found[name]
        near = difflib.get_close_matches(str(name), self, n=1)
        hint = f"; did you mean {near[0]}?" if near else f"; expected one of {', '.join(self)}"
        raise InputError(f"{self.what} {name!r} is unknown{hint}")

    def __contains__(self, name):
        self._discover()
        return name in self._found or name in self._lazy

    def __iter__(self):
        self._discover()
        return iter(dict.fromkeys([*self._lazy, *self._found]))

    def __len__(self):
        return len(list(iter(self)))

    def from_dict(self, data, key):
        """Return what plain data describe: whatever is called ``data[key]``, made of the other entries.

        `InputError` if nothing is called so, or it does not take these entries.
        """
        parameters = dict(data)
        name = parameters.pop(key, None)
        if not isinstance(name, str):
            raise InputError(f"{self.what} {name!r} is unknown; expected one of {', '.join(self)}")
        kind = self[name]
        try:
            return kind(**parameters)
        except TypeError as error:
            raise InputError(f"{self.what} {name!r}: {error}") from None

    def name_of(self, thing):
        """Return the name under which a class or an instance of one is registered; None if it is not."""
        kind = thing if isinstance(thing, type) else type(thing)
        return next((name for name in self if self[name] is kind), None)

    def module_of(self, name):
        """Return the dotted name of the module that holds what is registered under a name; nothing is imported."""
        self._discover()
        if name in self._lazy:
            return self._lazy[name].split(":")[0]
        thing = self[name]
        return getattr(thing, "module", thing.__module__)

    def _discover(self):
        if not self._complete:
            self._complete = True
            for module in pkgutil.iter_modules(import_module(self.package).__path__):
                if not module.name.startswith("_"):
                    import_module(f"{self.package}.{module.name}")


def _place(thing):
    return f"{thing.__module__}.{thing.__qualname__}"


def load_plugin(path):
    """Import a user's own Python file, so that what it registers is known; return the module.

    `InputError` if there is no such file, or it cannot be imported; the message says why.
    """
    path = Path(path).resolve()
    name = f"sdglass_plugin_{path.stem}"
    if getattr(sys.modules.get(name), "__file__", None) == str(path):
        return sys.modules[name]
    if not path.is_file():
        raise InputError(f"plugin {path}: no such file; expected a Python file that registers something")
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        raise InputError(f"plugin {path}: {type(error).__name__}: {error}") from error
    return module
