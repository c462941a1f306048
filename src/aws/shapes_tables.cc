#include "aws/shapes_common.h"

namespace quipu::aws::shapes {

namespace {

constexpr Shape short_text = text(1, 255);

constexpr auto attribute_type_values = std::to_array<std::string_view>({"B", "N", "S"});
constexpr Shape attribute_type = one_of(attribute_type_values);
constexpr auto attribute_definition_members = members({
    {"AttributeName", &short_text, required},
    {"AttributeType", &attribute_type, required},
});
constexpr Shape attribute_definition = structure("AttributeDefinition", attribute_definition_members);
constexpr Shape attribute_definitions = list_of(attribute_definition);

constexpr auto key_type_values = std::to_array<std::string_view>({"HASH", "RANGE"});
constexpr Shape key_type = one_of(key_type_values);
constexpr auto key_element_members = members({
    {"AttributeName", &short_text, required},
    {"KeyType", &key_type, required},
});
constexpr Shape key_element = structure("KeySchemaElement", key_element_members);
constexpr Shape key_schema = list_of(key_element, 1, 2);

constexpr auto projection_type_values = std::to_array<std::string_view>({"ALL", "INCLUDE", "KEYS_ONLY"});
constexpr Shape projection_type = one_of(projection_type_values);
constexpr Shape non_key_attributes = list_of(short_text, 1, 20);
constexpr auto projection_members = members({
    {"ProjectionType", &projection_type},
    {"NonKeyAttributes", &non_key_attributes},
});
constexpr Shape projection = structure("Projection", projection_members);

constexpr auto throughput_members = members({
    {"ReadCapacityUnits", &positive_long, required},
    {"WriteCapacityUnits", &positive_long, required},
});
constexpr Shape throughput = structure("ProvisionedThroughput", throughput_members);

constexpr auto on_demand_members = members({
    {"MaxReadRequestUnits", &any_long},
    {"MaxWriteRequestUnits", &any_long},
});
constexpr Shape on_demand = structure("OnDemandThroughput", on_demand_members);

constexpr auto warm_members = members({
    {"ReadUnitsPerSecond", &any_long},
    {"WriteUnitsPerSecond", &any_long},
});
constexpr Shape warm = structure("WarmThroughput", warm_members);

constexpr auto local_index_members = members({
    {"IndexName", &index_name, required},
    {"KeySchema", &key_schema, required},
    {"Projection", &projection, required},
});
constexpr Shape local_index = structure("LocalSecondaryIndex", local_index_members);
constexpr Shape local_indexes = list_of(local_index);

constexpr auto global_index_members = members({
    {"IndexName", &index_name, required},
    {"KeySchema", &key_schema, required},
    {"Projection", &projection, required},
    {"ProvisionedThroughput", &throughput},
    {"OnDemandThroughput", &on_demand},
    {"WarmThroughput", &warm},
});
constexpr Shape global_index = structure("GlobalSecondaryIndex", global_index_members);
constexpr Shape global_indexes = list_of(global_index);

constexpr auto billing_mode_values = std::to_array<std::string_view>({"PROVISIONED", "PAY_PER_REQUEST"});
constexpr Shape billing_mode = one_of(billing_mode_values);

constexpr auto view_type_values =
    std::to_array<std::string_view>({"NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES", "KEYS_ONLY"});
constexpr Shape view_type = one_of(view_type_values);
constexpr auto stream_specification_members = members({
    {"StreamEnabled", &boolean, required},
    {"StreamViewType", &view_type},
});
constexpr Shape stream_specification = structure("StreamSpecification", stream_specification_members);

constexpr auto encryption_type_values = std::to_array<std::string_view>({"AES256", "KMS"});
constexpr Shape encryption_type = one_of(encryption_type_values);
constexpr auto encryption_members = members({
    {"Enabled", &boolean},
    {"SSEType", &encryption_type},
    {"KMSMasterKeyId", &any_text},
});
constexpr Shape encryption = structure("SSESpecification", encryption_members);

constexpr auto table_class_values = std::to_array<std::string_view>({"STANDARD", "STANDARD_INFREQUENT_ACCESS"});
constexpr Shape table_class = one_of(table_class_values);

// What is wrong with a tag is told by the operations, in other words.
constexpr auto tag_members = members({{"Key", &any_text}, {"Value", &any_text}});
constexpr Shape tag = structure("Tag", tag_members);
constexpr Shape tags = list_of(tag);
constexpr Shape tag_keys = list_of(any_text);

constexpr auto create_table_members = members({
    {"AttributeDefinitions", &attribute_definitions, required},
    {"TableName", &name_or_arn, required},
    {"KeySchema", &key_schema, required},
    {"LocalSecondaryIndexes", &local_indexes},
    {"GlobalSecondaryIndexes", &global_indexes},
    {"BillingMode", &billing_mode},
    {"ProvisionedThroughput", &throughput},
    {"StreamSpecification", &stream_specification},
    {"SSESpecification", &encryption},
    {"Tags", &tags},
    {"TableClass", &table_class},
    {"DeletionProtectionEnabled", &boolean},
    {"WarmThroughput", &warm},
    {"ResourcePolicy", &any_text},
    {"OnDemandThroughput", &on_demand},
});

constexpr auto index_update_members = members({
    {"IndexName", &index_name, required},
    {"ProvisionedThroughput", &throughput},
    {"OnDemandThroughput", &on_demand},
    {"WarmThroughput", &warm},
});
constexpr Shape index_update = structure("UpdateGlobalSecondaryIndexAction", index_update_members);
constexpr auto index_create_members = members({
    {"IndexName", &index_name, required},
    {"KeySchema", &key_schema, required},
    {"Projection", &projection, required},
    {"ProvisionedThroughput", &throughput},
    {"OnDemandThroughput", &on_demand},
    {"WarmThroughput", &warm},
});
constexpr Shape index_create = structure("CreateGlobalSecondaryIndexAction", index_create_members);
constexpr auto index_delete_members = members({{"IndexName", &index_name, required}});
constexpr Shape index_delete = structure("DeleteGlobalSecondaryIndexAction", index_delete_members);
constexpr auto index_change_members = members({
    {"Update", &index_update},
    {"Create", &index_create},
    {"Delete", &index_delete},
});
constexpr Shape index_change = structure("GlobalSecondaryIndexUpdate", index_change_members);
constexpr Shape index_changes = list_of(index_change);

constexpr auto update_table_members = members({
    {"AttributeDefinitions", &attribute_definitions},
    {"TableName", &name_or_arn, required},
    {"BillingMode", &billing_mode},
    {"ProvisionedThroughput", &throughput},
    {"GlobalSecondaryIndexUpdates", &index_changes},
    {"StreamSpecification", &stream_specification},
    {"SSESpecification", &encryption},
    {"TableClass", &table_class},
    {"DeletionProtectionEnabled", &boolean},
    {"OnDemandThroughput", &on_demand},
    {"WarmThroughput", &warm},
});

constexpr auto one_table_members = members({{"TableName", &name_or_arn, required}});

constexpr Shape list_limit = integer(1, 100);
constexpr auto list_tables_members = members({{"ExclusiveStartTableName", &table_name}, {"Limit", &list_limit}});

constexpr auto time_to_live_members = members({
    {"Enabled", &boolean, required},
    {"AttributeName", &any_text, required},
});
constexpr Shape time_to_live = structure("TimeToLiveSpecification", time_to_live_members);
constexpr auto update_time_to_live_members = members({
    {"TableName", &name_or_arn, required},
    {"TimeToLiveSpecification", &time_to_live, required},
});

constexpr auto tag_resource_members = members({{"ResourceArn", &any_text}, {"Tags", &tags}});
constexpr auto untag_resource_members = members({{"ResourceArn", &any_text}, {"TagKeys", &tag_keys}});
constexpr auto list_tags_members = members({{"ResourceArn", &any_text}, {"NextToken", &any_text}});

constexpr Shape backup_arn = text(37, 1024);
constexpr Shape backup_name = name_like_a_table();
constexpr auto backup_type_values = std::to_array<std::string_view>({"USER", "SYSTEM", "AWS_BACKUP", "ALL"});
constexpr Shape backup_type = one_of(backup_type_values);
constexpr auto create_backup_members = members({
    {"TableName", &name_or_arn, required},
    {"BackupName", &backup_name, required},
});
constexpr auto backup_by_arn_members = members({{"BackupArn", &backup_arn, required}});
constexpr auto list_backups_members = members({
    {"TableName", &name_or_arn},
    {"Limit", &list_limit},
    {"TimeRangeLowerBound", &timestamp},
    {"TimeRangeUpperBound", &timestamp},
    {"ExclusiveStartBackupArn", &backup_arn},
    {"BackupType", &backup_type},
});
constexpr auto restore_members = members({
    {"TargetTableName", &table_name, required},
    {"BackupArn", &backup_arn, required},
    {"BillingModeOverride", &billing_mode},
    {"GlobalSecondaryIndexOverride", &global_indexes},
    {"LocalSecondaryIndexOverride", &local_indexes},
    {"ProvisionedThroughputOverride", &throughput},
    {"OnDemandThroughputOverride", &on_demand},
    {"SSESpecificationOverride", &encryption},
});

}  // namespace

constexpr Shape create_table = table_operation("CreateTableInput", create_table_members);
constexpr Shape update_table = table_operation("UpdateTableInput", update_table_members);
constexpr Shape describe_table = table_operation("DescribeTableInput", one_table_members);
constexpr Shape delete_table = table_operation("DeleteTableInput", one_table_members);
constexpr Shape list_tables = structure("ListTablesInput", list_tables_members);
constexpr Shape update_time_to_live = table_operation("UpdateTimeToLiveInput", update_time_to_live_members);
constexpr Shape tag_resource = structure("TagResourceInput", tag_resource_members);
constexpr Shape untag_resource = structure("UntagResourceInput", untag_resource_members);
constexpr Shape list_tags_of_resource = structure("ListTagsOfResourceInput", list_tags_members);
constexpr Shape create_backup = table_operation("CreateBackupInput", create_backup_members);
constexpr Shape backup_by_arn = structure("BackupInput", backup_by_arn_members);
constexpr Shape list_backups = structure("ListBackupsInput", list_backups_members);
constexpr Shape restore_table_from_backup = structure("RestoreTableFromBackupInput", restore_members);

}  // namespace quipu::aws::shapes
