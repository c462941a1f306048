// ExecuteTransaction: up to 100 statements, all reads of single items, or all writes and EXISTS conditions.
#include "aws/attribute_json.h"
#include "aws/gets.h"
#include "aws/json_members.h"
#include "aws/statement_operations.h"
#include "aws/statement_requests.h"
#include "aws/transact_write.h"
#include "aws/write_answers.h"
#include "aws/write_requests.h"

namespace quipu::aws {

namespace {

using partiql::Statement;
using partiql::StatementKind;

std::unexpected<ApiError> failed_in(std::size_t index, const ApiError& error) {
  return validation("Validation failed in TransactStatements[{}]: {}", index, error.message);
}

Answer<std::vector<Statement>> read_statements(const JsonNode& input) {
  std::vector<Statement> statements;
  for (const JsonNode& element : input.find("TransactStatements")->elements()) {
    auto parsed = read_statement(element);
    if (!parsed) {
      if (parsed.error().malformed) return std::unexpected(std::move(parsed).error().error);
      return failed_in(statements.size(), parsed.error().error);
    }
    if (parsed->kind == StatementKind::unsupported) return unsupported_operation(*parsed);
    if (parsed->returning)
      return failed_in(statements.size(), {.type = ErrorType::validation,
                                           .message = "RETURNING clause is not supported in "
                                                      "ExecuteTransaction.",
                                           .extra_json = {}});
    statements.push_back(*std::move(parsed));
  }
  for (const Statement& statement : statements)
    if (statement.reads() != statements.front().reads())
      return validation("ExecuteTransaction API does not support both read and write operations in the same request.");
  return statements;
}

// --- reads

struct Reads {
  std::vector<StatementGet> gets;
  ReturnCapacity return_capacity = ReturnCapacity::none;
};

Answer<> answer_reads(const Reads& reads, Call& call) {
  std::vector<Get> gets;
  for (const StatementGet& each : reads.gets) gets.push_back(each.get);
  QUIPU_TRY(const auto items, read_all(call.context, gets));
  std::size_t bytes = 0;
  for (const auto& item : items) bytes += item ? item->size_bytes() : 0;
  if (bytes > transaction_bytes_max) return validation("Collection size of the response exceeds 4 MB");
  Capacity capacity;
  call.body.clear();
  JsonWriter json{call.body};
  json.begin_object().member("Responses").begin_array();
  for (std::size_t i = 0; i < items.size(); ++i) {
    capacity.of(gets[i].schema->name)
        .add_read(read_units(items[i] ? items[i]->size_bytes() : 0, Consistency::transactional));
    json.begin_object();
    if (items[i]) append_item_member(json, "Item", reads.gets[i].selection.shown(*items[i]));
    json.end_object();
  }
  json.end_array();
  capacity.append_list(json, reads.return_capacity, true);
  json.end_object();
  return {};
}

// What is wrong with one statement's key is the reason for all to be cancelled.
std::unexpected<ApiError> canceled(std::size_t count, std::size_t failed, const ApiError& error) {
  std::string codes;
  std::string reasons;
  JsonWriter json{reasons};
  json.begin_array();
  for (std::size_t i = 0; i < count; ++i) {
    const std::string_view code = i == failed ? "ValidationError" : "None";
    if (i != 0) codes += ", ";
    codes += code;
    json.begin_object().member("Code").string(code);
    if (i == failed) json.member("Message").string(error.message);
    json.end_object();
  }
  json.end_array();
  return transaction_canceled(codes, reasons);
}

Answer<> begin_reads(Call& call, std::vector<Statement>& statements) {
  Reads reads;
  reads.return_capacity = parse_return_capacity(string_member_or(*call.input, "ReturnConsumedCapacity", {}));
  std::vector<Get> gets;
  for (std::size_t i = 0; i < statements.size(); ++i) {
    const auto refused = [&](std::string message) {
      return failed_in(i, {.type = ErrorType::validation, .message = std::move(message), .extra_json = {}});
    };
    if (!statements[i].index.empty()) return refused("Reads on indices are not supported within transactions.");
    QUIPU_TRY(const auto schema, find_statement_table(call, statements[i]));
    auto get = bind_single_select(*schema, statements[i]);
    if (!get) return canceled(statements.size(), i, get.error());
    if (!*get)
      return refused("Select statements within ExecuteTransaction must specify the primary key in the where clause.");
    (*get)->get.schema = schema;
    (*get)->get.consistency = Consistency::transactional;
    gets.push_back((*get)->get);
    reads.gets.push_back(**std::move(get));
  }
  QUIPU_CHECK(check_no_duplicates(gets, "Transaction request cannot include multiple operations on one item"));
  return call.run_on_worker([reads = std::move(reads)](Call& on_worker) { return answer_reads(reads, on_worker); });
}

// --- writes

Answer<> answer_writes(const ItemWrites& writes, std::string& body) {
  if (writes.any_failed()) return transaction_failure(writes);
  body.clear();
  JsonWriter json{body};
  json.begin_object().member("Responses").begin_array().end_array();
  Capacity capacity;
  if (writes.return_capacity != ReturnCapacity::none) writes.append_capacity(capacity);
  capacity.append_list(json, writes.return_capacity, true);
  json.end_object();
  return {};
}

Answer<> begin_writes(Call& call, std::vector<Statement>& statements) {
  const auto inputs = call.input->find("TransactStatements")->elements();
  read_answer_options(*call.input, call.writes);
  for (std::size_t i = 0; i < statements.size(); ++i) {
    ItemWrite& write = call.writes.add();
    write.return_old_on_failure = string_member_or(inputs[i], "ReturnValuesOnConditionCheckFailure", {}) == "ALL_OLD";
    auto schema = find_statement_table(call, statements[i]);
    if (!schema)
      return schema.error().type == ErrorType::validation ? failed_in(i, schema.error())
                                                          : std::unexpected(std::move(schema).error());
    write.schema = *std::move(schema);
  }
  for (std::size_t i = 0; i < statements.size(); ++i) {
    ItemWrite& write = call.writes.all()[i];
    const bool is_condition = statements[i].kind == StatementKind::exists;
    auto bound = bind_statement(statements[i], write);
    // One with its key fixed and nothing to check, too.
    if (is_condition && !(bound && write.condition))
      return failed_in(i, {.type = ErrorType::validation,
                           .message = "EXISTS() must contain a single item read with additional condition",
                           .extra_json = {}});
    if (bound) bound = bind_item(write);
    if (!bound) write.failure = std::move(bound).error();
  }
  if (call.writes.any_failed()) return transaction_failure(call.writes);
  return commit_transaction(call, string_member_or(*call.input, "ClientRequestToken", {}), answer_writes);
}

}  // namespace

Answer<> begin_execute_transaction(Call& call) {
  QUIPU_TRY(auto statements, read_statements(*call.input));
  return statements.front().reads() ? begin_reads(call, statements) : begin_writes(call, statements);
}

}  // namespace quipu::aws
