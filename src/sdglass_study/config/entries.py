"""The entries of a study's four tables, and how its intervals are made."""

from dataclasses import dataclass

from sdglass.dynamics.llg import LLG
from sdglass.dynamics.trajectory import SNAPSHOTS_PER_DECADE, log_times
from sdglass.errors import InputError

EXACT = "exact"  # the model that needs no fit


@dataclass(frozen=True)
class Statistics:
    """How intervals are made.

    Attributes
    ----------
    confidence : float
        Probability inside an interval.
    bootstrap : int
        Resamples over realizations.
    splits : int
        Random halvings of the replicas for the unbiased |C|.
    bin_width : float
        Of C(r) [ell].
    """

    confidence: float = 0.95
    bootstrap: int = 1000
    splits: int = 20
    bin_width: float = 0.1

    def __post_init__(self):
        if not 0 < self.confidence < 1:
            raise InputError(f"confidence = {self.confidence}; expected a number between 0 and 1")
        for name in ("bootstrap", "splits", "bin_width"):
            if not getattr(self, name) > 0:
                raise InputError(f"{name} = {getattr(self, name)}; expected a positive number")


@dataclass(frozen=True)
class Dynamics:
    """A run of the LLG equation; the integrator is the study's.

    Attributes
    ----------
    damping : float
        alpha [gamma].
    temperature : float
        Of the spins [t0].
    duration, time_step : float
        [1/(gamma t0)]
    """

    damping: float
    temperature: float
    duration: float
    time_step: float

    def __post_init__(self):
        LLG(self.damping, self.temperature, self.time_step)
        log_times(self.duration, self.time_step)  # refuses a duration that is no multiple of the step


@dataclass(frozen=True)
class Film:
    """What a short film shows.

    Attributes
    ----------
    quench : str
        The first run of it with its first model.
    colours : {"local energy", "chirality", "holes"}
        Of the sites.
    """

    quench: str = "film"
    colours: str = "local energy"

    def __post_init__(self):
        if self.colours not in ("local energy", "chirality", "holes"):
            raise InputError(f"colours = {self.colours!r}; expected local energy, chirality or holes")


@dataclass(frozen=True)
class Structures:
    """Realizations of one kind of structure.

    Attributes
    ----------
    kind : object
        Of the registry of structures; its ``make(rng)`` makes one.
    realizations : int
    first : int
        Number of the first realization in the whole study; the number keys every random stream of a realization,
        so no two entries may share one.
    """

    kind: object
    realizations: int
    first: int

    def numbers(self):
        """Return the numbers of the realizations, a range."""
        return range(self.first, self.first + self.realizations)


@dataclass(frozen=True)
class Quenched(Dynamics):
    """States along quenches from random spins.

    Attributes
    ----------
    trajectories : int
        Quenches of each realization.
    snapshots : int
        Log-spaced states of each.
    model : str
        The model that drives them; their labels are exact all the same.
    """

    trajectories: int
    snapshots: int
    model: str = EXACT

    def __post_init__(self):
        super().__post_init__()
        steps = round(self.duration / self.time_step)
        if not 0 < self.snapshots <= steps:
            raise InputError(f"snapshots = {self.snapshots}; expected at most one per time step, {steps} in all")


@dataclass(frozen=True)
class Minimised:
    """States that random spins reach downhill: S <- S - step S x (S x H), renormalized.

    Attributes
    ----------
    steps : int
    step : float
        [1/t0]
    """

    steps: int
    step: float


@dataclass(frozen=True)
class Labels:
    """Spin configurations with exact energies and fields.

    Attributes
    ----------
    structures : str
    random : int
        Configurations with independent random spins, of each realization.
    realizations : int, optional
        How many of the structures are labelled; all by default.
    quenched : Quenched, optional
    minimised : Minimised, optional
        As many as there are random ones, which they start from.
    """

    structures: str
    random: int
    realizations: int | None = None
    quenched: Quenched | None = None
    minimised: Minimised | None = None


@dataclass(frozen=True)
class Model:
    """A force field to be fitted, or a solver of the electrons that has an error of choice.

    Attributes
    ----------
    kind : str
        Of the registry of fitted models, or of the solvers of electrons.
    labels : tuple of str
        What it is fitted to; nothing of a solver.
    settings : object
        The ``Settings`` of that kind; of a solver its options, a dictionary.
    label : str
        What figures call it.
    dtype : {"float32", "float64"}
        Its arithmetic in quenches.
    """

    kind: str
    labels: tuple
    settings: object
    label: str
    dtype: str

    @property
    def fitted(self):
        """Whether it is fitted to labels."""
        return bool(self.labels)


@dataclass(frozen=True)
class Quench(Dynamics):
    """An ensemble of quenches from random spins, with each of several models.

    Attributes
    ----------
    structures : str
    models : tuple of str
        ``exact``, or of the table of models; the first one is the reference of figures.
    coupling : float, optional
        J of the electrons [t0] if it is not the study's; models that were fitted have theirs.
    replicas : int
        Initial states of each realization; the same for every model.
    realizations : int, optional
        How many of the structures; all by default.
    first_snapshot : float, optional
        Time of the snapshot after that at t = 0 [1/(gamma t0)]; one step by default.
    snapshots_per_decade : float
    """

    structures: str
    models: tuple[str, ...]
    replicas: int
    realizations: int | None = None
    coupling: float | None = None
    first_snapshot: float | None = None
    snapshots_per_decade: float = SNAPSHOTS_PER_DECADE

    def __post_init__(self):
        super().__post_init__()
        log_times(self.duration, self.time_step, self.snapshots_per_decade, self.first_snapshot)
