#!/bin/sh
# SPDX-License-Identifier: MIT
# A target for `argo-conformance run --target exec:examples/targets/qemu.sh`: plain QEMU, which has no Argo. Every
# case is NOT_SUPPORTED there, and that is the point: the image boots and probes on a machine that the project has
# no part in. README.md says what each call is for. Needs qemu-system-x86_64; QEMU and QEMU_ACCEL choose another.
set -eu

pidfile=${TMPDIR:-/tmp}/argo-target-qemu-$(id -u)-${2:-}.pid

case ${1:-} in
start)
    image=$3
    command_line=$4
    echo $$ >"$pidfile"
    # `exec`: the runner's signals reach QEMU itself. The image shuts down by a write to port 0xf4.
    exec "${QEMU:-qemu-system-x86_64}" -accel "${QEMU_ACCEL:-tcg}" -m 64 -no-reboot \
        -nodefaults -no-user-config -display none -serial stdio -device isa-debug-exit,iobase=0xf4,iosize=1 \
        -kernel "$image" -append "$command_line" </dev/null
    ;;
kill)
    kill "$(cat "$pidfile")"
    rm -f "$pidfile"
    ;;
*)
    # No domids, since nobody gives any: the lead runs alone.
    exit 1
    ;;
esac
