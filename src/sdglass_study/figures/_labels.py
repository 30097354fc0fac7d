"""What models and sets of structures are called in figures, and by which colour and symbol they are known."""

from sdglass_study.figures import _style as style
from sdglass_study.text import learned_model, model_words, run_words

# Colour and symbol; those of the other models follow in the order of the configuration.
_FIXED = {
    "exact": (style.BLACK, "o"),
    "pair": (style.VERMILLION, "^"),
    "linear": (style.ORANGE, "v"),
    "locator": (style.GREEN, "D"),
}
_OTHERS = (
    (style.BLUE, "s"), (style.WINE, "p"), (style.PURPLE, "P"), (style.SKY, "X"), (style.OLIVE, "*"),
    (style.INDIGO, "h"), (style.TEAL, "d"), (style.GREY, "H"), (style.BROWN, "8"),
    (style.GREEN, "<"),
)  # fmt: skip
MOST = 8  # models in one panel; the first of the configuration
STAGE_WORDS = {"random": "random spins", "minimised": "minimised states", "late": "late in quenches"}
_SETS = {"training": (style.BLUE, "o"), "validation": (style.GREEN, "^"), "test": (style.VERMILLION, "s")}


class Look:
    """Labels, colours and symbols of the models of a study, the same in all its figures.

    `labels` are {model: label} in the order of the configuration. Models that they do not name have their names
    for labels, and colours in the order in which a figure asks for them. Only with `of_paper`, if the magnet
    is the paper's, are values of the paper drawn beside those of the study.
    """

    def __init__(self, labels=None, of_paper=True):
        self.labels, self.of_paper = dict(labels or {}), of_paper
        self._others = [name for name in self.labels if name not in _FIXED]

    def label(self, name):
        """Return what a model is called."""
        return model_words(name, self.labels)

    def run(self, model, damping):
        """Return the words for a run: its model and its damping."""
        return run_words(model, damping, self.labels).replace("alpha =", r"$\alpha =$")

    def color(self, name):
        """Return the colour of a model."""
        return self._pair(name)[0]

    def marker(self, name):
        """Return the symbol of a model."""
        return self._pair(name)[1]

    def line(self, name):
        """Return {color, marker} of a model, for matplotlib."""
        return dict(zip(("color", "marker"), self._pair(name), strict=True))

    def order(self, names):
        """Return the different models: exact first, then in the order of the configuration, then as they come."""
        names = list(dict.fromkeys(names))
        return [name for name in dict.fromkeys(["exact", *self.labels, *names]) if name in names]

    def learned(self, names):
        """Return the model of ML-LLG among `names`, None if there is none."""
        return learned_model(dict.fromkeys(names))

    def _pair(self, name):
        if name in _FIXED:
            return _FIXED[name]
        if name not in self._others:
            self._others.append(name)
        turn, place = divmod(self._others.index(name), len(_OTHERS))
        return _OTHERS[place][0], _OTHERS[(place + 3 * turn) % len(_OTHERS)][1]


def set_line(name):
    """Return {color, marker} of a set of structures."""
    return dict(zip(("color", "marker"), _SETS.get(name, (style.PURPLE, "D")), strict=True))


def set_words(name, n_sites=None):
    """Return the words for a set of structures: training, validation, or unseen ones of a number of sites."""
    words = name if name in ("training", "validation") else "unseen"
    return words if n_sites is None else f"{words}, $N = {n_sites:g}$"


def ordered_sets(names):
    """Return the different sets: those of the fit first, then the test sets as they come."""
    names = list(dict.fromkeys(names))
    return [name for name in dict.fromkeys([*_SETS, *names]) if name in names]
