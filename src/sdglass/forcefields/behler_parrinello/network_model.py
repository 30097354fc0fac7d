"""Behler-Parrinello networks as models: one network, or a committee of those of several folds.

What needs torch is imported where it runs, so that settings and files can be looked at without it.
"""

from dataclasses import asdict, dataclass, field, replace

from sdglass.arrays import own_arithmetic
from sdglass.dataset import common_electrons
from sdglass.electrons.sd_model import SDModel
from sdglass.errors import InputError
from sdglass.forcefields.base import refuse_options
from sdglass.forcefields.behler_parrinello.energy_reference import EnergyReference
from sdglass.forcefields.behler_parrinello.folds import fold_splits, reduced_samples, training_part
from sdglass.forcefields.behler_parrinello.linear import LinearModel
from sdglass.forcefields.behler_parrinello.settings import LinearSettings, NetworkSettings
from sdglass.forcefields.behler_parrinello.symmetry_functions import SymmetryFunctions, build_feature_maps
from sdglass.forcefields.composite import CommitteeForceField
from sdglass.forcefields.description import describe_descriptor, describe_model
from sdglass.forcefields.model_file import StoredModel
from sdglass.forcefields.training_domain import training_info
from sdglass.progress import progress_bar


@dataclass(frozen=True, eq=False)
class NetworkModel(StoredModel):
    """A network, or a committee of networks, each with an energy reference.

    ``info["members"]`` are the infos of a committee's members.
    """

    electrons: SDModel
    descriptor: SymmetryFunctions
    references: list  # of EnergyReference, one per network
    networks: list  # of SiteEnergy
    info: dict = field(default_factory=dict)
    errors: dict = field(default_factory=dict)

    kind = "network"
    devices = ("cpu", "cuda")  # where it computes
    Settings = NetworkSettings

    def __post_init__(self):
        if not self.networks or len(self.references) != len(self.networks):
            raise InputError(f"{len(self.references)} energy references for {len(self.networks)} networks")
        for network in self.networks:
            if network.settings["n_features"] != self.descriptor.n_features:
                raise InputError(
                    f"a network model of {network.settings['n_features']} features; "
                    f"its symmetry functions make {self.descriptor.n_features}"
                )

    @classmethod
    @own_arithmetic
    def fit(
        cls, data, settings, *, fold=0, seed=0, device="cpu", descriptors=None, checkpoint=None, progress=False
    ):
        """Train the network of one fold (paper Eqs. 6, 7, 19); return the model and its learning curve.

        See `sdglass.forcefields.base.FittedModel.fit`. The data hold all realizations, those that are held out
        included; the seed keys the folds, the choice of samples, the initial weights and their order. A training
        that goes on from its checkpoint gives the same result bit for bit. Rows of the learning curve hold the
        training loss, validation loss, validation torque and energy RMSE [t0], and the rate.

        Raises
        ------
        InputError
            If there are no data, too few for the folds, of different electrons, or the training diverged at once.
        CheckpointError
            If the checkpoint is damaged or of another training. It is left as it is.
        """
        from sdglass.forcefields.behler_parrinello.training import train_network
        from sdglass.forcefields.behler_parrinello.training_set import TrainingSet

        electrons = common_electrons(data)
        if not 0 <= fold < settings.n_folds:
            raise InputError(f"fold = {fold}; expected one of 0 to {settings.n_folds - 1}")
        if descriptors is None:
            descriptors = [build_feature_maps(labels.structure, settings.descriptor) for labels in data]
        for labels, maps in zip(data, descriptors, strict=True):
            maps.require(labels.structure, settings.descriptor)
        splits = fold_splits(settings.protocol, [len(labels) for labels in data], settings.n_folds, seed)
        train, validation = splits[fold]
        train = reduced_samples(train, settings.realizations, settings.configurations, seed)
        # The two-spin part is fitted to this fold's training samples alone, so that what is held out stays unseen.
        part, part_maps = training_part(data, descriptors, train)
        linear, _ = LinearModel.fit(
            part, LinearSettings(settings.descriptor, g3=True, ridge=settings.ridge), descriptors=part_maps
        )
        training_set = TrainingSet(data, descriptors, linear.reference, train, device)
        steps = -(-len(train) // settings.batch)  # of the optimiser, in an epoch
        with progress_bar(settings.epochs * steps, f"network, fold {fold}", "step", disable=not progress) as bar:

            def show(row):
                bar.n = row["epoch"] * steps  # also of the epochs that a checkpoint had made already
                bar.set_postfix_str(
                    f"epoch {row['epoch']}/{settings.epochs}, validation torque RMSE "
                    f"{row['validation_torque_rmse']:.3e} t0, loss {row['validation_loss']:.4g}"
                )

            network, history = train_network(
                training_set,
                train,
                validation,
                settings.network,
                settings.training,
                seed=seed,
                fold=fold,
                start=linear.coefficients,
                checkpoint=checkpoint,
                progress=show,
                tick=bar.update,
            )
        info = {
            "protocol": settings.protocol,
            "fold": fold,
            "folds": settings.n_folds,
            "validation": validation.tolist(),
            **training_info(part),
            "parameters": network.n_parameters,
            "best": min(history, key=lambda row: row["validation_loss"], default={}),
            "settings": settings.to_dict(),
        }
        return cls(electrons, settings.descriptor, [linear.reference], [network], info), history

    @classmethod
    def join(cls, members):
        """Return one committee of the networks of several folds; a single one is returned as it is.

        `InputError` if their descriptors or electrons differ, or there are none.
        """
        if not members:
            raise InputError("no networks to join; expected at least one")
        first = members[0]
        for number, member in enumerate(members):
            if member.descriptor != first.descriptor or member.electrons != first.electrons:
                raise InputError(f"member {number} has another descriptor or other electrons than member 0")
        if len(members) == 1:
            return first
        common = ("name", "protocol", "folds", "parameters", "settings")
        info = {key: first.info[key] for key in common if key in first.info}
        return replace(
            first,
            references=[reference for member in members for reference in member.references],
            networks=[network for member in members for network in member.networks],
            info={**info, "members": [member.info for member in members]},
            errors={},
        )

    @property
    def n_parameters(self):
        """Number of trainable parameters of one network."""
        return self.networks[0].n_parameters

    @own_arithmetic
    def on(self, structure, *, dtype="float64", device="cpu", members=None, descriptor=None, threads=None):
        """Return a `NetworkForceField`, or a `CommitteeForceField` of several networks; see `FittedModel.on`.

        `threads` means nothing here: torch has its own setting for the whole process.
        """
        import torch

        from sdglass.devices import torch_device
        from sdglass.forcefields.behler_parrinello.forcefield import NetworkForceField

        refuse_options("a network", threads=threads)
        device = torch_device(device)
        available = range(len(self.networks))
        chosen = available if members is None else members
        if len(set(chosen)) < len(chosen):  # their mean would weigh one network twice
            raise InputError(f"members = {list(chosen)}; expected each network once")
        for member in chosen:
            if member not in available:
                last = available[-1]
                raise InputError(f"member {member} is not in the committee: it holds networks 0 to {last}")
        if descriptor is None:  # once for all members
            descriptor = build_feature_maps(structure, self.descriptor)
        force_fields = [
            NetworkForceField(
                structure,
                self.networks[member],
                self.descriptor,
                self.references[member].energy(structure, self.electrons.hopping),
                descriptor,
                getattr(torch, dtype),
                device,
            )
            for member in chosen
        ]
        return force_fields[0] if len(force_fields) == 1 else CommitteeForceField(force_fields)

    def describe(self):
        """Return (label, text) rows for whoever asks what this is."""
        info, count, settings = self.info, len(self.networks), self.networks[0].settings
        each, linear = " each" if count > 1 else "", ", with a linear term" if settings["linear_term"] else ""
        layers = "-".join(map(str, settings["layers"]))
        rows = describe_model(
            self,
            "network" if count == 1 else f"committee of {count} networks",
            describe_descriptor(self.descriptor),
            f"{self.n_parameters}{each}: layers {layers}, {settings['activation']}{linear}",
        )
        if "protocol" in info:
            rows.append(("protocol", f"{info.get('folds', '?')} folds, held out by {info['protocol']}"))
        for number, member in enumerate(info.get("members", [info])):
            if best := member.get("best"):
                text = (
                    f"validation torque RMSE {best['validation_torque_rmse']:.3g} t0, energy RMSE "
                    f"{best['validation_energy_rmse']:.3g} t0 per configuration (epoch {best['epoch']})"
                )
                rows.append((f"fold {member.get('fold', number)}", text))
        return rows

    def header(self):
        """Return what is not an array as plain data."""
        return {
            "functions": self.descriptor.to_dict(),
            "references": [asdict(reference) for reference in self.references],
            "networks": [network.settings for network in self.networks],
        }

    def tensors(self):
        """Return the weights as arrays by name."""
        return {
            f"member{m}.{key}": value.detach().cpu().numpy()
            for m, network in enumerate(self.networks)
            for key, value in network.state_dict().items()
        }

    @classmethod
    def build(cls, tensors, header, electrons, info, errors):
        """Return the model of what `header` and `tensors` returned."""
        import torch

        from sdglass.forcefields.behler_parrinello.network import SiteEnergy

        networks = []
        for m, settings in enumerate(header["networks"]):
            network, prefix = SiteEnergy(**settings), f"member{m}."
            weights = {k.removeprefix(prefix): torch.tensor(v) for k, v in tensors.items() if k.startswith(prefix)}
            network.load_state_dict(weights)
            networks.append(network)
        references = [EnergyReference(**reference) for reference in header["references"]]
        return cls(electrons, SymmetryFunctions(**header["functions"]), references, networks, info, errors)
