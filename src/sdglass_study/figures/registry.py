"""The figures of the study: what each is drawn from, by which module, and what there is to see in it.

Importing this module does not load matplotlib, so that the workflow may read names and tables from it.
"""

from dataclasses import dataclass

from sdglass.errors import InputError

# Figures that are targets of the workflow by their names; the others are by their files.
NAMED_TARGETS = ("fig1", "fig2", "fig3", "fig4", "fig5", "descriptor", "spins3d")


@dataclass(frozen=True)
class Figure:
    """One figure.

    Attributes
    ----------
    module : str
        Dotted name of the module that draws it; its function ``draw(tables)`` returns a matplotlib figure.
    tables : tuple of str
        File names of the tables that it needs.
    title : str
    caption : str
        What is plotted and what to look at; plain text.
    optional : tuple of str
        Tables that are drawn if they exist.
    comparison : str
        The comparison of models (`sdglass_study.comparisons`) that it shows, if any: a study that does not make it
        has no such figure.
    """

    module: str
    tables: tuple
    title: str
    caption: str
    optional: tuple = ()
    comparison: str = ""


FIGURES = {
    "fig1": Figure(
        module="sdglass_study.figures.fig1",
        tables=("fig1_neighbourhood.csv",),
        title="A magnetic neighbourhood and the model that reads it (paper Fig. 1)",
        caption=(
            "(a) One spin of the study (ringed) with every spin inside its cutoff sphere, in orthographic "
            "projection. Colour is the bond variable with the centre, S_i . S_j; grey lines are hoppings from the "
            "centre, their width proportional to t(R); paler is farther away. (b) Bond variables go through "
            "the symmetry functions into one network, the same for all spins, whose local energies add up; local "
            "fields are minus the gradient of the sum. A local energy depends on the spins inside its sphere "
            "alone, which is what locality means here; the field on a spin is the gradient of all local energies "
            "whose spheres hold it, and so reaches two cutoff radii far."
        ),
    ),
    "descriptor": Figure(
        module="sdglass_study.figures.descriptor",
        tables=("fig1_neighbourhood.csv", "descriptor.csv"),
        title="From a neighbourhood to the numbers that a network reads (paper Eqs. 8-13)",
        caption=(
            "The symmetry functions of the neighbourhood in Fig. 1. (a) Bond variables of its neighbours against "
            "their distance (colours as there); each shell (pale, one of them blue) collects the bonds near its "
            "radius, less of them towards the cutoff (dashed). (b) What the shells collect: the radial functions "
            "G2. (c) The angular functions take two neighbours at about the same distance d, weighted by the "
            "angle between them and by how near they are to d' from each other; their bond variable is collected. "
            "(d) The angular functions G3 of this neighbourhood. Every value of (b) and (d) is one input of the "
            "network; none changes when all spins, or all sites, are rotated."
        ),
    ),
    "spins3d": Figure(
        module="sdglass_study.figures.spins3d",
        tables=("spins3d.csv",),
        title="A realization before and after a quench",
        caption=(
            "All spins of one realization that no model was trained on, in its periodic box (edges in ell, "
            "farther spins paler), (a) at random and (b) at the end of a quench. Colour is the local energy e_i = "
            "[E(S) - E(S with S_i reversed)] / 2: turning the spin over would cost -2 e_i; for pair couplings it "
            "is -S_i . H_i. Purple spins are satisfied, orange ones frustrated. (c) Distribution of the local "
            "energies at both times. The directions look as random after the quench as before; the local energies "
            "do not."
        ),
    ),
    "fig2": Figure(
        module="sdglass_study.figures.fig2",
        tables=("fig2_density_of_states.csv",),
        title="Electron density of states without and with the spins (paper Fig. 2)",
        caption=(
            "(a) Without coupling, J = 0, for both readings of the paper (its caption says N = 100, its text N = "
            "500, in the same box), and for N = 500 at the density of N = 100, the size of Fig. 5: a peak near "
            "the Fermi level (dashed) and no gap at it. A long, thin tail of in-phase states goes on to the "
            "right. With N = 500 in so small a box the states above the peak come in the shells of the box's few "
            "long waves, between which the density touches zero, first near +0.5 t0: that is the size of the box, "
            "not a gap. (b) At the coupling of the study: lower and upper band lie about 2J apart, and the Fermi "
            "level is in a gap (shaded: no configuration has a state there). Quoted position and height of a peak "
            "are those of the parabola through the highest bin and its neighbours. The system on which the force "
            "field is trained is thus not a metal. All curves are normalised to one: per orbital state in (a), "
            "where the two spins are alike, and per state of the 2N in (b). Bands: standard error over atomic "
            "realizations, often thinner than the line."
        ),
    ),
    "fig3": Figure(
        module="sdglass_study.figures.fig3",
        tables=("fig3_parity.csv", "fig3_histogram.csv"),
        title="Predicted against exact torques (paper Fig. 3)",
        caption=(
            "Components of the torque S x H: network against exact diagonalization, with (a, b) and without (c, "
            "d) the chirality features, every network on its own, for all states, random and relaxed (the "
            "statement on the standard deviation is judged by random spins alone, whose torques are larger). "
            "Training and unseen atomic realizations are kept apart. (b, d) Distribution of the error with its "
            "standard deviation sigma (the paper's 'mean square error' of about 0.001), and the Gaussian of the "
            "same width for the unseen realizations (dashed)."
        ),
    ),
    "fig4": Figure(
        module="sdglass_study.figures.fig4",
        tables=("fig4_correlation.csv",),
        optional=("fig4_difference.csv",),
        title="Spin correlations after a quench: exact against learned dynamics (paper Fig. 4)",
        caption=(
            "Top: C(r, t), the first term of Eq. 20 (the second is in the figure 'disconnected'), from exact "
            "diagonalization (symbols, with confidence intervals) and from the network (lines), a column per "
            "damping; the paper states 0.05 gamma. No pair is closer than r_min (shaded). Below: model minus "
            "exact at the same times, with confidence bands of the difference (all engines start from the same "
            "spins and feel the same noise, so that it is far better known than the curves themselves). A band "
            "that excludes zero shows a difference to be significant; it counts where it is larger than a symbol "
            "above."
        ),
    ),
    "fig5": Figure(
        module="sdglass_study.figures.fig5",
        tables=("fig5_length.csv", "fig5_fits.csv"),
        title="Growth of the correlation length, and the barrier exponent (paper Fig. 5)",
        caption=(
            "(a) Correlation length by the paper's formula against log t, both axes logarithmic: a law (log "
            "t)^(1/psi) is a straight line. C is the first term of Eq. 20; the second is in the figure "
            "'disconnected'. Full lines: fits of that law, dashed: of a power law of t, both on the window with "
            "significant growth (lower end of the slope's interval above zero) that starts latest, and the widest "
            "of those. Every window ends at no less than 4 times its start (a run too short for that has its "
            "widest): in a narrower one log t hardly changes. A line is drawn whether or not it describes the "
            "points: by how much they leave it is said below. Dotted: the slope of the paper's psi = 1.02. (b) "
            "The same with |C| from independent halves of the replicas, free of the upward bias that noise gives "
            "|C|. Triangles at an edge of (a) or (b): lengths beyond it. (c) Both together from the first window "
            "on, in linear scale. (d) How psi depends on the unit of time inside the logarithm, on the window of "
            "(a) or (b). (e) psi for every window, for one unit of time; a window ends with its run at the "
            "latest. Arrows: the upper end is infinite or off the scale; crosses: xi shrinks, so that there is no "
            "exponent. An exponent that the data determine would be the same in every column. Runs with fewer "
            "than half the trajectories of the largest are controls: their |C| has another bias by noise, and "
            "they are in the figure 'fig5_control'."
        ),
    ),
    "fig5_control": Figure(
        module="sdglass_study.figures.fig5_control",
        tables=("large_difference.csv", "large_paired.csv"),
        title="Control of Fig. 5: exact and learned dynamics of the large box on the same quenches",
        caption=(
            "A column per reference, named above it, compared with every other engine of the same damping on the "
            "realizations and initial states that both have; the same spins at the start and the same noise, so "
            "that what differs is the fields. Top: C(r, t) of the reference (symbols) and of the engine nearest "
            "to it (lines). Second row: difference of C at the last shared time (each panel on its own scale), "
            "with confidence bands of the paired difference. Third row: correlation length by the paper's formula "
            "on the shared quenches (realizations × initial states above the panel; symbols: the reference, on "
            "the same ones); of so few it is too large, by the noise in |C|, which is the same for both. Bottom: "
            "its difference, with confidence bands, each panel on its own scale. Where a band excludes zero the "
            "engines differ, by as much as the axis says; how wide the band is says how well that is known."
        ),
    ),
    "psi_multiverse": Figure(
        module="sdglass_study.figures.psi_multiverse",
        tables=("psi_multiverse.csv",),
        title="The barrier exponent under every combination of choices",
        caption=(
            "psi fitted in every defensible way: all combinations of the choices listed, on the windows of Fig. 5 "
            "(each ends at no less than 4 times its start; a run too short for that has its widest). (a) The "
            "exponents in ascending order (black) with their confidence intervals (grey, in colour where they "
            "hold the paper's 1.02, dashed); combinations in which xi does not grow significantly, or in which a "
            "free offset leaves psi open, have none and are counted at the right. (b) Which choices are behind "
            "them: the darker, the larger the share of a choice among the combinations at that place of (a); a "
            "choice without influence is evenly grey. (c) Share of the combinations with a choice that determine "
            "psi (grey) and that hold 1.02 (colour). (d) Median and middle 90 % of psi for each choice. |C|: as "
            "it comes in the paper's formula, with sign and value from independent halves of the replicas, or "
            "from C^2 less the variance of its noise. Offset: none in the paper's law; the start of the integral "
            "subtracted from xi (the formula gives a decay length plus the distance at which it starts); or a "
            "constant fitted beside the growing length. Fit: a straight line through log xi, without or with "
            "weights by the errors, or a weighted curve through xi itself. Combinations share their data: their "
            "shares are not probabilities."
        ),
    ),
    "large_correlation": Figure(
        module="sdglass_study.figures.large_correlation",
        tables=("fig5_correlation.csv",),
        title="Correlations in the large box",
        caption=(
            "C(r, t) of the ensembles from which the correlation length is computed, with confidence bands: the "
            "negative contact correlation grows first, the weak positive peak behind it later. At large r the "
            "curves are noise around zero, which |C| turns into a positive weight."
        ),
    ),
    "torque_errors": Figure(
        module="sdglass_study.figures.errors",
        tables=("torque_errors.csv",),
        title="Torque errors of every model",
        caption=(
            "Root mean square error of a torque component (top) and the same divided by the rms torque (bottom), "
            "for random, relaxed and frozen states. Filled symbols: the committee, or the linear models, with "
            "Student t intervals over atomic realizations; small dots: single networks on average (the main "
            "symbol where there is no committee); bars: the torque itself; dashed: the paper's 0.001. Intervals "
            "of two models may overlap although one is better on every realization: paired.csv compares them on "
            "the same ones. A model is useful where its relative error is well below one; frozen states are the "
            "test."
        ),
    ),
    "committee": Figure(
        module="sdglass_study.figures.committee",
        tables=("committee.csv",),
        title="Does the spread of the committee know its error?",
        caption=(
            "Spread of the networks of a committee against the true error of its mean. On the diagonal the spread "
            "would be an honest error bar. Where the ratio is below one (below the line; column ratio of the "
            "table) the spread is no error bar: the networks agree with one another better than with the truth, "
            "since they share their features and most of their training data."
        ),
    ),
    "network_size": Figure(
        module="sdglass_study.figures.network_size",
        tables=("network_size.csv",),
        comparison="network_size",
        title="How large the network has to be",
        caption=(
            "Torque error relative to the rms torque against the number of parameters, for random (top) and "
            "frozen states (bottom), on unseen structures of the size that the models were trained on and on "
            "larger ones. Networks of the same fold only; full symbols: with a linear term that starts from least "
            "squares, open symbols: without it, as in the paper. The least-squares models stand at their numbers "
            "of coefficients. Bars: Student t intervals over atomic realizations (those of a few realizations "
            "leave the frame), the same ones for all models: the ratios in the table, realization by realization, "
            "are far better known. Where the curve is flat, more parameters buy nothing."
        ),
    ),
    "training_size": Figure(
        module="sdglass_study.figures.training_size",
        tables=("training_size.csv",),
        comparison="training_size",
        title="How much training data there has to be",
        caption=(
            "Torque error of one network against the number of configurations it was trained on, on unseen "
            "structures, for random and frozen states; a curve per number of atomic realizations. Smaller "
            "training sets are parts of the larger ones. If curves of more realizations lie lower at the same "
            "number of configurations, new structures teach more than new spins on known structures. Dashed: the "
            "least-squares models, fitted to all data. Bars: Student t intervals over unseen realizations."
        ),
    ),
    "error_along_quench": Figure(
        module="sdglass_study.figures.along_quench",
        tables=("error_along_quench.csv",),
        title="Torque error along a quench",
        caption=(
            "(a) Torque error of each model in the states that an exact quench visits, with the torque itself "
            "(black), which shrinks as the quench goes on. (b) The ratio. The least-squares models and the "
            "networks without chirality; the others lie on top of these. Bands: Student t intervals over unseen "
            "realizations."
        ),
    ),
    "learning_curves": Figure(
        module="sdglass_study.figures.learning",
        tables=("learning_curves.csv",),
        optional=("training.csv",),
        title="Training",
        caption=(
            "Loss, which is the relative squared torque error and a small part for the energy, on the training "
            "part (dashed) and on the validation part (full line), a panel per variant and a colour per fold; "
            "folds are whole realizations, or single configurations where the name says so. In the panels: by how "
            "much the last third of the epochs has still made the validation torque error smaller (of all folds, "
            "the most); the rate of a cosine schedule falls to 1 % by then. Few realizations make a validation "
            "part, and they are not equally hard: where whole realizations are held out the validation loss of a "
            "fold may lie above or below its training loss. Compare the two ways of splitting, and the folds' "
            "scatter, rather than the two losses of one fold."
        ),
    ),
    "couplings": Figure(
        module="sdglass_study.figures.couplings",
        tables=("couplings.csv",),
        title="Effective pair couplings that the models have learned",
        caption=(
            "Coupling per pair against distance (mean in a bin; band: 16 to 84 % of the pairs), on a linear (a) "
            "and a logarithmic scale (b). Positive is antiferromagnetic. A wide band means that a coupling "
            "depends on the surroundings of its pair, which a function of the distance cannot express. The cutoff "
            "forces the couplings of every trained model to zero at R_c: a change of sign at larger distances "
            "cannot be seen in them."
        ),
    ),
    "freezing": Figure(
        module="sdglass_study.figures.freezing",
        tables=("freezing.csv",),
        title="Does the system freeze? Torque, energy, and how far the spins still turn",
        caption=(
            "(a) Rms torque, (b) energy gained since the first snapshot, (c) one minus the overlap of the spins "
            "with those of the previous snapshot, and (d) magnetization, for every ensemble; bands: standard "
            "errors. The torque shrinks and the energy levels off (a, b), as in a system that freezes; whether "
            "the spins stand still is seen in (c) alone. Its snapshots are 0.1 decades apart; those with another "
            "ratio of times (early ones, rounded to time steps, and the end of a run) are left out there. In a "
            "frozen system (c) falls to zero; where it stays flat, ever longer intervals bring equal changes, and "
            "where it rises, larger ones. The magnetization is the norm of the mean spin over all replicas; "
            "without a net moment it is about as large as its standard error (dotted)."
        ),
    ),
    "disconnected": Figure(
        module="sdglass_study.figures.disconnected",
        tables=("disconnected.csv",),
        title="The disconnected part of the correlation",
        caption=(
            "Paper Eq. 20 subtracts the product of the mean spins. Top: the correlation of every ensemble at its "
            "latest time. Below, on its own scale: the subtracted product, with standard errors over "
            "realizations. It is zero where initial states are isotropic and no moment freezes in. How many "
            "points are within their errors of zero is said below; standard errors of quenches with a few "
            "realizations are themselves uncertain."
        ),
    ),
    "rkky": Figure(
        module="sdglass_study.figures.rkky",
        tables=("rkky.csv",),
        optional=("two_site.csv",),
        title="Where simple effective interactions apply",
        caption=(
            "(a) Relative torque error against the coupling J (curves that leave the frame go on) of: RKKY "
            "(paper Eq. 2) with k_F of free electrons, with fitted k_F and either sign, or with the sign of Eq. "
            "2; any fitted function of the distance (pair model); perturbation theory of second order in J; "
            "t^2/(2J) for strong coupling. One is what no coupling at all would give. (b) Coupling of just two "
            "sites by exact diagonalization, in units of t^2/J: the limit at large J is 1/2 per pair, not 1."
        ),
    ),
    "time_step": Figure(
        module="sdglass_study.figures.convergence",
        tables=("time_step.csv",),
        title="Convergence with the time step",
        caption=(
            "(a) Rms difference of the spins (per component) at the end of a run without noise to the same run "
            "with half the finest step, for both integrators and every damping; the dashed black line has the "
            "slope of second order. (b) Rms drift of the energy per site in the same runs without damping, where "
            "the energy is conserved."
        ),
    ),
    "locator_errors": Figure(
        module="sdglass_study.figures.locator_errors",
        tables=("locator_errors.csv",),
        title="A force field from the locator expansion, beside the symmetry functions'",
        caption=(
            "Torque error over the rms torque of the exact labels, on realizations that no model was fitted to: "
            "random spins; descended states, which a few steps along the exact torque without precession and "
            "noise leave of these; and states late in quenches at the temperature of Fig. 4, those of the larger "
            "boxes driven by the pair model. Descended states are not the frozen states of the torque errors "
            "above, which come from the end of quenches. The pair couplings of the locator expansion contain the "
            "surroundings of each pair exactly, and closed loops of four spins come on top; a handful of numbers "
            "is fitted. What limits the symmetry functions is what they describe, not the network that reads "
            "them. Intervals: Student's t over atomic realizations."
        ),
        comparison="locator",
    ),
    "locator_ablation": Figure(
        module="sdglass_study.figures.locator_ablation",
        tables=("locator_ablation.csv", "locator_learning.csv"),
        title="What each ingredient of the locator force field buys, and how few labels it needs",
        caption=(
            "(a) Torque error relative to the rms torque when something is left out or cut shorter, all "
            "fitted to the same labels (where not said otherwise), and of the symmetry functions fitted to these. "
            "In brackets: how many numbers are fitted to the torques; the force field has one more, a constant "
            "energy per site, which turns no spin. (b) Error against the number of labelled configurations that "
            "the fit was given, chosen at random; lines are geometric means over choices, bands run from the best "
            "to the worst."
        ),
        comparison="locator",
    ),
    "locator_quench": Figure(
        module="sdglass_study.figures.locator_quench",
        tables=("locator_quench.csv", "locator_quench_difference.csv", "locator_quench_correlation.csv"),
        title="What a better force field changes in the quenches of Fig. 5",
        caption=(
            "Quenches with the locator force field beside those with exact fields, the networks and the pair "
            "model, for each damping; dashed lines: a larger box. Top: C(r) at the last time that all have. Then "
            "xi, over the distances that fit in the smaller box, and differences of xi and of the energy per site "
            "(engines drawn a little apart in time) to the best reference, on the same realizations, initial "
            "states and thermal noise (the energy is what each force field itself assigns to its states). Bars "
            "and bands: 95 % over atomic realizations."
        ),
        comparison="locator",
    ),
    "sweep": Figure(
        module="sdglass_study.figures.sweep",
        tables=("sweep.csv",),
        optional=("sweep_correlation.csv",),
        title="Studies that differ in one parameter",
        caption=(
            "(a) Correlation C(r) at the end of the first run of the small quenches with exact diagonalization, "
            "for every value of the parameter. (b) C at contact at the end of all these runs. (c) Correlation "
            "length by the paper's formula at the end of the large quenches. (d) Torque error of the force fields "
            "on unseen structures, relative to the rms torque: random spins and frozen states. (e) Gap at the "
            "Fermi level with random spins. (f) Density of states at the Fermi level, without coupling (free) and "
            "with it. Bars and bands: confidence intervals over atomic realizations."
        ),
        comparison="sweep",
    ),
}


def study_figures(comparisons):
    """Return {name: Figure} of the figures of a study that makes `comparisons`, their names."""
    return {name: figure for name, figure in FIGURES.items() if figure.comparison in ("", *comparisons)}


def get_figure(name):
    """Return the `Figure` of a name.

    Raises
    ------
    InputError
        If there is none.
    """
    if name not in FIGURES:
        raise InputError(f"figure {name!r} does not exist; expected one of {', '.join(FIGURES)}")
    return FIGURES[name]
