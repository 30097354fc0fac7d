"""Make a short film of a quench (animated GIF): the spins coloured by local energy, C(r) and the energy."""

from sdglass.observables.correlation import correlation_histogram, pair_bins
from sdglass.observables.local_energy import local_energies
from sdglass.observables.measure import distance_bins
from sdglass_study.figures import style
from sdglass_study.figures.film import Film, write_film
from sdglass_study.jobs.arguments import run
from sdglass_study.jobs.spins3d import film_parser, filmed


def main():
    """Write the film."""
    parser = film_parser(__doc__)
    parser.add_argument("--r-min", type=float, required=True, help="[ell]")
    parser.add_argument("--bin-width", type=float, required=True, help="of C(r) [ell]")
    parser.add_argument("--out", required=True, help="film .gif")
    args = parser.parse_args()
    structure, trajectory, engine = filmed(args)
    bins = pair_bins(structure, distance_bins(structure, args.r_min, args.bin_width))
    spins = trajectory.spins[:, 0]
    made = trajectory.attributes
    title = (
        rf"Quench of $N = {structure.n_sites}$ spins: {style.label(made['engine'])}, "
        rf"$\alpha = {made['damping']:g}$, $T = {style.number(made['temperature'], 1)}\,t_0$"
    )
    film = Film(
        title,
        trajectory.times,
        structure.positions,
        structure.box,
        spins,
        local_energies(engine, spins),
        trajectory.energy[:, 0],
        bins.centres,
        correlation_histogram(trajectory.spins[:, :1], bins)[:, 0],
    )
    write_film(film, args.out)


if __name__ == "__main__":
    run(main)
