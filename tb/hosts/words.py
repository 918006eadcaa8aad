# SPDX-License-Identifier: Apache-2.0
"""Bytes in a SystemVerilog array of wide words, read and written at once, without simulated time."""

from __future__ import annotations

from typing import Any

from cocotb.handle import Immediate


class WordArray:
    """An array handle seen as little-endian bytes.

    Reads and writes act immediately; a read sees what the RTL stored up to the last completed step.
    Raises ValueError when a word holds X or Z.
    """

    def __init__(self, handle: Any, word_bytes: int, words: int) -> None:
        self._handle = handle
        self._bytes = word_bytes
        self._words: list[Any] = [None] * words
        self.size = word_bytes * words

    def _word(self, index: int) -> Any:
        word = self._words[index]
        if word is None:
            word = self._words[index] = self._handle[index]
        return word

    def _load(self, index: int) -> bytes:
        return int(str(self._word(index).value), 2).to_bytes(self._bytes, "little")

    def read(self, address: int, length: int) -> bytes:
        """Raises IndexError outside the array."""
        if address < 0 or length < 0 or address + length > self.size:
            raise IndexError(f"{length} bytes at {address:#x} are outside memory of {self.size:#x} bytes")
        if not length:
            return b""
        first, skip = divmod(address, self._bytes)
        last = (address + length - 1) // self._bytes
        data = b"".join(self._load(index) for index in range(first, last + 1))
        return data[skip : skip + length]

    def write(self, address: int, data: bytes) -> None:
        """Raises IndexError outside the array."""
        if address < 0 or address + len(data) > self.size:
            raise IndexError(f"{len(data)} bytes at {address:#x} are outside memory of {self.size:#x} bytes")
        done = 0
        while done < len(data):
            index, skip = divmod(address + done, self._bytes)
            piece = data[done : done + self._bytes - skip]
            done += len(piece)
            if len(piece) != self._bytes:
                old = self._load(index)
                piece = old[:skip] + piece + old[skip + len(piece) :]
            self._word(index).value = Immediate(int.from_bytes(piece, "little"))
