// Operations on tables, and on what belongs to them as a whole: time to live, tags, backups, limits.
#pragma once

#include "aws/call.h"

namespace quipu::aws {

Answer<> begin_create_table(Call& call);
Answer<> begin_describe_table(Call& call);
Answer<> begin_list_tables(Call& call);
Answer<> begin_update_table(Call& call);
Answer<> begin_delete_table(Call& call);

Answer<> begin_update_time_to_live(Call& call);
Answer<> begin_describe_time_to_live(Call& call);
Answer<> begin_tag_resource(Call& call);
Answer<> begin_untag_resource(Call& call);
Answer<> begin_list_tags_of_resource(Call& call);

Answer<> begin_describe_limits(Call& call);
Answer<> begin_describe_endpoints(Call& call);

Answer<> begin_describe_continuous_backups(Call& call);
Answer<> begin_create_backup(Call& call);
Answer<> begin_describe_backup(Call& call);
Answer<> begin_list_backups(Call& call);
Answer<> begin_delete_backup(Call& call);
Answer<> begin_restore_table_from_backup(Call& call);

// An edit of a table's schema that may refuse with an error of the API's: it runs on the committer thread, and sees
// every edit before it.
Answer<std::shared_ptr<const table::TableSchema>> edit_table(
    table::Tables& tables, std::string name,
    std::move_only_function<Answer<>(std::optional<table::TableSchema>&)> edit);

// Likewise for dropping it.
Answer<> drop_table(table::Tables& tables, std::string name,
                    std::move_only_function<Answer<>(const std::optional<table::TableSchema>&)> check);

// Whether a backup is being made of it, or restored from it. Inside an edit nobody can begin one meanwhile.
bool is_being_copied(const table::Tables& tables, std::string_view table);

// Nothing that is hidden, or a backup, or still being restored, counts as a table of the user's.
bool is_user_table(const table::TableSchema& schema);

}  // namespace quipu::aws
