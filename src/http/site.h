// Several handlers behind one server: the path of a request says whose it is.
//
// A connection keeps the state of the handler that it asked last; one that goes back and forth between two of them
// makes it anew each time.
#pragma once

#include <string_view>
#include <vector>

#include "http/exchange.h"

namespace quipu::http {

class Site final : public Handler {
 public:
  struct Place {
    std::string_view path;  // exactly this one
    Handler& handler;
  };

  // The handlers outlive it. `otherwise` has every path that no place has.
  Site(std::vector<Place> places, Handler& otherwise) : places_{std::move(places)}, otherwise_{otherwise} {}

  void handle(Exchange& exchange) override;
  void handle_head(Exchange& exchange) override;
  void resume(Exchange& exchange) override;
  void tick(Exchange& exchange) override;
  void closed(Exchange& exchange) noexcept override;
  void end_of_turn() override;

 private:
  Handler& handler_of(std::string_view path) const;
  void pass_on(Exchange& exchange, void (Handler::*call)(Exchange&)) const;

  const std::vector<Place> places_;
  Handler& otherwise_;
};

}  // namespace quipu::http
