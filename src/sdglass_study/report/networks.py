"""Which networks there are in the study, and which of them drives the quenches, in words."""

from pathlib import Path

from sdglass_study.config import variant_settings
from sdglass_study.figures.style import label
from sdglass_study.figures.tables import read_table


def networks_used(config, folder):
    """Return the network that drives the quenches, and the paper's (variant ``bond``) if it is another one.

    Parameters
    ----------
    config : dict
        The configuration of the study; nothing is returned if it does not say.
    folder : path
        Of the tables; without ``models.csv`` the numbers of parameters are not known.

    Returns
    -------
    list of dict
        variant, words, size (layers, and parameters where known); the one of the quenches last.
    """
    network, driver = config.get("network"), config.get("force_field", {}).get("variant")
    if not network or driver not in network.get("variants", {}):
        return []
    found = []
    for name in dict.fromkeys(name for name in ("bond", driver) if name in network["variants"]):
        layers = "-".join(map(str, variant_settings(network, name)["layers"]))
        count = _parameters(folder, name)
        size = f"layers {layers}" + (f", {count:,} parameters" if count else "")
        found.append({"variant": name, "words": label(name), "size": size})
    return found


def driver_words(config, folder):
    """Return sentences on the network that drives the quenches; "" if the configuration does not say."""
    used = networks_used(config, folder)
    if not used:
        return ""
    driver, others = used[-1], used[:-1]
    settings, network = config["force_field"], config["network"]
    members, folds = len(settings["members"]), network["folds"]
    whose = "one network" if members == 1 else f"a committee of {members} networks"
    text = (
        f"Where the legends say “{driver['words']}” the learned fields are those of {whose} ({driver['size']}), "
        f"{'' if members == 1 else 'each '}trained on {folds - 1} of {folds} folds of the data (variant "
        f"“{driver['variant']}”)."
    )
    runs = config.get("quench_large", {}).get("runs", {}).values()
    for other in others:
        place = "the controls of Fig. 5 named after it" if any(
            run["engine"] == other["variant"] for run in runs
        ) else "none of them"  # fmt: skip
        text += f" The {other['words']} ({other['size']}) drives {place}."
    return text


def _parameters(folder, name):
    if not (Path(folder) / "models.csv").is_file():
        return None
    models = read_table(folder, "models.csv")
    count = models.parameters[models.model == name]
    return None if count.empty else int(count.iloc[0])
