"""Finish a message of `cascades` for the wire: its place goes in front, the rest stays byte for byte."""


def splice(value: bytes, sequence: int, prev: int, epoch_json: bytes) -> bytes:
    """Return the frame: `value` (a JSON object with at least one field) with `sequence`, `prev` and `epoch` as first fields.

    epoch_json: the epoch as JSON, so that nothing is encoded here.
    """
    return b'{"sequence":%d,"prev":%d,"epoch":%b,%b' % (sequence, prev, epoch_json, value[1:])
