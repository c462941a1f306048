// Counters in MongoDB or DocumentDB: the collection `counters` of the database `atomic_counter`, documents
// {counter_id, atomic_counter} with a unique index on counter_id. One find-and-modify increments and returns the new
// document; the last markers are kept in it.
#pragma once

#include "remote/link.h"

namespace quipu::remote {

struct MongoSettings {
  std::string connection_string;  // mongodb://...
};

Result<std::unique_ptr<Remote>> make_mongo(const MongoSettings& settings);

}  // namespace quipu::remote
