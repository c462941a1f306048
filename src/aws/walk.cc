// The walk of a Query or Scan over its rows.
#include <algorithm>

#include "aws/attribute_json.h"
#include "aws/item_rules.h"
#include "aws/query.h"
#include "aws/write_answers.h"
#include "table/index_rows.h"
#include "table/key_codec.h"
#include "value/item_codec.h"

namespace quipu::aws {

namespace {

// FNV-1a: any hash will do that spreads partition keys evenly, and this one never changes.
std::uint64_t hash_of(std::string_view bytes) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  // The last byte alone would decide small totals.
  return hash ^ hash >> 32;
}

class PageWriter {
 public:
  PageWriter(const Walk& walk, const table::Tables& tables) : walk_{walk}, tables_{tables} { page_.items_json = "["; }

  // False: the page is full.
  bool visit(std::string_view key, std::string_view value) {
    auto more = take(key, value);
    if (more) return *more;
    failure_ = std::move(more).error();
    return false;
  }

  Answer<Page> finish() {
    if (failure_) return std::unexpected(*std::move(failure_));
    page_.items_json += ']';
    TableCapacity& capacity = page_.capacity.of(walk_.schema->name);
    const double units = read_units(bytes_, walk_.consistency);
    if (walk_.index != nullptr)
      capacity.add_read(*walk_.index, units);
    else
      capacity.add_read(units);
    if (fetched_units_ != 0) capacity.add_read(fetched_units_);
    return std::move(page_);
  }

 private:
  Answer<bool> take(std::string_view key, std::string_view value) {
    if (!in_segment(key)) return true;
    // The item that crosses the limit is still in the page; it is the last one if there is another behind it.
    if (bytes_ + fetched_bytes_ > page_bytes_max) return end_page();
    QUIPU_CHECK(read(key, value));
    bytes_ += item_.size_bytes();
    ++page_.scanned;
    QUIPU_CHECK(fetch_whole());
    if (has_whole_) choose();
    return !walk_.limit || page_.scanned < *walk_.limit || end_page();
  }

  void choose() {
    const value::Item& filtered = walk_.filters_whole_items ? whole_ : item_;
    if (!walk_.filter || walk_.filter->matches(filtered)) show(walk_.shows_whole_items ? whole_ : item_);
  }

  // After the item that was read last. False: no more.
  bool end_page() {
    page_.last_key = walk_.index != nullptr ? key_of(*walk_.schema, *walk_.index, item_) : key_of(*walk_.schema, item_);
    return false;
  }

  bool in_segment(std::string_view key) const {
    if (walk_.segment.total == 1) return true;
    const std::string_view partition = walk_.index == nullptr ? table::key_codec::partition_bytes(key, *walk_.schema)
                                                              : table::index_partition_bytes(key, *walk_.index);
    return hash_of(partition) % walk_.segment.total == walk_.segment.number;
  }

  Answer<> read(std::string_view key, std::string_view value) {
    if (walk_.index != nullptr) {
      QUIPU_API_CHECK(table::read_index_row(key, value, *walk_.schema, *walk_.index, item_));
      return {};
    }
    QUIPU_API_CHECK(value::decode_item(value, item_));
    QUIPU_API_CHECK(table::key_codec::read_row_key(key, *walk_.schema, item_));
    return {};
  }

  Answer<> fetch_whole() {
    if (!walk_.filters_whole_items && !walk_.shows_whole_items) return {};
    std::string row_key;
    QUIPU_API_CHECK(table::key_codec::append_row_key(row_key, *walk_.schema, item_));
    QUIPU_API_TRY(const bool found, tables_.read(row_key, whole_));
    has_whole_ = found;
    if (!found) return {};  // it went after this walk began, and nothing has all of it any more
    QUIPU_API_CHECK(table::key_codec::read_row_key(row_key, *walk_.schema, whole_));
    fetched_bytes_ += whole_.size_bytes();
    fetched_units_ += read_units(whole_.size_bytes(), walk_.consistency);
    return {};
  }

  void show(const value::Item& item) {
    ++page_.count;
    if (walk_.select == Select::count) return;
    if (page_.items_json.size() > 1) page_.items_json += ',';
    if (!walk_.projection) return append_item(page_.items_json, item);
    projected_.clear();
    walk_.projection->apply(item, projected_);
    append_item(page_.items_json, projected_);
  }

  const Walk& walk_;
  const table::Tables& tables_;
  Page page_;
  value::Item item_;
  value::Item whole_;
  bool has_whole_ = true;
  value::Item projected_;
  std::size_t bytes_ = 0;          // of the rows that were walked over
  std::size_t fetched_bytes_ = 0;  // of the items in the table
  double fetched_units_ = 0;
  std::optional<ApiError> failure_;
};

std::unexpected<ApiError> no_such_index(std::string_view name) {
  return validation("The table does not have the specified index: {}", name);
}

// What was dropped while the walk waited for its turn may have lost some of its rows before it began.
Answer<> check_was_whole(const Walk& walk, const table::Tables& tables) {
  if (tables.still_has(*walk.schema, walk.index)) return {};
  if (!tables.still_has(*walk.schema)) return item_table_not_found();
  return no_such_index(walk.index->name);
}

}  // namespace

Answer<> choose_index(Walk& walk, std::string_view name) {
  if (name.empty()) return {};
  walk.index = walk.schema->find_index(name);
  if (walk.index == nullptr) return no_such_index(name);
  if (walk.index->filling != table::Filling::done)
    return validation("Cannot read from backfilling global secondary index: {}", name);
  if (walk.index->kind == table::IndexKind::global && walk.consistency == Consistency::strong)
    return validation("Consistent reads are not supported on global secondary indexes");
  return {};
}

const std::optional<table::KeyAttribute>& sort_key(const Walk& walk) {
  return walk.index != nullptr ? walk.index->sort_key : walk.schema->sort_key;
}

bool index_has(const Walk& walk, std::string_view name) {
  const table::IndexSchema& index = *walk.index;
  const auto is = [&](const std::optional<table::KeyAttribute>& key) { return key && key->name == name; };
  return index.projection == table::IndexProjection::all || name == index.partition_key.name || is(index.sort_key) ||
         name == walk.schema->partition_key.name || is(walk.schema->sort_key) ||
         std::ranges::find(index.included, name) != index.included.end();
}

Answer<Page> walk_page(const Walk& walk, const table::Tables& tables) {
  PageWriter writer{walk, tables};
  QUIPU_API_CHECK(tables.scan_rows(walk.range, walk.direction, [&](std::string_view key, std::string_view value) {
    return writer.visit(key, value);
  }));
  QUIPU_CHECK(check_was_whole(walk, tables));
  return writer.finish();
}

Answer<> answer_walk(const Walk& walk, const table::Tables& tables, std::string& body) {
  QUIPU_TRY(const Page page, walk_page(walk, tables));
  body.clear();
  JsonWriter json{body};
  json.begin_object();
  if (walk.select != Select::count) json.member("Items").raw_value(page.items_json);
  json.member("Count").int64(page.count).member("ScannedCount").int64(page.scanned);
  if (page.last_key) append_item_member(json, "LastEvaluatedKey", *page.last_key);
  page.capacity.append(json, walk.return_capacity);
  json.end_object();
  return {};
}

Answer<> start_after(Walk& walk, const value::Item& key) {
  std::string row_key;
  QUIPU_API_CHECK(table::key_codec::append_row_key(row_key, *walk.schema, key));
  if (walk.index != nullptr) {
    auto row = table::make_index_row(*walk.schema, *walk.index, row_key, key);
    if (!row) return validation("The provided starting key is invalid");
    row_key = std::move(row->key);
  }
  const bool inside = row_key >= walk.range.first && row_key < walk.range.end;
  if (!inside)
    return !walk.partition_prefix.empty() && row_key.starts_with(walk.partition_prefix)
               ? validation("The provided starting key does not match the range key predicate")
               : validation("The provided starting key is outside query boundaries based on provided conditions");
  if (walk.direction == table::Tables::Direction::forward)
    walk.range.first = row_key + '\0';
  else
    walk.range.end = row_key;
  return {};
}

}  // namespace quipu::aws
