#include "api/errors.h"

namespace nsr::api {

int status_of(Errc code) {
    switch (code) {
        case Errc::invalid:
            return 400;
        case Errc::forbidden:
            return 403;
        case Errc::not_found:
            return 404;
        case Errc::conflict:
            return 409;
        case Errc::unsupported:
            return 501;
        case Errc::unavailable:
            return 503;
        case Errc::system:
            return 500;
    }
    return 500;
}

}  // namespace nsr::api
