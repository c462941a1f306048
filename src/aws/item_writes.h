// The writes of one request as one transaction: PutItem, UpdateItem, DeleteItem, batches and transactions of them, and
// the statements that change something. Each is read, decided and written on the committer thread; the answer is made
// there too where a retry must get the same one.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "aws/api_error.h"
#include "aws/capacity.h"
#include "expression/condition.h"
#include "expression/update.h"
#include "table/tables.h"
#include "table/transaction.h"

namespace quipu::aws {

inline constexpr std::size_t item_bytes_max = 409'600;
inline constexpr std::size_t transaction_bytes_max = 4 * 1024 * 1024;

enum class WriteKind : std::uint8_t { put, update, erase, check };
enum class ReturnValues : std::uint8_t { none, all_old, updated_old, all_new, updated_new };

struct ItemWrite {
  WriteKind kind = WriteKind::put;
  std::shared_ptr<const table::TableSchema> schema;
  value::Item key;   // the key attributes
  value::Item item;  // of a put: all attributes but the key's
  std::optional<expression::Condition> condition;
  std::optional<expression::Update> update;
  ReturnValues return_values = ReturnValues::none;
  bool return_old_on_failure = false;
  bool must_exist = false;      // statements: an update or a delete of nothing fails its condition
  bool must_not_exist = false;  // statements: an insert of what is there is DuplicateItemException

  // --- what came of it, once decided
  std::optional<ApiError> failure;
  std::optional<value::Item> old_item;  // whole, with the key; only what the answer needs is kept
  std::optional<value::Item> new_item;
};

class ItemWrites final : private table::Transaction {
 public:
  struct Completion {
    virtual ~Completion() = default;
    // On the committer thread: hand over and return.
    virtual void written() noexcept = 0;
  };
  // Makes the body from the writes and what came of them. Returns the failure to answer instead, if any.
  using MakeAnswer = Answer<> (*)(const ItemWrites& writes, std::string& body);

  // A new request.
  void reset();
  ItemWrite& add() { return writes_.emplace_back(); }
  std::vector<ItemWrite>& all() { return writes_; }
  const std::vector<ItemWrite>& all() const { return writes_; }

  // All or nothing, and each is told what became of it; else the first failure ends it.
  void decide_each() { decide_each_ = true; }
  // What was refused may be tried again with the same key.
  void forget_refusals() { remembers_refusal_ = false; }
  // A second request with the same key and hash is answered like the first one; one with another hash is refused.
  void remember_as(std::string_view key, const table::RequestHash& hash, std::chrono::milliseconds window) {
    make_idempotent(key, hash, window);
  }

  // `tables`, `completion`, `body` and `failure` are the call's; the last two are set when it is told.
  Answer<> submit(table::Tables& tables, Completion& completion, MakeAnswer answer, std::string& body,
                  std::optional<ApiError>& failure);

  bool any_failed() const;

  // How answers are to look.
  ReturnCapacity return_capacity = ReturnCapacity::none;
  bool return_collection_metrics = false;
  bool transactional = false;

  void append_capacity(Capacity& capacity) const;

 private:
  Verdict decide(std::size_t step, bool exists, value::Item& item) override;
  void append_outcome(std::string& out) const override;
  bool read_outcome(std::string_view bytes) override;
  bool remembers_refusal() const override { return remembers_refusal_; }
  void finished(const Error* error) noexcept override;

  Answer<Verdict> decide_in_transaction(ItemWrite& write, bool exists, value::Item& item);
  Answer<Verdict> decide_write(ItemWrite& write, bool exists, value::Item& item);
  Answer<Verdict> decide_update(ItemWrite& write, bool exists, value::Item& item);
  Answer<> check_condition(const ItemWrite& write, bool exists, const value::Item& item) const;
  bool keeps_items(const ItemWrite& write) const;
  void make_answer() const;

  std::vector<ItemWrite> writes_;
  bool decide_each_ = false;
  bool remembers_refusal_ = true;
  std::size_t changed_bytes_ = 0;  // of all items that the transaction changes

  Completion* completion_ = nullptr;
  MakeAnswer make_answer_ = nullptr;
  std::string* body_ = nullptr;
  std::optional<ApiError>* failure_ = nullptr;
  mutable bool answered_ = false;  // the body or the failure is made
};

}  // namespace quipu::aws
