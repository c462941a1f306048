#include "aws/shapes_common.h"

namespace quipu::aws::shapes {

namespace {

constexpr auto condition_check_members = members({
    {"Key", &item, required},
    {"TableName", &name_or_arn, required},
    {"ConditionExpression", &any_text, required},
    {"ExpressionAttributeNames", &expression_names},
    {"ExpressionAttributeValues", &item},
    {"ReturnValuesOnConditionCheckFailure", &return_on_failure},
});
constexpr Shape condition_check = structure("ConditionCheck", condition_check_members);

constexpr auto put_members = members({
    {"Item", &item, required},
    {"TableName", &name_or_arn, required},
    {"ConditionExpression", &any_text},
    {"ExpressionAttributeNames", &expression_names},
    {"ExpressionAttributeValues", &item},
    {"ReturnValuesOnConditionCheckFailure", &return_on_failure},
});
constexpr Shape put = structure("Put", put_members);

constexpr auto delete_members = members({
    {"Key", &item, required},
    {"TableName", &name_or_arn, required},
    {"ConditionExpression", &any_text},
    {"ExpressionAttributeNames", &expression_names},
    {"ExpressionAttributeValues", &item},
    {"ReturnValuesOnConditionCheckFailure", &return_on_failure},
});
constexpr Shape erase = structure("Delete", delete_members);

constexpr auto update_members = members({
    {"Key", &item, required},
    {"UpdateExpression", &any_text, required},
    {"TableName", &name_or_arn, required},
    {"ConditionExpression", &any_text},
    {"ExpressionAttributeNames", &expression_names},
    {"ExpressionAttributeValues", &item},
    {"ReturnValuesOnConditionCheckFailure", &return_on_failure},
});
constexpr Shape update = structure("Update", update_members);

constexpr auto transact_write_item_members = members({
    {"ConditionCheck", &condition_check},
    {"Put", &put},
    {"Delete", &erase},
    {"Update", &update},
});
constexpr Shape transact_write_item = structure("TransactWriteItem", transact_write_item_members);
constexpr Shape transact_write_list = list_of(transact_write_item, 1, 100);
constexpr auto transact_write_items_members = members({
    {"TransactItems", &transact_write_list, required},
    {"ReturnConsumedCapacity", &return_consumed_capacity},
    {"ReturnItemCollectionMetrics", &return_metrics},
    {"ClientRequestToken", &client_request_token},
});

constexpr auto get_members = members({
    {"Key", &item, required},
    {"TableName", &name_or_arn, required},
    {"ProjectionExpression", &any_text},
    {"ExpressionAttributeNames", &expression_names},
});
constexpr Shape get = structure("Get", get_members);
constexpr auto transact_get_item_members = members({{"Get", &get, required}});
constexpr Shape transact_get_item = structure("TransactGetItem", transact_get_item_members);
constexpr Shape transact_get_list = list_of(transact_get_item, 1, 100);
constexpr auto transact_get_items_members = members({
    {"TransactItems", &transact_get_list, required},
    {"ReturnConsumedCapacity", &return_consumed_capacity},
});

constexpr Shape statement_text = text(1, 8192);
constexpr Shape parameters = list_of(attribute_value, 1);
constexpr Shape next_token = text(1, 32768);
constexpr auto execute_statement_members = members({
    {"Statement", &statement_text, required},
    {"Parameters", &parameters},
    {"ConsistentRead", &boolean},
    {"NextToken", &next_token},
    {"ReturnConsumedCapacity", &return_consumed_capacity},
    {"Limit", &positive_integer},
    {"ReturnValuesOnConditionCheckFailure", &return_on_failure},
});

constexpr auto batch_statement_members = members({
    {"Statement", &statement_text, required},
    {"Parameters", &parameters},
    {"ConsistentRead", &boolean},
    {"ReturnValuesOnConditionCheckFailure", &return_on_failure},
});
constexpr Shape batch_statement = structure("BatchStatementRequest", batch_statement_members);
constexpr Shape batch_statements = list_of(batch_statement, 1, 25);
constexpr auto batch_execute_statement_members = members({
    {"Statements", &batch_statements, required},
    {"ReturnConsumedCapacity", &return_consumed_capacity},
});

constexpr auto parameterized_statement_members = members({
    {"Statement", &statement_text, required},
    {"Parameters", &parameters},
    {"ReturnValuesOnConditionCheckFailure", &return_on_failure},
});
constexpr Shape parameterized_statement = structure("ParameterizedStatement", parameterized_statement_members);
constexpr Shape parameterized_statements = list_of(parameterized_statement, 1, 100);
constexpr auto execute_transaction_members = members({
    {"TransactStatements", &parameterized_statements, required},
    {"ClientRequestToken", &client_request_token},
    {"ReturnConsumedCapacity", &return_consumed_capacity},
});

}  // namespace

constexpr Shape transact_write_items = structure("TransactWriteItemsInput", transact_write_items_members);
constexpr Shape transact_get_items = structure("TransactGetItemsInput", transact_get_items_members);
constexpr Shape execute_statement = structure("ExecuteStatementInput", execute_statement_members);
constexpr Shape batch_execute_statement = structure("BatchExecuteStatementInput", batch_execute_statement_members);
constexpr Shape execute_transaction = structure("ExecuteTransactionInput", execute_transaction_members);

}  // namespace quipu::aws::shapes
