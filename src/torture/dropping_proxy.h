// A TCP proxy between client and server that lets requests through and now and then swallows the answer: the server has
// executed the request, the client sees its connection close and cannot know. That is what retries must survive.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include "base/random.h"
#include "base/result.h"
#include "torture/socket.h"

namespace quipu::torture {

class DroppingProxy {
 public:
  // Every answer is dropped with this chance, and the connection with it.
  static Result<std::unique_ptr<DroppingProxy>> start(unsigned drop_percent, std::uint64_t seed);
  ~DroppingProxy();

  std::uint16_t port() const { return port_; }
  void aim_at(std::uint16_t server_port) { server_port_.store(server_port); }  // new connections go there
  std::uint64_t answers_dropped() const { return answers_dropped_.load(); }

 private:
  struct Pair {
    FileDescriptor client;
    FileDescriptor server;
    bool finished = false;
  };

  DroppingProxy(unsigned drop_percent, std::uint64_t seed) : drop_percent_{drop_percent}, random_{seed} {}
  void run();
  void accept_one();
  void pass_on_request(Pair& pair);
  void pass_on_answer(Pair& pair);

  const unsigned drop_percent_;
  FileDescriptor listener_;
  FileDescriptor stop_;  // an eventfd
  std::uint16_t port_ = 0;
  std::atomic<std::uint16_t> server_port_{0};
  std::atomic<std::uint64_t> answers_dropped_{0};

  // The thread's own.
  SeededRandom random_;
  std::vector<Pair> pairs_;

  std::jthread thread_;  // last: starts when all is ready, ends first
};

}  // namespace quipu::torture
