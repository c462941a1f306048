// What stands between the HTTP server and the code that answers: an Exchange is one request and the way to answer it,
// a Handler decides what to answer.
//
// Threads: everything is called on the loop (thread) that owns the connection, and each connection stays on its loop.
// Only Exchange::wake() may be called from anywhere.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

#include "http/message.h"

namespace quipu::http {

class Handler;

class Exchange {
 public:
  // The handler's own; stays with the connection, so that its next request finds it again, and goes with it. Where
  // several handlers share a server (http/site.h), each sees only what is its own.
  struct State {
    virtual ~State() = default;
    Handler* owner = nullptr;  // kept by Site
  };

  // Only inside Handler::handle() and handle_head(): the request lies in a buffer that the next connection uses too.
  virtual const Request& request() const = 0;
  virtual std::size_t loop_index() const = 0;

  // The whole answer; once a request, in handle() or any time later on the loop's thread. If the peer is gone this does
  // nothing but end the exchange. An empty content type with an empty body sends no Content-Type.
  virtual void respond(int status, std::string_view content_type, std::string_view body,
                       std::span<const Header> extra = {}) = 0;

  // An answer without end (server-sent events): begin_stream(), send() any number of times, perhaps end_stream().
  // The connection ends with it.
  virtual void begin_stream(int status, std::string_view content_type, std::span<const Header> extra = {}) = 0;
  virtual void send(std::string_view bytes) = 0;
  virtual void end_stream() = 0;
  virtual std::size_t unsent_bytes() const = 0;

  // Further headers of the answer to this request, whoever writes it and when; once, before it. What they point to must
  // outlive the answer.
  virtual void add_to_answer(std::span<const Header> headers) = 0;

  // Inside Handler::handle() or handle_head(), instead of an answer: after the next wake() the same is called again,
  // with the same request.
  virtual void postpone() = 0;

  // Called before respond() or begin_stream(): the connection closes after this answer.
  virtual void close_after_answer() = 0;

  // From ANY thread: Handler::resume(exchange) is soon called on the loop. Several wakes may be one resume, and a wake
  // that comes while the resume for an earlier one is under way is one more resume. Allowed while an answer is owed or
  // a stream is open; the connection is kept so long, even if its peer is gone.
  virtual void wake() noexcept = 0;

  std::unique_ptr<State> state;

 protected:
  Exchange() = default;
  ~Exchange() = default;
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;
};

// Nothing here may throw: an exception that escapes ends the process.
class Handler {
 public:
  virtual ~Handler() = default;

  // Answer now; or keep the reference, let somebody call wake(), and answer in resume(). Until then the connection
  // reads nothing more.
  virtual void handle(Exchange& exchange) = 0;
  // The head is here and the body, which request() shows as empty, is not: the last moment to refuse it before it is
  // received, or before the peer is told to send it. Respond at once, and the connection closes after it; postpone();
  // or do neither, and handle() follows when the body is whole. Not called for a request that arrives at once, and then
  // handle() may not follow: the body may never come.
  virtual void handle_head(Exchange&) {}
  virtual void resume(Exchange& exchange) = 0;
  // About once a second for each open stream.
  virtual void tick(Exchange&) {}
  // An open stream has ended by its peer, a limit or the server's stop: no thread may call wake() once this returns.
  virtual void closed(Exchange&) noexcept {}
  // After the requests that were ready at once were handled, and again after waiting exchanges were resumed: the place
  // to pass on what they queued together.
  virtual void end_of_turn() {}
};

}  // namespace quipu::http
