if(NSR_SANITIZE)
    add_compile_options(-fsanitize=${NSR_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
    add_link_options(-fsanitize=${NSR_SANITIZE})
endif()
if(NSR_FUZZ)
    add_compile_options(-fsanitize=fuzzer-no-link)  # so that libFuzzer sees which lines of the libraries an input reaches
endif()
