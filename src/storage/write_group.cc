#include "storage/write_group.h"

#include "storage/engine.h"

namespace quipu::storage {

Result<bool> WriteGroup::get(std::string_view key, std::string_view& value) {
  const Overlay::Row* known = overlay_.find(key);
  if (known == nullptr) {
    Overlay::Row& row = overlay_.add_durable(key);
    QUIPU_TRY(const bool present, engine_.get(key, row.value));
    overlay_.set_durable(row, present);
    known = &row;
  }
  value = known->value;
  return known->state == Overlay::State::present;
}

}  // namespace quipu::storage
