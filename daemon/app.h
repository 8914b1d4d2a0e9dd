#pragma once

#include <memory>

#include "common/result.h"
#include "daemon/settings.h"

namespace nsr::daemon {

/// The composition root: constructs the parts in order, connects them, and takes them down in reverse.
///
///     main thread = control thread: API sessions, signals, pidfds, resolv.conf -> operations: the engine
///     operations thread: registry, network set-up -> DNS workers: publish
class App {
public:
    /// Everything is ready and reconciled when this returns, and the socket listens.
    static Result<std::unique_ptr<App>> start(Settings settings);
    ~App();

    /// Serves until SIGTERM or SIGINT; finishes and answers what was asked before.
    void run();

private:
    class Parts;
    explicit App(std::unique_ptr<Parts> parts);
    std::unique_ptr<Parts> parts_;
};

}  // namespace nsr::daemon
