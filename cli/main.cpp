#include <fcntl.h>
#include <unistd.h>

#include "cli/run.h"

namespace {

/// A caller may have closed them: what is opened next must not be taken for standard input, output or error.
void fill_standard_descriptors() {
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
        if (::fcntl(fd, F_GETFD) < 0) ::open("/dev/null", O_RDWR);  // becomes the lowest one that is free
    }
}

}  // namespace

int main(int argc, char** argv) {
    fill_standard_descriptors();
    return nsr::cli::run(argc, argv);
}
