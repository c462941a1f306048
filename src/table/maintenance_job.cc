#include "table/maintenance_job.h"

#include <semaphore>

#include "storage/committer.h"
#include "table/tables.h"

namespace quipu::table {

namespace {

class StepWrite final : public storage::Write {
 public:
  enum class Kind : std::uint8_t { any, erasing };

  StepWrite(Kind kind, const std::function<Result<>(storage::WriteGroup&)>& apply,
            const std::function<void()>& when_durable)
      : kind_{kind}, apply_{apply}, when_durable_{when_durable} {}

  bool may_use_reserve() const override { return kind_ == Kind::erasing; }

  void apply(storage::WriteGroup& group) override {
    const auto mark = group.mark();
    result_ = apply_(group);
    if (!result_) group.roll_back(mark);
  }

  void finish(storage::Committed outcome) noexcept override {
    if (outcome == storage::Committed::no_space)
      result_ = fail(ErrorCode::out_of_space, "the disk is nearly full");
    else if (outcome != storage::Committed::durable)
      result_ = fail(ErrorCode::unavailable, "the store takes no writes");
    if (result_ && when_durable_) when_durable_();
    done_.release();
  }

  Result<> wait() {
    done_.acquire();
    return std::move(result_);
  }

 private:
  const Kind kind_;
  const std::function<Result<>(storage::WriteGroup&)>& apply_;
  const std::function<void()>& when_durable_;
  Result<> result_;
  std::binary_semaphore done_{0};
};

Result<> write(JobContext& context, StepWrite&& step) {
  if (context.stop.stop_requested()) return fail(ErrorCode::unavailable, "stopping");
  context.tables.committer().submit(step);
  return step.wait();
}

}  // namespace

Result<> write_step(JobContext& context, const std::function<Result<>(storage::WriteGroup&)>& apply,
                    const std::function<void()>& when_durable) {
  return write(context, StepWrite{StepWrite::Kind::any, apply, when_durable});
}

Result<> write_erasing_step(JobContext& context, const std::function<Result<>(storage::WriteGroup&)>& apply) {
  return write(context, StepWrite{StepWrite::Kind::erasing, apply, {}});
}

Result<> erase_rows(JobContext& context, const KeyRange& range) {
  std::string from = range.first;
  for (;;) {
    // A cursor each step: one that stays would keep everything that is overwritten meanwhile.
    std::vector<std::string> keys;
    auto cursor = context.tables.store().cursor(from, range.end);
    for (cursor.seek(from); cursor.valid() && keys.size() < context.options.rows_erased_a_step; cursor.next())
      keys.emplace_back(cursor.key());
    QUIPU_CHECK(cursor.status());
    if (keys.empty()) return {};
    QUIPU_CHECK(write_erasing_step(context, [&](storage::WriteGroup& group) -> Result<> {
      for (const std::string& key : keys) group.erase(key);
      return {};
    }));
    context.figures.rows_purged.add(keys.size());
    from = key_after(keys.back());
    if (context.between_steps) context.between_steps();
  }
}

Result<RowBatch> take_batch(storage::Cursor& cursor, std::size_t rows_max) {
  RowBatch batch;
  for (std::size_t bytes = 0; cursor.valid() && batch.rows.size() < rows_max && bytes < step_bytes_max; cursor.next()) {
    batch.rows.emplace_back(cursor.key(), cursor.value());
    bytes += cursor.key().size() + cursor.value().size();
  }
  QUIPU_CHECK(cursor.status());
  return batch;
}

std::string key_after(std::string_view key) {
  std::string after{key};
  after.push_back('\0');
  return after;
}

Result<bool> edit_same_table(JobContext& context, const TableSchema& schema,
                             std::function<void(std::optional<TableSchema>&)> edit) {
  const auto edited = context.tables.edit(schema.name, [&](std::optional<TableSchema>& current) -> Result<> {
    if (!current || current->id != schema.id) return fail(ErrorCode::not_found, "the table {:?} has gone", schema.name);
    edit(current);
    return {};
  });
  if (edited) return true;
  if (edited.error().code == ErrorCode::not_found) return false;
  return std::unexpected(edited.error());
}

}  // namespace quipu::table
