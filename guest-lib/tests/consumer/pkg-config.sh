#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds and runs the consumer by pkg-config alone. Usage: pkg-config.sh CXX SCRATCH, with PKG_CONFIG_PATH set.
set -eu
version=$(pkg-config --modversion argo)
major=${version%%.*}
rest=${version#*.}
# The flags are words on purpose.
# shellcheck disable=SC2046
"$1" -std=c++20 "-DPACKAGE_MAJOR=$major" "-DPACKAGE_MINOR=${rest%%.*}" $(pkg-config --cflags argo) \
    "$(dirname "$0")/main.cpp" -o "$2/consumer-pkg-config"
"$2/consumer-pkg-config"
