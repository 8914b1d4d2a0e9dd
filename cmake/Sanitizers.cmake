if(NSR_SANITIZE)
    add_compile_options(-fsanitize=${NSR_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
    add_link_options(-fsanitize=${NSR_SANITIZE})
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
        # GCC 12 sees uninitialised reads in instrumented standard headers (<regex>, <functional>): GCC bug 105562.
        # The release build and clang-tidy keep looking for real ones.
        add_compile_options(-Wno-maybe-uninitialized)
        if(NSR_SANITIZE MATCHES "thread")
            # Asio has fences (std::atomic_thread_fence), which this sanitizer does not model; ours has none.
            add_compile_options(-Wno-tsan)
        endif()
    endif()
endif()
if(NSR_FUZZ)
    add_compile_options(-fsanitize=fuzzer-no-link)  # so that libFuzzer sees which lines of the libraries an input reaches
endif()

# Coverage of our own code is what guides the fuzzer; the fuzz targets link its main function.
if(NSR_FUZZ)
    add_compile_options(-fsanitize=fuzzer-no-link)
    add_link_options(-fsanitize=fuzzer-no-link)
endif()
