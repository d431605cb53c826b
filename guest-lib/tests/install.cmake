# SPDX-License-Identifier: MIT
# Installs the headers into STAGING, then moves all to PREFIX: what was installed must not remember where.
# Usage: cmake -DSTAGING=... -DPREFIX=... "-DTREES=build-dir;build-dir" -P install.cmake
file(REMOVE_RECURSE ${STAGING} ${PREFIX})
foreach(tree IN LISTS TREES)
    execute_process(COMMAND ${CMAKE_COMMAND} --install ${tree} --prefix ${STAGING} COMMAND_ERROR_IS_FATAL ANY)
endforeach()
file(RENAME ${STAGING} ${PREFIX})
