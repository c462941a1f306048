#include "storage/rocks_options.h"

#include <rocksdb/convenience.h>
#include <rocksdb/file_checksum.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>

#include <algorithm>

#include "storage/log_bridge.h"

namespace quipu::storage {

namespace {

constexpr int open_files_max = 512;
constexpr double bloom_bits_per_key = 10;
constexpr std::size_t block_bytes = 8_KiB;
constexpr std::size_t arena_block_bytes = 256_KiB;

rocksdb::CompressionType best_fast_compression() {
  const auto built_in = rocksdb::GetSupportedCompressions();
  for (const auto type : {rocksdb::kLZ4Compression, rocksdb::kSnappyCompression}) {
    if (std::ranges::find(built_in, type) != built_in.end()) return type;
  }
  return rocksdb::kNoCompression;
}

void set_durability(rocksdb::Options& options) {
  // The default (point in time) opens silently with half of the acknowledged rows after one flipped bit.
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  options.track_and_verify_wals_in_manifest = true;
  options.recycle_log_file_num = 0;
  options.paranoid_checks = true;
  options.file_checksum_gen_factory = rocksdb::GetFileChecksumGenCrc32cFactory();
#ifdef QUIPU_BUG_DEFAULT_RECOVERY_MODE
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  options.track_and_verify_wals_in_manifest = false;
#endif
}

void set_memory(rocksdb::Options& options, const StoreOptions& store, std::shared_ptr<rocksdb::Cache> block_cache) {
  options.write_buffer_size = store.write_buffer_bytes;
  options.max_write_buffer_number = 3;
  options.arena_block_size = std::min(arena_block_bytes, store.write_buffer_bytes / 8);
  options.max_total_wal_size = 2 * store.write_buffer_bytes;
  options.memtable_whole_key_filtering = true;  // a key that is not in the memtable is known so at once
  options.memtable_prefix_bloom_size_ratio = 0.02;
  options.max_open_files = open_files_max;
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = std::move(block_cache);
  table.block_size = block_bytes;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(bloom_bits_per_key));
  // In the cache, so that the cache's limit holds for all of it; and in small parts: one filter of a whole table is
  // larger than a shard of the cache and would be read from the disk for every row.
  table.index_type = rocksdb::BlockBasedTableOptions::kTwoLevelIndexSearch;
  table.partition_filters = true;
  table.metadata_block_size = block_bytes;
  table.cache_index_and_filter_blocks = true;
  table.cache_index_and_filter_blocks_with_high_priority = true;
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  table.format_version = 5;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
}

void set_work(rocksdb::Options& options) {
  options.max_background_jobs = 2;  // one flush, one compaction
  options.max_subcompactions = 1;
  options.max_file_opening_threads = 1;
  options.allow_concurrent_memtable_write = false;  // there is one writer
  options.compression = best_fast_compression();
  options.level_compaction_dynamic_level_bytes = true;
  options.bytes_per_sync = 1_MiB;  // tables reach the disk as they are written, not in one burst that delays the log
}

void set_start(rocksdb::Options& options) {
  options.create_if_missing = false;
  options.skip_stats_update_on_db_open = true;  // would read a block of every table
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;
  options.info_log = make_log_bridge(rocksdb::InfoLogLevel::WARN_LEVEL);
  options.info_log_level = rocksdb::InfoLogLevel::WARN_LEVEL;
}

}  // namespace

rocksdb::Options rocks_options(const StoreOptions& store, rocksdb::Env* env,
                               std::shared_ptr<rocksdb::Cache> block_cache) {
  rocksdb::Options options;
  options.env = env;
  set_durability(options);
  set_memory(options, store, std::move(block_cache));
  set_work(options);
  set_start(options);
  return options;
}

rocksdb::Options salvage_options(rocksdb::Options options) {
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  options.track_and_verify_wals_in_manifest = false;
  options.listeners.clear();
  return options;
}

rocksdb::WriteOptions rocks_write_options() {
  rocksdb::WriteOptions options;
  options.sync = true;
#ifdef QUIPU_BUG_NO_SYNC
  options.sync = false;
#endif
  return options;
}

}  // namespace quipu::storage
