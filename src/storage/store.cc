#include "storage/store.h"

#include <rocksdb/iterator.h>
#include <rocksdb/options.h>

#include "storage/engine.h"
#include "storage/status.h"

namespace quipu::storage {

// RocksDB keeps pointers to the bounds, so they live where they do not move.
class Cursor::Position {
 public:
  Position(const Engine& engine, std::string_view first, std::string_view end) : first_{first}, end_{end} {
    rocksdb::ReadOptions options;
    if (!first_.empty()) {
      lower_ = first_;
      options.iterate_lower_bound = &lower_;
    }
    if (!end_.empty()) {
      upper_ = end_;
      options.iterate_upper_bound = &upper_;
    }
    iterator_ = engine.new_iterator(options);
    iterator_->SeekToFirst();
  }

  rocksdb::Iterator& operator*() { return *iterator_; }

 private:
  const std::string first_;
  const std::string end_;
  rocksdb::Slice lower_;
  rocksdb::Slice upper_;
  std::unique_ptr<rocksdb::Iterator> iterator_;
};

Cursor::Cursor(std::unique_ptr<Position> position) : position_{std::move(position)} {}
Cursor::Cursor(Cursor&&) noexcept = default;
Cursor& Cursor::operator=(Cursor&&) noexcept = default;
Cursor::~Cursor() = default;

void Cursor::seek(std::string_view key) {
  (**position_).Seek({key.data(), key.size()});
}
void Cursor::seek_back(std::string_view key) {
  (**position_).SeekForPrev({key.data(), key.size()});
}
void Cursor::seek_last() {
  (**position_).SeekToLast();
}
bool Cursor::valid() const {
  return (**position_).Valid();
}
void Cursor::next() {
  (**position_).Next();
}
void Cursor::previous() {
  (**position_).Prev();
}
std::string_view Cursor::key() const {
  return (**position_).key().ToStringView();
}
std::string_view Cursor::value() const {
  return (**position_).value().ToStringView();
}

Result<> Cursor::status() const {
  const rocksdb::Status status = (**position_).status();
  if (!status.ok()) return std::unexpected(to_error(status, "walking over rows"));
  return {};
}

Store::Store(std::unique_ptr<Engine> engine) : engine_{std::move(engine)} {}
Store::~Store() = default;

Result<std::unique_ptr<Store>> Store::open(const StoreOptions& options) {
  QUIPU_TRY(auto engine, Engine::open(options));
  return std::make_unique<Store>(std::move(engine));
}

Result<bool> Store::get(std::string_view key, std::string& value) const {
  return engine_->get(key, value);
}

Result<Store::Cached> Store::get_cached(std::string_view key, std::string& value) const {
  return engine_->get_cached(key, value);
}

Cursor Store::cursor(std::string_view first, std::string_view end) const {
  return Cursor{std::make_unique<Cursor::Position>(*engine_, first, end)};
}

std::uint64_t Store::approximate_bytes(std::string_view first, std::string_view end) const {
  return engine_->approximate_bytes(first, end);
}

Result<> Store::discard_files(std::string_view first, std::string_view end) const {
  return engine_->discard_files(first, end);
}

Result<> Store::compact(std::string_view first, std::string_view end) const {
  return engine_->compact(first, end);
}

StoreFigures Store::figures() const {
  return engine_->figures();
}

}  // namespace quipu::storage
