#include <algorithm>

#include "aws/item_writes.h"
#include "table/key_codec.h"

#include "aws/attribute_json.h"
#include "aws/item_rules.h"
#include "base/bytes.h"
#include "table/index_rows.h"

namespace quipu::aws {

namespace {

constexpr std::uint8_t outcome_version = 1;

void erase_key(const ItemWrite& write, value::Item& item) {
  for (const value::Attribute& attribute : write.key) item.erase(attribute.name);
}

void add_key(const ItemWrite& write, value::Item& item) {
  for (const value::Attribute& attribute : write.key) item.set(attribute.name, attribute.value);
}

void append_text(std::string& out, std::string_view text) {
  append_big_endian(out, static_cast<std::uint32_t>(text.size()));
  out += text;
}

bool read_text(ByteReader& in, std::string_view& text) {
  std::uint32_t size = 0;
  return in.read(size) && in.read(size, text);
}

std::size_t bytes_of(const std::optional<value::Item>& item) {
  return item ? item->size_bytes() : 0;
}

// What the index holds of the item, in bytes as DynamoDB counts them; nothing if it is not in it.
std::optional<table::IndexRow> index_row(const ItemWrite& write, const table::IndexSchema& index,
                                         const std::optional<value::Item>& item) {
  if (!item) return std::nullopt;
  std::string row_key;
  if (!table::key_codec::append_row_key(row_key, *write.schema, *item)) return std::nullopt;
  return table::make_index_row(*write.schema, index, row_key, *item);
}

void add_index_capacity(const ItemWrite& write, bool transactional, TableCapacity& capacity) {
  for (const table::IndexSchema& index : write.schema->indexes) {
    const auto before = index_row(write, index, write.old_item);
    const auto after = index_row(write, index, write.new_item);
    if (before && after && before->key == after->key && before->value == after->value) continue;
    const auto units = [&](const table::IndexRow& row) {
      return write_units(row.key.size() + row.value.size(), transactional);
    };
    double sum = 0;
    // Another key is a removal and an insertion; the same key is one write.
    if (before && (!after || before->key != after->key)) sum += units(*before);
    if (after) sum += units(*after);
    if (sum != 0) capacity.add_write(index, sum);
  }
}

}  // namespace

void ItemWrites::reset() {
  writes_.clear();
  decide_each_ = false;
  remembers_refusal_ = true;
  return_capacity = ReturnCapacity::none;
  return_collection_metrics = false;
  transactional = false;
  changed_bytes_ = 0;
  answered_ = false;
  clear();
}

Answer<> ItemWrites::submit(table::Tables& tables, Completion& completion, MakeAnswer answer, std::string& body,
                            std::optional<ApiError>& failure) {
  for (const ItemWrite& write : writes_) {
    Result<> keyed;
    add_step(*write.schema, [&](std::string& row_key) {
      keyed = table::key_codec::append_row_key(row_key, *write.schema, write.key);
    });
    QUIPU_API_CHECK(std::move(keyed));
  }
  completion_ = &completion;
  make_answer_ = answer;
  body_ = &body;
  failure_ = &failure;
  tables.enqueue(*this);
  return {};
}

bool ItemWrites::any_failed() const {
  return std::ranges::any_of(writes_, [](const ItemWrite& write) { return write.failure.has_value(); });
}

bool ItemWrites::keeps_items(const ItemWrite& write) const {
  return write.return_values != ReturnValues::none || return_capacity != ReturnCapacity::none;
}

table::Transaction::Verdict ItemWrites::decide(std::size_t step, bool exists, value::Item& item) {
  ItemWrite& write = writes_[step];
  if (exists) add_key(write, item);
  auto verdict = transactional ? decide_in_transaction(write, exists, item) : decide_write(write, exists, item);
  if (verdict) return *verdict;
  write.failure = std::move(verdict).error();
  return decide_each_ ? Verdict::refuse_and_go_on : Verdict::refuse;
}

Answer<> ItemWrites::check_condition(const ItemWrite& write, bool exists, const value::Item& item) const {
  if (write.must_not_exist && exists) return refuse(ErrorType::duplicate_item, "Duplicate primary key exists in table");
  if ((!write.must_exist || exists) && (!write.condition || write.condition->matches(item))) return {};
  std::string old_item;
  if (exists && write.return_old_on_failure) append_item(old_item, item);
  return conditional_check_failed(old_item);
}

// Small requests can change many large items, in all their indexes: what they are before and after counts too.
Answer<table::Transaction::Verdict> ItemWrites::decide_in_transaction(ItemWrite& write, bool exists,
                                                                      value::Item& item) {
  const std::size_t before = exists ? item.size_bytes() : 0;
  QUIPU_TRY(const Verdict verdict, decide_write(write, exists, item));
  if (verdict == Verdict::keep) return verdict;
  changed_bytes_ += std::max(before, verdict == Verdict::put ? item.size_bytes() : 0);
  if (changed_bytes_ > transaction_bytes_max) return validation("Transaction request cannot exceed 4 MB");
  return verdict;
}

Answer<table::Transaction::Verdict> ItemWrites::decide_write(ItemWrite& write, bool exists, value::Item& item) {
  QUIPU_CHECK(check_condition(write, exists, item));
  const bool keep = keeps_items(write);
  if (keep && exists) write.old_item = item;
  switch (write.kind) {
    case WriteKind::check: return Verdict::keep;
    case WriteKind::erase: return Verdict::erase;
    case WriteKind::put:
      item = write.item;
      if (keep) add_key(write, write.new_item.emplace(write.item));
      return Verdict::put;
    case WriteKind::update: break;
  }
  return decide_update(write, exists, item);
}

Answer<table::Transaction::Verdict> ItemWrites::decide_update(ItemWrite& write, bool exists, value::Item& item) {
  if (!exists && write.update && write.update->only_removes()) return Verdict::keep;
  if (!exists) add_key(write, item);
  if (write.update) {
    QUIPU_API_CHECK(write.update->apply(item, item_bytes_max));
    QUIPU_CHECK(check_updated_index_keys(*write.schema, item));
  }
  if (keeps_items(write)) write.new_item = item;
  erase_key(write, item);
  return Verdict::put;
}

// What a retry is answered (docs/formats/write-outcome.md): version(1), failed (u8), then the body or, of a failure,
// the short name of its type (u32, bytes), its message (u32, bytes) and its other members.
void ItemWrites::append_outcome(std::string& out) const {
  make_answer();
  out.push_back(static_cast<char>(outcome_version));
  out.push_back(failure_->has_value() ? 1 : 0);
  if (!failure_->has_value()) {
    out += *body_;
    return;
  }
  const ApiError& failure = **failure_;
  append_text(out, failure.short_name());
  append_text(out, failure.message);
  out += failure.extra_json;
}

bool ItemWrites::read_outcome(std::string_view bytes) {
  ByteReader in{bytes};
  std::uint8_t version = 0;
  std::uint8_t failed = 0;
  if (!in.read(version) || version != outcome_version || !in.read(failed) || failed > 1) return false;
  answered_ = true;
  if (failed == 0) {
    *body_ = in.rest();
    return true;
  }
  std::string_view name;
  std::string_view message;
  if (!read_text(in, name) || !read_text(in, message)) return false;
  const auto type = error_type_named(name);
  if (!type) return false;
  *failure_ = ApiError{.type = *type, .message = std::string{message}, .extra_json = std::string{in.rest()}};
  return true;
}

void ItemWrites::make_answer() const {
  if (answered_) return;
  answered_ = true;
  if (auto made = make_answer_(*this, *body_); !made) *failure_ = std::move(made).error();
}

void ItemWrites::finished(const Error* error) noexcept {
  if (error != nullptr)
    *failure_ = to_api_error(Error{*error});
  else
    make_answer();
  completion_->written();
}

void ItemWrites::append_capacity(Capacity& capacity) const {
  for (const ItemWrite& write : writes_) {
    TableCapacity& table = capacity.of(write.schema->name);
    const std::size_t bytes = std::max(bytes_of(write.old_item), bytes_of(write.new_item));
    table.add_write(write_units(bytes, transactional));
    add_index_capacity(write, transactional, table);
  }
}

}  // namespace quipu::aws
