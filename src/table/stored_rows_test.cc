// The bytes of the smaller rows, which are on disks for ever (docs/formats/).
#include <gtest/gtest.h>

#include "base/bytes.h"
#include "table/idempotency.h"
#include "table/purge.h"
#include "table/stream_info.h"
#include "table/table_figures.h"

namespace quipu::table {
namespace {

std::string bytes_of(std::string_view hex) {
  std::string bytes;
  EXPECT_TRUE(from_hex(hex, bytes)) << hex;
  return bytes;
}

TEST(StoredRows, StreamHasItsGoldenBytes) {
  const StreamInfo stream{.table_id = 7,
                          .created_ms = 258,
                          .table_name = "t",
                          .view = StreamView::new_image,
                          .partition_key = {.name = "id"},
                          .sort_key = {},
                          .first_change = 3,
                          .end_change = 5,
                          .ended_ms = 9};
  std::string key;
  append_stream_key(key, stream.table_id, stream.created_ms);
  EXPECT_EQ(to_hex(key),
            "0a"
            "00000007"
            "0000000000000102");
  const std::string value = encode_stream(stream);
  EXPECT_EQ(to_hex(value),
            "01"
            "01"
            "0a656e645f6368616e67650405"
            "08656e6465645f6d730409"
            "0c66697273745f6368616e67650403"
            "036b65790c010d02046e616d65070269640474797065"
            "0401"
            "057461626c65070174"
            "04766965770402");
  const auto decoded = decode_stream(key, value);
  ASSERT_TRUE(decoded) << decoded.error().message;
  EXPECT_EQ(*decoded, stream);
}

TEST(StoredRows, FiguresHaveTheirGoldenBytes) {
  std::string key;
  append_figures_key(key, 7);
  EXPECT_EQ(to_hex(key),
            "0b"
            "00000007");
  const TableFigures figures{.items = 2, .bytes = 258};
  EXPECT_EQ(to_hex(encode_figures(figures)),
            "01"
            "0000000000000002"
            "0000000000000102");
  EXPECT_EQ(decode_figures(encode_figures(figures)), figures);
}

TEST(StoredRows, PurgeHasItsGoldenBytes) {
  EXPECT_EQ(to_hex(purge_key("ab")),
            "09"
            "6162");
  EXPECT_EQ(to_hex(purge_value()), "01");
  EXPECT_EQ(purge_prefix(purge_key("ab")), "ab");
}

TEST(StoredRows, IdempotencyRowsAreReadFromTheirGoldenBytes) {
  const std::string row_bytes = bytes_of(
      "01"
      "0000000000000003"
      "0000000000000102"
      "000102030405060708090a0b0c0d0e0f"
      "aabb");
  const auto row = decode_idempotency_row(row_bytes);
  ASSERT_TRUE(row);
  EXPECT_EQ(row->ordinal, 3u);
  EXPECT_EQ(row->created_ms, 258u);
  EXPECT_EQ(row->request_hash[15], 15);
  EXPECT_EQ(to_hex(row->outcome), "aabb");
  const std::string order_bytes = bytes_of(
      "0000000000000102"
      "6162");
  const auto order = decode_idempotency_order_row(order_bytes);
  ASSERT_TRUE(order);
  EXPECT_EQ(order->created_ms, 258u);
  EXPECT_EQ(order->key, "ab");
}

TEST(StoredRows, RequestHashIsTheFirstHalfOfSha256) {
  const RequestHash hash = hash_request("abc");
  EXPECT_EQ(to_hex({reinterpret_cast<const char*>(hash.data()), hash.size()}), "ba7816bf8f01cfea414140de5dae2223");
}

}  // namespace
}  // namespace quipu::table
