// What the command line has chosen to do. Parsing only notes it; main() runs it, so that errors of the command do not
// pass through the parser.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <functional>
#include <memory>

#include "app/remote.h"
#include "base/result.h"

namespace quipu::app {

// The process's exit code, or an error to print.
using Command = std::function<Result<int>()>;

inline std::shared_ptr<RemoteOptions> add_remote_options(CLI::App& command) {
  auto remote = std::make_shared<RemoteOptions>();
  command.add_option("--url", remote->url, "The server")->envname("QUIPU_URL")->capture_default_str();
  command.add_option("--api-key", remote->api_key, "Not needed where the server runs with --dev")
      ->envname("QUIPU_API_KEY");
  command.add_option("--ca-file", remote->ca_file, "Trust the certificates in this PEM file");
  command.add_flag("--insecure", remote->insecure, "Do not check the server's certificate");
  return remote;
}

}  // namespace quipu::app
