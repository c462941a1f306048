#include <semaphore>

#include "table/index_rows.h"
#include "table/key_codec.h"
#include "table/maintenance_job.h"
#include "table/rows.h"
#include "table/tables.h"

namespace quipu::table {

namespace {

// The seconds at which an item's time is past, but not for longer than the service would act on.
struct Past {
  std::uint64_t first;
  std::uint64_t end;  // not included

  bool has(std::uint64_t second) const { return second >= first && second < end; }
};

Past past_of(const Tables& tables) {
  const auto now = static_cast<std::uint64_t>(tables.clock().wall_ms() / 1000);
  const auto age_max = static_cast<std::uint64_t>(expiry_age_max.count());
  return {.first = now > age_max ? now - age_max : 0, .end = now};
}

// Erases several items, each only if its time is still past when it comes to it.
class ExpireBatch final : private Transaction {
 public:
  ExpireBatch(Tables& tables, const TableSchema& schema, Past past) : tables_{tables}, schema_{schema}, past_{past} {}

  void start() {
    clear();
    erases_expired();
    erased_ = 0;
    error_.reset();
  }
  void add(std::string_view primary_key) {
    add_step(schema_, [&](std::string& row_key) {
      key_codec::append_table_prefix(row_key, schema_.id);
      row_key += primary_key;
    });
  }
  bool empty() const { return steps() == 0; }

  // How many went.
  Result<std::size_t> run() {
    tables_.submit(*this);
    done_.acquire();
    if (error_) return std::unexpected(*std::move(error_));
    return erased_;
  }

 private:
  Verdict decide(std::size_t step, bool exists, value::Item& item) override {
    if (!exists || !is_past(row_key(step), item)) return Verdict::keep;
    ++erased_;
    return Verdict::erase;
  }

  // The item, the attribute that says when, or whether there is one, may have changed since the row was found.
  bool is_past(std::string_view row_key, value::Item& item) const {
    const TableSchema* schema = tables_.current(schema_.id);
    if (!schema->expiry || !key_codec::read_row_key(row_key, *schema, item)) return false;
    const auto row = make_expiry_row(*schema->expiry, row_key, item);
    if (!row) return false;
    const auto decoded = decode_expiry_key(row->key);
    return decoded && past_.has(decoded->second);
  }

  void append_outcome(std::string&) const override {}
  bool read_outcome(std::string_view) override { return true; }
  void finished(const Error* error) noexcept override {
    if (error != nullptr) error_ = *error;
    done_.release();
  }

  Tables& tables_;
  const TableSchema& schema_;
  const Past past_;
  std::size_t erased_ = 0;
  std::optional<Error> error_;
  std::binary_semaphore done_{0};
};

KeyRange rows_of(const ExpirySchema& expiry, Past past) {
  const auto key = [&](std::uint64_t second) {
    std::string bytes;
    append_expiry_prefix(bytes, expiry.id);
    append_big_endian(bytes, second);
    return bytes;
  };
  return {.first = key(past.first), .end = key(past.end)};
}

Result<> expire_table(JobContext& context, const TableSchema& schema) {
  const Past past = past_of(context.tables);
  ExpireBatch batch{context.tables, schema, past};
  auto [from, end] = rows_of(*schema.expiry, past);
  for (;;) {
    auto cursor = context.tables.store().cursor(from, end);
    QUIPU_TRY(const RowBatch due, take_batch(cursor, context.options.items_expired_a_step));
    if (due.empty()) return {};
    batch.start();
    for (const auto& [key, value] : due.rows) {
      const auto row = decode_expiry_key(key);
      if (!row) return fail(ErrorCode::damaged, "an expiry row of table {} is damaged: {}", schema.name, to_hex(key));
      batch.add(row->primary_key);
    }
    if (context.stop.stop_requested()) return fail(ErrorCode::unavailable, "stopping");
    const auto erased = batch.run();
    if (!erased && erased.error().code == ErrorCode::not_found) return {};  // the table has gone
    if (!erased) return std::unexpected(erased.error());
    context.figures.items_expired.add(*erased);
    from = key_after(due.rows.back().first);
  }
}

}  // namespace

Result<> expire_items(JobContext& context) {
  for (const auto& schema : context.tables.list()) {
    // A backup keeps what it has, and what is still being copied is not there yet.
    const bool is_backup = schema->system && !schema->source.empty();
    if (schema->expiry && !is_backup && schema->filling == Filling::done) QUIPU_CHECK(expire_table(context, *schema));
  }
  return {};
}

}  // namespace quipu::table
