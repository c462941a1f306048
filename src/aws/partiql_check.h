// What the service checks of a statement's expressions before it looks at the table: the same as of condition, update
// and projection expressions, and in the same words.
#pragma once

#include "aws/partiql_statement.h"

namespace quipu::aws::partiql {

Answer<> check_statement(Statement& statement);

}  // namespace quipu::aws::partiql
