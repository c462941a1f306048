// Query and Scan: a walk over one run of rows, page by page.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "aws/call.h"
#include "aws/capacity.h"
#include "expression/condition.h"
#include "expression/projection.h"
#include "table/key_range.h"

namespace quipu::aws {

inline constexpr std::size_t page_bytes_max = 1'048'576;

enum class Select : std::uint8_t { all, all_projected, specific, count };

// One part of a parallel scan: the items whose partition keys fall to it.
struct Segment {
  std::uint64_t number = 0;
  std::uint64_t total = 1;
};

struct Walk {
  std::shared_ptr<const table::TableSchema> schema;
  const table::IndexSchema* index = nullptr;  // of the schema; null: the table itself
  table::KeyRange range;                      // what is left of it, after the starting key
  std::string partition_prefix;               // what all row keys of a query's partition begin with
  table::Tables::Direction direction = table::Tables::Direction::forward;
  std::optional<std::int64_t> limit;
  Segment segment;
  std::optional<expression::Condition> filter;
  std::optional<expression::Projection> projection;
  Select select = Select::all;
  bool filters_whole_items = false;  // the filter looks at the items in the table, because the index lacks something
  bool shows_whole_items = false;    // likewise what is shown
  Consistency consistency = Consistency::eventual;
  ReturnCapacity return_capacity = ReturnCapacity::none;
};

// The index of that name, if there is one and it can be read; an empty name is none.
Answer<> choose_index(Walk& walk, std::string_view name);
// Of what is walked over: the table or its index.
const std::optional<table::KeyAttribute>& sort_key(const Walk& walk);
// Does the walk's index hold the attribute?
bool index_has(const Walk& walk, std::string_view name);

// Walks one page and writes the answer's body.
Answer<> answer_walk(const Walk& walk, const table::Tables& tables, std::string& body);

// The page itself, for PartiQL.
struct Page {
  std::string items_json;  // "[{...},{...}]"
  std::int64_t count = 0;
  std::int64_t scanned = 0;
  std::optional<value::Item> last_key;  // go on behind it
  Capacity capacity;
};
Answer<Page> walk_page(const Walk& walk, const table::Tables& tables);

// Leaves of `walk.range` what comes behind the key, in the direction of the walk.
Answer<> start_after(Walk& walk, const value::Item& key);

Answer<> begin_query(Call& call);
Answer<> begin_scan(Call& call);

}  // namespace quipu::aws
