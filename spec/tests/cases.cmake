# SPDX-License-Identifier: MIT
# Asks the suite for its cases, and the book's gates whether every obligation has one or a reason.
execute_process(COMMAND ${CONFORMANCE} list --json OUTPUT_FILE ${OUT} COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${PYTHON} ${DOCS} check --cases ${OUT} COMMAND_ERROR_IS_FATAL ANY)
