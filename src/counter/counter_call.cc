#include "counter/counter_call.h"

#include "base/assert.h"
#include "base/bytes.h"

namespace quipu::counter {

namespace {

void append_optional(std::string& out, const std::optional<std::int64_t>& value) {
  out.push_back(value ? 1 : 0);
  if (value) append_big_endian(out, static_cast<std::uint64_t>(*value));
}

}  // namespace

void CounterCall::begin(CallKind kind) {
  kind_ = kind;
  items_.clear();
  names_.clear();
  idempotency_key_.clear();
  outcome_ = CallOutcome::done;
  failed_index_ = 0;
  error_.reset();
}

CounterCall::Item& CounterCall::add(std::string_view name) {
  QUIPU_ASSERT(!name.empty() && name.size() <= name_bytes_max, "{} bytes", name.size());
  QUIPU_ASSERT(items_.size() < increments_max);
  items_.push_back({.name_first = names_.size(), .name_size = name.size()});
  names_ += name;
  return items_.back();
}

std::string_view CounterCall::name(std::size_t index) const {
  return std::string_view{names_}.substr(items_[index].name_first, items_[index].name_size);
}

void CounterCall::append_canonical(std::string& out) const {
  out.push_back(static_cast<char>(kind_));
  for (std::size_t i = 0; i < items_.size(); ++i) {
    const Item& item = items_[i];
    append_big_endian(out, static_cast<std::uint32_t>(item.name_size));
    out += name(i);
    append_big_endian(out, static_cast<std::uint64_t>(item.by));
    append_optional(out, item.max);
    append_optional(out, item.min);
    append_optional(out, item.expected);
    append_optional(out, kind_ == CallKind::set ? std::optional{item.value} : std::nullopt);
  }
}

void CounterCall::refuse(CallOutcome outcome, std::size_t index) {
  outcome_ = outcome;
  failed_index_ = index;
}

void CounterCall::fail_with(Error error) {
  outcome_ = CallOutcome::failed;
  error_ = std::move(error);
}

}  // namespace quipu::counter
