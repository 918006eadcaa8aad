// SPDX-License-Identifier: Apache-2.0
// Prints where XRT's headers put the members of the plugin structures, as JSON.

#include <cstddef>
#include <cstdint>
#include <cstdio>

#include "mailbox_proto.h"
#include "mpd_plugin.h"

// Its members and typedefs have the names of the other header.
namespace msd {
#include "msd_plugin.h"
}

#define AT(type, member) std::printf("  \"%s.%s\": %zu,\n", #type, #member, offsetof(struct type, member))

int main() {
  std::printf("{\n");
  AT(mpd_plugin_callbacks, mpc_cookie);
  AT(mpd_plugin_callbacks, get_remote_msd_fd);
  AT(mpd_plugin_callbacks, mb_notify);
  AT(mpd_plugin_callbacks, mb_req.hot_reset);
  AT(mpd_plugin_callbacks, mb_req.load_xclbin);
  AT(mpd_plugin_callbacks, mb_req.reclock2);
  AT(mpd_plugin_callbacks, mb_req.peer_data.get_icap_data);
  AT(mpd_plugin_callbacks, mb_req.peer_data.get_sensor_data);
  AT(mpd_plugin_callbacks, mb_req.peer_data.get_board_info);
  AT(mpd_plugin_callbacks, mb_req.peer_data.get_mig_data);
  AT(mpd_plugin_callbacks, mb_req.peer_data.get_firewall_data);
  AT(mpd_plugin_callbacks, mb_req.peer_data.get_dna_data);
  AT(mpd_plugin_callbacks, mb_req.peer_data.get_subdev_data);
  AT(mpd_plugin_callbacks, mb_req.user_probe);
  AT(mpd_plugin_callbacks, mb_req.program_shell);
  AT(mpd_plugin_callbacks, mb_req.read_p2p_bar_addr);
  AT(msd::msd_plugin_callbacks, mpc_cookie);
  AT(msd::msd_plugin_callbacks, retrieve_xclbin);
  std::printf("  \"sizeof mpd\": %zu, \"sizeof msd\": %zu\n}\n", sizeof(struct mpd_plugin_callbacks),
              sizeof(struct msd::msd_plugin_callbacks));
  return 0;
}
