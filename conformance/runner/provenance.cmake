# SPDX-License-Identifier: Apache-2.0 OR MIT
# Run at each build: which commit this is and whether the tree differs from it. Rewrites the header only when that changed.
#   cmake -DSOURCE=<tree> -DVERSION=<x.y.z> -DTEMPLATE=<file> -DOUT=<file> -P provenance.cmake
set(COMMIT unknown)
set(DIRTY true)
execute_process(COMMAND git -C ${SOURCE} rev-parse --verify --quiet HEAD
    OUTPUT_VARIABLE head RESULT_VARIABLE failed OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
if(NOT failed)
    set(COMMIT ${head})
    execute_process(COMMAND git -C ${SOURCE} status --porcelain
        OUTPUT_VARIABLE changes RESULT_VARIABLE failed OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
    if(NOT failed AND changes STREQUAL "")
        set(DIRTY false)
    endif()
endif()
configure_file(${TEMPLATE} ${OUT} @ONLY)
