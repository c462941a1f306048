// ExecuteStatement.
#include "aws/statement_operations.h"

#include <memory>

#include "aws/attribute_json.h"
#include "aws/json_members.h"
#include "aws/statement_requests.h"
#include "aws/statement_select.h"
#include "aws/write_answers.h"
#include "aws/write_requests.h"

namespace quipu::aws {

namespace {

Answer<> answer_write(const ItemWrites& writes, std::string& body) {
  const ItemWrite& write = writes.all().front();
  if (write.failure) return std::unexpected(*write.failure);
  body.clear();
  JsonWriter json{body};
  json.begin_object();
  json.member("Items").begin_array();
  if (const auto item = returned_item(write)) {
    std::string text;
    append_item(text, *item);
    json.raw_value(text);
  }
  json.end_array();
  if (writes.return_capacity != ReturnCapacity::none) {
    Capacity capacity;
    writes.append_capacity(capacity);
    capacity.append(json, writes.return_capacity);
  }
  json.end_object();
  return {};
}

Answer<> begin_write(Call& call, partiql::Statement& statement) {
  ItemWrite& write = call.writes.add();
  read_answer_options(*call.input, call.writes);
  write.return_old_on_failure = string_member_or(*call.input, "ReturnValuesOnConditionCheckFailure", {}) == "ALL_OLD";
  QUIPU_TRY(write.schema, find_statement_table(call, statement));
  QUIPU_CHECK(bind_statement(statement, write));
  QUIPU_CHECK(bind_item(write));
  return call.commit(answer_write);
}

}  // namespace

Answer<> begin_execute_statement(Call& call) {
  auto parsed = read_statement(*call.input);
  if (!parsed) return std::unexpected(std::move(parsed).error().error);
  partiql::Statement& statement = *parsed;
  switch (statement.kind) {
    case partiql::StatementKind::unsupported: return unsupported_operation(statement);
    case partiql::StatementKind::exists:
      return validation("EXISTS can only be used in ExecuteTransaction write requests.");
    case partiql::StatementKind::select: break;
    default: return begin_write(call, statement);
  }
  QUIPU_TRY(StatementWalk plan, plan_select(call, statement));
  return call.run_on_worker([plan = std::move(plan)](Call& on_worker) mutable {
    return answer_select(plan, on_worker.context.tables, on_worker.body);
  });
}

}  // namespace quipu::aws
