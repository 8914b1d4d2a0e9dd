# nsr_library(NAME DEPS...): a static library of every .cpp in this folder and below, with our warnings.
function(nsr_library name)
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
    list(FILTER sources EXCLUDE REGEX "/main\\.cpp$")
    if(sources)
        add_library(${name} STATIC ${sources})
        target_include_directories(${name} PUBLIC ${CMAKE_SOURCE_DIR})
        target_link_libraries(${name} PUBLIC ${ARGN} PRIVATE nsr_warnings)
    else()
        add_library(${name} INTERFACE)
        target_include_directories(${name} INTERFACE ${CMAKE_SOURCE_DIR})
        target_link_libraries(${name} INTERFACE ${ARGN})
    endif()
endfunction()

# Builds what the fast tests (unit, contract, scenario) need, and no more.
add_custom_target(fast_tests)

# nsr_test(NAME LABEL LIBS...): a GoogleTest program of every *_test.cpp in this folder; each case is a ctest test.
function(nsr_test name label)
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*_test.cpp)
    add_executable(${name} ${sources})
    target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR})
    target_link_libraries(${name} PRIVATE ${ARGN} GTest::gmock_main nsr_warnings)
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
    if(label MATCHES "^(unit|contract|scenario)$")
        add_dependencies(fast_tests ${name})
    endif()
    gtest_discover_tests(${name} NO_PRETTY_VALUES TEST_PREFIX ${label}. DISCOVERY_TIMEOUT 60
                         PROPERTIES LABELS ${label} TIMEOUT 300)
endfunction()
