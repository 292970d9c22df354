"""From the trained weights on disk to the anonymizer."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from elseface.common import weights
from elseface.common.attributes import NAMES, indices
from elseface.common.errors import ElsefaceError
from elseface.stage1_disentangle.attribute_network import attribute_network
from elseface.stage1_disentangle.attributes import AttributeClassifier
from elseface.stage2_reconstruct.decoder import unet
from elseface.stage2_reconstruct.reconstruct import Decoder
from elseface.stage3_generate import policies
from elseface.stage3_generate.attribute_edit import AttributeEdit
from elseface.stage3_generate.casting import by_picture
from elseface.stage3_generate.choices import PolicyName, ShapeName
from elseface.stage3_generate.edits import Edit
from elseface.stage3_generate.keyed import Keyed, load_key
from elseface.stage3_generate.population import Population
from elseface.stage3_generate.shape import Mean, New, Own, Shape
from elseface.stage3_generate.shape_model import ShapeModel
from elseface.stage3_generate.texture_model import TextureModel

#: Draws of a new shape until a face is unlike the old one.
ATTEMPTS = 16


def load_classifier(folder: Path = weights.PACKAGED) -> AttributeClassifier:
    """The trained attribute classifier."""
    arrays, facts = weights.load("attributes", folder)
    network = attribute_network(facts.get("backbone", "resnet50"))  # of weights that do not say
    return AttributeClassifier(weights.fill_network(network, arrays), facts["size"])


def load_decoder(folder: Path = weights.PACKAGED) -> Decoder:
    """The trained decoder with its embedding."""
    embedding, _ = weights.load("embeddings", folder)
    arrays, facts = weights.load("decoder", folder)
    return Decoder(weights.fill_network(unet(facts["size"]), arrays), embedding["maps"])


def load_population(folder: Path = weights.PACKAGED) -> Population:
    """The fitted attribute distribution."""
    return Population(**weights.load("population", folder)[0])


def load_policy(
    name: PolicyName,
    folder: Path = weights.PACKAGED,
    max_flips: int | None = None,
    epsilon: float = 0.0,
) -> policies.Policy:
    """A policy by name; the last two parameters are those of :class:`policies.Ppas`."""
    if name is PolicyName.PPAS:
        return policies.Ppas(load_population(folder), max_flips, epsilon)
    if max_flips is not None or epsilon:
        raise ElsefaceError(f"max-flips and epsilon go with policy ppas, not with {name}")
    simple: dict[PolicyName, policies.Policy] = {
        PolicyName.NONE: policies.none,
        PolicyName.FLIP: policies.flip,
        PolicyName.ALL: policies.all_,
        PolicyName.RANDOM: policies.random_,
    }
    return simple[name]


def load_shape_model(folder: Path = weights.PACKAGED) -> ShapeModel:
    """The fitted shape model."""
    return ShapeModel.from_arrays(weights.load("shape", folder)[0])


def load_texture_model(folder: Path = weights.PACKAGED) -> TextureModel:
    """The fitted texture model."""
    return TextureModel.from_arrays(weights.load("texture", folder)[0])


def load_shape(name: ShapeName, folder: Path = weights.PACKAGED) -> Shape:
    """A way to choose the new shape, by name."""
    shapes = {ShapeName.OWN: Own, ShapeName.MEAN: Mean, ShapeName.NEW: New}
    return shapes[name](load_shape_model(folder))


def load_casting(key: Path, folder: Path = weights.PACKAGED) -> Keyed:
    """Parts by a key file."""
    return Keyed(load_key(key), weights.load("cells", folder)[0]["centres"])


def load_attribute_edit(
    policy: PolicyName = PolicyName.PPAS,
    shape: ShapeName = ShapeName.NEW,
    edit: str = "",
    keep: Iterable[str] = (),
    folder: Path = weights.PACKAGED,
    max_flips: int | None = None,
    epsilon: float = 0.0,
    key: Path | None = None,
    film: bool = False,
) -> AttributeEdit:
    """The three-stage anonymizer as the command line offers it.

    `keep` names attributes to protect besides those that hang on gender; an `edit` may change the
    latter, but not the former.  Only a new shape is drawn again where the face is too like the old
    one: in their own nobody is hidden.  With a `key` the first is taken: another picture of the
    person may lead to another.  Of a person in a `film` every second face is drawn.  Mistakes show
    before the networks are loaded.
    """
    wanted, kept = Edit.parse(edit), frozenset(indices(keep))
    if both := kept & (wanted.present | wanted.absent):
        raise ElsefaceError(f"{NAMES[min(both)]} is both edited and kept")
    if key and epsilon:
        raise ElsefaceError("epsilon bounds one photo of a person; with a key it would bound none")
    chosen = load_policy(policy, folder, max_flips, epsilon)
    casting = load_casting(key, folder) if key else by_picture
    return AttributeEdit(
        load_classifier(folder),
        load_decoder(folder),
        chosen,
        load_shape(shape, folder),
        load_texture_model(folder),
        wanted,
        kept,
        ATTEMPTS if shape is ShapeName.NEW and not key else 1,
        casting,
        film,
    )
