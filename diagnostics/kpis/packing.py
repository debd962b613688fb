"""Frames of parts as bytes: an Arrow stream each, one behind the other, under a header that says what is where.

Decimals stay decimals, NULL stays NULL; of a frame only the columns that are asked for are read.
"""

import io
import json
from collections.abc import Collection, Iterable, Sequence
from typing import Any

import polars as pl

from diagnostics.kpis.frames import OF
from diagnostics.kpis.slim import Slim, list_amounts

LENGTH_BYTES = 4


def pack(parts: Sequence[Slim]) -> bytes:
    """The frames in their order."""
    streams, described = [], []
    for part in parts:
        target = io.BytesIO()
        part.frame.write_ipc_stream(target, compression="lz4")
        streams.append(target.getvalue())
        columns, amounts = part.frame.columns, list_amounts(part.frame)
        keys = [name for name in columns if name not in amounts]
        described.append({"bytes": len(streams[-1]), "columns": columns, "keys": keys, "same": part.same})
    header = json.dumps({"frames": described}, separators=(",", ":")).encode()
    return b"".join((len(header).to_bytes(LENGTH_BYTES, "big"), header, *streams))


def unpack(packed: bytes | memoryview, kpis: Collection[str] | None = None) -> list[Slim]:
    """The frames as they were; of those that have one of `kpis`, its amounts and the columns that are none."""
    view = memoryview(packed)
    header, at = _open(view)
    found = []
    for frame in header["frames"]:
        stream = view[at : at + frame["bytes"]]
        at += frame["bytes"]
        same, columns = frame["same"], frame["columns"]
        if kpis is not None:
            if not any(kpi in columns or kpi in same for kpi in kpis):
                continue
            wanted = {*kpis, *(kpi + OF for kpi in kpis)}
            same = {name: of for name, of in same.items() if name in wanted}
            held = {same.get(name, name) for name in wanted}
            columns = [name for name in columns if name in frame["keys"] or name in held]
        found.append(Slim(pl.read_ipc_stream(io.BytesIO(stream), columns=columns), same))
    return found


def stack(parts: Iterable[Slim]) -> list[Slim]:
    """Frames that hold the same columns one under the other."""
    found: dict[tuple[Any, ...], list[Slim]] = {}
    for part in parts:
        found.setdefault((*part.frame.columns, "", *part.same.items()), []).append(part)
    return [same[0].with_frame(pl.concat(part.frame for part in same)) for same in found.values()]


def _open(view: memoryview) -> tuple[dict[str, Any], int]:
    end = LENGTH_BYTES + int.from_bytes(view[:LENGTH_BYTES], "big")
    return json.loads(bytes(view[LENGTH_BYTES:end])), end
