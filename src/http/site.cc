#include "http/site.h"

namespace quipu::http {

Handler& Site::handler_of(std::string_view path) const {
  for (const Place& place : places_)
    if (place.path == path) return place.handler;
  return otherwise_;
}

void Site::pass_on(Exchange& exchange, void (Handler::*call)(Exchange&)) const {
  Handler& handler = handler_of(exchange.request().path());
  if (exchange.state && exchange.state->owner != &handler) exchange.state.reset();
  (handler.*call)(exchange);
  if (exchange.state) exchange.state->owner = &handler;
}

void Site::handle(Exchange& exchange) {
  pass_on(exchange, &Handler::handle);
}

void Site::handle_head(Exchange& exchange) {
  pass_on(exchange, &Handler::handle_head);
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
