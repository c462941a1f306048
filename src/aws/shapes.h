// The input of each operation, as DynamoDB's API model has it. Texts of enumerations stand in the order in which the
// service lists them in its messages.
//
// What the service says about a member in words of its own is left to the operations: ResourceArn and the tags, the
// attribute of a time to live.
#pragma once

#include "aws/shape.h"

namespace quipu::aws::shapes {

extern const Shape attribute_value;
extern const Shape empty;  // operations that take nothing

// Items (shapes_items.cc)
extern const Shape put_item;
extern const Shape get_item;
extern const Shape update_item;
extern const Shape delete_item;
extern const Shape batch_get_item;
extern const Shape batch_write_item;
extern const Shape query;
extern const Shape scan;

// Transactions and PartiQL (shapes_transactions.cc)
extern const Shape transact_write_items;
extern const Shape transact_get_items;
extern const Shape execute_statement;
extern const Shape batch_execute_statement;
extern const Shape execute_transaction;

// Tables (shapes_tables.cc)
extern const Shape create_table;
extern const Shape update_table;
extern const Shape describe_table;  // also DescribeContinuousBackups, DescribeTimeToLive
extern const Shape delete_table;
extern const Shape list_tables;
extern const Shape update_time_to_live;
extern const Shape tag_resource;
extern const Shape untag_resource;
extern const Shape list_tags_of_resource;
extern const Shape create_backup;
extern const Shape backup_by_arn;  // DescribeBackup, DeleteBackup
extern const Shape list_backups;
extern const Shape restore_table_from_backup;

// Streams (shapes_streams.cc)
extern const Shape list_streams;
extern const Shape describe_stream;
extern const Shape get_shard_iterator;
extern const Shape get_records;

}  // namespace quipu::aws::shapes
