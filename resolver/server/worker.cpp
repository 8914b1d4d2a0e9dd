#include "resolver/server/worker.h"

#include <pthread.h>
#include <sched.h>
#include <sys/prctl.h>

#include <cstdlib>
#include <exception>
#include <string>

#include "common/log.h"

namespace nsr::resolver {

Worker::Worker(unsigned index, std::optional<unsigned> cpu)
    : guard_(boost::asio::make_work_guard(io_)), thread_([this, index, cpu] { run(index, cpu); }) {}

void Worker::drain() {
    guard_.reset();
    if (thread_.joinable()) thread_.join();
}

void Worker::run(unsigned index, std::optional<unsigned> cpu) {
    const std::string name = "dns-" + std::to_string(index);
    ::prctl(PR_SET_NAME, name.c_str(), 0, 0, 0);
    if (cpu) {
        cpu_set_t set;
        CPU_ZERO(&set);
        CPU_SET(*cpu, &set);
        if (const int error = ::pthread_setaffinity_np(::pthread_self(), sizeof set, &set); error != 0) {
            // Steering by CPU then costs a wake-up across CPUs; answers stay right.
            spdlog::warn("event=worker_not_pinned worker={} cpu={} errno={}", index, *cpu, error);
        }
    }
    try {
        io_.run();
    } catch (const std::exception& exception) {
        // No handler of ours throws; what is left is memory that ran out, and a half-served resolver helps nobody.
        spdlog::critical("event=worker_failed worker={} error={}", index, log::quoted(exception.what()));
        std::abort();
    }
}

std::vector<unsigned> usable_cpus() {
    std::vector<unsigned> cpus;
    cpu_set_t set;
    CPU_ZERO(&set);
    if (::sched_getaffinity(0, sizeof set, &set) != 0) return cpus;
    for (unsigned cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
        if (CPU_ISSET(cpu, &set)) cpus.push_back(cpu);
    }
    return cpus;
}

}  // namespace nsr::resolver
