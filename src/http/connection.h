// One connection: reads requests, has them handled one after the other, writes the answers.
//
// All of it runs on the loop's thread but wake(). A connection never blocks and never destroys itself: it is closed,
// and its loop destroys it when nobody can reach it any more.
//
//   handshake ──► reading ◄──► waiting     for the handler's answer
//                    │  ▲         │
//                    │  └──── streaming    an answer without end
//                    ▼            │
//                lingering ◄──────┘        nothing more is handled; the peer gets time to read its last answer
//                    ▼
//                  closed
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/handoff.h"
#include "http/buffers.h"
#include "http/exchange.h"
#include "http/request_parser.h"
#include "http/transport.h"

namespace quipu::http {

class EventLoop;

class Connection final : public Exchange {
 public:
  Connection(EventLoop& loop, Descriptor socket, std::unique_ptr<TlsSession> tls);
  ~Connection() = default;

  const Request& request() const override;
  std::size_t loop_index() const override;
  void respond(int status, std::string_view content_type, std::string_view body,
               std::span<const Header> extra) override;
  void begin_stream(int status, std::string_view content_type, std::span<const Header> extra) override;
  void send(std::string_view bytes) override;
  void end_stream() override;
  std::size_t unsent_bytes() const override;
  void add_to_answer(std::span<const Header> headers) override { added_headers_ = headers; }
  void postpone() override { postponed_ = true; }
  void close_after_answer() override { closes_after_answer_ = true; }
  void wake() noexcept override;

  // The loop's side.
  void on_events(std::uint32_t events);
  void on_wake();
  // Goes on with whatever can go on: sends, reads, handles.
  void advance();
  void tick();
  void check_deadlines(MonotonicTime now);
  // Answers the peer with an error and lets no more requests through; advance() must follow.
  void refuse(Refusal refusal);
  void stop();
  void give_up();
  bool is_closed() const { return phase_ == Phase::closed; }
  bool is_waiting() const { return phase_ == Phase::waiting; }
  bool is_wake_under_way() const { return woken_.load(std::memory_order_acquire); }

  HandoffLink<Connection> handoff;  // in the loop's queue of wakes
  std::size_t index = 0;            // in the loop's connections
  bool is_queued = false;           // to go on in the loop's next turn

 private:
  enum class Phase : std::uint8_t { handshake, reading, waiting, streaming, lingering, closed };

  void shake_hands();
  void read_requests();
  void receive();
  void receive_into_own_buffer();
  void process(char*& bytes, std::size_t& size);
  void start_exchange(const Request& request);
  void show_head(const Request& request);
  void finish_exchange(int status, bool keep_alive);
  void keep_rest(const char* bytes, std::size_t size);
  void note_incomplete();
  std::size_t capacity_wanted(std::size_t size) const;
  void note_received(Transferred received, std::size_t room);
  void linger();
  void settle();
  void close();

  std::string& output();
  void flush();
  void transmit_output();
  void transmit_unsent();
  std::size_t transmit(std::string_view bytes);
  std::string_view connection_option(bool keep_alive) const;
  bool is_too_slow(MonotonicTime now, std::chrono::milliseconds grace);
  bool has_unsent() const { return !unsent_.empty(); }

  EventLoop& loop_;
  Transport transport_;
  RequestParser parser_;
  InputBuffer input_;
  UnsentBuffer unsent_;

  MonotonicTime since_;            // when what the deadlines measure began
  MonotonicTime request_started_;  // for the latency
  std::size_t bytes_since_ = 0;    // received, sent or dropped since then
  std::atomic<bool> woken_{false};
  Phase phase_;

  bool readable_ = false;  // the socket may have more: set by its events, cleared by a read that finds less
  bool writable_ = true;
  bool hung_up_ = false;       // the peer has ended its side, perhaps only that
  bool broken_ = false;        // nothing more can be sent or received
  bool overflowed_ = false;    // a stream's peer does not read
  bool input_is_new_ = false;  // the own buffer has bytes that were not parsed yet
  bool in_body_ = false;       // the head was let in, and the body is not whole
  bool continue_sent_ = false;
  bool closes_after_answer_ = false;
  bool ended_ = false;        // our side of the connection
  bool is_stalled_ = false;   // the peer does not take what is unsent; since_ says since when
  bool is_handling_ = false;  // inside Handler::handle() or handle_head()
  bool postponed_ = false;    // the request under way is still in the own buffer, and is to be handled again

  // Of the request that is being answered.
  std::span<const Header> added_headers_;
  bool keep_alive_ = false;
  bool is_head_ = false;
  bool is_http_1_0_ = false;
  bool is_chunked_ = false;
};

}  // namespace quipu::http
