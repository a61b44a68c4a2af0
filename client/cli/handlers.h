// The commands, as functions. Each takes its arguments apart, asks the store, and shows a result.
#pragma once

#include "client/cli/program.h"

namespace kipu::cli {

Result<Exit> run_append(Context& context);
Result<Exit> run_get(Context& context);
Result<Exit> run_count(Context& context);
Result<Exit> run_exists(Context& context);
Result<Exit> run_keys(Context& context);
Result<Exit> run_put(Context& context);
Result<Exit> run_remove(Context& context);
Result<Exit> run_import(Context& context);
Result<Exit> run_export(Context& context);
Result<Exit> run_backup(Context& context);
Result<Exit> run_restore(Context& context);
Result<Exit> run_shell(Context& context);
Result<Exit> run_up(Context& context);
Result<Exit> run_down(Context& context);
Result<Exit> run_ping(Context& context);
Result<Exit> run_status(Context& context);
Result<Exit> run_ring(Context& context);
Result<Exit> run_worker_list(Context& context);
Result<Exit> run_worker_replace(Context& context);
Result<Exit> run_worker_accept_loss(Context& context);
Result<Exit> run_bucket_create(Context& context);
Result<Exit> run_bucket_list(Context& context);
Result<Exit> run_bucket_show(Context& context);
Result<Exit> run_bench(Context& context);
Result<Exit> run_completion(Context& context);
Result<Exit> run_help(Context& context);

}  // namespace kipu::cli
