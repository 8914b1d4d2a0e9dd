#pragma once

#include <stdlib.h>
#include <unistd.h>

#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "api/http_server.h"
#include "cli/run.h"
#include "tests/unit/api/fake_service.h"

namespace nsr::cli {

/// The command line against the real server with a service that notes what it is asked: what a user types, what the
/// service gets, what the user sees.
class CliTest : public ::testing::Test {
protected:
    struct Outcome {
        int status = 0;
        std::string out;
        std::string err;
    };

    CliTest() {
        std::string folder = "/tmp/nsr-cli-XXXXXX";
        folder_ = ::mkdtemp(folder.data());
        socket_ = folder_ + "/s";
        server_.emplace(control_, socket_, router_, metrics_, [](std::function<void()> task) { task(); });
        EXPECT_TRUE(server_->listen());
        thread_ = std::thread([this] { control_.run(); });
    }
    ~CliTest() override {
        boost::asio::post(control_, [this] { server_->stop(); });
        thread_.join();
        ::rmdir(folder_.c_str());
    }

    Outcome run(std::vector<std::string> words) { return run_at(socket_, std::move(words)); }

    static Outcome run_at(const std::string& socket, std::vector<std::string> words) {
        words.insert(words.begin(), {"ns-register", "--socket", socket});
        std::vector<char*> argv;
        for (auto& word : words) argv.push_back(word.data());
        ::testing::internal::CaptureStdout();
        ::testing::internal::CaptureStderr();
        Outcome outcome;
        outcome.status = cli::run(static_cast<int>(argv.size()), argv.data());
        std::fflush(stdout);
        outcome.out = ::testing::internal::GetCapturedStdout();
        outcome.err = ::testing::internal::GetCapturedStderr();
        return outcome;
    }

    std::string folder_;
    std::string socket_;
    nsr::testing::FakeService service_;
    api::Router router_{service_, {"1.2.3", "abc", [] { return std::string("nsr_x 1\n"); }}};
    Metrics metrics_{1};
    boost::asio::io_context control_{1};
    std::optional<api::HttpServer> server_;
    std::thread thread_;
};

}  // namespace nsr::cli
