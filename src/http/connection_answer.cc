// How a connection answers: heads, bodies and streams into the loop's output, and from there to the peer.
#include <algorithm>

#include "base/assert.h"
#include "http/connection.h"
#include "http/event_loop.h"
#include "http/response.h"

namespace quipu::http {

// In its turn a connection writes into the loop's buffer, which is sent when the turn is over. Outside of it, or behind
// bytes that are waiting already, it writes into its own.
std::string& Connection::output() {
  return loop_.current() == this && unsent_.empty() ? loop_.output() : unsent_.bytes();
}

std::string_view Connection::connection_option(bool keep_alive) const {
  if (!keep_alive) return "close";
  return is_http_1_0_ ? "keep-alive" : "";
}

void Connection::respond(int status, std::string_view content_type, std::string_view body,
                         std::span<const Header> extra) {
  QUIPU_ASSERT(phase_ == Phase::waiting, "respond() without a request, or the second one");
  QUIPU_ASSERT(status >= 200 && status <= 599, "status {}", status);
  const bool keep_alive = keep_alive_ && !closes_after_answer_ && !loop_.is_stopping();
  if (!broken_) {
    std::string& out = output();
    const ResponseHead head{.status = status,
                            .content_type = content_type,
                            .framing = has_no_body(status) ? BodyFraming::none : BodyFraming::sized,
                            .body_bytes = body.size(),
                            .connection = connection_option(keep_alive),
                            .extra = extra,
                            .added = added_headers_};
    append_head(out, head, loop_.date_line());
    if (!is_head_ && head.framing != BodyFraming::none) out.append(body);
  }
  finish_exchange(status, keep_alive);
}

void Connection::finish_exchange(int status, bool keep_alive) {
  phase_ = keep_alive ? Phase::reading : Phase::lingering;
  since_ = loop_.now();
  ServerFigures& figures = loop_.figures();
  figures.answers[static_cast<std::size_t>(status / 100 - 1)].add();
  const auto latency = std::chrono::steady_clock::now() - request_started_;
  figures.latency_microseconds.observe(
      static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(latency).count()));
  if (loop_.current() != this) loop_.queue(*this);
}

void Connection::begin_stream(int status, std::string_view content_type, std::span<const Header> extra) {
  QUIPU_ASSERT(phase_ == Phase::waiting, "begin_stream() without a request, or after its answer");
  is_chunked_ = !is_http_1_0_;
  if (!broken_) {
    const ResponseHead head{.status = status,
                            .content_type = content_type,
                            .framing = is_chunked_ ? BodyFraming::chunked : BodyFraming::until_end,
                            // Whoever wakes a stream may do so once more when it has ended. No request may follow that
                            // would take it for its own.
                            .connection = connection_option(/*keep_alive=*/false),
                            .extra = extra,
                            .added = added_headers_};
    append_head(output(), head, loop_.date_line());
  }
  phase_ = Phase::streaming;
  since_ = loop_.now();
  bytes_since_ = 0;
  loop_.figures().answers[static_cast<std::size_t>(status / 100 - 1)].add();
  loop_.figures().streams_opened.add();
  if (loop_.current() != this) loop_.queue(*this);
}

void Connection::send(std::string_view bytes) {
  QUIPU_ASSERT(phase_ == Phase::streaming, "send() without a stream");
  if (broken_ || overflowed_ || is_head_ || bytes.empty()) return;
  std::string& out = output();
  if (is_chunked_) {
    append_chunk(out, bytes);
  } else {
    out.append(bytes);
  }
  const std::size_t unsent_bytes_max = loop_.limits().stream_unsent_bytes_max;
  if (unsent_bytes() > unsent_bytes_max) flush();
  if (unsent_bytes() > unsent_bytes_max) overflowed_ = true;
  if (!unsent_.account()) broken_ = true;
  if (loop_.current() != this) loop_.queue(*this);
}

void Connection::end_stream() {
  QUIPU_ASSERT(phase_ == Phase::streaming, "end_stream() without a stream");
  if (is_chunked_ && !is_head_ && !broken_) output().append(last_chunk);
  if (overflowed_) broken_ = true;  // the end must not look like the stream's
  phase_ = Phase::lingering;
  since_ = loop_.now();
  loop_.figures().streams_closed.add();
  if (loop_.current() != this) loop_.queue(*this);
}

std::size_t Connection::unsent_bytes() const {
  return unsent_.rest().size() + (loop_.current() == this ? loop_.output().size() : 0);
}

void Connection::refuse(Refusal refusal) {
  loop_.figures().requests_refused.add();
  const int status = refusal_status(refusal);
  Limits limits = loop_.limits();
  if (refusal == Refusal::body_too_large) limits.body_bytes_max = parser_.body_bytes_max();
  const std::string body = refusal_body(refusal, limits);
  static constexpr Header retry_after{"Retry-After", "1"};
  const ResponseHead head{.status = status,
                          .content_type = "application/json",
                          .framing = BodyFraming::sized,
                          .body_bytes = body.size(),
                          .connection = "close",
                          .extra = {&retry_after, status == 503 ? 1UL : 0UL},
                          .added = loop_.refusal_headers()};
  std::string& out = output();
  append_head(out, head, loop_.date_line());
  out.append(body);
  loop_.figures().answers[static_cast<std::size_t>(status / 100 - 1)].add();
  phase_ = Phase::lingering;
  since_ = loop_.now();
  bytes_since_ = 0;
}

void Connection::flush() {
  if (has_unsent() && !broken_) transmit_unsent();
  if (loop_.current() == this) {
    if (!broken_) transmit_output();
    loop_.output().clear();
  }
  if (!unsent_.account()) broken_ = true;
  if (has_unsent() == is_stalled_) return;
  is_stalled_ = has_unsent();
  since_ = loop_.now();
  bytes_since_ = 0;
}

void Connection::transmit_output() {
  const std::string& out = loop_.output();
  const std::size_t sent = transmit(out);
  if (sent < out.size()) unsent_.bytes().append(out, sent);
}

void Connection::transmit_unsent() {
  const std::size_t sent = transmit(unsent_.rest());
  bytes_since_ += sent;
  if (sent > 0) unsent_.sent(sent);
}

// Until all is sent or the socket takes no more.
std::size_t Connection::transmit(std::string_view bytes) {
  std::size_t sent = 0;
  while (writable_ && !broken_ && sent < bytes.size()) {
    const Transferred result = transport_.transmit(bytes.data() + sent, bytes.size() - sent);
    if (result.outcome == Transfer::moved) {
      sent += result.bytes;
    } else if (result.outcome == Transfer::would_block) {
      writable_ = false;
    } else {
      broken_ = true;
    }
  }
  if (sent > 0) loop_.figures().sent_bytes.add(sent);
  return sent;
}

}  // namespace quipu::http
