"""Which models of a study differ in one respect alone, and so show what that respect is worth."""

from sdglass_study.config import variant_settings

# How a network is trained may change with the amount of data: small sets take more epochs.
_DATA = ("realizations", "configurations", "epochs", "patience")


def comparisons(config):
    """Return {comparison: models} of the comparisons that a configuration's `network.variants` allow.

    The first model of each is the one that the others are compared with. All are networks without chirality
    whose folds are whole realizations, beside the least-squares models:

    - ``network_size``: networks trained on everything, with the activation of ``bond``, of different layers;
    - ``training_size``: those like the network that drives the dynamics but for the data they were given;
    - ``activation``: those like it but for the activation.

    A comparison that would hold a single network is left out.

    Parameters
    ----------
    config : dict
        A valid configuration.
    """
    network = config["network"]
    settings = {name: variant_settings(network, name) for name in network["variants"]}
    plain = {
        name: {key: value for key, value in one.items() if key != "trained"}
        for name, one in settings.items()
        if not one["chirality"] and one["protocol"] == "realizations"
    }
    whole = [name for name, one in plain.items() if not {"realizations", "configurations"} & one.keys()]
    driver = config["force_field"]["variant"]

    def alike(reference, names, *but):
        """Return `reference` and those of `names` that differ from it in nothing but the keys `but`."""
        if reference not in whole:
            return []
        same = [n for n in names if _without(plain[n], but) == _without(plain[reference], but)]
        return [reference, *(name for name in same if name != reference)]

    sizes = alike("bond", whole, "layers", "linear_term", *_DATA)
    found = {
        "network_size": sizes if len({tuple(plain[name]["layers"]) for name in sizes}) > 1 else [],
        "training_size": alike(driver, plain, *_DATA),
        "activation": alike(driver, whole, "activation"),
    }
    return {name: [*models, "pair", "linear"] for name, models in found.items() if len(models) > 1}


def _without(settings, keys):
    return {key: value for key, value in settings.items() if key not in keys}
