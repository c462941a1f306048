// Reading and the connection's way through its phases. The answers are in connection_answer.cc.
#include "http/connection.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "http/event_loop.h"

namespace quipu::http {
namespace {

// So that a peer that never stops sending does not starve the others of its loop.
constexpr unsigned reads_per_turn_max = 4;
// Answers to pipelined requests are sent together, but not without bound.
constexpr std::size_t output_batch_bytes_max = 256_KiB;
constexpr std::size_t input_bytes_min = 4_KiB;
// What a peer may still send after its last answer.
constexpr std::size_t linger_bytes_max = 1_MiB;
constexpr std::string_view continue_line = "HTTP/1.1 100 Continue\r\n\r\n";

}  // namespace

Connection::Connection(EventLoop& loop, Descriptor socket, std::unique_ptr<TlsSession> tls)
    : loop_{loop},
      transport_{std::move(socket), std::move(tls)},
      input_{loop.budget()},
      unsent_{loop.budget()},
      since_{loop.now()},
      request_started_{loop.now()},
      phase_{transport_.is_tls() ? Phase::handshake : Phase::reading} {}

const Request& Connection::request() const {
  QUIPU_ASSERT(is_handling_, "request() is for Handler::handle() and handle_head() only");
  return loop_.request();
}

std::size_t Connection::loop_index() const {
  return loop_.index();
}

void Connection::on_events(std::uint32_t events) {
  if (phase_ == Phase::closed) return;
  if ((events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) readable_ = true;
  if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) hung_up_ = true;
  if ((events & EPOLLOUT) != 0) writable_ = true;
  // TLS reads may have waited for room to write, and writes for something to read.
  if (transport_.is_tls()) readable_ = writable_ = true;
  if ((events & (EPOLLHUP | EPOLLERR)) != 0 && (phase_ == Phase::waiting || phase_ == Phase::streaming)) broken_ = true;
  advance();
}

void Connection::on_wake() {
  woken_.exchange(false, std::memory_order_acq_rel);
  if (phase_ != Phase::waiting && phase_ != Phase::streaming) return;  // a wake that came late
  if (postponed_) {
    postponed_ = false;
    phase_ = Phase::reading;
    if (input_.empty()) refuse(Refusal::too_many_buffered_bytes);  // there was no room to keep the request
    return advance();
  }
  Connection* const before = loop_.set_current(this);
  loop_.handler().resume(*this);
  loop_.set_current(before);
  advance();
}

void Connection::wake() noexcept {
  EventLoop& loop = loop_;
  if (!woken_.exchange(true, std::memory_order_acq_rel)) loop.deliver(*this);
}

void Connection::advance() {
  if (phase_ == Phase::closed) return;
  Connection* const before = loop_.set_current(this);
  if (phase_ == Phase::handshake) shake_hands();
  flush();
  if (phase_ == Phase::reading) read_requests();
  if (phase_ == Phase::lingering) linger();
  settle();
  QUIPU_ASSERT(loop_.output().empty(), "{} bytes of an answer were left behind", loop_.output().size());
  loop_.set_current(before);
}

// Draws the conclusions from what the steps before have found.
void Connection::settle() {
  if (phase_ == Phase::closed) return;
  if (phase_ == Phase::waiting) {
    // The answer is owed to the handler's side, which still holds this connection. It will find nobody to send it to.
    if (broken_) transport_.close();
    return;
  }
  const bool stream_is_over = phase_ == Phase::streaming && (hung_up_ || overflowed_);
  const bool has_stopped = phase_ == Phase::reading && loop_.is_stopping() && !has_unsent();
  if (broken_ || stream_is_over || (has_stopped && input_.empty())) {
    close();
  } else if (has_stopped) {
    refuse(Refusal::stopping);
    flush();
    linger();
    if (broken_) close();
  }
}

void Connection::shake_hands() {
  switch (transport_.handshake()) {
    case Transfer::moved:
      phase_ = Phase::reading;
      readable_ = true;
      since_ = loop_.now();
      break;
    case Transfer::would_block: break;
    case Transfer::ended:
    case Transfer::broken: broken_ = true; break;
  }
}

void Connection::read_requests() {
  unsigned reads = 0;
  while (phase_ == Phase::reading && !broken_ && !has_unsent()) {
    if (input_is_new_) {
      char* bytes = input_.data();
      std::size_t size = input_.size();
      process(bytes, size);
      input_.keep(bytes, size);
      note_incomplete();
    } else if (!readable_) {
      return;
    } else if (reads++ == reads_per_turn_max) {
      loop_.queue(*this);
      return;
    } else if (input_.empty()) {
      receive();
    } else {
      receive_into_own_buffer();
    }
    flush();
  }
}

void Connection::note_received(Transferred received, std::size_t room) {
  switch (received.outcome) {
    case Transfer::moved:
      loop_.figures().received_bytes.add(received.bytes);
      // A short read has emptied the socket: what comes later is a new edge. Only an end that came along is not.
      if (received.bytes < room && !transport_.is_tls()) readable_ = hung_up_;
      break;
    case Transfer::would_block: readable_ = false; break;
    case Transfer::ended:
    case Transfer::broken: broken_ = true; break;
  }
}

void Connection::receive() {
  char* bytes = loop_.receive_buffer();
  const Transferred received = transport_.receive(bytes, EventLoop::receive_bytes);
  note_received(received, EventLoop::receive_bytes);
  if (received.outcome != Transfer::moved) return;
  std::size_t size = received.bytes;
  process(bytes, size);
  if (size > 0) keep_rest(bytes, size);
  note_incomplete();
}

void Connection::receive_into_own_buffer() {
  if (!input_.hold(std::max(capacity_wanted(input_.size()), input_.size() + 1))) {
    refuse(Refusal::too_many_buffered_bytes);
    return;
  }
  const std::size_t room = input_.room_bytes();
  const Transferred received = transport_.receive(input_.room(), room);
  note_received(received, room);
  if (received.outcome != Transfer::moved) return;
  input_.add(received.bytes);
  bytes_since_ += received.bytes;
  input_is_new_ = true;
}

// How large the own buffer should become for more of a request of which `size` bytes are there. It grows with what has
// come, not with what was announced: a promise is not worth memory that others need.
std::size_t Connection::capacity_wanted(std::size_t size) const {
  std::size_t enough = loop_.limits().header_bytes_max + 1;  // one more, to see that it is too much
  if (parser_.in_body()) {
    enough = parser_.is_sized() ? parser_.bytes_wanted()
                                : parser_.bytes_wanted() + parser_.body_bytes_max() + trailer_bytes_max;
  }
  return std::max(size, std::min(enough, std::max(2 * size, input_bytes_min)));
}

// The rest of what stands in the loop's buffer goes into the own one.
void Connection::keep_rest(const char* bytes, std::size_t size) {
  if (phase_ == Phase::lingering || broken_) return;
  if (input_.store(bytes, size, input_is_new_ ? size : capacity_wanted(size))) return;
  input_is_new_ = false;
  if (phase_ == Phase::reading) {
    refuse(Refusal::too_many_buffered_bytes);
  } else {
    closes_after_answer_ = true;  // the peer learns from the close that its further requests were not read
  }
}

// Handles the whole requests. `bytes` and `size` become what is left.
void Connection::process(char*& bytes, std::size_t& size) {
  input_is_new_ = false;
  while (size > 0 && phase_ == Phase::reading) {
    if (loop_.output().size() > output_batch_bytes_max) flush();
    if (has_unsent() || broken_) break;
    Request& request = loop_.request();
    const bool had_head = parser_.in_body();
    const auto status = parser_.parse(loop_.limits(), bytes, size, request);
    if (status == RequestParser::Status::incomplete) {
      if (!parser_.in_body() || in_body_ || loop_.is_stopping()) return;
      if (had_head) parser_.read_head_again(loop_.limits(), {bytes, size}, request);
      return show_head(request);
    }
    if (status == RequestParser::Status::refused || loop_.is_stopping()) {
      refuse(status == RequestParser::Status::refused ? parser_.refusal() : Refusal::stopping);
      size = 0;
      return;
    }
    bytes += parser_.consumed();
    size -= parser_.consumed();
    start_exchange(request);
    is_handling_ = true;
    loop_.handler().handle(*this);
    is_handling_ = false;
    if (postponed_) {
      bytes -= parser_.consumed();
      size += parser_.consumed();
    } else {
      parser_ = RequestParser{};
    }
  }
  input_is_new_ = size > 0;
}

// Of a request whose body is not whole. An answer to it ends the connection: what comes next would be the body.
void Connection::show_head(const Request& request) {
  start_exchange(request);
  keep_alive_ = false;
  is_handling_ = true;
  loop_.handler().handle_head(*this);
  is_handling_ = false;
  input_is_new_ = postponed_;
  if (phase_ == Phase::waiting && !postponed_) phase_ = Phase::reading;
}

void Connection::start_exchange(const Request& request) {
  in_body_ = continue_sent_ = closes_after_answer_ = false;
  bytes_since_ = 0;
  added_headers_ = {};
  keep_alive_ = request.keep_alive();
  is_http_1_0_ = request.is_http_1_0();
  is_head_ = request.method() == Method::head;
  request_started_ = loop_.now();
  phase_ = Phase::waiting;
}

// Starts the clock of a request that has begun but is not whole, and asks for its body if the peer waits to be asked.
void Connection::note_incomplete() {
  if (phase_ != Phase::reading || input_is_new_ || input_.empty()) return;
  if (bytes_since_ == 0 && !in_body_) {
    since_ = loop_.now();
    bytes_since_ = input_.size();
  }
  if (parser_.in_body() && !in_body_) {
    in_body_ = true;
    since_ = loop_.now();
    bytes_since_ = input_.size();
  }
  if (parser_.expects_continue() && !continue_sent_) {
    continue_sent_ = true;
    output().append(continue_line);
  }
}

void Connection::linger() {
  if (has_unsent() || broken_) return;
  if (!ended_) {
    transport_.end();
    ended_ = true;
    since_ = loop_.now();
    bytes_since_ = 0;
    input_.clear();
  }
  while (readable_ && !broken_) {
    const Transferred received = transport_.receive(loop_.receive_buffer(), EventLoop::receive_bytes);
    note_received(received, EventLoop::receive_bytes);
    bytes_since_ += received.bytes;
    if (bytes_since_ > linger_bytes_max) broken_ = true;
  }
}

void Connection::tick() {
  if (phase_ != Phase::streaming) return;
  Connection* const before = loop_.set_current(this);
  loop_.handler().tick(*this);
  loop_.set_current(before);
  advance();
}

// The peer has had its grace and is still slower than the least rate. Each grace is looked at by itself: who was fast
// has earned no hours of silence.
bool Connection::is_too_slow(MonotonicTime now, std::chrono::milliseconds grace) {
  const auto elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(now - since_);
  if (elapsed <= grace) return false;
  const auto bytes_min =
      static_cast<std::size_t>(elapsed.count()) * loop_.limits().body_rate_min_bytes_per_second / 1000;
  since_ = now;
  return std::exchange(bytes_since_, 0) < bytes_min;
}

void Connection::check_deadlines(MonotonicTime now) {
  const Limits& limits = loop_.limits();
  if (phase_ == Phase::closed || phase_ == Phase::waiting) return;
  bool missed = false;
  if (has_unsent()) {
    missed = is_stalled_ && is_too_slow(now, limits.write_deadline);
  } else if (phase_ == Phase::handshake) {
    missed = now - since_ > limits.header_deadline;
  } else if (phase_ == Phase::lingering) {
    if (now - since_ > limits.linger_deadline) close();
  } else if (phase_ == Phase::reading && input_.empty()) {
    if (now - since_ > limits.idle_deadline) close();
  } else if (phase_ == Phase::reading) {
    const bool slow = in_body_ ? is_too_slow(now, limits.body_grace) : now - since_ > limits.header_deadline;
    if (!slow) return;
    loop_.figures().deadlines_missed.add();
    refuse(in_body_ ? Refusal::body_deadline : Refusal::header_deadline);
    advance();
  }
  if (!missed) return;
  loop_.figures().deadlines_missed.add();
  close();
}

void Connection::stop() {
  switch (phase_) {
    case Phase::handshake: close(); break;
    case Phase::reading:
      advance();  // what has arrived is refused, not ignored
      break;
    case Phase::streaming:
      loop_.handler().closed(*this);
      end_stream();
      advance();
      break;
    case Phase::waiting:
    case Phase::lingering:
    case Phase::closed: break;
  }
}

void Connection::give_up() {
  if (phase_ == Phase::waiting) {
    broken_ = true;
    transport_.close();
  } else {
    close();
  }
}

void Connection::close() {
  if (phase_ == Phase::closed) return;
  if (phase_ == Phase::streaming) {
    loop_.figures().streams_closed.add();
    loop_.handler().closed(*this);
  }
  phase_ = Phase::closed;
  transport_.close();
  input_.clear();
  unsent_.clear();
  loop_.figures().connections_closed.add();
  loop_.bury(*this);
}

}  // namespace quipu::http
