#!/bin/sh
# SPDX-License-Identifier: MIT
# A target for `argo-conformance run --target exec:examples/targets/xl.sh`: a Xen host, as root in domain 0. README.md
# says what each call is for, spec/vendors.rst how to boot Xen. It was only checked against a stand-in for xl
# (conformance/runner/tests/xl_test.py), not on a Xen host.
#
#   ARGO_XL_TYPE    pvh (default) or pv
#   ARGO_XL_ROLES   "peer third lead" (default); "lead" for a run of one domain
#   ARGO_XL_LABEL   XSM label of the domains; none if empty
#   ARGO_XL_MEMORY  MiB of each, 32
#   ARGO_XL_STATE   folder for its files, /run/argo-target-xl
#
# xl cannot be told a domid: Xen gives the next one. So the domids that the runner hears are the roles' numbers, 1 and up.
# When a set of domains starts, the script makes a domain to see which domid comes next, creates the others one behind the
# other, and writes the true domids on their command lines. If somebody else creates a domain meanwhile, it says so
# and fails. A domid never comes back: the cases of profile lifecycle cannot be run this way.
set -euf

roles=${ARGO_XL_ROLES:-peer third lead}
state=${ARGO_XL_STATE:-/run/argo-target-xl}
patience=${ARGO_XL_PATIENCE:-30} # seconds to wait for others
umask 077

die()
{
    echo "xl.sh: $*" >&2
    exit 1
}

number_of() # ROLE, counted from 1
{
    count=0
    for each in $roles; do
        count=$((count + 1))
        if [ "$each" = "$1" ]; then
            echo "$count"
            return
        fi
    done
    return 1
}

there() { xl domid "argo-$1" >/dev/null 2>&1; }

create() # NAME IMAGE COMMAND_LINE: a domain that is paused
{
    case $2$3 in *\"*) die "a quotation mark in the image's name or on the command line: xl.cfg cannot hold it" ;; esac
    {
        printf 'name = "argo-%s"\ntype = "%s"\n' "$1" "${ARGO_XL_TYPE:-pvh}"
        printf 'kernel = "%s"\ncmdline = "%s"\n' "$2" "$3"
        printf 'memory = %s\nvcpus = 1\n' "${ARGO_XL_MEMORY:-32}"
        if [ -n "${ARGO_XL_LABEL:-}" ]; then printf 'seclabel = "%s"\n' "$ARGO_XL_LABEL"; fi
        for what in poweroff reboot crash watchdog; do printf 'on_%s = "destroy"\n' "$what"; done
    } >"$state/$1.cfg"
    xl create -q -p "$state/$1.cfg" >&2
}

begin_set() # ROLE IMAGE: nobody of the last set may be left; then ask Xen for its next domid
{
    for other in $roles; do
        tenths=0
        while there "$other"; do
            [ $tenths -lt $((patience * 10)) ] || die "argo-$other is still there, and xl cannot give argo-$1 its domid back"
            sleep 0.1
            tenths=$((tenths + 1))
        done
    done
    create probe "$2" "role=lead filter=none"
    xl domid argo-probe >"$state/base"
    xl destroy argo-probe >&2
    echo 1 >"$state/next"
}

start() # ROLE IMAGE COMMAND_LINE
{
    own=$(number_of "$1") || die "no such role: $1"
    mkdir -p "$state"
    image=$(realpath "$2")

    if [ "$own" = 1 ]; then begin_set "$1" "$image"; fi
    tenths=0
    until [ "$(cat "$state/next" 2>/dev/null)" = "$own" ]; do
        [ $tenths -lt $((patience * 10)) ] || die "the domain before argo-$1 was not created"
        sleep 0.1
        tenths=$((tenths + 1))
    done

    base=$(cat "$state/base")
    line=
    for word in $3; do
        case $word in
        lead=* | peer=* | third=*)
            number=$(number_of "${word%%=*}") || die "the command line names a role that ARGO_XL_ROLES does not: $word"
            word=${word%%=*}=$((base + number))
            ;;
        esac
        line="$line${line:+ }$word"
    done
    rm -f "$state/next" # and so nobody goes on if this fails
    create "$1" "$image" "$line" || die "xl did not create argo-$1, see above"
    domid=$(xl domid "argo-$1")
    if [ "$domid" != $((base + own)) ]; then
        xl destroy "argo-$1" >&2
        die "argo-$1 got domid $domid rather than $((base + own)): did somebody else create a domain?"
    fi
    echo $((own + 1)) >"$state/next"

    # The console ends when its input does, so it gets one that never ends. It is read before the domain runs.
    rm -f "$state/$1.input"
    mkfifo "$state/$1.input"
    exec 3<>"$state/$1.input"
    (
        sleep 1
        exec xl unpause "argo-$1" >&2
    ) 3<&- &
    exec xl console "argo-$1" <&3
}

case ${1:-} in
domid) number_of "$2" ;;
start) start "$2" "$3" "$4" ;;
kill)
    rm -f "$state/next"
    if there "$2"; then xl destroy "argo-$2" >&2; fi
    ;;
*)
    echo "usage: xl.sh domid ROLE | start ROLE IMAGE CMDLINE | kill ROLE" >&2
    exit 2
    ;;
esac
