#include "aws/table_settings.h"

#include <gtest/gtest.h>

#include "base/bytes.h"
#include "value/item_codec.h"

namespace quipu::aws {
namespace {

// Inside the schema's row, which is on disks for ever (docs/formats/table-settings.md).
TEST(TableSettings, GoldenBytes) {
  TableSettings settings;
  settings.table_id = "u";
  settings.on_demand = true;
  settings.on_demand_since_ms = 9;
  settings.throughput = {.read_units = 3, .write_units = 2};
  settings.deletion_protection = true;
  settings.table_class = "STANDARD";
  settings.definitions = {"h", "r"};
  settings.tags = {{"a", "b"}};
  table::TableSchema schema{.name = "t", .id = 1, .partition_key = {.name = "h"}, .created_ms = 9};
  write_settings(settings, schema);
  std::string bytes;
  value::encode_item(schema.settings, bytes);
  EXPECT_EQ(to_hex(bytes),
            "01"
            "0b646566696e6974696f6e730c02070168070172"
            "1364656c6574696f6e5f70726f74656374696f6e03"
            "096f6e5f64656d616e6403"
            "126f6e5f64656d616e645f73696e63655f6d730409"
            "0a726561645f756e6974730403"
            "0f726573746f7265645f6261636b75700700"
            "0e726573746f7265645f7461626c650700"
            "0b7461626c655f636c61737307085354414e44415244"
            "087461626c655f6964070175"
            "04746167730d010161070162"
            "0b77726974655f756e6974730402");
  const TableSettings read = read_settings(schema);
  EXPECT_EQ(read.table_id, settings.table_id);
  EXPECT_EQ(read.definitions, settings.definitions);
  EXPECT_EQ(read.tags, settings.tags);
  EXPECT_EQ(read.throughput, settings.throughput);
}

// Tables that other parts make, or made before there was this API, have no settings.
TEST(TableSettings, WhatIsMissingHasItsDefault) {
  const table::TableSchema schema{.name = "t", .id = 1, .partition_key = {.name = "h"}, .created_ms = 9};
  const TableSettings settings = read_settings(schema);
  EXPECT_TRUE(settings.on_demand);
  EXPECT_FALSE(settings.deletion_protection);
  EXPECT_EQ(settings.throughput, Throughput{});
}

}  // namespace
}  // namespace quipu::aws
