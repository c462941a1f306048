// The small JSON files that stores' consoles give out: tidb_info.json, momento_key_info.json.
#pragma once

#include <filesystem>

#include "app/settings.h"

namespace quipu::app {

// The members that are texts, numbers, true or false, as texts. Others are let through: the files are not ours alone.
Result<TextByName> read_info_file(const std::filesystem::path& file);

}  // namespace quipu::app
