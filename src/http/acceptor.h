// Takes new connections and spreads them over the loops.
#pragma once

#include <memory>
#include <vector>

#include "http/event_loop.h"
#include "http/poller.h"

namespace quipu::http {

class Acceptor final : public ReadyListener {
 public:
  // Runs on `home`, which outlives it, as do the others.
  Acceptor(Descriptor listener, ServerCommon& common, EventLoop& home, std::vector<EventLoop*> loops);

  Result<> open();
  void on_ready() override;
  void on_sweep() override;
  void stop() override;

 private:
  void spread(Descriptor socket);
  bool drop_one();
  void pause();

  Descriptor listener_;
  // Given up for a moment when there are no descriptors left, to be able to take a connection and close it: the peer is
  // told at once, and the listener does not stay ready for ever.
  Descriptor spare_;
  ServerCommon& common_;
  EventLoop& home_;
  std::vector<EventLoop*> loops_;
  bool is_paused_ = false;
};

}  // namespace quipu::http
