// One write of a whole item of one of our own tables, waited for: what managing keys and plans is made of.
#pragma once

#include <semaphore>
#include <string_view>

#include "table/key_codec.h"
#include "table/tables.h"
#include "table/transaction.h"

namespace quipu::gateway {

class StoredItem final : private table::Transaction {
 public:
  StoredItem(table::Tables& tables, const table::TableSchema& schema, std::string_view key) : tables_{tables} {
    add_step(schema, [&](std::string& out) { table::key_codec::append_row_key(out, schema, key); });
  }

  // Erased together with the first one.
  void and_erase(const table::TableSchema& schema, std::string_view key) {
    add_step(schema, [&](std::string& out) { table::key_codec::append_row_key(out, schema, key); });
  }

  Result<> put(value::Item item) {
    wanted_ = std::move(item);
    verdict_ = Verdict::put;
    return run();
  }

  Result<> erase() {
    verdict_ = Verdict::erase;
    return run();
  }

 private:
  Result<> run() {
    tables_.submit(*this);
    done_.acquire();
    return std::move(result_);
  }

  Verdict decide(std::size_t, bool, value::Item& item) override {
    if (verdict_ == Verdict::put) item = wanted_;
    return verdict_;
  }
  void append_outcome(std::string&) const override {}
  bool read_outcome(std::string_view) override { return true; }
  void finished(const Error* error) noexcept override {
    if (error != nullptr) result_ = std::unexpected(*error);
    done_.release();
  }

  table::Tables& tables_;
  value::Item wanted_;
  Verdict verdict_ = Verdict::keep;
  Result<> result_;
  std::binary_semaphore done_{0};
};

}  // namespace quipu::gateway
