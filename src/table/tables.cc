#include "table/tables.h"

#include <semaphore>

#include "base/bytes.h"
#include "table/rows.h"
#include "value/item_codec.h"

namespace quipu::table {

namespace {

Result<std::uint64_t> decode_sequence(std::string_view name, std::string_view value) {
  if (value.size() != sizeof(std::uint64_t))
    return fail(ErrorCode::damaged, "the sequence row {:?} has {} bytes, not 8", name, value.size());
  return load_big_endian<std::uint64_t>(value);
}

void put_sequence(storage::WriteGroup& group, std::string_view name, std::uint64_t next) {
  std::string value;
  append_big_endian(value, next);
  group.put(sequence_key(name), value);
}

}  // namespace

// Gives the table its number and writes its schema.
class Tables::CreateTable : public storage::Write {
 public:
  explicit CreateTable(TableSchema wanted) : schema{std::move(wanted)} {}

  void apply(storage::WriteGroup& group) override { result = decide(group); }

  void finish(storage::Committed outcome) noexcept override {
    if (outcome != storage::Committed::durable)
      result = fail(outcome == storage::Committed::unknown    ? ErrorCode::outcome_unknown
                    : outcome == storage::Committed::no_space ? ErrorCode::out_of_space
                                                              : ErrorCode::unavailable,
                    "the table {:?} could not be written", schema.name);
    done.release();
  }

  TableSchema schema;
  Result<> result;
  std::binary_semaphore done{0};

 private:
  Result<> decide(storage::WriteGroup& group) {
    std::string_view value;
    QUIPU_TRY(const bool exists, group.get(schema_key(schema.name), value));
    if (exists) return fail(ErrorCode::conflict, "there is a table {:?} already", schema.name);
    std::uint64_t id = 1;
    QUIPU_TRY(const bool numbered, group.get(sequence_key(sequences::table_id), value));
    if (numbered) {
      QUIPU_TRY(id, decode_sequence(sequences::table_id, value));
    }
    if (id > UINT32_MAX) return fail(ErrorCode::limit_reached, "all table numbers are used up");
    schema.id = static_cast<std::uint32_t>(id);
    group.put(schema_key(schema.name), encode_schema(schema));
    put_sequence(group, sequences::table_id, id + 1);
    return {};
  }
};

Result<std::unique_ptr<Tables>> Tables::open(storage::Store& store, storage::Committer& committer, const Clock& clock,
                                             IdempotencyLimits limits) {
  std::unique_ptr<Tables> tables{new Tables{store, committer, clock}};
  QUIPU_TRY(tables->idempotency_, IdempotencyLog::open(store, clock, limits));
  QUIPU_CHECK(tables->load());
  return tables;
}

Result<> Tables::load() {
  std::string value;
  QUIPU_TRY(const bool found, store_.get(sequence_key(sequences::change), value));
  if (found) {
    QUIPU_TRY(next_change_number_, decode_sequence(sequences::change, value));
  }

  const std::string first = schema_key("");
  const std::string end = end_of_prefix(first);
  auto cursor = store_.cursor(first, end);
  Catalog loaded;
  for (cursor.seek(first); cursor.valid(); cursor.next()) {
    QUIPU_TRY(auto schema, decode_schema(cursor.key(), cursor.value()));
    std::string name = schema.name;
    loaded.emplace(std::move(name), std::make_shared<const TableSchema>(std::move(schema)));
  }
  QUIPU_CHECK(cursor.status());
  catalog_.with([&](Catalog& catalog) { catalog = std::move(loaded); });
  return {};
}

std::shared_ptr<const TableSchema> Tables::find(std::string_view name) const {
  return catalog_.with([&](const Catalog& catalog) {
    const auto found = catalog.find(name);
    return found == catalog.end() ? nullptr : found->second;
  });
}

std::vector<std::shared_ptr<const TableSchema>> Tables::list() const {
  return catalog_.with([](const Catalog& catalog) {
    std::vector<std::shared_ptr<const TableSchema>> tables;
    for (const auto& [name, schema] : catalog) tables.push_back(schema);
    return tables;
  });
}

Result<std::shared_ptr<const TableSchema>> Tables::create(TableSchema wanted) {
  if (wanted.name.empty() || wanted.name.size() > table_name_bytes_max)
    return fail(ErrorCode::invalid_argument, "a table's name has 1 to {} bytes", table_name_bytes_max);
  CreateTable write{std::move(wanted)};
  committer_.submit(write);
  write.done.acquire();
  QUIPU_CHECK(std::move(write.result));
  auto schema = std::make_shared<const TableSchema>(std::move(write.schema));
  catalog_.with([&](Catalog& catalog) { catalog.emplace(schema->name, schema); });
  return schema;
}

Result<std::shared_ptr<const TableSchema>> Tables::find_or_create(const TableSchema& wanted) {
  if (auto schema = find(wanted.name)) {
    if (schema->partition_key == wanted.partition_key && schema->sort_key == wanted.sort_key) return schema;
    return fail(ErrorCode::conflict, "the table {:?} has another key than the one that is needed here", wanted.name);
  }
  return create(wanted);
}

Result<bool> Tables::read(std::string_view row_key, value::Item& item) const {
  std::string value;
  QUIPU_TRY(const bool found, store_.get(row_key, value));
  if (found) QUIPU_CHECK(value::decode_item(value, item));
  return found;
}

Result<storage::Store::Cached> Tables::read_cached(std::string_view row_key, value::Item& item) const {
  std::string value;
  QUIPU_TRY(const auto cached, store_.get_cached(row_key, value));
  if (cached == storage::Store::Cached::found) QUIPU_CHECK(value::decode_item(value, item));
  return cached;
}

Result<> Tables::scan(std::string_view first, std::string_view end,
                      const std::function<bool(std::string_view, const value::Item&)>& visit) const {
  value::Item item;
  auto cursor = store_.cursor(first, end);
  for (cursor.seek(first); cursor.valid(); cursor.next()) {
    QUIPU_CHECK(value::decode_item(cursor.value(), item));
    if (!visit(cursor.key(), item)) return {};
  }
  return cursor.status();
}

void Tables::submit(Transaction& transaction) {
  transaction.tables_ = this;
  committer_.submit(transaction);
}

void Tables::enqueue(Transaction& transaction) {
  transaction.tables_ = this;
  committer_.enqueue(transaction);
}

std::uint64_t Tables::next_change_number(storage::WriteGroup& group) {
  const std::uint64_t number = next_change_number_++;
  put_sequence(group, sequences::change, next_change_number_);
  return number;
}

}  // namespace quipu::table
