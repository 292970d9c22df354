"""The invisible mark: a note in the file that its faces are nobody's.

It is XMP in IPTC's words, which picture agencies, search engines and social networks read.  C2PA
would have to be signed, with a certificate that every user would have to get; the libraries for
watermarks in the pixels were last released in 2023, and the one that is used needs PyTorch.  So it
is a note for the honest: whoever wants to, removes it.  BMP files cannot hold one.
"""

from __future__ import annotations

import functools
import struct
import uuid
from enum import StrEnum
from importlib.metadata import version
from xml.etree import ElementTree

from elseface.stage3_generate.choices import MethodName

NAMESPACES = {
    "x": "adobe:ns:meta/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "dc": "http://purl.org/dc/elements/1.1/",
    "Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
}
VOCABULARY = "http://cv.iptc.org/newscodes/digitalsourcetype/"
#: Who holds XMP in an MP4 file (ISO 16684-3, the specification's third part).
BOX = uuid.UUID("be7acfcb-97a9-42e8-9c71-999491e3afac").bytes
#: Around every packet, as the XMP specification has it.
BEGIN, END = '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>', '<?xpacket end="r"?>'


class SourceType(StrEnum):
    """IPTC's Digital Source Type, https://cv.iptc.org/newscodes/digitalsourcetype/."""

    #: Edited with a generative model, as by inpainting.
    GENERATED = "compositeWithTrainedAlgorithmicMedia"
    #: Put together from several captures of real life.
    COMPOSED = "compositeCapture"
    #: Altered by an algorithm that makes nothing up.
    ALTERED = "algorithmicallyEnhanced"


WORDS = {
    SourceType.GENERATED: "were replaced by faces of nobody",
    SourceType.COMPOSED: "were replaced by means of other faces",
    SourceType.ALTERED: "were made unrecognizable",
}
TYPES = {
    MethodName.ATTRIBUTE_EDIT: SourceType.GENERATED,
    MethodName.MEAN_FACE: SourceType.COMPOSED,
}


def note(method: str, shown: bool = True) -> bytes:
    """An XMP packet for a picture whose faces were replaced by `method`; unless its result is
    `shown` in any of them they were all covered in the end."""
    source = _source(method) if shown else SourceType.ALTERED
    return _packet(
        source, f"Faces in this picture {WORDS[source]} (elseface {version('elseface')})"
    )


def video_comment(method: str, asked: bool = False) -> str:
    """What a video whose faces were replaced by `method` says of itself, written before anything is
    known of it; `asked`: all but those of people who agreed to be seen."""
    source = _source(method)
    covered = "" if source is SourceType.ALTERED else " or covered"
    return _of_video(f"{WORDS[source]}{covered}", asked)


def video_box(method: str, shown: bool = True, asked: bool = False) -> bytes:
    """What says so as XMP at the end of an MP4 file, when it is known whether the
    method's result is `shown` in any face, as in :func:`note`."""
    source = _source(method) if shown else SourceType.ALTERED
    packet = _packet(source, _of_video(WORDS[source], asked))
    return struct.pack(">I4s16s", 24 + len(packet), b"uuid", BOX) + packet


def _of_video(done: str, asked: bool) -> str:
    but = ", but for people who agreed to be seen" if asked else ""
    return f"Faces found in this video {done}{but} (elseface {version('elseface')})"


def _source(method: str) -> SourceType:
    return TYPES.get(method, SourceType.ALTERED)


@functools.cache
def _packet(source: SourceType, words: str) -> bytes:
    for prefix, uri in NAMESPACES.items():
        ElementTree.register_namespace(prefix, uri)
    top = ElementTree.Element(_name("x:xmpmeta"))
    rdf = ElementTree.SubElement(top, _name("rdf:RDF"))
    about = ElementTree.SubElement(rdf, _name("rdf:Description"), {_name("rdf:about"): ""})
    kind = ElementTree.SubElement(about, _name("Iptc4xmpExt:DigitalSourceType"))
    kind.text = VOCABULARY + source
    languages = ElementTree.SubElement(
        ElementTree.SubElement(about, _name("dc:description")), _name("rdf:Alt")
    )
    text = ElementTree.SubElement(languages, _name("rdf:li"), {"xml:lang": "x-default"})
    text.text = words
    return f"{BEGIN}{ElementTree.tostring(top, 'unicode')}{END}".encode()


def _name(name: str) -> str:
    prefix, local = name.split(":")
    return f"{{{NAMESPACES[prefix]}}}{local}"
