#include "table/tables.h"

#include <algorithm>
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

class EraseRow final : public storage::Write {
 public:
  explicit EraseRow(std::string row_key) : key{std::move(row_key)} {}
  void apply(storage::WriteGroup& group) override { group.erase(key); }
  void finish(storage::Committed committed) noexcept override {
    outcome = committed;
    done.release();
  }

  const std::string key;
  storage::Committed outcome = storage::Committed::unavailable;
  std::binary_semaphore done{0};
};

}  // namespace

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

  QUIPU_CHECK(load_schemas());
  return load_streams();
}

Result<> Tables::load_schemas() {
  const std::string first = schema_key("");
  auto cursor = store_.cursor(first, end_of_prefix(first));
  Catalog loaded;
  for (cursor.seek(first); cursor.valid(); cursor.next()) {
    QUIPU_TRY(auto decoded, decode_schema(cursor.key(), cursor.value()));
    const auto schema = std::make_shared<const TableSchema>(std::move(decoded));
    loaded.emplace(schema->name, schema);
    current_.emplace(schema->id, schema);
  }
  QUIPU_CHECK(cursor.status());
  catalog_.with([&](Catalog& catalog) { catalog = std::move(loaded); });
  return {};
}

Result<> Tables::load_streams() {
  std::string first;
  append_row_kind(first, RowKind::stream);
  auto cursor = store_.cursor(first, end_of_prefix(first));
  Streams loaded;
  for (cursor.seek(first); cursor.valid(); cursor.next()) {
    QUIPU_TRY(StreamInfo stream, decode_stream(cursor.key(), cursor.value()));
    const StreamKey key{stream.table_id, stream.created_ms};
    loaded.emplace(key, std::move(stream));
  }
  QUIPU_CHECK(cursor.status());
  // A stream begins with the number that the next change was to get. If no change got it, and a transaction had been
  // rolled back before, the sequence row says less: what is written now must not stand before the stream.
  for (const auto& [key, stream] : loaded)
    next_change_number_ = std::max({next_change_number_, stream.first_change, stream.end_change});
  streams_.with([&](Streams& streams) { streams = std::move(loaded); });
  return {};
}

void Tables::publish(const std::string& name, std::uint32_t dropped_id, std::shared_ptr<const TableSchema> schema,
                     std::vector<StreamInfo> streams) {
  if (schema != nullptr)
    current_[schema->id] = schema;
  else
    current_.erase(dropped_id);
  catalog_.with([&](Catalog& catalog) {
    if (schema != nullptr)
      catalog[name] = schema;
    else
      catalog.erase(name);
  });
  streams_.with([&](Streams& known) {
    for (StreamInfo& stream : streams) {
      const StreamKey key{stream.table_id, stream.created_ms};
      known[key] = std::move(stream);
    }
  });
  if (after_schema_change_) after_schema_change_();
}

std::shared_ptr<const TableSchema> Tables::find(std::string_view name) const {
  return catalog_.with([&](const Catalog& catalog) {
    const auto found = catalog.find(name);
    return found == catalog.end() ? nullptr : found->second;
  });
}

bool Tables::still_has(const TableSchema& schema, const IndexSchema* index) const {
  const auto now = find(schema.name);
  if (now == nullptr || now->id != schema.id) return false;
  if (index == nullptr) return true;
  const IndexSchema* found = now->find_index(index->name);
  return found != nullptr && found->id == index->id;
}

std::vector<std::shared_ptr<const TableSchema>> Tables::list() const {
  return catalog_.with([](const Catalog& catalog) {
    std::vector<std::shared_ptr<const TableSchema>> tables;
    for (const auto& [name, schema] : catalog) tables.push_back(schema);
    return tables;
  });
}

Result<std::shared_ptr<const TableSchema>> Tables::edit(std::string name, SchemaEdit edit) {
  return change_schema(std::move(name), std::move(edit), SchemaWrite::Kind::change);
}

Result<> Tables::drop(std::string name, SchemaCheck check) {
  const auto drop = [&](std::optional<TableSchema>& schema) -> Result<> {
    QUIPU_CHECK(check(schema));
    schema.reset();
    return {};
  };
  QUIPU_CHECK(change_schema(std::move(name), drop, SchemaWrite::Kind::drop));
  return {};
}

Result<std::shared_ptr<const TableSchema>> Tables::change_schema(std::string name, SchemaEdit edit,
                                                                 SchemaWrite::Kind kind) {
  if (name.empty() || name.size() > table_name_bytes_max)
    return fail(ErrorCode::invalid_argument, "a table's name has 1 to {} bytes", table_name_bytes_max);
  SchemaWrite write{*this, std::move(name), std::move(edit), kind};
  committer_.submit(write);
  return write.wait();
}

Result<std::shared_ptr<const TableSchema>> Tables::create(TableSchema wanted) {
  std::string name = wanted.name;
  return edit(std::move(name), [&](std::optional<TableSchema>& schema) -> Result<> {
    if (schema) return fail(ErrorCode::conflict, "there is a table {:?} already", schema->name);
    schema = std::move(wanted);
    return {};
  });
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

Result<> Tables::scan_rows(const KeyRange& range, Direction direction,
                           const std::function<bool(std::string_view, std::string_view)>& visit) const {
  if (range.empty()) return {};
  auto cursor = store_.cursor(range.first, range.end);
  if (direction == Direction::forward) {
    for (cursor.seek(range.first); cursor.valid(); cursor.next())
      if (!visit(cursor.key(), cursor.value())) return {};
  } else {
    for (cursor.seek_last(); cursor.valid(); cursor.previous())
      if (!visit(cursor.key(), cursor.value())) return {};
  }
  return cursor.status();
}

Result<> Tables::read_together(std::span<const std::string> row_keys,
                               const std::function<void(std::size_t, const value::Item*)>& visit) const {
  value::Item item;
  auto cursor = store_.cursor({}, {});
  for (std::size_t index = 0; index < row_keys.size(); ++index) {
    cursor.seek(row_keys[index]);
    QUIPU_CHECK(cursor.status());
    const bool found = cursor.valid() && cursor.key() == row_keys[index];
    if (found) QUIPU_CHECK(value::decode_item(cursor.value(), item));
    visit(index, found ? &item : nullptr);
  }
  return {};
}

Result<TableFigures> Tables::figures(std::uint32_t table_or_index_id) const {
  std::string key;
  append_figures_key(key, table_or_index_id);
  std::string value;
  QUIPU_TRY(const bool found, store_.get(key, value));
  if (!found) return TableFigures{};
  const auto figures = decode_figures(value);
  if (!figures) return fail(ErrorCode::damaged, "the figures of table or index {} are damaged", table_or_index_id);
  return *figures;
}

std::vector<StreamInfo> Tables::streams() const {
  return streams_.with([](const Streams& known) {
    std::vector<StreamInfo> streams;
    for (const auto& [key, stream] : known) streams.push_back(stream);
    return streams;
  });
}

std::optional<StreamInfo> Tables::find_stream(std::uint32_t table_id, std::uint64_t created_ms) const {
  return streams_.with([&](const Streams& known) -> std::optional<StreamInfo> {
    const auto found = known.find({table_id, created_ms});
    if (found == known.end()) return std::nullopt;
    return found->second;
  });
}

void Tables::stream_changed(StreamInfo stream) {
  streams_.with([&](Streams& known) {
    const StreamKey key{stream.table_id, stream.created_ms};
    known[key] = std::move(stream);
  });
}

Result<std::uint64_t> Tables::next_durable_change() const {
  std::string value;
  QUIPU_TRY(const bool found, store_.get(sequence_key(sequences::change), value));
  if (!found) return 1;
  return decode_sequence(sequences::change, value);
}

Result<> Tables::scan_changes(std::uint32_t table_id, std::uint64_t first,
                              const std::function<bool(std::uint64_t, const ChangeRecord&)>& visit) const {
  std::string from;
  append_change_key(from, table_id, first);
  std::string end;
  append_change_key(end, table_id, 0);
  end = end_of_prefix(std::string_view{end}.substr(0, end.size() - sizeof(std::uint64_t)));
  auto cursor = store_.cursor(from, end);
  for (cursor.seek(from); cursor.valid(); cursor.next()) {
    const auto record = decode_change(cursor.value());
    if (!record || cursor.key().size() != from.size())
      return fail(ErrorCode::damaged, "the change record {} is damaged", to_hex(cursor.key()));
    const auto change = load_big_endian<std::uint64_t>(cursor.key().substr(from.size() - sizeof(std::uint64_t)));
    if (!visit(change, *record)) return {};
  }
  return cursor.status();
}

Result<> Tables::forget_stream(std::uint32_t table_id, std::uint64_t created_ms) {
  const bool open = streams_.with([&](const Streams& known) {
    const auto found = known.find({table_id, created_ms});
    return found != known.end() && found->second.open();
  });
  if (open) return fail(ErrorCode::conflict, "the stream of table {} is on", table_id);
  std::string key;
  append_stream_key(key, table_id, created_ms);
  EraseRow write{std::move(key)};
  committer_.submit(write);
  write.done.acquire();
  if (write.outcome != storage::Committed::durable)
    return fail(ErrorCode::unavailable, "the stream of table {} could not be forgotten", table_id);
  streams_.with([&](Streams& known) { known.erase({table_id, created_ms}); });
  return {};
}

void Tables::submit(Transaction& transaction) {
  transaction.tables_ = this;
  committer_.submit(transaction);
}

void Tables::enqueue(Transaction& transaction) {
  transaction.tables_ = this;
  committer_.enqueue(transaction);
}

const TableSchema* Tables::current(std::uint32_t table_id) const {
  const auto found = current_.find(table_id);
  return found == current_.end() ? nullptr : found->second.get();
}

Result<std::uint32_t> Tables::next_table_id(storage::WriteGroup& group) {
  std::uint64_t id = 1;
  std::string_view value;
  QUIPU_TRY(const bool numbered, group.get(sequence_key(sequences::table_id), value));
  if (numbered) {
    QUIPU_TRY(id, decode_sequence(sequences::table_id, value));
  }
  if (id > UINT32_MAX) return fail(ErrorCode::limit_reached, "all table numbers are used up");
  put_sequence(group, sequences::table_id, id + 1);
  return static_cast<std::uint32_t>(id);
}

std::uint64_t Tables::next_change_number(storage::WriteGroup& group) {
  const std::uint64_t number = next_change_number_++;
  put_sequence(group, sequences::change, next_change_number_);
  return number;
}

}  // namespace quipu::table
