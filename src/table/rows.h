// Which kinds of row a store holds. The first byte of every row's key says which; the rest of the key and the value are
// the business of the file named beside it. Stored for ever: add at the end, never renumber (docs/formats/rows.md).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace quipu::table {

enum class RowKind : std::uint8_t {
  sequence = 1,     // a name -> the next number of that sequence, 8 bytes           (rows.h)
  schema = 2,       // a table's name -> its schema                                  (schema.h)
  item = 3,         // table id, primary key -> the item's other attributes          (key_codec.h, value/item_codec.h)
  change = 4,       // table id, change number -> what changed                       (change.h)
  idempotency = 5,  // the caller's key -> the request's hash and its first outcome  (idempotency.h)
  idempotency_order = 6,  // the order in which idempotency rows were made -> their key    (idempotency.h)
  index = 7,              // index id, index key, primary key -> the projected attributes     (index_rows.h)
  expiry = 8,             // index id, second, primary key -> nothing                         (index_rows.h)
  purge = 9,              // a prefix of row keys -> all rows that start so are to go          (purge.h)
  stream = 10,            // table id, when it was switched on -> what its changes show       (stream_info.h)
  figures = 11,           // table or index id -> number and bytes of its items               (table_figures.h)
};

inline void append_row_kind(std::string& key, RowKind kind) {
  key.push_back(static_cast<char>(kind));
}

// The smallest byte string that is greater than every string that starts with `prefix`; empty if there is none.
std::string end_of_prefix(std::string_view prefix);

// Names of sequence rows.
namespace sequences {
inline constexpr std::string_view table_id = "table_id";
inline constexpr std::string_view change = "change";
inline constexpr std::string_view idempotency = "idempotency";
}  // namespace sequences

std::string sequence_key(std::string_view name);

}  // namespace quipu::table
