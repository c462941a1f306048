#include "base/bytes.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace quipu {
namespace {

TEST(BigEndian, ByteOrderIsNumberOrder) {
  const std::uint64_t numbers[] = {0, 1, 0xff, 0x100, 0xffff'ffff, 0x1'0000'0000, UINT64_MAX};
  std::string before;
  for (const std::uint64_t number : numbers) {
    std::string bytes;
    append_big_endian(bytes, number);
    EXPECT_EQ(bytes.size(), 8u);
    EXPECT_EQ(load_big_endian<std::uint64_t>(bytes), number);
    EXPECT_TRUE(before.empty() || before < bytes) << number;
    before = bytes;
  }
}

TEST(BigEndian, WidthsAreTheirTypes) {
  std::string bytes;
  append_big_endian<std::uint8_t>(bytes, 0x01);
  append_big_endian<std::uint16_t>(bytes, 0x0203);
  append_big_endian<std::uint32_t>(bytes, 0x04050607);
  EXPECT_EQ(to_hex(bytes), "01020304050607");
}

TEST(ByteReaderTest, ReadsWhatIsThereAndRefusesMore) {
  ByteReader in{std::string_view{"\x01\x02\x03", 3}};
  std::uint16_t number = 0;
  EXPECT_TRUE(in.read(number));
  EXPECT_EQ(number, 0x0102);
  EXPECT_FALSE(in.read(number));
  std::string_view bytes;
  EXPECT_FALSE(in.read(2, bytes));
  EXPECT_TRUE(in.read(1, bytes));
  EXPECT_EQ(bytes, "\x03");
  EXPECT_TRUE(in.empty());
}

TEST(Varint, ComesBackForEveryLength) {
  SeededRandom random{1};
  for (int bits = 0; bits <= 64; ++bits) {
    for (int i = 0; i < 100; ++i) {
      const std::uint64_t number = bits == 0 ? 0 : random() >> (64 - bits);
      std::string bytes;
      append_varint(bytes, number);
      ByteReader in{bytes};
      std::uint64_t read = ~number;
      ASSERT_TRUE(in.read_varint(read)) << number;
      EXPECT_EQ(read, number);
      EXPECT_TRUE(in.empty());
      for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
        ByteReader cut_off{std::string_view{bytes}.substr(0, cut)};
        EXPECT_FALSE(cut_off.read_varint(read));
      }
    }
  }
}

TEST(Varint, OnlyTheShortestFormIsRead) {
  const auto reads = [](const char* hex) {
    std::string bytes;
    EXPECT_TRUE(from_hex(hex, bytes));
    std::uint64_t number = 0;
    return ByteReader{bytes}.read_varint(number);
  };
  EXPECT_TRUE(reads("00"));
  EXPECT_TRUE(reads("8001"));
  EXPECT_FALSE(reads("8000"));                  // 0 in two bytes
  EXPECT_FALSE(reads("818000"));                // 1 in three
  EXPECT_TRUE(reads("ffffffffffffffffff01"));   // 2^64 - 1
  EXPECT_FALSE(reads("ffffffffffffffffff02"));  // 65 bits
  EXPECT_FALSE(reads("ffffffffffffffffffff01"));
}

TEST(Hex, BothWays) {
  std::string bytes;
  EXPECT_TRUE(from_hex("00fFa0", bytes));
  EXPECT_EQ(bytes, std::string("\x00\xff\xa0", 3));
  EXPECT_EQ(to_hex(bytes), "00ffa0");
  EXPECT_FALSE(from_hex("0", bytes));
  EXPECT_FALSE(from_hex("0g", bytes));
}

TEST(BigEndianDeathTest, LoadingMoreThanIsThereAborts) {
  EXPECT_DEATH(load_big_endian<std::uint32_t>("abc"), "4 bytes wanted, 3 there");
}

}  // namespace
}  // namespace quipu
