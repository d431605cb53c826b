# SPDX-License-Identifier: Apache-2.0 OR MIT
# The engine needs nothing from outside but what any compiler may take for granted.
# Usage: cmake -DNM=nm -DLIBRARY=libargo_engine.a -P freestanding.cmake
set(allowed memcpy memmove memset memcmp __cxa_pure_virtual)

execute_process(COMMAND ${NM} --format=posix ${LIBRARY}
    OUTPUT_VARIABLE listing COMMAND_ERROR_IS_FATAL ANY)
string(REGEX MATCHALL "[^\n]+" lines "${listing}")

set(defined "")
set(needed "")
foreach(line IN LISTS lines)
    if(line MATCHES "^([^ ]+) U")
        list(APPEND needed ${CMAKE_MATCH_1})
    elseif(line MATCHES "^([^ ]+) [A-Za-z] ")
        list(APPEND defined ${CMAKE_MATCH_1})
    endif()
endforeach()
if(NOT defined)
    message(FATAL_ERROR "${LIBRARY}: ${NM} found no symbols; is this the library?")
endif()

list(REMOVE_DUPLICATES needed)
list(REMOVE_ITEM needed ${defined} ${allowed})
if(needed)
    list(JOIN needed " " needed)
    message(FATAL_ERROR "${LIBRARY} needs ${needed}, which a freestanding engine has not")
endif()
