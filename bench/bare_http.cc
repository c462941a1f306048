// Our HTTP server answering a constant: what HTTP costs without storage.
//
//   bare_http [--port N] [--loops N]
#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdint>

#include <fmt/core.h>

#include "http/server.h"

namespace {

class ConstantAnswer final : public quipu::http::Handler {
 public:
  void handle(quipu::http::Exchange& exchange) override {
    exchange.respond(200, "application/json", R"({"counter":"orders","new_value":1})");
  }
  void resume(quipu::http::Exchange&) override {}
};

}  // namespace

int main(int argument_count, char** arguments) {
  quipu::http::ServerOptions options;
  options.port = 7071;
  CLI::App command{"Answers every request with the same counter."};
  command.add_option("--port", options.port, "port on 127.0.0.1");
  command.add_option("--loops", options.loops, "event loops");
  CLI11_PARSE(command, argument_count, arguments);

  // Before the loops' threads start, so that only sigwait() below sees them.
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGINT);
  sigaddset(&ends, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &ends, nullptr);

  ConstantAnswer handler;
  const auto server = quipu::http::Server::start(options, handler);
  if (!server) {
    fmt::print(stderr, "{}\n", server.error().message);
    return 1;
  }
  fmt::print("listening on 127.0.0.1:{}\n", (*server)->port());
  std::fflush(stdout);
  int signal = 0;
  sigwait(&ends, &signal);
  return (*server)->stop() ? 0 : 1;
}
