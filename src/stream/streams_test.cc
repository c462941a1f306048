#include "stream/streams.h"

#include <gtest/gtest.h>

#include <thread>

#include "table/maintenance_test_support.h"

namespace quipu::stream {
namespace {

using table::StreamInfo;
using table::StreamView;
using table::TableSchema;
using value::Item;
using value::Value;

constexpr ArnScope scope{.region = "ddblocal", .account = "000000000000"};

Item item_of(std::string_view id, std::int64_t n) {
  Item item;
  item.set("id", Value::string(id));
  item.set("n", Value::number(n));
  return item;
}

// A store with tables whose changes are read. The names of its functions are what happens.
class Reader {
 public:
  std::shared_ptr<const TableSchema> create(const std::string& name, StreamView view = StreamView::new_and_old_images) {
    TableSchema schema = table::described(name);
    schema.stream_view = view;
    return *jobs.tables().create(std::move(schema));
  }
  void set_view(const std::string& name, StreamView view) {
    ASSERT_TRUE(jobs.tables().edit(name, [&](std::optional<TableSchema>& schema) -> Result<> {
      schema->stream_view = view;
      return {};
    }));
  }
  void put_many(const TableSchema& schema, int first, int count, std::size_t bytes = 0) {
    for (int i = first; i < first + count; ++i) {
      Item item = item_of("k" + std::to_string(i), i);
      if (bytes != 0) item.set("b", Value::binary(std::string(bytes, 'x')));
      jobs.put(schema, std::move(item));
    }
  }

  Streams streams() { return Streams{jobs.tables()}; }
  StreamInfo newest(std::string_view name) {
    StreamInfo found;
    for (const StreamInfo& stream : jobs.tables().streams())
      if (stream.table_name == name) found = stream;
    return found;
  }
  std::string arn(const StreamInfo& stream) { return stream_arn(scope, stream.table_name, stream.created_ms); }

  StreamResult<std::string> iterator(const StreamInfo& stream, IteratorType type,
                                     std::optional<std::string> number = std::nullopt) {
    const std::string name = arn(stream);
    const std::string shard = shard_id(stream);
    GetShardIterator request{.arn = name, .shard_id = shard, .type = type};
    if (number) request.sequence_number = *number;
    return streams().make_iterator(request);
  }
  StreamResult<Records> read(std::string_view at, std::uint64_t limit = records_read_max) {
    return streams().read({.iterator = at, .limit = limit});
  }
  // Everything from the beginning, `limit` at a time; ends with the shard, or with the first answer that has nothing.
  std::vector<StreamRecord> read_all(const StreamInfo& stream, std::uint64_t limit = records_read_max) {
    std::vector<StreamRecord> all;
    std::optional<std::string> at = *iterator(stream, IteratorType::trim_horizon);
    while (at) {
      auto records = read(*at, limit);
      if (!records) {
        ADD_FAILURE() << records.error().message;
        break;
      }
      EXPECT_LE(records->records.size(), limit);
      if (records->records.empty()) break;
      for (StreamRecord& record : records->records) all.push_back(std::move(record));
      at = std::move(records->next_iterator);
    }
    return all;
  }

  table::Jobs jobs;
};

TEST(Streams, ARecordShowsWhatTheViewSays) {
  for (const StreamView view :
       {StreamView::keys_only, StreamView::new_image, StreamView::old_image, StreamView::new_and_old_images}) {
    Reader reader;
    const auto schema = reader.create("t", view);
    reader.jobs.put(*schema, item_of("a", 1));
    reader.jobs.put(*schema, item_of("a", 22));
    reader.jobs.put(*schema, item_of("a", 22));  // changes nothing
    reader.jobs.erase(*schema, item_of("a", 0));
    const auto records = reader.read_all(reader.newest("t"));
    ASSERT_EQ(records.size(), 3U);
    const bool news = view == StreamView::new_image || view == StreamView::new_and_old_images;
    const bool olds = view == StreamView::old_image || view == StreamView::new_and_old_images;
    EXPECT_EQ(to_string(records[0].kind), "INSERT");
    EXPECT_EQ(to_string(records[1].kind), "MODIFY");
    EXPECT_EQ(to_string(records[2].kind), "REMOVE");
    for (const StreamRecord& record : records) {
      EXPECT_EQ(record.keys.size(), 1U);
      EXPECT_EQ(record.keys.find("id")->as_string(), "a");
      EXPECT_FALSE(record.by_expiry);
      EXPECT_EQ(record.event_id.size(), 32U);
      EXPECT_EQ(record.time_ms, static_cast<std::uint64_t>(reader.jobs.clock().wall_ms()));
    }
    EXPECT_EQ(records[1].new_image, news ? std::optional{item_of("a", 22)} : std::nullopt);
    EXPECT_EQ(records[1].old_image, olds ? std::optional{item_of("a", 1)} : std::nullopt);
    EXPECT_FALSE(records[0].old_image);
    EXPECT_FALSE(records[2].new_image);
    // "id" + "a" are 3 bytes, "n" and a number of up to two digits 3.
    EXPECT_EQ(records[1].size_bytes, 3U + (news ? 6U : 0U) + (olds ? 6U : 0U));
    EXPECT_LT(records[0].sequence_number, records[1].sequence_number);
    EXPECT_LT(records[1].sequence_number, records[2].sequence_number);
    EXPECT_NE(records[0].event_id, records[1].event_id);
    EXPECT_EQ(records[0].event_id, reader.read_all(reader.newest("t"))[0].event_id);
  }
}

TEST(Streams, AnExpiryIsMarked) {
  Reader reader;
  TableSchema wanted = table::described("t");
  wanted.stream_view = StreamView::old_image;
  wanted.expiry = table::ExpirySchema{.attribute = "n"};
  const auto schema = *reader.jobs.tables().create(wanted);
  reader.jobs.put(*schema, item_of("a", reader.jobs.clock().wall_ms() / 1000 - 1));
  ASSERT_TRUE(reader.jobs.run(table::expire_items));
  const auto records = reader.read_all(reader.newest("t"));
  ASSERT_EQ(records.size(), 2U);
  EXPECT_EQ(records[1].kind, EventKind::remove);
  EXPECT_TRUE(records[1].by_expiry);
  EXPECT_TRUE(records[1].old_image);
}

TEST(Streams, ReadingInSmallPiecesGivesEveryRecordOnceAndInOrder) {
  Reader reader;
  const auto schema = reader.create("t");
  const auto other = reader.create("other");
  for (int i = 0; i < 25; ++i) {
    reader.put_many(*schema, i, 1);
    reader.put_many(*other, i, 1);
  }
  for (const std::uint64_t limit : {1U, 2U, 7U, 25U, 1000U}) {
    const auto records = reader.read_all(reader.newest("t"), limit);
    ASSERT_EQ(records.size(), 25U) << limit;
    for (std::size_t i = 0; i < records.size(); ++i)
      EXPECT_EQ(records[i].keys.find("id")->as_string(), "k" + std::to_string(i));
  }
}

TEST(Streams, OneAnswerHasAMegabyteAtMostButAtLeastOneRecord) {
  Reader reader;
  const auto schema = reader.create("t");
  reader.put_many(*schema, 0, 8, 300'000);
  const auto first = reader.read(*reader.iterator(reader.newest("t"), IteratorType::trim_horizon));
  ASSERT_TRUE(first);
  EXPECT_EQ(first->records.size(), 3U);
  EXPECT_EQ(reader.read_all(reader.newest("t")).size(), 8U);
}

TEST(Streams, LatestBeginsAfterWhatIsThere) {
  Reader reader;
  const auto schema = reader.create("t");
  reader.put_many(*schema, 0, 3);
  const auto latest = reader.iterator(reader.newest("t"), IteratorType::latest);
  auto records = reader.read(*latest);
  ASSERT_TRUE(records);
  EXPECT_TRUE(records->records.empty());
  ASSERT_TRUE(records->next_iterator);
  reader.put_many(*schema, 3, 2);
  records = reader.read(*records->next_iterator);
  ASSERT_EQ(records->records.size(), 2U);
  EXPECT_EQ(records->records[0].keys.find("id")->as_string(), "k3");
}

TEST(Streams, ANumberIsReadFromOrAfter) {
  Reader reader;
  const auto schema = reader.create("t");
  reader.put_many(*schema, 0, 5);
  const StreamInfo stream = reader.newest("t");
  const auto records = reader.read_all(stream);
  const auto at = reader.read(*reader.iterator(stream, IteratorType::at_sequence_number, records[2].sequence_number));
  const auto after =
      reader.read(*reader.iterator(stream, IteratorType::after_sequence_number, records[2].sequence_number));
  EXPECT_EQ(at->records.front().sequence_number, records[2].sequence_number);
  EXPECT_EQ(after->records.front().sequence_number, records[3].sequence_number);
}

TEST(Streams, AnEmptyShardIsReadFromTheNumberItBeginsWith) {
  Reader reader;
  const auto schema = reader.create("t");
  const StreamInfo stream = reader.newest("t");
  const auto described = reader.streams().describe({.arn = reader.arn(stream)});
  ASSERT_TRUE(described);
  const auto at = reader.iterator(stream, IteratorType::at_sequence_number, described->shards[0].first_sequence_number);
  ASSERT_TRUE(at) << at.error().message;
  reader.put_many(*schema, 0, 1);
  EXPECT_EQ(reader.read(*at)->records.size(), 1U);
}

TEST(Streams, WrongSequenceNumbersAreRefused) {
  Reader reader;
  const auto schema = reader.create("t");
  reader.put_many(*schema, 0, 1);
  const StreamInfo stream = reader.newest("t");
  const auto message = [&](IteratorType type, std::optional<std::string> number) {
    const auto made = reader.iterator(stream, type, std::move(number));
    EXPECT_FALSE(made);
    EXPECT_EQ(made.error().code, StreamErrorCode::validation);
    return made.error().message;
  };
  const std::string wrong = "Invalid SequenceNumber for the shard";
  EXPECT_EQ(message(IteratorType::at_sequence_number, std::string(21, '9')), wrong);
  EXPECT_EQ(message(IteratorType::at_sequence_number, std::string(21, 'x')), wrong);
  EXPECT_EQ(message(IteratorType::after_sequence_number, sequence_number(1000)), wrong);
  EXPECT_EQ(message(IteratorType::at_sequence_number, std::nullopt),
            "One or more parameter values were invalid: Invalid SequenceNumber");
  EXPECT_EQ(message(IteratorType::latest, sequence_number(1)),
            "One or more parameter values were invalid: SequenceNumber should not be passed for this iterator type");
}

TEST(Streams, WhatDoesNotExistIsNotFound) {
  Reader reader;
  reader.create("t");
  const StreamInfo stream = reader.newest("t");
  const std::string unknown = stream_arn(scope, "t", stream.created_ms + 1);
  const auto described = reader.streams().describe({.arn = unknown});
  ASSERT_FALSE(described);
  EXPECT_EQ(described.error().code, StreamErrorCode::resource_not_found);
  EXPECT_EQ(described.error().message, "Requested resource not found: Stream: " + unknown + " not found");
  const std::string arn = reader.arn(stream);
  const auto made = reader.streams().make_iterator({.arn = arn, .shard_id = "shardId-00000000000000000000-aaaaaaaa"});
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, StreamErrorCode::resource_not_found);
  EXPECT_EQ(reader.read("abc").error().message, "Invalid ShardIterator");
}

TEST(Streams, AnIteratorExpires) {
  Reader reader;
  reader.create("t");
  const auto at = *reader.iterator(reader.newest("t"), IteratorType::trim_horizon);
  reader.jobs.clock().advance(std::chrono::minutes{15});
  ASSERT_TRUE(reader.read(at));
  reader.jobs.clock().advance(std::chrono::milliseconds{1});
  const auto late = reader.read(at);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, StreamErrorCode::expired_iterator);
}

TEST(Streams, WhoIsADayLateLearnsThatRecordsWereTrimmed) {
  Reader reader;
  const auto schema = reader.create("t");
  reader.put_many(*schema, 0, 5);
  const StreamInfo stream = reader.newest("t");
  const auto records = reader.read_all(stream);
  reader.jobs.clock().advance(std::chrono::hours{24} - std::chrono::minutes{1});
  const auto second = *reader.iterator(stream, IteratorType::at_sequence_number, records[1].sequence_number);
  const auto sixth = *reader.iterator(stream, IteratorType::after_sequence_number, records[4].sequence_number);
  const auto oldest = *reader.iterator(stream, IteratorType::trim_horizon);
  ASSERT_EQ(reader.read(second)->records.size(), 4U);
  reader.jobs.clock().advance(std::chrono::minutes{2});
  ASSERT_TRUE(reader.jobs.run(table::trim_changes));
  reader.put_many(*schema, 5, 1);
  EXPECT_EQ(reader.read(second).error().code, StreamErrorCode::trimmed_data);
  EXPECT_EQ(reader.read(sixth)->records.size(), 1U) << "it missed nothing";
  EXPECT_EQ(reader.read(oldest)->records.size(), 1U);
  const auto again = reader.iterator(stream, IteratorType::at_sequence_number, records[4].sequence_number);
  EXPECT_EQ(again.error().code, StreamErrorCode::trimmed_data);
}

TEST(Streams, AClosedShardEndsAndTheNextStreamIsAnotherOne) {
  Reader reader;
  const auto schema = reader.create("t");
  const StreamInfo first = reader.newest("t");
  reader.put_many(*schema, 0, 3);
  const auto before = *reader.iterator(first, IteratorType::trim_horizon);
  reader.set_view("t", StreamView::off);
  reader.put_many(*schema, 3, 3);
  reader.set_view("t", StreamView::keys_only);
  reader.put_many(*schema, 6, 3);

  const auto records = reader.read(before);
  ASSERT_TRUE(records);
  EXPECT_EQ(records->records.size(), 3U);
  EXPECT_FALSE(records->next_iterator) << "closed, and all of it was read";
  const auto described = reader.streams().describe({.arn = reader.arn(first)});
  EXPECT_FALSE(described->stream.open());
  EXPECT_EQ(described->shards[0].first_sequence_number, records->records.front().sequence_number);
  EXPECT_EQ(described->shards[0].last_sequence_number, records->records.back().sequence_number);
  const auto latest = reader.read(*reader.iterator(first, IteratorType::latest));
  EXPECT_TRUE(latest->records.empty());
  EXPECT_FALSE(latest->next_iterator);

  const StreamInfo second = reader.newest("t");
  EXPECT_NE(reader.arn(second), reader.arn(first));
  const auto later = reader.read_all(second);
  ASSERT_EQ(later.size(), 3U);
  EXPECT_EQ(later[0].keys.find("id")->as_string(), "k6");
  EXPECT_FALSE(later[0].new_image);
}

TEST(Streams, WhatIsWrittenJustBeforeItClosesIsRead) {
  constexpr int before = 300;
  for (int round = 0; round < 10; ++round) {
    Reader reader;
    const auto schema = reader.create("t");
    reader.put_many(*schema, 0, before, 2'000);
    const StreamInfo stream = reader.newest("t");
    std::jthread writer{[&] {
      reader.put_many(*schema, before, 1);
      reader.set_view("t", StreamView::off);
    }};
    // From the beginning again and again, so that one of the walks is under way when the stream is closed.
    for (bool closed = false; !closed;) {
      int found = 0;
      std::optional<std::string> at = *reader.iterator(stream, IteratorType::trim_horizon);
      for (bool more = true; more && at;) {
        auto records = reader.read(*at);
        ASSERT_TRUE(records) << records.error().message;
        found += static_cast<int>(records->records.size());
        more = !records->records.empty();
        at = std::move(records->next_iterator);
      }
      closed = !at;
      if (closed) {
        EXPECT_EQ(found, before + 1);
      }
    }
  }
}

TEST(Streams, AStreamIsReadAfterItsTableHasGone) {
  Reader reader;
  const auto schema = reader.create("t");
  reader.put_many(*schema, 0, 3);
  const StreamInfo stream = reader.newest("t");
  reader.jobs.drop("t");
  ASSERT_TRUE(reader.jobs.run(table::purge_dropped_rows));
  reader.create("t");
  EXPECT_EQ(reader.read_all(stream).size(), 3U);
  EXPECT_EQ(reader.streams().list({.table = "t"})->streams.size(), 2U);
  EXPECT_EQ(reader.streams().describe({.arn = reader.arn(stream)})->shards.size(), 1U);
}

// Puts an item, and then refuses all of it: the number of its change is used up, but not on disk.
class RefusedPut final : private table::Transaction {
 public:
  void run(table::Tables& tables, const TableSchema& schema) {
    for (const char* id : {"a", "b"})
      add_step(schema, [&](std::string& out) { table::key_codec::append_row_key(out, schema, id); });
    tables.submit(*this);
    done_.acquire();
  }

 private:
  Verdict decide(std::size_t step, bool, Item& item) override {
    item.set("n", Value::number(std::int64_t{1}));
    return step == 0 ? Verdict::put : Verdict::refuse;
  }
  void append_outcome(std::string&) const override {}
  bool read_outcome(std::string_view) override { return true; }
  void finished(const Error*) noexcept override { done_.release(); }

  std::binary_semaphore done_{0};
};

TEST(Streams, ANewStreamMissesNothingAfterARestart) {
  Reader reader;
  const auto schema = reader.create("t");
  for (int i = 0; i < 5; ++i) RefusedPut{}.run(reader.jobs.tables(), *schema);
  reader.create("u");
  reader.jobs.reopen();
  reader.put_many(*reader.jobs.tables().find("u"), 0, 2);
  EXPECT_EQ(reader.read_all(reader.newest("u")).size(), 2U);
}

TEST(Streams, AListGoesOnAfterItsLast) {
  Reader reader;
  for (const char* name : {"d", "b", "a", "c"}) reader.create(name);
  const Streams streams = reader.streams();
  std::string names;
  std::optional<std::string> after;
  for (;;) {
    const auto list = streams.list({.limit = 3, .after_arn = after});
    ASSERT_TRUE(list);
    for (const StreamInfo& stream : list->streams) names += stream.table_name;
    if (!list->more) break;
    after = reader.arn(list->streams.back());
  }
  EXPECT_EQ(names, "abcd");
  EXPECT_EQ(streams.list({.table = "b"})->streams.size(), 1U);
  EXPECT_TRUE(streams.list({.table = "missing"})->streams.empty());
  EXPECT_FALSE(streams.list({.limit = 0}));
  EXPECT_EQ(streams.list({.limit = 101}).error().message,
            "One or more parameter values were invalid: Limit cannot be greater than the maximum allowed size: 100");
}

TEST(Streams, ADescriptionIsPagedAndFiltered) {
  Reader reader;
  reader.create("t");
  const StreamInfo stream = reader.newest("t");
  const std::string arn = reader.arn(stream);
  const std::string id = shard_id(stream);
  const Streams streams = reader.streams();
  const auto whole = streams.describe({.arn = arn});
  ASSERT_EQ(whole->shards.size(), 1U);
  EXPECT_EQ(whole->shards[0].id, id);
  EXPECT_FALSE(whole->shards[0].last_sequence_number);
  EXPECT_FALSE(whole->more);
  EXPECT_TRUE(streams.describe({.arn = arn, .after_shard_id = id})->shards.empty());
  EXPECT_TRUE(streams.describe({.arn = arn, .children_of = ShardFilter{.shard_id = id}})->shards.empty());
  EXPECT_EQ(streams.describe({.arn = arn, .after_shard_id = "shardId-00000000000000000000-aaaaaaaa"})->shards.size(),
            1U);
}

}  // namespace
}  // namespace quipu::stream
