// The one way in which schemas change: a table is made, altered or dropped together with all that follows from it -
// numbers for what is new, the beginning or end of its stream, what has to be purged.
//
// Committer thread, but for construction, wait() and take().
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <semaphore>
#include <string>
#include <vector>

#include "base/result.h"
#include "storage/committer.h"
#include "table/schema.h"
#include "table/stream_info.h"

namespace quipu::table {

class Tables;

// Nothing means that there is no such table: filling it makes one, emptying it drops it.
using SchemaEdit = std::move_only_function<Result<>(std::optional<TableSchema>& schema)>;

// What speaks against dropping it; there may be no such table.
using SchemaCheck = std::move_only_function<Result<>(const std::optional<TableSchema>& schema)>;

class SchemaWrite final : public storage::Write {
 public:
  enum class Kind : std::uint8_t { change, drop };

  SchemaWrite(Tables& tables, std::string name, SchemaEdit edit, Kind kind)
      : tables_{tables}, name_{std::move(name)}, edit_{std::move(edit)}, kind_{kind} {}

  void apply(storage::WriteGroup& group) override;
  void finish(storage::Committed outcome) noexcept override;
  bool ends_group() const override { return true; }  // whoever comes next sees the schema that it leaves
  bool may_use_reserve() const override { return kind_ == Kind::drop; }

  // Waits until it is durable. What the table is now; null if it was dropped.
  Result<std::shared_ptr<const TableSchema>> wait();

 private:
  Result<> apply_edit(storage::WriteGroup& group);
  Result<> number(storage::WriteGroup& group);
  Result<> change_stream(storage::WriteGroup& group);
  Result<> close_stream(storage::WriteGroup& group);
  void open_stream(storage::WriteGroup& group);
  void purge_what_went(storage::WriteGroup& group);

  Tables& tables_;
  const std::string name_;
  SchemaEdit edit_;
  const Kind kind_;

  std::optional<TableSchema> before_;
  std::optional<TableSchema> after_;
  std::vector<StreamInfo> streams_;  // that began or ended
  Result<> result_;
  std::shared_ptr<const TableSchema> published_;
  std::binary_semaphore done_{0};
};

}  // namespace quipu::table
