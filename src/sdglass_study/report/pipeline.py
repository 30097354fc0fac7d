"""The stations from disorder to the growth law, with the numbers of the study, for the picture of the method."""


def stations(config, networks=()):
    """Return the stations in order as dictionaries: name, title, what (words), numbers (lines; none if not known).

    Parameters
    ----------
    config : dict
        The configuration of the study; may be empty.
    networks : list of dict
        As from `sdglass_study.report.networks.networks_used`.
    """
    numbers = _numbers(config, networks) if config.keys() >= {"structure", "electrons", "descriptor"} else {}
    words = (
        ("structure", "Disorder", "random sites with a least distance, in a periodic box"),
        ("electrons", "Electrons", "exact diagonalization: energy and local field of every spin"),
        ("descriptor", "Descriptor", "bonds S·S inside a sphere, sorted by distance and angle"),
        ("network", "Force field", "descriptor to local energy; fields are minus its gradient"),
        ("dynamics", "Dynamics", "LLG equation from random spins, with exact and with learned fields"),
        ("growth", "Correlations", "C(r, t), its length ξ(t), and the barrier exponent ψ"),
    )
    return [{"name": n, "title": t, "what": w, "numbers": numbers.get(n, [])} for n, t, w in words]


def _numbers(config, networks):
    structure, electrons, descriptor = config["structure"], config["electrons"], config["descriptor"]
    features = descriptor["shells"] * (1 + len(descriptor["lambdas"]) * len(descriptor["pair_distances"]))
    return {
        "structure": [
            f"N = {structure['n_sites']}, L = {structure['box_length']:g} ell",
            f"r_min = {structure['r_min']:g} ell",
        ],
        "electrons": [
            f"J = {electrons['coupling']:g} t0, filling {electrons['filling']:g}",
            *_labels(config.get("dataset")),
        ],
        "descriptor": [f"R_c = {descriptor['cutoff']:g} ell", f"{features} numbers per spin"],
        "network": _networks(config, networks),
        "dynamics": _dynamics(config),
        "growth": _growth(config),
    }


def _labels(dataset):
    if not dataset:
        return []
    each = dataset["random"] + dataset["relaxations"] * dataset["snapshots"]
    return [f"{dataset['training_realizations']} × {each} labelled states"]


def _networks(config, networks):
    """Return a line per network, by its name if there are two, and the number of folds."""
    lines = [f"{one['words']}: {one['size']}" if len(networks) > 1 else one["size"] for one in networks]
    if len(networks) > 1:
        lines[-1] += ", drives the quenches"
    return [*lines, f"{config['network']['folds']} folds"] if networks else []


def _dynamics(config):
    large = config.get("quench_large")
    if not large:
        return []
    dampings = sorted({run["damping"] for run in large["runs"].values()})
    longest = max(run["duration"] for run in large["runs"].values())
    return [
        f"N up to {large['n_sites']}, T = {large['temperature']:g} t0",
        f"alpha = {', '.join(f'{damping:g}' for damping in dampings)}; t up to {longest:g}",
    ]


def _growth(config):
    large = config.get("quench_large")
    return [f"{large['realizations']} realizations × {large['replicas']} replicas"] if large else []
