add_library(nsr_warnings INTERFACE)
target_compile_options(nsr_warnings INTERFACE
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wold-style-cast
    -Wnon-virtual-dtor -Wimplicit-fallthrough)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(nsr_warnings INTERFACE -Wduplicated-cond -Wlogical-op)
endif()
if(NSR_WERROR)
    target_compile_options(nsr_warnings INTERFACE -Werror)
endif()

# Hardening for what users run; the sanitizers and _FORTIFY_SOURCE do not go together.
if(CMAKE_BUILD_TYPE STREQUAL "Release" AND NOT NSR_SANITIZE)
    add_compile_options(-D_FORTIFY_SOURCE=2 -D_GLIBCXX_ASSERTIONS -fstack-protector-strong -fstack-clash-protection
                        -fcf-protection)
    add_link_options(-Wl,-z,relro,-z,now -pie)
endif()
