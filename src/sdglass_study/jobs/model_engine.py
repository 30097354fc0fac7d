"""The options with which steps load a trained model as an engine."""

from sdglass.forcefields.behler_parrinello.descriptor_file import load_feature_maps
from sdglass.forcefields.registry import load_force_field, load_model
from sdglass_study.jobs.arguments import electrons


def add_model(parser):
    """Add the model file and how it computes."""
    parser.add_argument("--model", required=True, help="model .safetensors")
    parser.add_argument("--features", help="cached descriptor of the structure, for models that have one")
    parser.add_argument("--members", type=int, nargs="+", help="networks of a committee to use; all by default")
    parser.add_argument("--dtype", default="float64")
    parser.add_argument("--device", default="cpu")


def how_it_computes(args):
    """Return parsed options as the keywords of `load_force_field`."""
    return {"dtype": args.dtype, "device": args.device, "members": args.members}


def model_engine(args, structure):
    """Return the engine of parsed options (with those of `add_electrons`) on a structure."""
    maps = args.features and load_feature_maps(args.features, structure, load_model(args.model).descriptor)
    return load_force_field(args.model, structure, electrons(args), descriptor=maps, **how_it_computes(args))
