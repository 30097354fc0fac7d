"""Compute and cache the magnetic symmetry functions of one realization (paper Eqs. 8-13, 16)."""

from sdglass.forcefields.behler_parrinello.descriptor_file import save_feature_maps
from sdglass.forcefields.behler_parrinello.symmetry_functions import build_feature_maps
from sdglass.provenance import provenance
from sdglass.structures.structure import Structure
from sdglass_study.jobs.arguments import run, step_parser
from sdglass_study.jobs.descriptors import add_descriptor, descriptor


def main():
    """Write the sparse maps, chirality included."""
    parser = step_parser(__doc__)
    parser.add_argument("--structure", required=True)
    add_descriptor(parser)
    parser.add_argument("--out", required=True, help="features .h5")
    args = parser.parse_args()
    structure = Structure.load(args.structure)
    maps = build_feature_maps(structure, descriptor(args, chirality=True))
    save_feature_maps(args.out, maps, structure, provenance([args.structure]))


if __name__ == "__main__":
    run(main)
