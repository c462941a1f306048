// Small files of our own, read and replaced whole, through the same disk as everything else. Inside this folder only.
#pragma once

#include <rocksdb/file_system.h>

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace quipu::storage {

// What a file of ours can be at most; a longer one is damaged.
inline constexpr std::size_t own_file_bytes_max = 64 * 1024;

// Nothing: there is no such file.
Result<std::optional<std::string>> read_own_file(rocksdb::FileSystem& disk, const std::filesystem::path& path);

// After this the file has exactly these bytes, or had its old ones if the power went before: written under a temporary
// name, synced, renamed, and the directory synced.
Result<> replace_own_file(rocksdb::FileSystem& disk, const std::filesystem::path& path, std::string_view bytes);

// The temporary name, which a crash may leave behind.
std::filesystem::path temporary_name(const std::filesystem::path& path);

Result<> sync_directory(rocksdb::FileSystem& disk, const std::filesystem::path& directory);

}  // namespace quipu::storage
