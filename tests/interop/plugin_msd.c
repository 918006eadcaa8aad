// SPDX-License-Identifier: Apache-2.0
// An MSD plugin against XRT's header: the image it retrieves is the one it got, backwards. `mode` says how it
// misbehaves; `released` counts the images given back, `released_length` has the last one's length.

#include <stdlib.h>
#include <string.h>

#include "msd_plugin.h"

enum { GOOD, FAILS, NOTHING, EMPTY, IN_PLACE };

int mode = GOOD;
int released = 0;
int ended = 0;
size_t released_length = 0;
static int cookie, argument;

static void release(void *arg, char *image, size_t length) {
  if (arg == &argument) ++released;
  released_length = length;
  free(image);
}

static int retrieve(char *orig, size_t length, char **image, size_t *image_length, retrieve_xclbin_fini_fn *done,
                    void **arg) {
  if (mode == FAILS) return -13;
  if (mode == IN_PLACE) {
    orig[0] = 'X';
    *image = orig;
    *image_length = length;
    return 0;
  }
  *done = release;
  *arg = &argument;
  if (mode == NOTHING) return 0;
  char *copy = malloc(length);
  for (size_t i = 0; i < length; ++i) copy[i] = orig[length - 1 - i];
  *image = copy;
  *image_length = mode == EMPTY ? 0 : length;
  return 0;
}

int init(struct msd_plugin_callbacks *cbs) {
  cbs->mpc_cookie = &cookie;
  cbs->retrieve_xclbin = retrieve;
  return 0;
}

void fini(void *mpc_cookie) {
  if (mpc_cookie == &cookie) ++ended;
}
