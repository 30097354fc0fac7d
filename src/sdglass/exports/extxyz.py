"""Extended XYZ, which OVITO and ASE read."""

from sdglass.exports import FORMATS
from sdglass.io import write_text

_ELEMENTS = frozenset(
    "H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se Br Kr Rb Sr Y Zr "
    "Nb Mo Tc Ru Rh Pd Ag Cd In Sn Sb Te I Xe Cs Ba La Ce Pr Nd Pm Sm Eu Gd Tb Dy Ho Er Tm Yb Lu Hf Ta W Re Os Ir "
    "Pt Au Hg Tl Pb Bi Po At Rn Fr Ra Ac Th Pa U Np Pu Am Cm Bk Cf Es Fm Md No Lr Rf Db Sg Bh Hs Mt Ds Rg Cn Nh "
    "Fl Mc Lv Ts Og".split()
)


@FORMATS.register("extxyz")
def write(trajectory, path):
    """Write the snapshots one below the other, with 17 digits.

    Positions and cell [ell], spins as the property ``spin``, ``time`` [1 / (gamma t0)], ``total_energy`` [t0]: not
    ``energy``, which readers take for eV. A species that is no chemical element, which ASE would refuse, is called
    X and has its name in the property ``label``. Source: https://github.com/libAtoms/extxyz
    """
    structure = trajectory.structure
    species = ["X"] * structure.n_sites if structure.species is None else structure.species.tolist()
    labelled = structure.species is not None and not _ELEMENTS.issuperset(species)
    cell = " ".join(f"{number:.17g}" for number in structure.cell.ravel())
    periodic = " ".join("FT"[int(flag)] for flag in structure.pbc)
    label = "label:S:1:" if labelled else ""
    head = f'Lattice="{cell}" Properties=species:S:1:{label}pos:R:3:spin:R:3 pbc="{periodic}"'
    names = [name if name in _ELEMENTS else "X" for name in species]
    if labelled:
        names = [f"{name} {own}" for name, own in zip(names, species, strict=True)]
    lines = []
    for time, (spins,), (energy,) in zip(trajectory.times, trajectory.spins, trajectory.energy, strict=True):
        lines += [f"{len(spins)}", f"{head} time={time:.17g} total_energy={energy:.17g}"]
        for name, place, spin in zip(names, structure.positions, spins, strict=True):
            lines.append(" ".join([name, *(f"{x:.17g}" for x in (*place, *spin))]))
    write_text(path, "\n".join(lines) + "\n")
