// SPDX-License-Identifier: Apache-2.0
// What XRT's ert.h makes of the packets of pydriver.ert.
//
// Without arguments: one "name value" line per size, offset, constant and bit field position.
// With arguments: each is a packet in hexadecimal; one line "valid stamps_size stamps_offset" per packet.
#include <ert.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define SIZE(type) printf("sizeof.%s %zu\n", #type, sizeof(struct type))
#define OFFSET(type, member) printf("offsetof.%s.%s %zu\n", #type, #member, offsetof(struct type, member))
#define VALUE(name) printf("%s %lu\n", #name, (unsigned long)(name))
// The bits a field occupies: set it to all ones and look at the word that holds it.
#define FIELD(type, member, word_offset)                                   \
  do {                                                                     \
    struct type packet;                                                    \
    uint32_t word;                                                         \
    memset(&packet, 0, sizeof packet);                                     \
    packet.member = ~0u;                                                   \
    memcpy(&word, (char *)&packet + (word_offset), sizeof word);           \
    printf("mask.%s.%s %lu\n", #type, #member, (unsigned long)word);       \
  } while (0)

static void layout(void) {
  SIZE(ert_start_copybo_cmd);
  SIZE(ert_abort_cmd);
  SIZE(ert_validate_cmd);
  SIZE(ert_access_valid_cmd);
  SIZE(config_sk_image);
  SIZE(cu_cmd_state_timestamps);
  OFFSET(ert_start_kernel_cmd, cu_mask);
  OFFSET(ert_start_kernel_cmd, data);
  OFFSET(ert_init_kernel_cmd, cu_run_timeout);
  OFFSET(ert_init_kernel_cmd, cu_reset_timeout);
  OFFSET(ert_init_kernel_cmd, cu_mask);
  OFFSET(ert_init_kernel_cmd, data);
  OFFSET(ert_configure_cmd, slot_size);
  OFFSET(ert_configure_cmd, num_cus);
  OFFSET(ert_configure_cmd, cu_shift);
  OFFSET(ert_configure_cmd, cu_base_addr);
  OFFSET(ert_configure_cmd, data);
  OFFSET(ert_configure_sk_cmd, num_image);
  OFFSET(ert_configure_sk_cmd, image);
  OFFSET(ert_abort_cmd, exec_bo_handle);
  OFFSET(ert_start_copybo_cmd, src_addr_lo);
  OFFSET(ert_start_copybo_cmd, src_bo_hdl);
  OFFSET(ert_start_copybo_cmd, dst_addr_lo);
  OFFSET(ert_start_copybo_cmd, dst_bo_hdl);
  OFFSET(ert_start_copybo_cmd, size);
  FIELD(ert_packet, state, 0);
  FIELD(ert_packet, custom, 0);
  FIELD(ert_packet, count, 0);
  FIELD(ert_packet, opcode, 0);
  FIELD(ert_packet, type, 0);
  FIELD(ert_start_kernel_cmd, stat_enabled, 0);
  FIELD(ert_start_kernel_cmd, extra_cu_masks, 0);
  FIELD(ert_init_kernel_cmd, update_rtp, 0);
  FIELD(ert_configure_cmd, ert, 20);
  FIELD(ert_configure_cmd, polling, 20);
  FIELD(ert_configure_cmd, cu_dma, 20);
  FIELD(ert_configure_cmd, cu_isr, 20);
  FIELD(ert_configure_cmd, cq_int, 20);
  FIELD(ert_configure_cmd, cdma, 20);
  FIELD(ert_configure_cmd, dataflow, 20);
  FIELD(ert_configure_cmd, rw_shared, 20);
  FIELD(ert_configure_cmd, kds_30, 20);
  FIELD(ert_configure_cmd, dmsg, 20);
  FIELD(ert_configure_cmd, echo, 20);
  FIELD(ert_configure_cmd, intr, 20);
  FIELD(ert_configure_cmd, dsa52, 20);
  VALUE(ERT_EXIT_CMD);
  VALUE(ERT_EXIT_CMD_OP | ERT_EXIT_ACK);
  VALUE(ERT_CMD_STATE_MAX);
  VALUE(ERT_CMD_STATE_NEW);
  VALUE(ERT_CMD_STATE_QUEUED);
  VALUE(ERT_CMD_STATE_RUNNING);
  VALUE(ERT_CMD_STATE_COMPLETED);
  VALUE(ERT_CMD_STATE_ERROR);
  VALUE(ERT_CMD_STATE_ABORT);
  VALUE(ERT_CMD_STATE_SUBMITTED);
  VALUE(ERT_CMD_STATE_TIMEOUT);
  VALUE(ERT_CMD_STATE_NORESPONSE);
  VALUE(ERT_CMD_STATE_SKERROR);
  VALUE(ERT_CMD_STATE_SKCRASHED);
  VALUE(ERT_START_CU);
  VALUE(ERT_CONFIGURE);
  VALUE(ERT_EXIT);
  VALUE(ERT_ABORT);
  VALUE(ERT_EXEC_WRITE);
  VALUE(ERT_CU_STAT);
  VALUE(ERT_START_COPYBO);
  VALUE(ERT_SK_CONFIG);
  VALUE(ERT_SK_START);
  VALUE(ERT_SK_UNCONFIG);
  VALUE(ERT_INIT_CU);
  VALUE(ERT_START_FA);
  VALUE(ERT_CLK_CALIB);
  VALUE(ERT_MB_VALIDATE);
  VALUE(ERT_START_KEY_VAL);
  VALUE(ERT_ACCESS_TEST_C);
  VALUE(ERT_ACCESS_TEST);
  VALUE(ERT_DEFAULT);
  VALUE(ERT_KDS_LOCAL);
  VALUE(ERT_CTRL);
  VALUE(ERT_CU);
  VALUE(ERT_SCU);
  VALUE(ERT_CQ_BASE_ADDR);
  VALUE(ERT_CQ_SIZE);
  VALUE(ERT_CSR_ADDR);
  VALUE(ERT_STATUS_REGISTER_ADDR0);
  VALUE(ERT_STATUS_REGISTER_ADDR3);
  VALUE(ERT_CU_DMA_ENABLE_ADDR);
  VALUE(ERT_CU_DMA_REGISTER_ADDR0);
  VALUE(ERT_CU_DMA_REGISTER_ADDR3);
  VALUE(ERT_CQ_SLOT_SIZE_ADDR);
  VALUE(ERT_CU_OFFSET_ADDR);
  VALUE(ERT_CQ_NUMBER_OF_SLOTS_ADDR);
  VALUE(ERT_CU_BASE_ADDRESS_ADDR);
  VALUE(ERT_CQ_BASE_ADDRESS_ADDR);
  VALUE(ERT_CU_ISR_HANDLER_ENABLE_ADDR);
  VALUE(ERT_CU_STATUS_REGISTER_ADDR0);
  VALUE(ERT_CU_STATUS_REGISTER_ADDR3);
  VALUE(ERT_CQ_STATUS_ENABLE_ADDR);
  VALUE(ERT_CQ_STATUS_REGISTER_ADDR0);
  VALUE(ERT_CQ_STATUS_REGISTER_ADDR3);
  VALUE(ERT_NUMBER_OF_CU_ADDR);
  VALUE(ERT_HOST_INTERRUPT_ENABLE_ADDR);
  VALUE(ERT_CUDMA_STATE);
  VALUE(ERT_CUISR_STATE);
  VALUE(ERT_CUISR_LUT_ADDR);
  VALUE(ERT_INTC_ADDR);
  VALUE(ERT_INTC_IPR_ADDR);
  VALUE(ERT_INTC_IER_ADDR);
  VALUE(ERT_INTC_IAR_ADDR);
  VALUE(ERT_INTC_MER_ADDR);
}

static void judge(const char *hex) {
  static _Alignas(8) unsigned char bytes[16384];
  struct ert_packet *packet = (struct ert_packet *)bytes;
  unsigned int byte;
  size_t length = strlen(hex) / 2;
  memset(bytes, 0, sizeof bytes);
  for (size_t i = 0; i < length && sscanf(hex + 2 * i, "%2x", &byte) == 1; i++) bytes[i] = (unsigned char)byte;
  printf("%d %d %td\n", ert_valid_opcode(packet), get_size_with_timestamps_or_zero(packet),
         (char *)ert_start_kernel_timestamps((struct ert_start_kernel_cmd *)packet) - (char *)packet);
}

int main(int argc, char **argv) {
  if (argc == 1) layout();
  for (int i = 1; i < argc; i++) judge(argv[i]);
  return 0;
}
