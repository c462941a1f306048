#include "storage/overlay.h"

#include <algorithm>
#include <cstring>

#include "base/assert.h"
#include "base/random.h"

namespace quipu::storage {

namespace {

__extension__ using Uint128 = unsigned __int128;

std::uint64_t fold(std::uint64_t a, std::uint64_t b) {
  const Uint128 product = static_cast<Uint128>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

// Keys come from clients. The seed is secret, so that nobody can prepare keys that all fall into one slot.
const std::uint64_t hash_seed = load_big_endian<std::uint64_t>(secure_random_bytes(sizeof(std::uint64_t)));

std::uint64_t hash_of(std::string_view key) {
  constexpr std::uint64_t odd_a = 0xa0761d6478bd642f;
  constexpr std::uint64_t odd_b = 0xe7037ed1a0b428db;
  std::uint64_t state = hash_seed ^ fold(key.size() ^ odd_a, odd_b);
  const char* at = key.data();
  std::size_t left = key.size();
  for (; left >= 8; left -= 8, at += 8) {
    std::uint64_t word;
    std::memcpy(&word, at, sizeof word);
    state = fold(state ^ word, odd_a);
  }
  std::uint64_t tail = 0;
  if (left > 0) std::memcpy(&tail, at, left);
  return fold(state ^ tail ^ odd_a, odd_b);
}

constexpr std::size_t slots_at_first = 1'024;

}  // namespace

Overlay::Overlay() : slots_(slots_at_first, empty_slot) {}

void Overlay::count(std::size_t string_bytes) {
  bytes_ += string_bytes;
  longest_string_bytes_ = std::max(longest_string_bytes_, string_bytes);
}

// The index of the row + 1, or empty_slot.
std::size_t Overlay::find_index(std::string_view key, std::uint64_t hash) const {
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t at = hash & mask;; at = (at + 1) & mask) {
    const std::uint32_t slot = slots_[at];
    if (slot == empty_slot) return empty_slot;
    const Row& row = rows_[slot - 1];
    if (row.hash == hash && row.key == key) return slot;
  }
}

const Overlay::Row* Overlay::find(std::string_view key) const {
  const std::size_t slot = find_index(key, hash_of(key));
  if (slot == empty_slot || rows_[slot - 1].state == State::unread) return nullptr;
  return &rows_[slot - 1];
}

std::size_t Overlay::add(std::string_view key, std::uint64_t hash) {
  if ((row_count_ + 1) * 2 > slots_.size()) grow_slots();
  if (row_count_ == rows_.size()) rows_.emplace_back();
  Row& row = rows_[row_count_];
  row.key = key;
  row.value.clear();
  row.hash = hash;
  row.state = State::unread;
  row.changed = false;
  count(key.size());
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = hash & mask;
  while (slots_[at] != empty_slot) at = (at + 1) & mask;
  slots_[at] = static_cast<std::uint32_t>(++row_count_);
  return row_count_ - 1;
}

void Overlay::grow_slots() {
  slots_.assign(slots_.size() * 2, empty_slot);
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t i = 0; i < row_count_; ++i) {
    std::size_t at = rows_[i].hash & mask;
    while (slots_[at] != empty_slot) at = (at + 1) & mask;
    slots_[at] = static_cast<std::uint32_t>(i + 1);
  }
}

Overlay::Row& Overlay::add_durable(std::string_view key) {
  const std::uint64_t hash = hash_of(key);
  const std::size_t slot = find_index(key, hash);
  Row& row = rows_[slot != empty_slot ? slot - 1 : add(key, hash)];
  QUIPU_ASSERT(row.state == State::unread, "the row is known already");
  return row;
}

void Overlay::set_durable(Row& row, bool present) {
  row.state = present ? State::present : State::absent;
  count(row.value.size());
}

// The row to change, with what it was put aside for roll_back().
std::size_t Overlay::change(std::string_view key) {
  const std::uint64_t hash = hash_of(key);
  const std::size_t slot = find_index(key, hash);
  const std::size_t index = slot != empty_slot ? slot - 1 : add(key, hash);
  if (undo_count_ == undo_.size()) undo_.emplace_back();
  Undo& undo = undo_[undo_count_++];
  Row& row = rows_[index];
  undo.row = index;
  undo.state = row.state;
  undo.changed = row.changed;
  // The row gets the old string of the undo entry in exchange, so both keep their memory.
  undo.value.swap(row.value);
  row.changed = true;
  return index;
}

void Overlay::put(std::string_view key, std::string_view value) {
  Row& row = rows_[change(key)];
  row.value = value;
  row.state = State::present;
  count(value.size());
}

void Overlay::erase(std::string_view key) {
  Row& row = rows_[change(key)];
  row.value.clear();
  row.state = State::absent;
}

void Overlay::roll_back(Mark mark) {
  QUIPU_ASSERT(mark.undo_count <= undo_count_, "mark {} of {}", mark.undo_count, undo_count_);
  while (undo_count_ > mark.undo_count) {
    Undo& undo = undo_[--undo_count_];
    Row& row = rows_[undo.row];
    row.value.swap(undo.value);
    row.state = undo.state;
    row.changed = undo.changed;
  }
}

namespace {

void give_back(std::string& string, std::size_t bytes_max) {
  if (string.capacity() > bytes_max) std::string{}.swap(string);
}

}  // namespace

void Overlay::clear() {
  if (longest_string_bytes_ > retained_string_bytes_max / 2) {  // a string's memory is at most twice its length
    for (std::size_t i = 0; i < row_count_; ++i) {
      give_back(rows_[i].key, retained_string_bytes_max);
      give_back(rows_[i].value, retained_string_bytes_max);
    }
    for (Undo& undo : undo_) give_back(undo.value, retained_string_bytes_max);
    longest_string_bytes_ = 0;
  }
  if (rows_.size() > retained_rows_max) rows_.resize(retained_rows_max);
  if (undo_.size() > retained_rows_max) undo_.resize(retained_rows_max);
  if (slots_.size() > 4 * retained_rows_max) {
    slots_ = std::vector<std::uint32_t>(slots_at_first, empty_slot);
  } else {
    std::ranges::fill(slots_, empty_slot);
  }
  row_count_ = 0;
  undo_count_ = 0;
  bytes_ = 0;
}

}  // namespace quipu::storage
