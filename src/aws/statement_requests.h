// From a request's statement to the write, the read of one item, or the walk that it asks for.
#pragma once

#include <optional>

#include "aws/call.h"
#include "aws/gets.h"
#include "aws/partiql_select.h"
#include "aws/partiql_statement.h"

namespace quipu::aws {

// "Statement" and "Parameters" of `input`.
partiql::Parsed read_statement(const JsonNode& input);

// "Unsupported operation: CreateTable"
std::unexpected<ApiError> unsupported_operation(const partiql::Statement& statement);

// The table that a statement names.
Answer<std::shared_ptr<const table::TableSchema>> find_statement_table(const Call& call,
                                                                       const partiql::Statement& statement);

// `write.schema` is bound. What the statement itself must say of its item; bind_item checks the rest.
Answer<> bind_statement(partiql::Statement& statement, ItemWrite& write);
// What RETURNING shows; nothing if there is nothing to show.
std::optional<value::Item> returned_item(const ItemWrite& write);

struct StatementGet {
  Get get;
  partiql::Selection selection;
};
// A SELECT of a single item; nothing if it may be about more of them.
Answer<std::optional<StatementGet>> bind_single_select(const table::TableSchema& schema, partiql::Statement& statement);
// No key attribute has members.
Answer<> check_key_is_whole(const table::TableSchema& schema, const std::vector<std::string>& nested);

}  // namespace quipu::aws
