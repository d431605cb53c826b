#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Compiles a policy for a Xen that build.sh has built: Xen's own modules, and modules that are given. Their macros are
# those of Xen's policy.
set -euo pipefail
here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")

usage()
{
    cat <<END
usage: policy.sh --xen FOLDER --out FILE [--upstream] [MODULE.te ...]

  --xen FOLDER  what build.sh printed
  --out FILE    the policy, as Xen reads it at its start or xl loadpolicy loads it
  --upstream    Xen's modules as upstream enables them; else those that policy/modules.conf names, without the one
                that allows Argo to all

A module's interfaces, MODULE.if, are taken from beside it.
END
}

fail() { printf '%s\n' "policy: $2" >&2; exit "$1"; }

xen='' out='' enabled=$here/policy/modules.conf
modules=()
while [ $# != 0 ]; do
    case $1 in
    --xen | --out) [ $# -gt 1 ] || fail 2 "$1 wants a name, see --help" ;;&
    --xen) xen=$2; shift ;;
    --out) out=$2; shift ;;
    --upstream) enabled= ;;
    --help | -h) usage; exit 0 ;;
    -*) fail 2 "unknown option '$1', see --help" ;;
    *) modules+=("$1") ;;
    esac
    shift
done
[ -n "$xen" ] && [ -n "$out" ] || fail 2 "--xen and --out are needed, see --help"
[ -d "$xen/flask" ] || fail 2 "$xen/flask is not there; name the folder that build.sh printed"
for tool in make m4 checkpolicy; do
    command -v $tool >/dev/null || fail 4 "$tool is missing; install what tools/packages.txt lists for Xen"
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -r "$xen/flask/." "$work"
policy=$work/tools/flask/policy
cat "${enabled:-$policy/modules/modules.conf}" >"$work/modules.conf"
for module in "${modules[@]}"; do
    name=$(basename "$module" .te)
    [[ $name =~ ^[a-z][a-z0-9_]*$ ]] || fail 2 "$module: a module's name is lower case, digits and _"
    [ -r "$module" ] || fail 2 "$module: cannot be read"
    [ ! -e "$policy/modules/$name.te" ] || fail 2 "$module: there is a module '$name' already; rename it"
    cp "$module" "$policy/modules/$name.te"
    [ ! -e "${module%.te}.if" ] || cp "${module%.te}.if" "$policy/modules"
    echo "$name = on" >>"$work/modules.conf"
done
make -f "$policy/Makefile.common" -C "$policy" FLASK_BUILD_DIR="$work" MOD_CONF="$work/modules.conf" XEN_FULLVERSION=any \
    >"$work/log" 2>&1 </dev/null || { grep -i error "$work/log" | grep -v ^make: | head -n 5 >&2; fail 1 "the modules do not compile"; }
cp "$work/xenpolicy-any" "$out" || fail 1 "$out: cannot be written"
