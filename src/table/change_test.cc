#include "table/change.h"

#include <gtest/gtest.h>

#include "base/bytes.h"

namespace quipu::table {
namespace {

std::string encode(const ChangeRecord& record) {
  std::string out;
  append_change(out, record);
  return out;
}

// The bytes are on disks for ever.
TEST(Change, GoldenBytes) {
  std::string key;
  append_change_key(key, 7, 258);
  EXPECT_EQ(to_hex(key),
            "04"
            "00000007"
            "0000000000000102");
  EXPECT_EQ(to_hex(encode({.kind = ChangeKind::modify,
                           .time_ms = 5,
                           .item_row_key = "k",
                           .old_image = std::nullopt,
                           .new_image = "ab"})),
            "01"
            "02"
            "0000000000000005"
            "016b"
            "00"
            "036162");
}

TEST(Change, AnEmptyImageIsNotAMissingOne) {
  const auto bytes = encode({.kind = ChangeKind::insert, .item_row_key = "k", .new_image = ""});
  const auto read = decode_change(bytes);
  ASSERT_TRUE(read);
  EXPECT_FALSE(read->old_image);
  ASSERT_TRUE(read->new_image);
  EXPECT_EQ(*read->new_image, "");
}

TEST(Change, EveryCutIsNoticed) {
  const auto good = encode({.kind = ChangeKind::remove, .item_row_key = "key", .old_image = "old"});
  for (std::size_t size = 0; size < good.size(); ++size) EXPECT_FALSE(decode_change(good.substr(0, size))) << size;
  EXPECT_FALSE(decode_change(good + 'x'));
}

TEST(Change, AViewShowsOnlyItsImages) {
  const auto shown = [](StreamView view) {
    ChangeRecord record{.old_image = "o", .new_image = "n"};
    apply_view(record, view);
    return std::pair{record.old_image.has_value(), record.new_image.has_value()};
  };
  EXPECT_EQ(shown(StreamView::keys_only), (std::pair{false, false}));
  EXPECT_EQ(shown(StreamView::new_image), (std::pair{false, true}));
  EXPECT_EQ(shown(StreamView::old_image), (std::pair{true, false}));
  EXPECT_EQ(shown(StreamView::new_and_old_images), (std::pair{true, true}));
}

}  // namespace
}  // namespace quipu::table
