// SPDX-License-Identifier: Apache-2.0
// An MPD plugin with every hook, against XRT's header. Each hook writes its arguments to the journal,
// which the test reads, and fills its answer with numbers that the test knows. What a hook returns is
// hook_result; INIT_RESULT, when defined, is what init returns; FEW leaves all hooks out but the cookie.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>
#include <unistd.h>

#include "mailbox_proto.h"
#include "mpd_plugin.h"

// Only declared in the header: the ioctl interface of the management driver has it.
struct xclmgmt_ioc_freqscaling {
  unsigned ocl_region;
  unsigned short ocl_target_freq[4];
};

namespace {

std::string text;
int cookie;

template <typename... Values>
void note(const char* format, Values... values) {
  char line[256];
  std::snprintf(line, sizeof line, format, values...);
  text += line;
  text += '\n';
}

}  // namespace

extern "C" {

int hook_result = 0;
int hook_response = 0;

const char* journal() { return text.c_str(); }

static int remote_fd(size_t index, int* fd) {
  note("get_remote_msd_fd %zu", index);
  *fd = hook_response;
  return hook_result;
}

// As a plugin without a management function does it: a frame with MGMT_STATE.
static int notify(size_t index, int fd, bool online) {
  note("mb_notify %zu %d", index, online);
  uint64_t frame[7] = {24, 2, 0x1234, 0, XCL_MAILBOX_REQ_MGMT_STATE, 0, 0};
  const uint64_t flags = online ? 1 : 2;
  std::memcpy(reinterpret_cast<char*>(frame) + 24 + 12, &flags, sizeof flags);
  return write(fd, frame, sizeof frame) == sizeof frame ? hook_result : -5;
}

static int reset(size_t index, int* resp) {
  note("hot_reset %zu", index);
  *resp = hook_response;
  return hook_result;
}

static int load(size_t index, const axlf* image, int* resp) {
  unsigned long sum = 0;
  const unsigned char* bytes = reinterpret_cast<const unsigned char*>(image);
  for (uint64_t i = 0; i < image->m_header.m_length; ++i) sum = sum * 31 + bytes[i];
  note("load_xclbin %zu %lu %lu", index, static_cast<unsigned long>(image->m_header.m_length), sum);
  *resp = hook_response;
  return hook_result;
}

static int reclock(size_t index, const struct xclmgmt_ioc_freqscaling* obj, int* resp) {
  const unsigned short* f = obj->ocl_target_freq;
  note("reclock2 %zu %u %u %u %u %u", index, obj->ocl_region, f[0], f[1], f[2], f[3]);
  *resp = hook_response;
  return hook_result;
}

static int icap(size_t index, struct xcl_pr_region* resp) {
  note("get_icap_data %zu", index);
  resp->freq_0 = 250;
  std::memset(resp->uuid, 0xA5, sizeof resp->uuid);
  resp->data_retention = 1;
  return hook_result;
}

static int sensor(size_t index, struct xcl_sensor* resp) {
  note("get_sensor_data %zu", index);
  resp->vol_12v_pex = 12000;
  resp->heartbeat_stall = 3;
  return hook_result;
}

static int board(size_t index, struct xcl_board_info* resp) {
  note("get_board_info %zu", index);
  std::strcpy(resp->serial_num, "SERIAL");
  resp->mac_addr_first[5] = 9;
  return hook_result;
}

static int mig(size_t index, char* resp, size_t length) {
  note("get_mig_data %zu %zu", index, length);
  std::memset(resp, 0x11, length);
  return hook_result;
}

static int firewall(size_t index, struct xcl_mig_ecc* resp) {
  note("get_firewall_data %zu %zu", index, sizeof *resp);
  std::memset(resp, 0x22, sizeof *resp);
  return hook_result;
}

static int dna(size_t index, struct xcl_dna* resp) {
  note("get_dna_data %zu", index);
  resp->status = 1;
  resp->revision = 6;
  return hook_result;
}

static int subdev(size_t index, char* resp, size_t length) {
  note("get_subdev_data %zu %zu", index, length);
  std::memset(resp, 0x33, length);
  return hook_result;
}

static int probe(size_t index, struct xcl_mailbox_conn_resp* resp) {
  note("user_probe %zu", index);
  resp->conn_flags = 1;
  std::strcpy(resp->comm_id, "host=a");
  resp->chan_disable = 0x20;
  return hook_result;
}

static int shell(size_t index, int* resp) {
  note("program_shell %zu", index);
  *resp = hook_response;
  return hook_result;
}

static int p2p(size_t index, const struct xcl_mailbox_p2p_bar_addr* addr, int* resp) {
  note("read_p2p_bar_addr %zu %llx %llx", index, static_cast<unsigned long long>(addr->p2p_bar_addr),
       static_cast<unsigned long long>(addr->p2p_bar_len));
  *resp = hook_response;
  return hook_result;
}

#ifndef NO_INIT
int init(struct mpd_plugin_callbacks* cbs) {
  cbs->mpc_cookie = &cookie;
#ifndef FEW
  cbs->get_remote_msd_fd = remote_fd;
  cbs->mb_notify = notify;
  cbs->mb_req.hot_reset = reset;
  cbs->mb_req.load_xclbin = load;
  cbs->mb_req.reclock2 = reclock;
  cbs->mb_req.peer_data.get_icap_data = icap;
  cbs->mb_req.peer_data.get_sensor_data = sensor;
  cbs->mb_req.peer_data.get_board_info = board;
  cbs->mb_req.peer_data.get_mig_data = mig;
  cbs->mb_req.peer_data.get_firewall_data = firewall;
  cbs->mb_req.peer_data.get_dna_data = dna;
  cbs->mb_req.peer_data.get_subdev_data = subdev;
  cbs->mb_req.user_probe = probe;
  cbs->mb_req.program_shell = shell;
  cbs->mb_req.read_p2p_bar_addr = p2p;
#endif
#ifdef INIT_RESULT
  return INIT_RESULT;
#else
  return 0;
#endif
}
#endif

#ifndef NO_FINI
void fini(void* mpc_cookie) { note("fini %s", mpc_cookie == &cookie ? "with its cookie" : "with another"); }
#endif
}
