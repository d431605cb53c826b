#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Builds the hypervisor, and prints where it is: a folder with `xen`, `xen-syms`, `config` and `version`, with
# `flask`, of which policy.sh makes policies, and with one of them, `policy`.
# The source package is the one that `source` names; what is built is kept outside of the tree, under a name made of
# everything that goes into it, so that the same is never built twice. The user's own apt configuration is read, for
# the mirror, and not touched.
set -euo pipefail
here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
cache=${XDG_CACHE_HOME:-$HOME/.cache}/argo/xen

usage()
{
    cat <<END
usage: build.sh [--stock | --patched | --prefix N] [--debug] [--clean] [--if-built]

  --stock     the source as it is (this is the default)
  --patched   with the series in patches/
  --prefix N  with the first N of the series; without xen-syms
  --if-built  print the folder if it is there, else fail
  --debug     with Xen's assertions; its start then takes some seconds longer
  --clean     build anew what is there already

Needs the packages that tools/packages.txt lists for Xen. Without network, put these files into
$cache/source:
$(. "$here/source"; printf '  %s\n' "${sha256[@]}" | grep -v '^  [0-9a-f]\{64\}$')
END
}

say() { printf '%s\n' "xen: $*" >&2; }
fail() { say "$2"; exit "$1"; }

series=()
while read -r name; do [[ $name == \#* ]] || series+=("$here/patches/$name"); done <"$here/patches/series"
flavour=release clean=no build=yes count=0
while [ $# != 0 ]; do
    case $1 in
    --stock) count=0 ;;
    --patched) count=${#series[@]} ;;
    --prefix)
        [[ ${2-} =~ ^[0-9]{1,3}$ ]] && [ "$((10#$2))" -le ${#series[@]} ] ||
            { say "--prefix wants a number from 0 to ${#series[@]}, the length of the series"; exit 2; }
        count=$((10#$2))
        shift
        ;;
    --debug) flavour=debug ;;
    --clean) clean=yes ;;
    --if-built) build=no ;;
    --help | -h) usage; exit 0 ;;
    *) say "unknown option '$1'"; usage >&2; exit 2 ;;
    esac
    shift
done

patches=("${series[@]:0:count}")
case $count in
0) ;;
${#series[@]}) flavour=patched-$flavour ;;
*) flavour=prefix-$flavour ;;
esac

. "$here/source"
settings=$(cat "$here/config"; [ "${flavour##*-}" = debug ] && echo CONFIG_DEBUG=y || echo '# CONFIG_DEBUG is not set')
key=$({ echo "$version ${sha256[*]}"; echo "$settings"; gcc --version; cat "$here/build.sh" "$here/policy.sh" "$here"/policy/* "${patches[@]}" </dev/null; } | sha256sum | cut -c1-16)
out=$cache/$flavour-$key
[ $clean = no ] || rm -rf "$out"

if [ $build = no ]; then
    [ -f "$out/xen" ] || fail 4 "$version, $flavour, is not built yet; run $here/build.sh"
    echo "$out"
    exit 0
fi
built()
{
    [ -f "$out/xen" ] || return 0
    touch "$out"
    echo "$out"
    exit 0
}
built
mkdir -p "$cache/source"
exec 9>"$cache/lock"
flock --nonblock 9 || { say "somebody else builds; waiting"; flock 9; }
built

for tool in gcc make bison flex m4 checkpolicy python3 xz dpkg-source patch; do
    command -v $tool >/dev/null || fail 4 "$tool is missing; install what tools/packages.txt lists for Xen"
done

have_source() { (cd "$cache/source" && printf '%s  %s\n' "${sha256[@]}" | sha256sum --check --status 2>/dev/null); }

# A list of sources of our own, with lists and caches of our own, from whichever mirrors the user has.
fetch_source()
{
    command -v apt-get >/dev/null || fail 4 "no apt-get here; put the source of $package $version into $cache/source, see --help"
    local apt=$cache/apt site log=$cache/fetch.log
    local -a options sites
    mapfile -t sites < <(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 2>/dev/null | grep 'debian/*$' | sort -u)
    [ ${#sites[@]} != 0 ] || fail 4 "apt has no Debian mirror; put the source of $package $version into $cache/source, see --help"
    mkdir -p "$apt/lists/partial" "$apt/archives/partial"
    options=(-o "Dir::Etc::sourcelist=$apt/sources.list" -o Dir::Etc::sourceparts=- -o "Dir::State::lists=$apt/lists"
             -o "Dir::Cache=$apt" -o APT::Sandbox::User= -o APT::Get::List-Cleanup=0 -o Acquire::Retries=2)
    say "fetching the source of $package $version"
    for site in "${sites[@]}"; do
        echo "deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $site $suite $component" >"$apt/sources.list"
        (cd "$cache/source" && apt-get -q "${options[@]}" update && apt-get -q "${options[@]}" source --download-only "$package=$version") \
            >"$log" 2>&1 </dev/null || true
        ! have_source || return 0
    done
    grep -E '^(E|W|Err):?' "$log" | tail -n 3 >&2 || true
    fail 4 "the source of $package $version is not to be had, see $log; without network, put it into $cache/source"
}
have_source || fetch_source

# One place for all builds of a flavour, since compiler caches go by paths, too.
tree=$cache/tree-$flavour
log=$cache/build-$flavour.log
rm -rf "$tree"
(cd "$cache/source" && dpkg-source --no-check --no-copy --extract "$package"_*"$version".dsc "$tree") >"$log" 2>&1 ||
    fail 1 "the source could not be unpacked, see $log"
for patch in "${patches[@]}"; do
    patch --directory="$tree" --strip=1 --batch --fuzz=0 <"$patch" >>"$log" 2>&1 || fail 1 "$(basename "$patch") does not apply, see $log"
done
echo "$settings" >"$tree/xen/.config"

# Nothing of the machine goes into the hypervisor; its banner says what it is.
export XEN_BUILD_DATE='Thu Jan 1 00:00:00 UTC 1970' XEN_BUILD_TIME=00:00:00 XEN_BUILD_HOST=argo XEN_DOMAIN=argo XEN_WHOAMI=argo
export XEN_BUILD_EFI='' XEN_BUILD_PE=''
if command -v ccache >/dev/null && [ -d /usr/lib/ccache ]; then
    export PATH=/usr/lib/ccache:$PATH CCACHE_BASEDIR=$tree CCACHE_NOHASHDIR=1
fi

progress()
{
    local line count=0
    while IFS= read -r line; do
        printf '%s\n' "$line" >>"$log"
        [[ $line == *" CC "* ]] || continue
        count=$((count + 1))
        if [ -t 2 ]; then
            printf '\rxen: %d files compiled' "$count" >&2
        elif [ $((count % 100)) = 0 ]; then
            say "$count files compiled"
        fi
    done
    [ ! -t 2 ] || printf '\r\033[K' >&2
}

say "building $version, $flavour: some minutes the first time (log: $log)"
make -C "$tree/xen" olddefconfig >>"$log" 2>&1 || fail 1 "configuring failed, see $log"
make -C "$tree/xen" -j"$(nproc)" 2>&1 | progress || { grep -n -m 3 -E 'error|Error' "$log" >&2 || true; fail 1 "the build failed, see $log"; }
while IFS= read -r setting; do
    case $setting in CONFIG_*=y) grep -qxF "$setting" "$tree/xen/.config" || fail 1 "Xen does not take the setting $setting" ;; esac
done <<<"$settings"

rm -rf "$out.part"
mkdir "$out.part"
cp "$tree/xen/xen" "$out.part"
[[ $flavour == prefix-* ]] || cp "$tree/xen/xen-syms" "$out.part"
cp "$tree/xen/.config" "$out.part/config"

# Sources of policies for policy.sh, and one that lets the suite's domains do everything.
mkdir -p "$out.part/flask/tools/flask" "$out.part/flask/xen/xsm/flask"
cp -r "$tree/tools/flask/policy" "$out.part/flask/tools/flask"
cp -r "$tree/xen/xsm/flask/policy" "$out.part/flask/xen/xsm/flask"
open=(argo argo_open)
! grep -qx ' *vector' "$tree/xen/xsm/flask/policy/access_vectors" || open+=(argo_open_vector)
! grep -qx 'class argo_ring' "$tree/xen/xsm/flask/policy/security_classes" || open+=(argo_open_ports)
open=("${open[@]/#/$here/policy/}")
"$here/policy.sh" --xen "$out.part" --out "$out.part/policy" "${open[@]/%/.te}" || fail 1 "the policy could not be built"

echo "$version" >"$out.part/version"
mv -T "$out.part" "$out"
rm -rf "$tree"
# Builds that nobody has asked for in a month go.
find "$cache" -mindepth 1 -maxdepth 1 -name '*-????????????????' -mtime +30 -exec rm -rf {} +
echo "$out"
