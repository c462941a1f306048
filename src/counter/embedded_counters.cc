#include "counter/embedded_counters.h"

#include <algorithm>

#include "base/bytes.h"
#include "table/key_codec.h"
#include "table/rows.h"

namespace quipu::counter {

namespace {

constexpr std::string_view key_attribute = "id";
constexpr std::string_view value_attribute = "lastValue";
constexpr std::uint8_t outcome_version = 1;

// What an item counts: 0 if it never counted, nothing if it holds something else than a 64-bit integer.
std::optional<std::int64_t> counter_value(const value::Item& item) {
  const value::Value* value = item.find(value_attribute);
  if (value == nullptr) return 0;
  const value::Number* number = value->if_number();
  return number != nullptr ? number->to_int64() : std::nullopt;
}

bool add_would_overflow(std::int64_t value, std::int64_t by, std::int64_t& sum) {
#ifdef QUIPU_BUG_COUNTER_WRAPS
  sum = static_cast<std::int64_t>(static_cast<std::uint64_t>(value) + static_cast<std::uint64_t>(by));
  return false;
#else
  return __builtin_add_overflow(value, by, &sum);
#endif
}

}  // namespace

// A counter call as a transaction. The outcome of an idempotent one is remembered as
//   version(1), outcome (u8), failed index (u32), then the value of each item (u64, two's complement)
// which docs/formats/counter.md describes for ever.
class EmbeddedCounters::Call final : public CounterCall, private table::Transaction {
 public:
  explicit Call(EmbeddedCounters& counters) : counters_{counters} {}

  bool start(Completion& completion) override {
    completion_ = &completion;
    return kind_ == CallKind::read ? start_read() : start_write();
  }

 private:
  bool start_write() {
    clear();
    const table::TableSchema& schema = *counters_.schema_;
    for (std::size_t i = 0; i < size(); ++i)
      add_step(schema, [&](std::string& out) { table::key_codec::append_row_key(out, schema, name(i)); });
    if (!CounterCall::idempotency_key_.empty()) {
      canonical_.clear();
      append_canonical(canonical_);
      Transaction::make_idempotent(CounterCall::idempotency_key_, table::hash_request(canonical_));
    }
    counters_.tables_.enqueue(*this);
    return false;
  }

  bool start_read() {
    QUIPU_ASSERT(size() == 1, "{} names", size());
    key_.clear();
    table::key_codec::append_row_key(key_, *counters_.schema_, name(0));
    auto cached = counters_.tables_.read_cached(key_, item_);
    if (cached && *cached == storage::Store::Cached::needs_disk) {
      const bool queued = counters_.readers_.submit([this] {
        take_read(counters_.tables_.read(key_, item_));
        completion_->completed(*this);
      });
      if (!queued) fail_with({ErrorCode::unavailable, "too many reads are waiting for the disk; retry"});
      return !queued;
    }
    if (cached)
      take_read(*cached == storage::Store::Cached::found);
    else
      fail_with(std::move(cached).error());
    return true;
  }

  void take_read(Result<bool> found) {
    if (!found) return fail_with(std::move(found).error());
    if (!*found) return;
    if (const auto value = counter_value(item_))
      items_[0].value = *value;
    else
      refuse(CallOutcome::not_a_counter, 0);
  }

  Verdict decide(std::size_t step, bool /*exists*/, value::Item& stored) override {
    Item& asked = items_[step];
    if (kind_ == CallKind::erase) return Verdict::erase;
    const auto current = counter_value(stored);
    if (!current && (kind_ == CallKind::increment || asked.expected))
      return refused(CallOutcome::not_a_counter, step, 0);
    if (kind_ == CallKind::set) {
      if (asked.expected && *asked.expected != *current) return refused(CallOutcome::value_differs, step, *current);
    } else {
      std::int64_t next = 0;
      const bool up = asked.by > 0;
      if (add_would_overflow(*current, asked.by, next) || (up && asked.max && next > *asked.max) ||
          (!up && asked.min && next < *asked.min))
        return refused(up ? CallOutcome::max_reached : CallOutcome::min_reached, step, *current);
      asked.value = next;
    }
    stored.slot(value_attribute).set_number(value::Number::from_int64(asked.value));
    return Verdict::put;
  }

  Verdict refused(CallOutcome outcome, std::size_t step, std::int64_t value_now) {
    refuse(outcome, step);
    items_[step].value = value_now;
    return Verdict::refuse;
  }

  void append_outcome(std::string& out) const override {
    out.push_back(static_cast<char>(outcome_version));
    out.push_back(static_cast<char>(outcome_));
    append_big_endian(out, static_cast<std::uint32_t>(failed_index_));
    for (const Item& item : items_) append_big_endian(out, static_cast<std::uint64_t>(item.value));
  }

  bool read_outcome(std::string_view bytes) override {
    ByteReader in{bytes};
    std::uint8_t version = 0;
    std::uint8_t outcome = 0;
    std::uint32_t failed_index = 0;
    if (!in.read(version) || version != outcome_version || !in.read(outcome) ||
        outcome >= static_cast<std::uint8_t>(CallOutcome::failed) || !in.read(failed_index) || failed_index >= size())
      return false;
    outcome_ = static_cast<CallOutcome>(outcome);
    failed_index_ = failed_index;
    for (Item& item : items_) {
      std::uint64_t value = 0;
      if (!in.read(value)) return false;
      item.value = static_cast<std::int64_t>(value);
    }
    return in.empty();
  }

  void finished(const Error* error) noexcept override {
    if (error != nullptr) fail_with(*error);
    completion_->completed(*this);
  }

  EmbeddedCounters& counters_;
  Completion* completion_ = nullptr;
  std::string canonical_;
  // Reading
  std::string key_;
  value::Item item_;
};

Result<std::unique_ptr<EmbeddedCounters>> EmbeddedCounters::open(table::Tables& tables, WorkerPool& readers) {
  table::TableSchema wanted;
  wanted.name = table_name;
  wanted.partition_key.name = key_attribute;
  wanted.created_ms = static_cast<std::uint64_t>(tables.clock().wall_ms());
  QUIPU_TRY(auto schema, tables.find_or_create(wanted));
  return std::unique_ptr<EmbeddedCounters>{new EmbeddedCounters{tables, readers, std::move(schema)}};
}

std::unique_ptr<CounterCall> EmbeddedCounters::new_call() {
  return std::make_unique<Call>(*this);
}

std::string EmbeddedCounters::row_key(std::string_view name) const {
  std::string key;
  table::key_codec::append_row_key(key, *schema_, name);
  return key;
}

Result<CounterPage> EmbeddedCounters::list(std::string_view prefix, std::string_view after, std::size_t limit) {
  std::string first;
  table::key_codec::append_table_prefix(first, schema_->id);
  first += prefix;
  const std::string end = table::end_of_prefix(first);
  std::string from = first;
  if (!after.empty()) from = std::max(from, row_key(after) + '\0');  // the first key that is greater than that one
  CounterPage page;
  std::string last;
  std::size_t items = 0;
  std::size_t bytes = 0;
  QUIPU_CHECK(tables_.scan(from, end, [&](std::string_view key, const value::Item& item) {
    if (page.counters.size() == limit || items == page_items_max || bytes >= page_bytes_max) {
      page.next = std::move(last);
      return false;
    }
    ++items;
    bytes += item.size_bytes();
    last = key.substr(table::key_codec::table_prefix_bytes);
    if (const auto value = counter_value(item)) page.counters.push_back({.name = last, .value = *value});
    return true;
  }));
  return page;
}

void EmbeddedCounters::watch(std::string_view name, table::Watcher& watcher) {
  tables_.watchers().add(row_key(name), watcher);
}

void EmbeddedCounters::unwatch(std::string_view name, table::Watcher& watcher) {
  tables_.watchers().remove(row_key(name), watcher);
}

}  // namespace quipu::counter
