// Bytes in, one Request out. Pure: no socket, no clock, no allocation.
//
// The parser is given all bytes since the start of the request, again and again as they grow (they may have moved in
// between), and gives the same outcome however they were cut. It is strict where leniency lets two parsers disagree
// about where a request ends (RFC 9112, 11.2): what is ambiguous is refused and the connection closed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "http/limits.h"
#include "http/message.h"
#include "http/refusal.h"

namespace quipu::http {

class RequestParser {
 public:
  enum class Status : std::uint8_t { incomplete, complete, refused };

  // `bytes[0, size)` begins where the request begins. A chunked body is decoded in place, which may make `size`
  // smaller. If complete, `request` holds views into `bytes`, and the next request begins at consumed(); asked again
  // with the same bytes, it is complete again.
  Status parse(const Limits& limits, char* bytes, std::size_t& size, Request& request);

  // While the body is not whole: the head into `request` once more, with an empty body, from bytes that may have moved
  // since. What parse() read there holds only until another request is parsed.
  void read_head_again(const Limits& limits, std::string_view bytes, Request& request);

  std::size_t consumed() const { return consumed_; }
  Refusal refusal() const { return refusal_; }
  // The head is whole and the body is not.
  bool in_body() const { return head_bytes_ != 0; }
  // The peer sends its body only after `100 Continue`.
  bool expects_continue() const { return in_body() && expects_continue_; }
  // Of this request; known once its head is.
  std::size_t body_bytes_max() const { return body_bytes_max_; }
  // The body's size was announced.
  bool is_sized() const { return body_ == Body::sized; }
  // As far as is known: what the whole request needs in a buffer.
  std::size_t bytes_wanted() const { return head_bytes_ + (body_ == Body::sized ? body_bytes_ : 0); }

 private:
  enum class Body : std::uint8_t { none, sized, chunked };
  enum class ChunkPart : std::uint8_t { size, data, data_end, trailer };

  std::optional<Refusal> find_head(const Limits& limits, std::string_view bytes);
  std::optional<Refusal> parse_head(const Limits& limits, std::string_view head, Request& request);
  std::optional<Refusal> parse_request_line(const Limits& limits, std::string_view line, Request& request);
  std::optional<Refusal> parse_header(std::string_view line, Request& request);
  std::optional<Refusal> note_header(const Header& header, Request& request);
  std::optional<Refusal> check_framing(const Limits& limits, Request& request);
  std::optional<Refusal> decode_chunks(char* bytes, std::size_t& size);
  std::optional<Refusal> parse_chunk_line(std::string_view line);
  Status refuse(Refusal refusal);

  // The head: where the search for its end goes on, and where it ended (0: not yet).
  std::size_t line_start_ = 0;
  std::size_t scanned_ = 0;
  std::size_t head_start_ = 0;  // 2 if an empty line came before it
  std::size_t head_bytes_ = 0;

  // The body: its announced size, or the bytes decoded so far.
  std::size_t body_bytes_ = 0;
  std::size_t body_bytes_max_ = 0;
  std::size_t chunk_bytes_left_ = 0;
  std::size_t trailer_bytes_ = 0;
  std::size_t consumed_ = 0;

  Body body_ = Body::none;
  ChunkPart chunk_part_ = ChunkPart::size;
  bool chunks_ended_ = false;
  bool has_host_ = false;
  bool has_length_ = false;
  bool has_transfer_encoding_ = false;
  bool expects_continue_ = false;
  bool wants_close_ = false;
  bool wants_keep_alive_ = false;
  Refusal refusal_ = Refusal::request_line;
};

}  // namespace quipu::http
