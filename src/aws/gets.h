// What the operations that read items by key share.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "aws/call.h"
#include "aws/capacity.h"
#include "expression/projection.h"

namespace quipu::aws {

// One item that is asked for.
struct Get {
  std::shared_ptr<const table::TableSchema> schema;
  value::Item key;
  std::string row_key;
  std::shared_ptr<const expression::Projection> projection;  // null: the whole item
  Consistency consistency = Consistency::eventual;

  // What is shown of a whole item: itself, or what `picked` then holds.
  const value::Item* shown(const value::Item& item, value::Item& picked) const;
};

// ProjectionExpression or AttributesToGet, with the names that it uses.
Answer<std::shared_ptr<const expression::Projection>> read_projection_of(const JsonNode& input);
Consistency read_consistency(const JsonNode& input);

// What the table's schema asks.
Answer<> bind_get(const Call& call, std::string_view table, Get& get);

// All of them in one consistent state, whole; nothing for those that are not there. May wait for the disk.
Answer<std::vector<std::optional<value::Item>>> read_all(const Context& context, const std::vector<Get>& gets);

// Two keys that are the same are refused with that message.
Answer<> check_no_duplicates(std::span<const Get> gets, std::string_view message);

}  // namespace quipu::aws
