#include "aws/operations.h"

#include <algorithm>
#include <array>

#include "aws/item_operations.h"
#include "aws/query.h"
#include "aws/shapes.h"
#include "aws/statement_operations.h"
#include "aws/stream_operations.h"
#include "aws/table_operations.h"

namespace quipu::aws {

namespace {

constexpr auto dynamodb_operations = std::to_array<Operation>({
    {"BatchExecuteStatement", shapes::batch_execute_statement, begin_batch_execute_statement},
    {"BatchGetItem", shapes::batch_get_item, begin_batch_get_item},
    {"BatchWriteItem", shapes::batch_write_item, begin_batch_write_item},
    {"CreateBackup", shapes::create_backup, begin_create_backup},
    {"CreateTable", shapes::create_table, begin_create_table},
    {"DeleteBackup", shapes::backup_by_arn, begin_delete_backup},
    {"DeleteItem", shapes::delete_item, begin_delete_item},
    {"DeleteTable", shapes::delete_table, begin_delete_table},
    {"DescribeBackup", shapes::backup_by_arn, begin_describe_backup},
    {"DescribeContinuousBackups", shapes::describe_table, begin_describe_continuous_backups},
    {"DescribeEndpoints", shapes::empty, begin_describe_endpoints},
    {"DescribeLimits", shapes::empty, begin_describe_limits},
    {"DescribeTable", shapes::describe_table, begin_describe_table},
    {"DescribeTimeToLive", shapes::describe_table, begin_describe_time_to_live},
    {"ExecuteStatement", shapes::execute_statement, begin_execute_statement},
    {"ExecuteTransaction", shapes::execute_transaction, begin_execute_transaction},
    {"GetItem", shapes::get_item, begin_get_item},
    {"ListBackups", shapes::list_backups, begin_list_backups},
    {"ListTables", shapes::list_tables, begin_list_tables},
    {"ListTagsOfResource", shapes::list_tags_of_resource, begin_list_tags_of_resource},
    {"PutItem", shapes::put_item, begin_put_item},
    {"Query", shapes::query, begin_query},
    {"RestoreTableFromBackup", shapes::restore_table_from_backup, begin_restore_table_from_backup},
    {"Scan", shapes::scan, begin_scan},
    {"TagResource", shapes::tag_resource, begin_tag_resource},
    {"TransactGetItems", shapes::transact_get_items, begin_transact_get_items},
    {"TransactWriteItems", shapes::transact_write_items, begin_transact_write_items},
    {"UntagResource", shapes::untag_resource, begin_untag_resource},
    {"UpdateItem", shapes::update_item, begin_update_item},
    {"UpdateTable", shapes::update_table, begin_update_table},
    {"UpdateTimeToLive", shapes::update_time_to_live, begin_update_time_to_live},
});
static_assert(std::ranges::is_sorted(dynamodb_operations, {}, &Operation::name));

constexpr auto stream_operations = std::to_array<Operation>({
    {"DescribeStream", shapes::describe_stream, begin_describe_stream},
    {"GetRecords", shapes::get_records, begin_get_records},
    {"GetShardIterator", shapes::get_shard_iterator, begin_get_shard_iterator},
    {"ListStreams", shapes::list_streams, begin_list_streams},
});
static_assert(std::ranges::is_sorted(stream_operations, {}, &Operation::name));

}  // namespace

const Operation* find_operation(Service service, std::string_view name) {
  const std::span<const Operation> operations = service == Service::dynamodb
                                                    ? std::span<const Operation>{dynamodb_operations}
                                                    : std::span<const Operation>{stream_operations};
  const auto found = std::ranges::lower_bound(operations, name, {}, &Operation::name);
  return found != operations.end() && found->name == name ? &*found : nullptr;
}

}  // namespace quipu::aws
