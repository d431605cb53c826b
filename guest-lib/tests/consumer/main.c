/* SPDX-License-Identifier: MIT */
/* The installed headers serve C too. */
#include <argo/abi.h>

int main(void)
{
    return sizeof(struct argo_frame) == 64 ? 0 : 1;
}
