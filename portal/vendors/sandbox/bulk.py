"""Answers far larger than anybody would read: made of one small block, so that sending them costs nothing here."""

import zlib

BLOCK = 1024 * 1024
FULL = b"x" * BLOCK


def padded(body: bytes, size: int) -> list[bytes]:
    """The pieces of a JSON text of `size` bytes and a few more: `body` with one endless string at its end."""
    last = body[-1:]
    comma = b"," if len(body) > 2 else b""
    name = b'"filler":"' if last == b"}" else b'"'
    whole, rest = divmod(max(size - len(body), 0), BLOCK)
    return [body[:-1] + comma + name, *([FULL] * whole), FULL[:rest], b'"' + last]


def bomb(body: bytes, size: int) -> bytes:
    """`padded` as gzip, a thousandth of its size. The block is packed once and repeated, as a packer of bombs does."""
    head, *blocks, tail = padded(body, size)
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = [_header(), packer.compress(head) + packer.flush(zlib.Z_FULL_FLUSH)]
    known: dict[int, bytes] = {}
    check, length = zlib.crc32(head), len(head)
    for block in blocks:
        if len(block) not in known:
            # After a full flush nothing refers back, so the same bytes may follow again.
            known[len(block)] = packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH)
        packed.append(known[len(block)])
        check, length = zlib.crc32(block, check), length + len(block)
    packed.append(packer.compress(tail) + packer.flush())
    check, length = zlib.crc32(tail, check), length + len(tail)
    return b"".join([*packed, check.to_bytes(4, "little"), (length % 2**32).to_bytes(4, "little")])


def _header() -> bytes:
    return b"\x1f\x8b\x08" + bytes(6) + b"\xff"
