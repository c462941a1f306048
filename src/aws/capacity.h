// What a request would have cost on DynamoDB: capacity units, as ReturnConsumedCapacity asks for them.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/json_writer.h"
#include "table/schema.h"

namespace quipu::aws {

enum class ReturnCapacity : std::uint8_t { none, total, indexes };
ReturnCapacity parse_return_capacity(std::string_view text);

enum class Consistency : std::uint8_t { eventual, strong, transactional };

// Bytes, as DynamoDB counts them, to units: a write unit is 1 KB, a read unit 4 KB; what is begun counts.
double write_units(std::size_t bytes, bool transactional);
double read_units(std::size_t bytes, Consistency consistency);

// Of one table in one request.
class TableCapacity {
 public:
  void add_read(double units) { table_.read += units; }
  void add_write(double units) { table_.write += units; }
  void add_read(const table::IndexSchema& index, double units) { of(index).read += units; }
  void add_write(const table::IndexSchema& index, double units) { of(index).write += units; }

  // {"TableName":..., "CapacityUnits":..., ...}; transactions also show reads and writes apart.
  void append(JsonWriter& json, std::string_view table, ReturnCapacity mode, bool transactional) const;

 private:
  struct Units {
    double read = 0;
    double write = 0;
  };
  using ByIndex = std::map<std::string, Units, std::less<>>;

  Units& of(const table::IndexSchema& index);
  static void append_units(JsonWriter& json, const Units& units, bool apart);
  static void append_indexes(JsonWriter& json, std::string_view member, const ByIndex& indexes, bool apart);

  Units table_;
  ByIndex local_;
  ByIndex global_;
};

// Of all tables in one request, in the order of their names.
class Capacity {
 public:
  TableCapacity& of(std::string_view table);
  // The member "ConsumedCapacity", if it was asked for: one object, or an array of them where a request may have
  // several tables.
  void append(JsonWriter& json, ReturnCapacity mode, bool transactional = false) const;
  void append_list(JsonWriter& json, ReturnCapacity mode, bool transactional = false) const;

 private:
  std::map<std::string, TableCapacity, std::less<>> tables_;
};

}  // namespace quipu::aws
