#include "aws/shapes_common.h"

namespace quipu::aws::shapes {

namespace {

constexpr Shape binary = {.kind = Kind::blob, .unconstrained = true};
constexpr Shape texts = list_of(any_text);
constexpr Shape binaries = list_of(binary);

constexpr auto attribute_value_members = members({
    {"S", &any_text},
    {"N", &any_text},
    {"B", &binary},
    {"SS", &texts},
    {"NS", &texts},
    {"BS", &binaries},
    {"M", &item},
    {"L", &attribute_values},
    {"NULL", &boolean},
    {"BOOL", &boolean},
});

// The service has types of its own that no request can have.
constexpr auto attribute_value_shown =
    std::to_array<std::string_view>({"S", "N", "B", "INT", "DECIMAL", "DOUBLE", "SS", "NS", "BS", "INTSET",
                                     "DECIMALSET", "DOUBLESET", "M", "L", "NULL", "BOOL"});

constexpr Shape make_attribute_value() {
  Shape shape = structure("AttributeValue", attribute_value_members);
  shape.shown = attribute_value_shown;
  shape.unconstrained = true;
  return shape;
}

}  // namespace

constexpr Shape attribute_value = make_attribute_value();
constexpr Shape empty = {.kind = Kind::structure, .unconstrained = true};

namespace {

constexpr auto expected_members = members({
    {"Value", &attribute_value},
    {"Exists", &boolean},
    {"ComparisonOperator", &comparison_operator},
    {"AttributeValueList", &attribute_values},
});
constexpr Shape expected = structure("ExpectedAttributeValue", expected_members);
constexpr Shape expected_map = map_of(expected);

constexpr auto condition_members = members({
    {"AttributeValueList", &attribute_values},
    {"ComparisonOperator", &comparison_operator, required},
});
constexpr Shape condition = structure("Condition", condition_members);
constexpr Shape condition_map = map_of(condition);

constexpr auto action_values = std::to_array<std::string_view>({"ADD", "PUT", "DELETE"});
constexpr Shape action = one_of(action_values);
constexpr auto update_members = members({{"Value", &attribute_value}, {"Action", &action}});
constexpr Shape update = structure("AttributeValueUpdate", update_members);
constexpr Shape update_map = map_of(update);

constexpr auto put_item_members = members({
    {"TableName", &name_or_arn, required},
    {"Item", &item, required},
    {"Expected", &expected_map},
    {"ReturnValues", &return_values},
    {"ReturnConsumedCapacity", &return_consumed_capacity},
    {"ReturnItemCollectionMetrics", &return_metrics},
    {"ConditionalOperator", &conditional_operator},
    {"ConditionExpression", &any_text},
    {"ExpressionAttributeNames", &expression_names},
    {"ExpressionAttributeValues", &item},
    {"ReturnValuesOnConditionCheckFailure", &return_on_failure},
});

constexpr auto get_item_members = members({
    {"TableName", &name_or_arn, required},
    {"Key", &item, required},
    {"AttributesToGet", &attribute_names},
    {"ConsistentRead", &boolean},
    {"ReturnConsumedCapacity", &return_consumed_capacity},
    {"ProjectionExpression", &any_text},
    {"ExpressionAttributeNames", &expression_names},
});

constexpr auto update_item_members = members({
    {"TableName", &name_or_arn, required},
    {"Key", &item, required},
    {"AttributeUpdates", &update_map},
    {"Expected", &expected_map},
    {"ConditionalOperator", &conditional_operator},
    {"ReturnValues", &return_values},
    {"ReturnConsumedCapacity", &return_consumed_capacity},
    {"ReturnItemCollectionMetrics", &return_metrics},
    {"UpdateExpression", &any_text},
    {"ConditionExpression", &any_text},
    {"ExpressionAttributeNames", &expression_names},
    {"ExpressionAttributeValues", &item},
    {"ReturnValuesOnConditionCheckFailure", &return_on_failure},
});

constexpr auto delete_item_members = members({
    {"TableName", &name_or_arn, required},
    {"Key", &item, required},
    {"Expected", &expected_map},
    {"ConditionalOperator", &conditional_operator},
    {"ReturnValues", &return_values},
    {"ReturnConsumedCapacity", &return_consumed_capacity},
    {"ReturnItemCollectionMetrics", &return_metrics},
    {"ConditionExpression", &any_text},
    {"ExpressionAttributeNames", &expression_names},
    {"ExpressionAttributeValues", &item},
    {"ReturnValuesOnConditionCheckFailure", &return_on_failure},
});

constexpr Shape keys = list_of(item, 1, 100);
constexpr auto keys_and_attributes_members = members({
    {"Keys", &keys, required},
    {"AttributesToGet", &attribute_names},
    {"ConsistentRead", &boolean},
    {"ProjectionExpression", &any_text},
    {"ExpressionAttributeNames", &expression_names},
});
constexpr Shape keys_and_attributes = structure("KeysAndAttributes", keys_and_attributes_members);
constexpr Shape batch_get_map = {.kind = Kind::map,
                                 .max = 100,
                                 .element = &keys_and_attributes,
                                 .key = &name_or_arn,
                                 .empty_message = "The requestItems parameter is required for BatchGetItem"};
constexpr auto batch_get_item_members = members({
    {"RequestItems", &batch_get_map, required},
    {"ReturnConsumedCapacity", &return_consumed_capacity},
});

constexpr auto put_request_members = members({{"Item", &item, required}});
constexpr auto put_request_shown = std::to_array<std::string_view>({"Item", "WorkloadProfileName"});
constexpr Shape put_request = {.kind = Kind::structure,
                               .name = "PutRequest",
                               .members = put_request_members.declared,
                               .order = put_request_members.order,
                               .shown = put_request_shown};
constexpr auto delete_request_members = members({{"Key", &item, required}});
constexpr Shape delete_request = structure("DeleteRequest", delete_request_members);
constexpr auto write_request_members = members({{"PutRequest", &put_request}, {"DeleteRequest", &delete_request}});
constexpr Shape write_request = structure("WriteRequest", write_request_members);
constexpr Shape write_requests = list_of(write_request, 1, 25);
constexpr Shape batch_write_map = {.kind = Kind::map,
                                   .max = 25,
                                   .element = &write_requests,
                                   .key = &name_or_arn,
                                   .empty_message = "The requestItems parameter is required for BatchWriteItem"};
constexpr auto batch_write_item_members = members({
    {"RequestItems", &batch_write_map, required},
    {"ReturnConsumedCapacity", &return_consumed_capacity},
    {"ReturnItemCollectionMetrics", &return_metrics},
});

constexpr auto select_values =
    std::to_array<std::string_view>({"SPECIFIC_ATTRIBUTES", "COUNT", "ALL_ATTRIBUTES", "ALL_PROJECTED_ATTRIBUTES"});
constexpr Shape select = one_of(select_values);

constexpr auto query_members = members({
    {"TableName", &name_or_arn, required},
    {"IndexName", &index_name},
    {"Select", &select},
    {"AttributesToGet", &attribute_names},
    {"Limit", &positive_integer},
    {"ConsistentRead", &boolean},
    {"KeyConditions", &condition_map},
    {"QueryFilter", &condition_map},
    {"ConditionalOperator", &conditional_operator},
    {"ScanIndexForward", &boolean},
    {"ExclusiveStartKey", &item},
    {"ReturnConsumedCapacity", &return_consumed_capacity},
    {"ProjectionExpression", &any_text},
    {"FilterExpression", &any_text},
    {"KeyConditionExpression", &any_text},
    {"ExpressionAttributeNames", &expression_names},
    {"ExpressionAttributeValues", &item},
});

constexpr Shape total_segments = integer(1, 1'000'000);
constexpr Shape segment = integer(0, 999'999);
constexpr auto scan_members = members({
    {"TableName", &name_or_arn, required},
    {"IndexName", &index_name},
    {"AttributesToGet", &attribute_names},
    {"Limit", &positive_integer},
    {"Select", &select},
    {"ScanFilter", &condition_map},
    {"ConditionalOperator", &conditional_operator},
    {"ExclusiveStartKey", &item},
    {"ReturnConsumedCapacity", &return_consumed_capacity},
    {"TotalSegments", &total_segments},
    {"Segment", &segment},
    {"ProjectionExpression", &any_text},
    {"FilterExpression", &any_text},
    {"ExpressionAttributeNames", &expression_names},
    {"ExpressionAttributeValues", &item},
    {"ConsistentRead", &boolean},
});

}  // namespace

constexpr Shape put_item = structure("PutItemInput", put_item_members);
constexpr Shape get_item = structure("GetItemInput", get_item_members);
constexpr Shape update_item = structure("UpdateItemInput", update_item_members);
constexpr Shape delete_item = structure("DeleteItemInput", delete_item_members);
constexpr Shape batch_get_item = structure("BatchGetItemInput", batch_get_item_members);
constexpr Shape batch_write_item = structure("BatchWriteItemInput", batch_write_item_members);
constexpr Shape query = structure("QueryInput", query_members);
constexpr Shape scan = structure("ScanInput", scan_members);

}  // namespace quipu::aws::shapes
