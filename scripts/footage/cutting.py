"""Sound that a file cuts off: it is there, and players leave it out."""

from __future__ import annotations

import av


class Cutting:
    """Takes packets of sound in order and leaves out what is not to be heard, but for the last one
    before the beginning of each stream, which decoders may need."""

    def __init__(self) -> None:
        self._last: dict[int, av.Packet | None] = {}

    def __call__(self, packet: av.Packet) -> list[av.Packet]:
        """What is passed on now: nothing, the packet, or that last one and it."""
        stream = packet.stream.index
        begins = packet.pts or 0
        if packet.is_discard or (begins < 0 and begins + (packet.duration or 0) <= 0):
            if stream not in self._last or self._last[stream] is not None:
                self._last[stream] = packet
            return []
        before, self._last[stream] = self._last.get(stream), None
        return [heard for heard in (before, packet) if heard is not None]
