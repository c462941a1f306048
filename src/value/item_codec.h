// An item as bytes, for storage. Grammar and tags: item_codec.cc and docs/formats/item.md. One byte string for an item,
// so equal items have equal bytes.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "value/value.h"

namespace quipu::value {

inline constexpr unsigned char item_format_version = 1;

// Appends to `out`. Values nested deeper than nesting_depth_max are a bug of the caller and assert.
void encode_item(const Item& item, std::string& out);

// `item` is cleared and filled; its memory is used again. ErrorCode::damaged says what is wrong with the bytes, and
// where; `item` is then empty.
Result<> decode_item(std::string_view bytes, Item& item);

}  // namespace quipu::value
