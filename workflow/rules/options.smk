# Config sections as the command-line options that several steps take.

import json
import shlex

THREADS = config["resources"]["threads"]
STRUCTURE = "--n-sites {n_sites} --box-length {box_length} --r-min {r_min}".format(**config["structure"])
DESCRIPTOR = json.dumps(config["descriptor"])
ELECTRONS = (
    f"--coupling {config['electrons']['coupling']} --filling {config['electrons']['filling']}"
    f" --electron-temperature {config['electrons']['temperature']}"
    f" --hopping {shlex.quote(json.dumps(config['electrons']['hopping']))}"
)
RELAXATION = (
    "--duration {duration} --damping {damping} --temperature {temperature} --time-step {time_step}".format(
        **config["dataset"]
    )
    + f" --integrator {config['integrator']}"
)
