// The table of commands.
#include <array>

#include <fmt/format.h>

#include "client/cli/handlers.h"
#include "client/cli/help.h"
#include "client/cli/text.h"

namespace kipu::cli {
namespace {

constexpr std::array kAppendOptions{
    OptionSpec{"file", '\0', "PATH", "one value: the file's bytes"},
    OptionSpec{"together", '\0', "", "with `-`: all lines are one entry"},
    OptionSpec{"stamp", '\0', "STAMP", "ask again for an append whose outcome was unknown"},
    OptionSpec{"once", '\0', "NAME", "repeated under this name, it stores nothing twice"},
};

constexpr std::array kPutOptions{
    OptionSpec{"file", '\0', "PATH", "the value: the file's bytes"},
    OptionSpec{"stamp", '\0', "STAMP", "ask again for a write whose outcome was unknown"},
};

constexpr std::array kRemoveOptions{
    OptionSpec{"stamp", '\0', "STAMP", "ask again for a write whose outcome was unknown"},
};

constexpr std::array kGetOptions{
    OptionSpec{"first", '\0', "N", "the oldest N values"},
    OptionSpec{"last", '\0', "N", "the newest N values"},
    OptionSpec{"since", '\0', "TIME", "from then on (2026-05-06T07:08:09Z, or ago: 10m)"},
    OptionSpec{"until", '\0', "TIME", "before then"},
    OptionSpec{"as-of", '\0', "TIME", "as the key was then"},
    OptionSpec{"reverse", '\0', "", "newest first"},
    OptionSpec{"limit", '\0', "N", "stop after N values, and say where to go on"},
    OptionSpec{"cursor", '\0', "CURSOR", "go on where --limit stopped"},
    OptionSpec{"stamps", '\0', "", "with each value its entry's stamp"},
    OptionSpec{"history", '\0', "", "wmrm: every entry, removals too"},
    OptionSpec{"from", '\0', "WORKER", "only what this replica has, as it stands"},
};

constexpr std::array kKeysOptions{
    OptionSpec{"limit", '\0', "N", "at most N keys"},
    OptionSpec{"count", '\0', "", "only how many there are"},
};

constexpr std::array kImportOptions{
    OptionSpec{"format", '\0', "FORMAT", "tsv or jsonl (by the file's name; else jsonl)"},
    OptionSpec{"once", '\0', "NAME", "repeated under this name, it stores nothing twice"},
    OptionSpec{"jobs", '\0', "N", "connections to append over (1)"},
    OptionSpec{"skip-bad", '\0', "", "count malformed lines instead of stopping at one"},
};

constexpr std::array kExportOptions{
    OptionSpec{"format", '\0', "FORMAT", "jsonl (exact; the default) or tsv"},
};

constexpr std::array kBackupOptions{
    OptionSpec{"adopt", '\0', "",
               "go on with the backup of another cluster, which became this one"},
};

constexpr std::array kRestoreOptions{
    OptionSpec{"check", '\0', "", "only prove that the backup is whole; asks no cluster"},
};

constexpr std::array kUpOptions{
    OptionSpec{"workers", '\0', "N", "how many workers (3)"},
    OptionSpec{"data", '\0', "DIR", "where the cluster lives (./kipu-data)"},
    OptionSpec{"port", '\0', "P", "clients connect to P, workers to P+1 (7400); 0: free ports"},
    OptionSpec{"replicas", '\0', "N", "copies of each partition (3, or one per worker if fewer)"},
    OptionSpec{"partitions", '\0', "N", "a power of two (1024)"},
    OptionSpec{"reserve", '\0', "SIZE", "refuse writes while less of a disk is free (256MiB)"},
    OptionSpec{"detach", '\0', "", "return once it serves; `kipu down` stops it"},
};

constexpr std::array kDownOptions{
    OptionSpec{"data", '\0', "DIR", "the cluster's directory (./kipu-data)"},
    OptionSpec{"kill", '\0', "", "end its processes at once, where they do not stop"},
};

constexpr std::array kReplaceOptions{
    OptionSpec{"data", '\0', "DIR", "the cluster's directory (./kipu-data)"},
    OptionSpec{"accept-loss", '\0', "", "even if no other replica holds all that it held"},
};

constexpr std::array kAcceptLossOptions{
    OptionSpec{"data", '\0', "DIR", "the cluster's directory (./kipu-data)"},
    OptionSpec{"yes", '\0', "", "do it: without, it only says what may be missing then"},
};

constexpr std::array kBucketCreateOptions{
    OptionSpec{"mode", '\0', "MODE", "worm: append only (default); wmrm: put and remove"},
    OptionSpec{"read", '\0', "LEVEL", "how reads ask: one, quorum (default), all"},
    OptionSpec{"write", '\0', "LEVEL", "how writes are held: one, quorum (default), all"},
    OptionSpec{"max-pair", '\0', "SIZE", "the largest key and values together (10KiB, to 1MiB)"},
};

constexpr std::array kBenchOptions{
    OptionSpec{"rate", '\0', "R", "requests a second, of all clients; else as fast as it goes"},
    OptionSpec{"seconds", '\0', "S", "for how long (10)"},
    OptionSpec{"values", '\0', "BYTES", "bytes of each value (100)"},
    OptionSpec{"keys", '\0', "N", "over how many keys (10000)"},
    OptionSpec{"clients", '\0', "N", "connections (1)"},
    OptionSpec{"batch", '\0', "N", "appends of each client on their way at once (1)"},
};

// In the order of help. `kipu help` of each shows its examples first.
constexpr std::array kCommands{
    Command{
        "append", "KEY VALUE… | KEY - | KEY --file PATH", "Appends values under a key",
        "kipu append fruit apple             # one value\n"
        "kipu append fruit pear plum         # two values, one entry: all or none\n"
        "seq 1000 | kipu append numbers -    # each line an entry of its own\n"
        "kipu append numbers - --once n1 <f  # again, if need be: nothing is stored twice\n"
        "kipu append photo --file cat.jpg    # a file's bytes (see bucket create --max-pair)\n"
        "kipu append -- -key -value          # what starts with a dash, after --",
        "Prints the stamp of each entry once it is durable, in order: on most of its replicas\n"
        "(--level quorum, what buckets begin with), on one, on all; with --level none it is sent\n"
        "and not waited for. A lone `-` after `--` is a value. With -0 the lines of standard\n"
        "input end with NUL. Of lines, each waits up to a minute unless --timeout says otherwise;\n"
        "where one fails, no more are read, and it is told which are stored, which are not, and\n"
        "of which that is unknown. --once: as `kipu help import` has it; what comes from a pipe\n"
        "is read to its end before anything is stored.",
        kAppendOptions, 1, kManyOperands, run_append},
    Command{
        "get", "KEY", "Prints the values of a key, oldest first",
        "kipu get fruit\n"
        "kipu get fruit --last 5 --stamps\n"
        "kipu get fruit --since 10m          # of the last ten minutes\n"
        "kipu get fruit --as-of 2026-05-06   # as it was then\n"
        "kipu get log --limit 100            # then: --cursor with what that printed\n"
        "kipu get fruit --level one          # the first replica's word, without asking others\n"
        "kipu get fruit --from w2            # what worker 2 has, even while it lags\n"
        "kipu get fruit -o jsonl | jq .value",
        "Exits with 6 if there are none. --first and --last choose which values; --reverse\n"
        "turns the order in which they are shown. Values arrive page by page, however many.\n"
        "What a read of level quorum shows, every later one shows too; level one may miss what\n"
        "was just written.",
        kGetOptions, 1, 1, run_get},
    Command{"count",
            "KEY",
            "Counts the values of a key",
            "kipu count fruit\nkipu count fruit -o json",
            "A scan of the key, on its worker.",
            {},
            1,
            1,
            run_count},
    Command{"exists",
            "KEY",
            "Exits with 0 if the key has a value, with 6 if not",
            "kipu exists fruit && echo yes",
            "",
            {},
            1,
            1,
            run_exists},
    Command{"keys", "[PREFIX]", "Lists the bucket's keys in byte order",
            "kipu keys\nkipu keys user: --limit 20\nkipu keys user: --count", "", kKeysOptions, 0,
            1, run_keys},
    Command{
        "put", "KEY VALUE | KEY - | KEY --file PATH",
        "Replaces the value of a key, in a wmrm bucket",
        "kipu bucket create settings --mode wmrm\n"
        "kipu put theme dark --bucket settings\n"
        "pass show db | kipu put password - --bucket settings   # the one line of stdin\n"
        "kipu put logo --file logo.png --bucket settings",
        "With `-` the value is the line on standard input, without its newline; several lines\n"
        "are refused, and --file /dev/stdin takes every byte. A lone `-` after `--` is a value.",
        kPutOptions, 1, 2, run_put},
    Command{"remove", "KEY", "Removes the value of a key, in a wmrm bucket",
            "kipu remove theme --bucket settings\n"
            "kipu get theme --bucket settings --history   # what it was stays readable",
            "", kRemoveOptions, 1, 1, run_remove},
    Command{
        "import", "FILE | -", "Appends many entries",
        "kipu import words.tsv\n"
        "kipu import words.tsv --once words   # again, if need be: nothing is stored twice\n"
        "kipu export | kipu import - --broker tcp://other:7400",
        "tsv: `key TAB value`, with \\t \\n \\r \\\\ and bytes as \\xNN escaped. jsonl:\n"
        "{\"key\":…,\"value\":…}, and whatever `export` writes; names ending in _b64 hold base "
        "64.\n"
        "A record goes to the bucket that it names, and only one without to --bucket; where a\n"
        "given --bucket says otherwise it is refused. A stamp is kept; a record with a digest is\n"
        "the entry that this names, or refused. Lines may end with CRLF, the file may begin with\n"
        "a byte order mark, and blank lines are passed over; a CR or NUL elsewhere in tsv, and\n"
        "doubled or unknown fields in jsonl, are refused. An append waits up to a minute unless\n"
        "--timeout says otherwise.\n"
        "--once NAME: the first run records NAME, when it began, and what it imports. The same\n"
        "again, interrupted or not, stores nothing twice; anything else under NAME is refused,\n"
        "with the first line that differs, before any of it is stored: so all of the input is\n"
        "looked through first (a pipe is copied to TMPDIR for that). What was added to a file\n"
        "goes under another NAME.",
        kImportOptions, 1, 1, run_import},
    Command{"export", "[PREFIX]", "Writes all entries of one bucket",
            "kipu export > default.jsonl\n"
            "kipu export --bucket settings > settings.jsonl\n"
            "kipu export user: --format tsv",
            "One bucket's entries, and not how the bucket was made: `kipu backup DIR` takes all.\n"
            "jsonl carries identities: importing it elsewhere is exact, and here changes nothing.\n"
            "tsv has a line for each value; removals are left out. -o json is one document, which\n"
            "`import` does not read.",
            kExportOptions, 0, 1, run_export},
    Command{"backup", "DIR", "Copies every bucket into a directory, or what was added since",
            "kipu backup /mnt/disk/kipu          # all of it; the next time, only what is new\n"
            "kipu restore /mnt/disk/kipu --check # is it whole?\n"
            "kipu --embedded ./store backup ./store-backup",
            "Every bucket, its definition and every entry under its exact identity. A run reads\n"
            "the whole cluster (at quorum, or --level) and all that DIR has, and writes what DIR\n"
            "has not; then it reads that back, and compares count and digest. It holds all that\n"
            "was acknowledged before it began, and perhaps some of what came after: it is no\n"
            "point in time. One that was interrupted is run again, and goes on. What DIR has and\n"
            "the cluster has lost is told, and ends with 5. The files are jsonl, one for each\n"
            "bucket and run, not compressed: `kipu import` and other tools read them, too.",
            kBackupOptions, 1, 1, run_backup},
    Command{
        "restore", "DIR", "Stores what a backup holds and the cluster has not",
        "kipu restore /mnt/disk/kipu\n"
        "kipu restore /mnt/disk/kipu --bucket logs\n"
        "kipu restore /mnt/disk/kipu --broker tcp://other:7400\n"
        "kipu restore /mnt/disk/kipu --check",
        "Into an empty cluster or a living one, with any number of partitions: buckets that are\n"
        "missing are made, entries keep their identities, and what is there stays as it is, so\n"
        "that running it again changes nothing, and goes on with what was interrupted. First\n"
        "every line of the backup is proved; a damaged one is named, and nothing is written.\n"
        "At the end every entry is looked for in the cluster. A bucket that exists there with\n"
        "another definition is refused. Only --bucket's, if that is given.",
        kRestoreOptions, 1, 1, run_restore},
    Command{"shell",
            "",
            "A prompt with history and completion",
            "kipu shell\nkipu --embedded ./store shell\nkipu shell < script",
            "HELP lists what can be asked. As a script, exits as the first line that failed did.",
            {},
            0,
            0,
            run_shell},
    Command{
        "up", "", "Starts a cluster on this machine, and watches it",
        "kipu up\n"
        "kipu up --workers 5 --data /var/tmp/kipu --port 0\n"
        "kipu up --detach && kipu status && kipu down",
        "One broker and N workers, each a process of its own, restarted when they end. Ctrl-C\n"
        "stops them in order. DIR holds data, logs/, pids/, and `endpoint` for scripts.\n"
        "Run again over the same directory, it is the same cluster: it serves as soon as a\n"
        "majority of its workers can, names the others with what ails them, and goes on trying\n"
        "to start these. Nothing that is in DIR is ever removed; where DIR holds something\n"
        "else, nothing is made. A worker whose disk is lost: `kipu help worker replace`.",
        kUpOptions, 0, 0, run_up},
    Command{
        "down", "", "Stops a cluster that `up` runs",
        "kipu down\n"
        "kipu down --data /var/tmp/kipu\n"
        "kipu down --kill                    # what hangs",
        "Waits until it has stopped. Of a process that does not take the request it says in which\n"
        "state it is. --kill ends `kipu up` and its daemons by force: what was acknowledged is\n"
        "on their disks.",
        kDownOptions, 0, 0, run_down},
    Command{"ping",
            "",
            "Asks whether the cluster answers, and how fast",
            "kipu ping",
            "",
            {},
            0,
            0,
            run_ping},
    Command{
        "status",
        "",
        "Says whether the cluster is well, and if not, why",
        "kipu status\nkipu status -o json | jq .workers",
        "Exits with 5 if it is not, with 3 if no broker answers. It is answered as soon as a\n"
        "broker runs, with what that waits for. Of a worker that is down, where `kipu up` runs\n"
        "it: how it ended, its last words, its log, and what to do. lag: how much of what the\n"
        "others wrote a worker has not said to hold, and since when. whole: whether it serves\n"
        "all that it is a replica of. engine: how long its last commit took.",
        {},
        0,
        0,
        run_status},
    Command{"ring",
            "",
            "Shows which worker holds which partitions",
            "kipu ring\nkipu ring -o json",
            "",
            {},
            0,
            0,
            run_ring},
    Command{"worker list",
            "",
            "Lists the workers",
            "kipu worker list\nkipu worker list -o jsonl",
            "",
            {},
            0,
            0,
            run_worker_list},
    Command{
        "worker replace", "ID", "Begins a new store for a worker whose disk is lost",
        "kipu worker replace w2\n"
        "kipu worker replace worker-2 --data /var/tmp/kipu    # by its folder",
        "The worker keeps its id, and fetches what it should hold from the other replicas. What "
        "is\n"
        "left of its old store is kept, under another name. `kipu up` starts it at once; where no\n"
        "`kipu up` runs, the next one does. Refused while the worker is alive, and where other\n"
        "replicas do not hold all that it held. Where a link to another disk lies in the place of\n"
        "its folder, the store is made there, and nothing is moved there that is not its own. On\n"
        "another host, it says what to type there.",
        kReplaceOptions, 1, 1, run_worker_replace},
    Command{
        "worker accept-loss", "ID", "Lets a worker serve what is left, where replicas are lost",
        "kipu worker accept-loss w1          # says what may be missing then\n"
        "kipu worker accept-loss w1 --yes",
        "For replicas of which so few are whole that nobody can fill the others: several disks "
        "were\n"
        "lost, or put back from copies of different moments. `kipu status` says so, and names "
        "this.\n"
        "The worker takes what all its others have for all that there is, and serves once it has "
        "that;\n"
        "the others are filled from it. What was acknowledged, and no replica has any more, is "
        "missing\n"
        "from then on. On another host, it says what to type there.",
        kAcceptLossOptions, 1, 1, run_worker_accept_loss},
    Command{"bucket create", "NAME", "Makes a bucket",
            "kipu bucket create logs\n"
            "kipu bucket create settings --mode wmrm\n"
            "kipu bucket create photos --max-pair 1MiB",
            "What it is made with is fixed for good. Making it again the same way does nothing.",
            kBucketCreateOptions, 1, 1, run_bucket_create},
    Command{
        "bucket list", "", "Lists the buckets", "kipu bucket list", "", {}, 0, 0, run_bucket_list},
    Command{"bucket show",
            "NAME",
            "Shows a bucket",
            "kipu bucket show default -o json",
            "",
            {},
            1,
            1,
            run_bucket_show},
    Command{
        "bench", "[append | get]", "Measures throughput and latency",
        "kipu bench append --batch 1000\n"
        "kipu bench append --rate 2000 --seconds 30\n"
        "kipu bench get --clients 8",
        "What it appends stays for good: in a bucket of its own, `bench`, unless --bucket says\n"
        "otherwise. With --rate, latency counts from when each request was due.",
        kBenchOptions, 0, 1, run_bench},
    Command{"completion",
            "bash | zsh | fish",
            "Prints a completion script",
            "source <(kipu completion bash)\n"
            "kipu completion fish > ~/.config/fish/completions/kipu.fish",
            "",
            {},
            1,
            1,
            run_completion},
    Command{"help",
            "[COMMAND]",
            "Shows examples of a command",
            "kipu help append",
            "",
            {},
            0,
            2,
            run_help},
};

}  // namespace

std::span<const Command> commands() {
  return kCommands;
}

Result<Exit> run_help(Context& context) {
  const auto& words = context.operands();
  if (words.empty()) {
    context.out.write(overview(commands(), context.out.style()));
    return Exit::done;
  }
  if (words.size() == 1) {
    const std::string group = group_help(commands(), words[0], context.out.style());
    if (!group.empty()) {
      context.out.write(group);
      return Exit::done;
    }
  }
  std::size_t at = 0;
  const auto command = resolve_command(commands(), words, at);
  if (!command) return fail(command.error());
  context.out.write(help_text(**command, context.out.style()));
  return Exit::done;
}

Result<Exit> run_completion(Context& context) {
  const std::string& shell = context.operands()[0];
  const std::string script = completion_script(commands(), shell);
  if (script.empty()) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("{} is no shell that is known: bash, zsh or fish", in_quotes(shell)));
  }
  context.out.write(script);
  return Exit::done;
}

}  // namespace kipu::cli
