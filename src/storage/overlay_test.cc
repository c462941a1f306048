#include "storage/overlay.h"

#include <gtest/gtest.h>

#include <map>
#include <optional>

#include "base/random.h"

namespace quipu::storage {
namespace {

// Against a map, over random operations with nested marks.
TEST(Overlay, BehavesLikeAMapWithSavePoints) {
  SeededRandom random{99};
  Overlay overlay;
  for (int group = 0; group < 200; ++group) {
    std::map<std::string, std::optional<std::string>> model;  // nullopt: erased
    std::vector<std::pair<Overlay::Mark, decltype(model)>> marks;
    for (int step = 0; step < 300; ++step) {
      const std::string key = "key" + std::string(random.below(20), 'k') + std::to_string(random.below(40));
      switch (random.below(8)) {
        case 0: marks.emplace_back(overlay.mark(), model); break;
        case 1:
          if (!marks.empty()) {
            const std::size_t to = random.below(marks.size());
            overlay.roll_back(marks[to].first);
            model = marks[to].second;
            marks.resize(to);
          }
          break;
        case 2:
          overlay.erase(key);
          model[key] = std::nullopt;
          break;
        case 3:
          if (random.below(20) == 0) {
            overlay.keep();
            marks.clear();
          }
          break;
        default: {
          const std::string value(random.below(60), static_cast<char>('a' + random.below(26)));
          overlay.put(key, value);
          model[key] = value;
        }
      }
    }
    std::map<std::string, std::optional<std::string>> found;
    overlay.for_each_changed([&](const Overlay::Row& row) {
      found[row.key] = row.state == Overlay::State::present ? std::optional{row.value} : std::nullopt;
      EXPECT_EQ(overlay.find(row.key), &row);
    });
    ASSERT_EQ(found, model);
    overlay.clear();
    EXPECT_EQ(overlay.find("key1"), nullptr);
  }
}

TEST(Overlay, DurableRowsAreKnownAndNotWritten) {
  Overlay overlay;
  Overlay::Row& row = overlay.add_durable("key");
  row.value = "durable";
  overlay.set_durable(row, true);
  ASSERT_NE(overlay.find("key"), nullptr);
  EXPECT_EQ(overlay.find("key")->value, "durable");
  std::size_t changed = 0;
  overlay.for_each_changed([&](const Overlay::Row&) { ++changed; });
  EXPECT_EQ(changed, 0u);
  const auto mark = overlay.mark();
  overlay.erase("key");
  overlay.roll_back(mark);
  EXPECT_EQ(overlay.find("key")->value, "durable");
}

TEST(Overlay, TakesAnyNumberOfRowsAndForgetsThemAll) {
  Overlay overlay;
  for (int group = 0; group < 3; ++group) {
    for (int i = 0; i < 50'000; ++i) overlay.put("key" + std::to_string(i), std::to_string(group));
    for (int i = 0; i < 50'000; ++i) {
      const Overlay::Row* row = overlay.find("key" + std::to_string(i));
      ASSERT_NE(row, nullptr);
      ASSERT_EQ(row->value, std::to_string(group));
    }
    EXPECT_GT(overlay.bytes(), 50'000u * 4);
    overlay.clear();
    EXPECT_EQ(overlay.bytes(), 0u);
    EXPECT_EQ(overlay.find("key7"), nullptr);
  }
}

}  // namespace
}  // namespace quipu::storage
