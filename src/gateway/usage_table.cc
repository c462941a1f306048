#include "gateway/usage_table.h"

#include <algorithm>

#include "table/key_codec.h"

namespace quipu::gateway {

namespace {

constexpr std::string_view table_name = "quipu.usage";
constexpr std::string_view id_attribute = "id";
constexpr std::string_view starts_attribute = "starts_ms";
constexpr std::string_view taken_attribute = "taken";

std::int64_t number_in(const value::Item& item, std::string_view attribute) {
  const value::Value* found = item.find(attribute);
  return found != nullptr && found->if_number() ? found->as_number().to_int64().value_or(0) : 0;
}

}  // namespace

Result<std::unique_ptr<UsageTable>> UsageTable::open(table::Tables& tables) {
  table::TableSchema wanted;
  wanted.name = table_name;
  wanted.partition_key.name = id_attribute;
  wanted.system = true;
  wanted.created_ms = static_cast<std::uint64_t>(tables.clock().wall_ms());
  QUIPU_TRY(auto schema, tables.find_or_create(wanted));
  return std::unique_ptr<UsageTable>{new UsageTable{tables, std::move(schema)}};
}

std::string UsageTable::item_key(std::string_view key_id, Period period) {
  return fmt::format("{}/{}", key_id, to_string(period));
}

Result<std::int64_t> UsageTable::taken(std::string_view key_id, Period period, const Window& window) const {
  std::string row_key;
  table::key_codec::append_row_key(row_key, *schema_, item_key(key_id, period));
  value::Item item;
  QUIPU_TRY(const bool exists, tables_.read(row_key, item));
  if (!exists || number_in(item, starts_attribute) < window.starts_ms) return 0;
  return number_in(item, taken_attribute);
}

QuotaTake::QuotaTake(const UsageTable& usage, std::string_view key_id, Period of_period, const Window& of_window,
                     std::int64_t wanted_or_back)
    : period{of_period}, window{of_window}, wanted{wanted_or_back}, usage_{usage} {
  add_step(usage.schema(), [&](std::string& out) {
    table::key_codec::append_row_key(out, usage.schema(), UsageTable::item_key(key_id, period));
  });
}

void QuotaTake::submit() {
  usage_.tables().submit(*this);
}

table::Transaction::Verdict QuotaTake::decide(std::size_t, bool, value::Item& item) {
  granted_ = 0;
  std::int64_t starts_ms = number_in(item, starts_attribute);
  std::int64_t taken = number_in(item, taken_attribute);
  if (wanted < 0) {
    if (starts_ms != window.starts_ms) return Verdict::keep;  // a period that is over needs nothing back
    taken = std::max<std::int64_t>(0, taken + wanted);
  } else {
    const auto limit = quota();
    if (!limit || limit->period != period) return Verdict::keep;
    if (starts_ms < window.starts_ms) {
      starts_ms = window.starts_ms;
      taken = 0;
    }
    // A later period than ours is stored where the machine's clock was put back: it is what counts until we are there.
    // But not for years, if the clock was wrong by so much: what was taken then counts in this period.
    if (starts_ms > window.ends_ms) starts_ms = window.starts_ms;
    granted_ = std::clamp<std::int64_t>(limit->limit - taken, 0, wanted);
    if (granted_ == 0) return Verdict::keep;
    taken += granted_;
  }
  item.set(starts_attribute, value::Value::number(starts_ms));
  item.set(taken_attribute, value::Value::number(taken));
  return Verdict::put;
}

}  // namespace quipu::gateway
