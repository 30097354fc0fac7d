"""What the command lines of the steps have in common."""

import argparse
import json
import os
import sys

from sdglass.cli.streams import reader_may_leave
from sdglass.dynamics.llg import LLG
from sdglass.electrons.hopping import hopping_from_dict
from sdglass.electrons.sd_model import SDModel
from sdglass.errors import InputError, OutputError


def step_parser(module_doc):
    """Return an argument parser whose help is the module's docstring."""
    return argparse.ArgumentParser(
        description=module_doc, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )


def add_electrons(parser):
    """Add the parameters of the electrons, config section ``electrons``."""
    parser.add_argument("--coupling", type=float, required=True, help="J [t0]")
    parser.add_argument("--filling", type=float, required=True, help="electrons per state, in (0, 1)")
    parser.add_argument("--electron-temperature", type=float, required=True, help="[t0]")
    parser.add_argument("--hopping", type=json.loads, required=True, help='JSON, {"law": "yukawa", ...}')


def add_dynamics(parser):
    """Add the parameters of the LLG equation (Eq. 3) and the keys of its random numbers."""
    parser.add_argument("--duration", type=float, required=True, help="[1/(gamma t0)]")
    parser.add_argument("--damping", type=float, required=True, help="[gamma]")
    parser.add_argument("--temperature", type=float, required=True, help="of the spins [t0]")
    parser.add_argument("--time-step", type=float, required=True, help="[1/(gamma t0)]")
    parser.add_argument("--integrator", required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--realization", type=int, required=True)


def dynamics(args):
    """Return parsed arguments as the keywords of `sdglass.dynamics.quench.quench`."""
    llg = LLG(args.damping, args.temperature, args.time_step, args.integrator)
    return {"dynamics": llg, **{name: getattr(args, name) for name in ("duration", "seed", "realization")}}


def electrons(args):
    """Return the `SDModel` of parsed arguments."""
    return SDModel(args.coupling, args.filling, args.electron_temperature, hopping_from_dict(args.hopping))


def run(main):
    """Run a step: bad input, or a file that cannot be written, is one line on standard error and exit status 2."""
    try:
        with reader_may_leave():
            main()
    except (InputError, OutputError) as error:
        sys.exit(_fail(error))


def _fail(error):
    print(f"error: {error}", file=sys.stderr)
    return 2


def use_threads(count):
    """Limit torch to `count` threads; BLAS takes its limit from the environment, set by the rule."""
    import torch

    torch.set_num_threads(count)
    torch.set_num_interop_threads(1)


def threads_from_environment():
    """Return the number of threads that the rule exported, 1 without a rule."""
    return int(os.environ.get("OMP_NUM_THREADS", "1"))
