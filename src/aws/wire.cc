#include "aws/wire.h"

#include <zlib.h>

#include <algorithm>
#include <charconv>

#include "base/text.h"

namespace quipu::aws::wire {

namespace {

constexpr std::string_view dynamodb_prefix = "DynamoDB_20120810.";
constexpr std::string_view streams_prefix = "DynamoDBStreams_20120810.";
constexpr std::string_view json_1_0 = "application/x-amz-json-1.0";
constexpr std::string_view json = "application/json";
constexpr std::string_view preflight_seconds = "172800";

// Without parameters: "application/json; charset=utf-8" is application/json.
std::string_view media_type(const http::Request& request) {
  const std::string_view value = request.header("content-type").value_or("");
  return trim(value.substr(0, value.find(';')));
}

std::uint64_t seed() {
  return load_big_endian<std::uint64_t>(secure_random_bytes(sizeof(std::uint64_t)));
}

// zlib's state, ended in any case.
class GzipReader {
 public:
  GzipReader() { ready_ = inflateInit2(&stream_, MAX_WBITS + gzip_only) == Z_OK; }
  ~GzipReader() {
    if (ready_) inflateEnd(&stream_);
  }
  GzipReader(const GzipReader&) = delete;
  GzipReader& operator=(const GzipReader&) = delete;

  Answer<> read(std::string_view bytes, std::string& out) {
    if (!ready_) return refuse(ErrorType::internal_failure);
    // zlib does not change its input, it only was never declared so.
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream_.avail_in = static_cast<uInt>(bytes.size());
    out.clear();
    for (;;) {
      const std::size_t before = out.size();
      // One byte more than is allowed, to see that there is more.
      const std::size_t room = std::min(std::max(before, smallest_step_bytes), body_bytes_max + 1 - before);
      out.resize(before + room);
      stream_.next_out = reinterpret_cast<Bytef*>(out.data() + before);
      stream_.avail_out = static_cast<uInt>(room);
      const int status = inflate(&stream_, Z_NO_FLUSH);
      out.resize(before + room - stream_.avail_out);
      if (out.size() > body_bytes_max) return refuse(ErrorType::request_too_large);
      if (status == Z_STREAM_END) break;
      // No progress: the input ends too early.
      if (status != Z_OK || out.size() == before) return refuse(ErrorType::serialization);
    }
    if (stream_.avail_in != 0) return refuse(ErrorType::serialization);
    return {};
  }

 private:
  static constexpr int gzip_only = 16;
  static constexpr std::size_t smallest_step_bytes = 16_KiB;

  z_stream stream_{};
  bool ready_ = false;
};

}  // namespace

Entry entry_of(const http::Request& request) {
  switch (request.method()) {
    case http::Method::options: return request.header("origin") ? Entry::preflight : Entry::unknown;
    case http::Method::get: return request.path() == "/" ? Entry::health : Entry::unknown;
    case http::Method::post: {
      if (request.path() != "/") return Entry::unknown;
      if (request.body().empty()) return Entry::operation;
      const std::string_view type = media_type(request);
      return type == json_1_0 || type == json ? Entry::operation : Entry::unknown;
    }
    default: return Entry::unknown;
  }
}

std::string health_body(std::string_view region) {
  // The service's has the space at its end, too.
  return fmt::format("healthy: dynamodb.{}.amazonaws.com ", region);
}

Answer<Target> read_target(const http::Request& request) {
  const std::string_view target = request.header("x-amz-target").value_or("");
  if (target.starts_with(dynamodb_prefix)) return Target{Api::dynamodb, target.substr(dynamodb_prefix.size())};
  if (target.starts_with(streams_prefix)) return Target{Api::streams, target.substr(streams_prefix.size())};
  return refuse(ErrorType::unknown_operation);
}

Answer<std::string_view> read_body(const http::Request& request, std::string& inflated) {
  if (request.body().size() > body_bytes_max) return refuse(ErrorType::request_too_large);
  if (request.body().empty()) return refuse(ErrorType::serialization);
  const std::string_view encoding = trim(request.header("content-encoding").value_or(""));
  if (encoding.empty() || equal_ignoring_ascii_case(encoding, "identity")) return request.body();
  if (!equal_ignoring_ascii_case(encoding, "gzip")) return refuse(ErrorType::serialization);
  GzipReader reader;
  QUIPU_CHECK(reader.read(request.body(), inflated));
  return std::string_view{inflated};
}

ReplyStyle reply_style(const http::Request& request) {
  return {.content_type = media_type(request) == json_1_0 ? json_1_0 : json,
          .has_origin = request.header("origin").has_value()};
}

RequestIds::RequestIds() : random_{seed()} {}

void RequestIds::next(std::span<char, characters> id) {
  constexpr std::string_view alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUV";
  constexpr std::size_t characters_a_number = 12;  // 5 of 64 bits each
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < id.size(); ++i) {
    if (i % characters_a_number == 0) bits = random_();
    id[i] = alphabet[bits % alphabet.size()];
    bits /= alphabet.size();
  }
}

std::uint32_t crc32(std::string_view bytes) {
  return static_cast<std::uint32_t>(crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

ReplyHeaders::ReplyHeaders(const ReplyStyle& style, std::string_view body, RequestIds& ids) {
  ids.next(id_);
  headers_[count_++] = {"x-amzn-RequestId", request_id()};
  const char* const end = std::to_chars(crc_.data(), crc_.data() + crc_.size(), crc32(body)).ptr;
  headers_[count_++] = {"x-amz-crc32", {crc_.data(), end}};
  if (style.has_origin) headers_[count_++] = {"Access-Control-Allow-Origin", "*"};
}

PreflightHeaders::PreflightHeaders(const http::Request& request, RequestIds& ids) {
  ids.next(id_);
  headers_[count_++] = {"x-amzn-RequestId", {id_.data(), id_.size()}};
  headers_[count_++] = {"Access-Control-Allow-Origin", "*"};
  if (const auto names = request.header("access-control-request-headers"))
    headers_[count_++] = {"Access-Control-Allow-Headers", *names};
  if (const auto method = request.header("access-control-request-method"))
    headers_[count_++] = {"Access-Control-Allow-Methods", *method};
  headers_[count_++] = {"Access-Control-Max-Age", preflight_seconds};
}

}  // namespace quipu::aws::wire
