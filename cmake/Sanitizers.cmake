if(NSR_SANITIZE)
    add_compile_options(-fsanitize=${NSR_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
    add_link_options(-fsanitize=${NSR_SANITIZE})
endif()
