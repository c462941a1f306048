#include "aws/signing_time.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <chrono>

namespace quipu::aws {

namespace {

// All of the piece must be digits; -1 if it is not.
int number_at(std::string_view text, std::size_t at, std::size_t digits) {
  int number = 0;
  for (const char c : text.substr(at, digits)) {
    if (c < '0' || c > '9') return -1;
    number = number * 10 + (c - '0');
  }
  return number;
}

std::optional<std::int64_t> seconds_of(int year, int month, int day, int hour, int minute, int second) {
  if (year < 0 || month < 0 || day < 0 || hour < 0 || minute < 0 || second < 0) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month{static_cast<unsigned>(month)},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  if (!date.ok() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
  const auto days = std::chrono::sys_days{date}.time_since_epoch().count();
  return std::int64_t{days} * 86400 + hour * 3600 + minute * 60 + second;
}

}  // namespace

std::optional<std::int64_t> parse_basic_time(std::string_view text) {
  if (text.size() != 16 || text[8] != 'T' || text[15] != 'Z') return std::nullopt;
  return seconds_of(number_at(text, 0, 4), number_at(text, 4, 2), number_at(text, 6, 2), number_at(text, 9, 2),
                    number_at(text, 11, 2), number_at(text, 13, 2));
}

std::optional<std::int64_t> parse_http_time(std::string_view text) {
  constexpr auto months = std::to_array<std::string_view>(
      {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"});
  if (text.size() != 29 || text.substr(3, 2) != ", " || !text.ends_with(" GMT")) return std::nullopt;
  for (const std::size_t space : {7U, 11U, 16U})
    if (text[space] != ' ') return std::nullopt;
  if (text[19] != ':' || text[22] != ':') return std::nullopt;
  const auto* const month = std::ranges::find(months, text.substr(8, 3));
  if (month == months.end()) return std::nullopt;
  return seconds_of(number_at(text, 12, 4), static_cast<int>(month - months.begin()) + 1, number_at(text, 5, 2),
                    number_at(text, 17, 2), number_at(text, 20, 2), number_at(text, 23, 2));
}

std::string format_basic_time(std::int64_t seconds) {
  const std::chrono::sys_seconds time{std::chrono::seconds{seconds}};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{time - day};
  return fmt::format("{:04}{:02}{:02}T{:02}{:02}{:02}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count());
}

}  // namespace quipu::aws
