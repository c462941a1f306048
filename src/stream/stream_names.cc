#include "stream/stream_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>

#include "base/bytes.h"
#include "base/crc32c.h"

namespace quipu::stream {

namespace {

// Takes what is in front of `separator` off `rest`; false if there is none.
bool take_until(std::string_view& rest, char separator, std::string_view& part) {
  const std::size_t end = rest.find(separator);
  if (end == std::string_view::npos) return false;
  part = rest.substr(0, end);
  rest.remove_prefix(end + 1);
  return true;
}

}  // namespace

std::string stream_label(std::uint64_t created_ms) {
  using namespace std::chrono;
  const sys_time<milliseconds> moment{milliseconds{created_ms}};
  const auto day = floor<days>(moment);
  const year_month_day date{day};
  const hh_mm_ss<milliseconds> time{moment - day};
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), time.hours().count(),
                     time.minutes().count(), time.seconds().count(), time.subseconds().count());
}

std::string stream_arn(const ArnScope& scope, std::string_view table_name, std::uint64_t created_ms) {
  return fmt::format("arn:aws:dynamodb:{}:{}:table/{}/stream/{}", scope.region, scope.account, table_name,
                     stream_label(created_ms));
}

std::optional<StreamName> parse_stream_arn(std::string_view arn) {
  std::string_view part;
  for (const std::string_view expected : {"arn", "aws", "dynamodb", "", ""}) {  // then region and account: any
    if (!take_until(arn, ':', part) || (!expected.empty() && part != expected)) return std::nullopt;
  }
  StreamName name;
  if (!take_until(arn, '/', part) || part != "table" || !take_until(arn, '/', name.table) ||
      !take_until(arn, '/', part) || part != "stream" || name.table.empty() || arn.empty())
    return std::nullopt;
  name.label = arn;
  return name;
}

std::string shard_id(const table::StreamInfo& stream) {
  std::string named;
  append_big_endian(named, stream.table_id);
  append_big_endian(named, stream.created_ms);
  return fmt::format("shardId-{:020}-{:08x}", stream.created_ms, crc32c(named));
}

std::string sequence_number(std::uint64_t change) {
  return fmt::format("1{:020}", change);
}

std::optional<std::uint64_t> parse_sequence_number(std::string_view text) {
  if (text.size() != 21 || text.front() != '1') return std::nullopt;
  std::uint64_t change = 0;
  const auto [end, error] = std::from_chars(text.data() + 1, text.data() + text.size(), change);
  if (error != std::errc{} || end != text.data() + text.size() || change == 0) return std::nullopt;
  return change;
}

}  // namespace quipu::stream
