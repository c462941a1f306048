// What operators and tools ask: is it alive, is it ready, what are its figures, what is its API.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "gateway/session.h"

namespace quipu::gateway {

// What only the program as a whole can say.
struct Probes {
  std::function<std::string()> not_ready;  // empty, or why writes are not taken
  std::function<std::string()> metrics;    // in the Prometheus text format
};

class HealthEndpoint final : public Endpoint {  // the process answers
  void handle(Session& session) override;
};

class ReadyEndpoint final : public Endpoint {  // it takes writes
 public:
  explicit ReadyEndpoint(const Probes& probes) : probes_{probes} {}
  void handle(Session& session) override;

 private:
  const Probes& probes_;
};

class MetricsEndpoint final : public Endpoint {
 public:
  explicit MetricsEndpoint(const Probes& probes) : probes_{probes} {}
  void handle(Session& session) override;

 private:
  const Probes& probes_;
};

class OpenApiEndpoint final : public Endpoint {
  void handle(Session& session) override;
};

}  // namespace quipu::gateway
