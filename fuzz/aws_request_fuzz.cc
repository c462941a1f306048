// The way of a request's body into typed values: the first byte picks an operation, the rest is its JSON. Nothing may
// be read out of bounds or go on for long; what has passed its shape must be readable; what was read and is written
// again must be the same to a second reader.
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "aws/attribute_json.h"
#include "aws/json_tree.h"
#include "aws/shapes.h"
#include "base/assert.h"
#include "base/text.h"

namespace {

using namespace quipu::aws;  // NOLINT: everything here is about it

constexpr std::array shapes_by_byte{
    &shapes::put_item,
    &shapes::get_item,
    &shapes::update_item,
    &shapes::delete_item,
    &shapes::batch_get_item,
    &shapes::batch_write_item,
    &shapes::query,
    &shapes::scan,
    &shapes::create_table,
    &shapes::update_table,
    &shapes::describe_table,
    &shapes::list_tables,
    &shapes::delete_table,
    &shapes::update_time_to_live,
    &shapes::tag_resource,
    &shapes::untag_resource,
    &shapes::create_backup,
    &shapes::backup_by_arn,
    &shapes::list_backups,
    &shapes::restore_table_from_backup,
    &shapes::list_streams,
    &shapes::describe_stream,
    &shapes::get_records,
    &shapes::get_shard_iterator,
    &shapes::execute_statement,
    &shapes::batch_execute_statement,
    &shapes::transact_get_items,
    &shapes::transact_write_items,
    &shapes::execute_transaction,
    &shapes::list_tags_of_resource,
};

void check_item(const JsonNode& node) {
  quipu::value::Item item;
  const auto read = read_item(node, item);
  if (!read) {
    QUIPU_ASSERT(quipu::is_valid_utf8(read.error().message), "{}", read.error().message);
    return;
  }
  std::string text;
  append_item(text, item);
  JsonTree tree;
  const auto root = tree.parse(text);
  QUIPU_ASSERT(root, "{}", text);
  quipu::value::Item again;
  QUIPU_ASSERT(read_item(**root, again) && again == item, "{}", text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text{reinterpret_cast<const char*>(data) + 1, size - 1};
  JsonTree tree;
  const auto root = tree.parse(text);
  if (!root) return 0;
  const Shape& shape = *shapes_by_byte[data[0] % shapes_by_byte.size()];
  const auto checked = check_input(shape, **root);
  if (!checked) {
    std::string body;
    write_body(checked.error(), body);
    QUIPU_ASSERT(quipu::is_valid_utf8(body), "{}", body);
    JsonTree answer;
    QUIPU_ASSERT(answer.parse(body), "{}", body);
    return 0;
  }
  for (const std::string_view name : {"Item", "Key", "ExpressionAttributeValues", "ExclusiveStartKey"})
    if (const JsonNode* const item = (*root)->find(name); item != nullptr && item->is(quipu::JsonType::object))
      check_item(*item);
  return 0;
}
