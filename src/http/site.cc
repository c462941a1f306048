#include "http/site.h"

namespace quipu::http {

Handler& Site::handler_of(std::string_view path) const {
  for (const Place& place : places_)
    if (place.path == path) return place.handler;
  return otherwise_;
}

void Site::handle(Exchange& exchange) {
  Handler& handler = handler_of(exchange.request().path());
  if (exchange.state && exchange.state->owner != &handler) exchange.state.reset();
  handler.handle(exchange);
  if (exchange.state) exchange.state->owner = &handler;
}

void Site::resume(Exchange& exchange) {
  exchange.state->owner->resume(exchange);
}

void Site::tick(Exchange& exchange) {
  exchange.state->owner->tick(exchange);
}

void Site::closed(Exchange& exchange) noexcept {
  exchange.state->owner->closed(exchange);
}

void Site::end_of_turn() {
  for (const Place& place : places_) place.handler.end_of_turn();
  otherwise_.end_of_turn();
}

}  // namespace quipu::http
