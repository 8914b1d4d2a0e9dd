#include <cstdio>

#include "daemon/app.h"
#include "daemon/options.h"

namespace {

constexpr int kExitFailed = 1;
constexpr int kExitUsage = 2;

int failed(const nsr::Error& error, int code) {
    std::fprintf(stderr, "Error: %s\n", error.message().c_str());
    return code;
}

}  // namespace

int main(int argc, char** argv) {
    auto options = nsr::daemon::read_options(argc, argv);
    if (!options) return failed(options.error(), kExitUsage);
    if (options->message) {
        std::fputs(options->message->c_str(), stdout);
        return 0;
    }
    auto app = nsr::daemon::App::start(std::move(options->settings));
    if (!app) return failed(app.error(), kExitFailed);
    (*app)->run();
    return 0;
}
