# SPDX-License-Identifier: Apache-2.0
"""AMD's msd and xrt_mpd between our drivers, in all pairings with ours: xclbins travel byte by byte."""

from __future__ import annotations

import errno
import os
import random
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from pydriver.mailbox import Opcode
from pydriver.xclbin import SectionKind
from pydriver.xocl import UserOptions
from pydriver.xrt import Kernel
from tb.netns import Namespace
from tb.runner import simulate
from tests.interop.daemon_flow import Flow, corrupt, download_error
from tests.interop.daemons import CONTAINER_PLUGIN, Daemons, Maker, private_network, require_amd
from tests.interop.native import unavailable
from tests.unit.rig import DEMO, Rig, changed, raises, run_vadd, with_section

GUEST = UserOptions(guest=True)
PAIRINGS: list[tuple[Maker, Maker]] = [("amd", "amd"), ("amd", "ours"), ("ours", "amd"), ("ours", "ours")]


@pytest.fixture(scope="module")
def network() -> Iterator[Namespace]:
    require_amd()
    with private_network() as network:
        yield network


def on_model(
    network: Namespace, place: Path, steps: Callable[[Flow], Awaitable[None]], plugin: Path | None = None
) -> None:
    """The steps on the model card, the user function in a guest."""
    rig = Rig()

    async def run() -> None:
        mgmt, user = await rig.both(user=GUEST)
        async with Flow.between(rig.platform, mgmt, user, Daemons(network, place, plugin)) as flow:
            await steps(flow)

    rig.run(run())


@pytest.mark.parametrize(("msd", "mpd"), PAIRINGS, ids=str)
def test_pairing(network: Namespace, tmp_path: Path, msd: Maker, mpd: Maker) -> None:
    async def steps(flow: Flow) -> None:
        daemons = [await flow.start_msd(msd), await flow.start_mpd(mpd)]
        await flow.load(DEMO)
        kernel = await Kernel.open(flow.device, flow.device.driver.bitstream.uuid, "vadd:{vadd_1}")
        await run_vadd(flow.device, kernel, 64)
        await kernel.close()
        await flow.refuse(corrupt(DEMO), download_error(msd))
        await flow.load(changed(uuid=bytes(range(16))))
        await flow.stop(*daemons)

    on_model(network, tmp_path, steps)


@pytest.mark.parametrize("mpd", ["amd", "ours"])
def test_msd_is_killed_and_restarted(network: Namespace, tmp_path: Path, mpd: Maker) -> None:
    """AMD's MPD gives a function up when its MSD is gone, until udev says that the mailbox was added."""

    async def steps(flow: Flow) -> None:
        killed, proxy = await flow.start_msd("amd"), await flow.start_mpd(mpd)
        await flow.load(DEMO)
        killed.kill()
        await flow.offline()
        restarted = await flow.start_msd("amd")
        if mpd == "amd":
            assert not flow.user.mailbox.software.present
            flow.daemons.replug(flow.user.options.address)
        await flow.online(proxy)
        await flow.load(changed(uuid=bytes(range(16))))
        await flow.stop(restarted, proxy)

    on_model(network, tmp_path, steps)


@pytest.mark.parametrize("msd", ["amd", "ours"])
def test_mpd_is_killed_and_restarted(network: Namespace, tmp_path: Path, msd: Maker) -> None:
    async def steps(flow: Flow) -> None:
        service, killed = await flow.start_msd(msd), await flow.start_mpd("amd")
        await flow.load(DEMO)
        killed.kill()
        await flow.offline()
        restarted = await flow.start_mpd("amd")
        await flow.load(changed(uuid=bytes(range(16))))
        await flow.stop(service, restarted)

    on_model(network, tmp_path, steps)


@pytest.mark.parametrize("mpd", ["amd", "ours"])
def test_container_plugin(network: Namespace, tmp_path: Path, mpd: Maker) -> None:
    """Debian's plugin in MPD hands the image to the management function itself: there is no MSD."""
    if CONTAINER_PLUGIN is None:
        unavailable("libcontainer_mpd_plugin.so (Debian package libxrt-utils) is not installed")

    async def steps(flow: Flow) -> None:
        await flow.mgmt.attributes.write("config_mailbox_channel_switch", str(1 << Opcode.LOAD_XCLBIN))
        await flow.until(lambda: flow.user.mailbox.channel_switch == 0x100, "the switch at the user function")
        proxy = await flow.start_mpd(mpd)
        await flow.load(DEMO)
        await flow.refuse(corrupt(DEMO), errno.EPERM)
        await flow.load(changed(uuid=bytes(range(16))))
        await flow.stop(proxy)

    on_model(network, tmp_path, steps, CONTAINER_PLUGIN)


def test_64_mib(network: Namespace, tmp_path: Path) -> None:
    """The software channel and AMD's daemons carry an image of that size."""
    seed = int(os.environ.get("SEED", "1"))
    print(f"SEED={seed}")
    large = with_section(SectionKind.USER_METADATA, random.Random(seed).randbytes(64 << 20))

    async def steps(flow: Flow) -> None:
        daemons = [await flow.start_msd("amd"), await flow.start_mpd("amd")]
        await flow.load(large)
        await flow.stop(*daemons)

    on_model(network, tmp_path, steps)


@pytest.mark.parametrize("msd", ["amd", "ours"])
def test_other_requests(network: Namespace, tmp_path: Path, msd: Maker) -> None:
    """AMD's MSD asks for test messages and drops the connection when one comes; ours goes on."""

    async def steps(flow: Flow) -> None:
        daemons = [await flow.start_msd(msd), await flow.start_mpd("amd")]
        with raises(errno.ETIME):
            await flow.user.mailbox.request(Opcode.TEST_READ, b"", max_response=128, response_ttl_s=1)
        if msd == "amd":
            await flow.offline()
            flow.daemons.replug(flow.user.options.address)
            await flow.online(daemons[1])
        await flow.load(DEMO)
        await flow.stop(*daemons)

    on_model(network, tmp_path, steps)


def on_card(sim: str, msd: Maker, mpd: Maker) -> None:
    """Load, compute and refuse on the RTL."""
    simulate(
        "tb_fast",
        "tests.interop.real_daemons_tb",
        sim,
        env={"MSD": msd, "MPD": mpd},
        name=f"real_daemons_{msd}_{mpd}",
        timeout_s=240,
    )


@pytest.mark.parametrize(("msd", "mpd"), PAIRINGS, ids=str)
def test_pairing_on_the_card(sim: str, network: Namespace, msd: Maker, mpd: Maker) -> None:
    on_card(sim, msd, mpd)
