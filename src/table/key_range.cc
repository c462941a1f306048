#include "table/key_range.h"

#include <limits>

#include "table/index_rows.h"
#include "table/key_codec.h"
#include "table/rows.h"

namespace quipu::table {

namespace {

using key_codec::Place;

// Values in conditions may be longer than keys can be: then nothing matches, or everything does, but it is no error.
constexpr std::size_t no_bound = std::numeric_limits<std::size_t>::max();

// Rows of one partition, and how their sort keys are written.
struct Partition {
  std::string prefix;
  const KeyAttribute& sort_key;
  Place place;

  Result<std::string> key(const value::Value& value) const {
    std::string key = prefix;
    QUIPU_CHECK(key_codec::append_part(key, sort_key, value, no_bound, place));
    return key;
  }
  // After every row with that sort key, before every row with a greater one.
  Result<std::string> after(const value::Value& value) const {
    QUIPU_TRY(std::string key, this->key(value));
    if (place == Place::last && sort_key.type != KeyType::number) return key + '\0';
    return end_of_prefix(key);  // a part that says where it ends is the beginning of no other
  }
};

Result<KeyRange> sorted_range(const Partition& partition, const SortCondition& sort) {
  KeyRange range{.first = partition.prefix, .end = end_of_prefix(partition.prefix)};
  const auto set = [](std::string& bound, Result<std::string> value) -> Result<> {
    QUIPU_TRY(bound, std::move(value));
    return {};
  };
  switch (sort.op) {
    case SortOperator::none: break;
    case SortOperator::equal:
      QUIPU_CHECK(set(range.first, partition.key(sort.first)));
      QUIPU_CHECK(set(range.end, partition.after(sort.first)));
      break;
    case SortOperator::less: QUIPU_CHECK(set(range.end, partition.key(sort.first))); break;
    case SortOperator::less_or_equal: QUIPU_CHECK(set(range.end, partition.after(sort.first))); break;
    case SortOperator::greater: QUIPU_CHECK(set(range.first, partition.after(sort.first))); break;
    case SortOperator::greater_or_equal: QUIPU_CHECK(set(range.first, partition.key(sort.first))); break;
    case SortOperator::between:
      QUIPU_CHECK(set(range.first, partition.key(sort.first)));
      QUIPU_CHECK(set(range.end, partition.after(sort.second)));
      break;
    case SortOperator::begins_with:
      QUIPU_CHECK(key_codec::append_part_prefix(range.first, partition.sort_key, sort.first, partition.place));
      range.end = end_of_prefix(range.first);
      break;
  }
  return range;
}

}  // namespace

KeyRange whole_range(const TableSchema& schema, const IndexSchema* index) {
  KeyRange range;
  if (index != nullptr)
    append_index_prefix(range.first, index->id);
  else
    key_codec::append_table_prefix(range.first, schema.id);
  range.end = end_of_prefix(range.first);
  return range;
}

Result<KeyRange> partition_range(const TableSchema& schema, const IndexSchema* index, const value::Value& partition,
                                 const SortCondition& sort) {
  std::string prefix = whole_range(schema, index).first;
  const KeyAttribute& partition_key = index != nullptr ? index->partition_key : schema.partition_key;
  const auto& sort_key = index != nullptr ? index->sort_key : schema.sort_key;
  const Place place = index != nullptr || sort_key ? Place::before_another : Place::last;
  QUIPU_CHECK(key_codec::append_part(prefix, partition_key, partition, no_bound, place));
  if (sort_key)
    return sorted_range({.prefix = std::move(prefix),
                         .sort_key = *sort_key,
                         .place = index != nullptr ? Place::before_another : Place::last},
                        sort);
  std::string end = index != nullptr ? end_of_prefix(prefix) : prefix + '\0';
  return KeyRange{.first = std::move(prefix), .end = std::move(end)};
}

}  // namespace quipu::table
