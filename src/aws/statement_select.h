// SELECT as ExecuteStatement does it: a walk over all rows, or over the rows of the partitions that the condition
// names, one run after the other, page by page.
#pragma once

#include <string>
#include <vector>

#include "aws/call.h"
#include "aws/partiql_select.h"
#include "aws/partiql_statement.h"
#include "aws/query.h"

namespace quipu::aws {

struct StatementWalk {
  Walk walk;  // but for its range
  struct Run {
    table::KeyRange range;
    std::string partition_prefix;
  };
  std::vector<Run> runs;  // in the order in which they are walked
  std::size_t run = 0;    // where it begins
  partiql::Selection selection;
  std::string statement;  // its text, for tokens
};

Answer<StatementWalk> plan_select(const Call& call, partiql::Statement& statement);

// Walks one page and writes the answer's body. May wait for the disk.
Answer<> answer_select(StatementWalk& walk, const table::Tables& tables, std::string& body);

}  // namespace quipu::aws
