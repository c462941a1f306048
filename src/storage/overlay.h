// The rows that one group of writes has read or changed, by key. Rows and their strings are kept from group to group,
// so that in the steady state nothing is allocated.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace quipu::storage {

class Overlay {
 public:
  enum class State : std::uint8_t {
    unread,  // nobody knows yet what the durable store holds: a put on it was rolled back
    present,
    absent,
  };

  struct Row {
    std::string key;
    std::string value;
    std::uint64_t hash = 0;
    State state = State::unread;
    bool changed = false;  // differs, or may differ, from the durable store: to be written
  };

  struct Mark {
    std::size_t undo_count;
  };

  Overlay();

  // Null: the group does not know this row. Else it is present or absent, and stays where it is until clear().
  const Row* find(std::string_view key) const;
  // For a key that find() did not know: a row to read the durable value into. Then say what was there.
  Row& add_durable(std::string_view key);
  void set_durable(Row& row, bool present);

  void put(std::string_view key, std::string_view value);
  void erase(std::string_view key);

  Mark mark() const { return {undo_count_}; }
  void roll_back(Mark mark);
  // The operation is over: what it did can no longer be rolled back.
  void keep() { undo_count_ = 0; }

  // In the order in which the group first saw them.
  template <class Visit>
  void for_each_changed(Visit&& visit) const {
    for (std::size_t i = 0; i < row_count_; ++i) {
      if (rows_[i].changed) visit(rows_[i]);
    }
  }

  std::size_t bytes() const { return bytes_; }  // of keys and values read and changed; an upper estimate
  void clear();

 private:
  // What is more than this is given back between groups.
  static constexpr std::size_t retained_rows_max = 4'096;
  static constexpr std::size_t retained_string_bytes_max = 1_KiB;

  struct Undo {
    std::size_t row = 0;
    std::string value;
    State state = State::unread;
    bool changed = false;
  };

  static constexpr std::uint32_t empty_slot = 0;

  std::size_t find_index(std::string_view key, std::uint64_t hash) const;
  std::size_t add(std::string_view key, std::uint64_t hash);
  std::size_t change(std::string_view key);
  void grow_slots();
  void count(std::size_t string_bytes);

  std::deque<Row> rows_;  // a deque never moves its elements: views into them stay good while rows are added
  std::size_t row_count_ = 0;
  std::vector<std::uint32_t> slots_;  // open addressing, a power of two; index of the row + 1
  std::deque<Undo> undo_;
  std::size_t undo_count_ = 0;
  std::size_t bytes_ = 0;
  std::size_t longest_string_bytes_ = 0;
};

}  // namespace quipu::storage
