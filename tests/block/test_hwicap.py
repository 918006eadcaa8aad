# SPDX-License-Identifier: Apache-2.0
"""HWICAP and configuration engine: the driver's sequences, every fault, and a random lockstep run.

hwicap_gated stops the clock whenever the block says that it needs none.
"""

from tb.runner import simulate

BENCH = "tests.block.hwicap_tb"
DIRECTED = [
    "reset_values",
    "download",
    "download_faults",
    "loading_window",
    "identity_read",
    "status_read",
    "missing_sync_after_identity_read",
    "order_of_crc_and_start",
    "frame_content",
    "crc_error_needs_a_new_stream",
    "fifo_limits",
    "control_bits",
    "abort_command",
    "interrupts",
]


def run(sim: str, top: str, name: str, testcase: list[str], **parameters: int) -> None:
    parameters = {"WRITE_DEPTH": 256, "READ_DEPTH": 16, **parameters}
    env = {key: str(value) for key, value in parameters.items()}
    simulate(
        top=top,
        test_module=BENCH,
        sim=sim,
        parameters=parameters,
        testcase=testcase,
        env=env,
        name=name,
        timeout_s=300,
    )


def test_hwicap_directed(sim: str) -> None:
    run(sim, "hwicap_gated", "hwicap_directed", DIRECTED)


def test_hwicap_without_resync(sim: str) -> None:
    """As silicon: an unfinished packet swallows the next stream; only an abort ends it."""
    run(sim, "hwicap", "hwicap_no_resync", ["unfinished_packet_needs_abort"], RESYNC_IN_DATA=0)


def test_hwicap_random(sim: str) -> None:
    run(sim, "hwicap", "hwicap_random", ["random_lockstep"])


def test_hwicap_128_slots(sim: str) -> None:
    """The largest region: content in one frame or two."""
    run(sim, "hwicap_gated", "hwicap_128_slots", ["many_slots"], NUM_SLOTS=128)


def test_hwicap_128_slots_random(sim: str) -> None:
    run(sim, "hwicap", "hwicap_128_slots_random", ["random_lockstep"], NUM_SLOTS=128)
