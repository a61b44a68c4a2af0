// backup and restore: exact, incremental, resumable, and careful with what is there.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <unistd.h>

#include "tests/process/cli/command_test.h"

namespace kipu::test {
namespace {

namespace fs = std::filesystem;

std::string text_of(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

void write_text(const fs::path& path, const std::string& text) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
}

std::string sorted_lines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  std::ranges::sort(lines);
  std::string out;
  for (const std::string& line : lines) out += line + "\n";
  return out;
}

// The number after `"name":` in a JSON document; the first one.
std::uint64_t number_of(const std::string& json, const std::string& name) {
  const std::size_t at = json.find("\"" + name + "\":");
  if (at == std::string::npos) throw std::runtime_error("no " + name + " in " + json);
  return std::stoull(json.substr(at + name.size() + 3));
}

std::string tsv_of(std::size_t count, std::size_t value_bytes) {
  std::string lines;
  for (std::size_t number = 0; number < count; ++number) {
    lines += "key-" + std::to_string(number % 1000) + "\t" + std::to_string(number) +
             std::string(value_bytes, 'x') + "\n";
  }
  return lines;
}

std::vector<fs::path> data_files(const fs::path& backup) {
  std::vector<fs::path> found;
  if (!fs::exists(backup)) return found;
  for (const auto& entry : fs::directory_iterator(backup)) {
    if (entry.path().extension() == ".jsonl") found.push_back(entry.path());
  }
  std::ranges::sort(found);
  return found;
}

std::uintmax_t bytes_below(const fs::path& directory) {
  std::uintmax_t bytes = 0;
  std::error_code error;
  for (fs::recursive_directory_iterator at(directory, error), end; !error && at != end;
       at.increment(error)) {
    const auto size = at->is_regular_file(error) ? at->file_size(error) : 0;
    if (!error) bytes += size;
  }
  return bytes;
}

// Over directories of its own; most need no more of a cluster than a store in one.
class BackupTest : public CommandTest {
 protected:
  std::string place(const std::string& name) const { return (directory_ / name).string(); }

  Finished over(const std::string& store, std::vector<std::string> words,
                std::string input = {}) const {
    words.insert(words.begin(), {"--embedded", place(store)});
    return kipu(std::move(words), std::move(input));
  }
  std::string good(const std::string& store, std::vector<std::string> words,
                   std::string input = {}) const {
    const Finished finished = over(store, std::move(words), std::move(input));
    EXPECT_EQ(finished.ended, (Ended{0, 0})) << finished.errors;
    return finished.output;
  }
  // A store with two buckets, and all that needs care.
  void fill(const std::string& store) const {
    good(store, {"import", "-", "--format", "tsv"}, tsv_of(300, 10));
    good(store, {"append", "several", "one", "", "th\xffree"});
    good(store, {"append", "\x01\"{x}\\", "value"});
    good(store, {"bucket", "create", "settings", "--mode", "wmrm", "--max-pair", "64KiB"});
    for (const char* value : {"old", "new"}) {
      good(store, {"put", "kept", value, "--bucket", "settings"});
    }
    good(store, {"put", "removed", "value", "--bucket", "settings"});
    good(store, {"remove", "removed", "--bucket", "settings"});
  }
  void expect_same_stores(const std::string& a, const std::string& b) const {
    EXPECT_EQ(good(a, {"bucket", "list"}), good(b, {"bucket", "list"}));
    for (const std::string bucket : {"default", "settings"}) {
      EXPECT_EQ(good(a, {"export", "--bucket", bucket}), good(b, {"export", "--bucket", bucket}));
    }
  }
  // Kills what these words start as soon as `holds`; false if it had ended before.
  template <class Condition>
  bool kill_when(std::vector<std::string> words, Condition holds) const {
    words.insert(words.begin(), program("kipu"));
    Process process(std::move(words), cluster->options());
    EXPECT_TRUE(eventually([&] { return holds() || !process.running(); }));
    process.kill(SIGKILL);
    return process.wait().signal == SIGKILL;
  }

  const TempDirectory directory_;
};

TEST_F(BackupTest, IsExactAndThenWritesOnlyWhatIsNew) {
  output_of({"bucket", "create", "settings", "--mode", "wmrm"});
  output_of({"import", "-", "--format", "tsv"}, tsv_of(2000, 20));
  output_of({"put", "colour", "blue", "--bucket", "settings"});
  const std::string backup = place("backup");
  const std::string first = output_of({"backup", backup, "-o", "json"});
  EXPECT_EQ(number_of(first, "written"), number_of(first, "entries"));
  // The very lines of export.
  EXPECT_EQ(text_of(backup + "/0001-default.jsonl"), output_of({"export"}));
  EXPECT_EQ(text_of(backup + "/0001-settings.jsonl"),
            output_of({"export", "--bucket", "settings"}));

  output_of({"append", "fruit", "apple"});
  output_of({"append", "fruit", "pear"});
  const std::string second = output_of({"backup", backup, "-o", "json"});
  EXPECT_EQ(number_of(second, "written"), 2U);
  EXPECT_EQ(number_of(second, "entries"), number_of(first, "entries") + 2);
  EXPECT_EQ(text_of(backup + "/0002-default.jsonl"), output_of({"export", "fruit"}));
  EXPECT_EQ(number_of(output_of({"backup", backup, "-o", "json"}), "written"), 0U);
  EXPECT_EQ(data_files(backup).size(), 3U);
}

TEST_F(BackupTest, RestoresIntoAnEmptyClusterAndALivingOne) {
  output_of({"bucket", "create", "logs", "--max-pair", "32KiB"});
  output_of({"import", "-", "--format", "tsv", "--bucket", "logs"}, tsv_of(2000, 20));
  output_of({"append", "several", "one", "", "th\xffree", "--bucket", "logs"});
  const std::string backup = place("backup");
  output_of({"backup", backup});
  const std::string exported = output_of({"export", "--bucket", "logs"});

  const LocalCluster other(1);
  const auto restored = other.kipu({"restore", backup, "-o", "json"});
  ASSERT_EQ(restored.ended, (Ended{0, 0})) << restored.errors;
  EXPECT_EQ(number_of(restored.output, "written"), number_of(restored.output, "entries"));
  EXPECT_EQ(other.kipu({"export", "--bucket", "logs"}).output, exported);
  EXPECT_EQ(other.kipu({"bucket", "show", "logs"}).output, output_of({"bucket", "show", "logs"}));

  // Again, into one that lives: nothing of it changes.
  ASSERT_EQ(other.kipu({"append", "more", "of it", "--bucket", "logs"}).ended, (Ended{0, 0}));
  const std::string alive = other.kipu({"export", "--bucket", "logs"}).output;
  const auto again = other.kipu({"restore", backup, "-o", "json"});
  ASSERT_EQ(again.ended, (Ended{0, 0})) << again.errors;
  EXPECT_EQ(number_of(again.output, "written"), 0U);
  EXPECT_EQ(number_of(again.output, "there_already"), number_of(again.output, "entries"));
  EXPECT_EQ(other.kipu({"export", "--bucket", "logs"}).output, alive);

  // With another number of partitions; and of another cluster, where that is meant.
  good("store", {"restore", backup});
  EXPECT_EQ(sorted_lines(good("store", {"export", "--bucket", "logs"})), sorted_lines(exported));
  expect_refusal(over("store", {"backup", backup}), 1,
                 "`kipu backup " + backup + " --adopt --embedded " + place("store") + "`");
  const std::string adopted = good("store", {"backup", backup, "--adopt", "-o", "json"});
  EXPECT_EQ(number_of(adopted, "written"), 0U);
  // And from few partitions to many.
  good("store", {"append", "from", "the store", "--bucket", "logs"});
  good("store", {"backup", place("of-store")});
  output_of({"restore", place("of-store")});
  EXPECT_EQ(sorted_lines(output_of({"export", "--bucket", "logs"})),
            sorted_lines(good("store", {"export", "--bucket", "logs"})));
}

TEST_F(BackupTest, IsReadWhileAWorkerIsAway) {
  const LocalCluster other(3);
  ASSERT_EQ(other.kipu({"import", "-", "--format", "tsv"}, tsv_of(3000, 20)).ended, (Ended{0, 0}));
  ::kill(other.worker(1), SIGKILL);
  const auto backup = other.kipu({"backup", place("backup"), "-o", "json"});
  ASSERT_EQ(backup.ended, (Ended{0, 0})) << backup.errors;
  EXPECT_EQ(number_of(backup.output, "entries"), 3000U);
  ::kill(other.worker(2), SIGKILL);
  const auto restored = other.kipu({"restore", place("backup"), "-o", "json"});
  ASSERT_EQ(restored.ended, (Ended{0, 0})) << restored.errors;
  EXPECT_EQ(number_of(restored.output, "written"), 0U);
}

TEST_F(BackupTest, GoesOnWhereItWasKilled) {
  good("store", {"import", "-", "--format", "tsv"}, tsv_of(20'000, 400));
  const std::string exported = good("store", {"export"});
  int killed = 0;
  for (int round = 0; round < 10 && killed == 0; ++round) {
    const std::string backup = place("backup-" + std::to_string(round));
    const auto has_begun = [&] {
      const auto files = data_files(backup);
      return !files.empty() && fs::file_size(files[0]) > 0;
    };
    if (!kill_when({"--embedded", place("store"), "backup", backup}, has_begun)) continue;
    const std::string first = text_of(data_files(backup).at(0));
    ASSERT_EQ(first, exported.substr(0, first.size()));
    if (first == exported) continue;
    ++killed;
    // What is there is restorable, and said to be a part.
    const Finished part = kipu({"restore", backup, "--check"});
    EXPECT_EQ(part.ended, (Ended{0, 0})) << part.errors;
    EXPECT_NE(part.errors.find("did not end"), std::string::npos) << part.errors;
    const std::string rest = good("store", {"backup", backup, "-o", "json"});
    EXPECT_LT(number_of(rest, "written"), 20'000U);
    EXPECT_EQ(number_of(rest, "entries"), 20'000U);
    good("restored", {"restore", backup});
    EXPECT_EQ(good("restored", {"export"}), exported);
  }
  EXPECT_GT(killed, 0) << "every backup ended before it could be killed";
}

TEST_F(BackupTest, IsRestoredAfterARestoreWasKilled) {
  good("store", {"import", "-", "--format", "tsv"}, tsv_of(20'000, 400));
  const std::string exported = good("store", {"export"});
  good("store", {"backup", place("backup")});
  int killed = 0;
  for (int round = 0; round < 10 && killed == 0; ++round) {
    const std::string target = "target-" + std::to_string(round);
    const auto has_begun = [&] { return bytes_below(place(target)) > 2'000'000; };
    if (!kill_when({"--embedded", place(target), "restore", place("backup")}, has_begun)) continue;
    ++killed;
    good(target, {"restore", place("backup")});
    EXPECT_EQ(good(target, {"export"}), exported);
    const std::string again = good(target, {"restore", place("backup"), "-o", "json"});
    EXPECT_EQ(number_of(again, "written"), 0U);
  }
  EXPECT_GT(killed, 0) << "every restore ended before it could be killed";
}

TEST_F(BackupTest, ThatFindsNoRoomIsNamedAndGoesOn) {
  good("store", {"import", "-", "--format", "tsv"}, tsv_of(5000, 400));
  const std::string backup = place("backup");
  // As a full disk, for a process that writes: 512 KiB a file.
  const Finished full =
      run({"/bin/sh", "-c", "ulimit -f 1024; exec \"$0\" --embedded \"$1\" backup \"$2\"",
           program("kipu"), place("store"), backup},
          cluster->options());
  expect_refusal(full, 5, "0001-default.jsonl");
  EXPECT_NE(full.errors.find("run the same again"), std::string::npos) << full.errors;
  const std::string rest = good("store", {"backup", backup, "-o", "json"});
  EXPECT_LT(number_of(rest, "written"), 5000U);
  EXPECT_EQ(number_of(rest, "entries"), 5000U);
  good("restored", {"restore", backup});
  EXPECT_EQ(good("restored", {"export"}), good("store", {"export"}));
}

TEST_F(BackupTest, ThatIsDamagedIsNamedAndNotRestored) {
  fill("store");
  const std::string backup = place("backup");
  good("store", {"backup", backup});
  const fs::path file = backup + "/0001-default.jsonl";
  const std::string whole = text_of(file);
  std::string text = whole;
  text[text.find("xxxx") + 2] ^= 1;
  write_text(file, text);
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"restore", backup}, {"restore", backup, "--check"}}) {
    const Finished refused = over("target", words);
    expect_refusal(refused, 5, "0001-default.jsonl line 1:");
  }
  expect_refusal(over("store", {"backup", backup}), 5, "line 1:");
  EXPECT_FALSE(fs::exists(place("target")));

  write_text(file, whole.substr(0, whole.rfind('{')));
  expect_refusal(over("target", {"restore", backup}), 5, "0001-default.jsonl");
  write_text(file, whole + whole.substr(whole.rfind('{')));
  expect_refusal(over("target", {"restore", backup}), 5, "out of order");
  fs::remove(file);
  const Finished missing = over("target", {"restore", backup});
  expect_refusal(missing, 5, "0001-default.jsonl is not there");
  EXPECT_EQ(missing.errors.find("kipu import"), std::string::npos) << missing.errors;
  write_text(place("elsewhere"), whole);
  fs::create_symlink(place("elsewhere"), file);
  expect_refusal(over("target", {"restore", backup}), 5, "symbolic link");
  fs::remove(file);
  write_text(file, whole);
  good("target", {"restore", backup});
  expect_same_stores("store", "target");

  const std::string manifest = text_of(backup + "/backup.json");
  text = manifest;
  text.replace(text.find("65536"), 5, "65537");
  write_text(backup + "/backup.json", text);
  expect_refusal(over("target", {"restore", backup}), 5, "backup.json");
  text = manifest;
  text.replace(text.find("\"format\": 1"), 11, "\"format\": 9");
  write_text(backup + "/backup.json", text);
  expect_refusal(over("target", {"restore", backup}), 1, "format 9");
  expect_refusal(over("store", {"backup", backup}), 1, "format 9");
  EXPECT_EQ(text_of(backup + "/backup.json"), text);
}

TEST_F(BackupTest, TouchesNothingThatIsNoBackup) {
  fill("store");
  fs::create_directory(place("full"));
  write_text(place("full") + "/notes", "mine");
  expect_refusal(over("store", {"backup", place("full")}), 1, "'notes' is there");
  EXPECT_EQ(bytes_below(place("full")), 4U);
  EXPECT_FALSE(fs::exists(place("full") + "/lock"));
  expect_refusal(over("store", {"backup", place("full") + "/notes"}), 2, "notes");
  expect_refusal(over("store", {"backup", place("nowhere") + "/backup"}), 2, "nowhere");
  expect_refusal(over("store", {"backup", ""}), 2, "directory");
  expect_refusal(over("store", {"restore", place("full")}), 1, "holds no backup");
  expect_refusal(over("store", {"restore", place("nowhere")}), 2, "nowhere");
  expect_refusal(over("store", {"backup", place("b"), "--bucket", "settings"}), 2, "--bucket");
  expect_refusal(over("store", {"backup", place("b"), "--level", "none"}), 2, "none");
  // Another's file beside the backup's own stays, whatever its name.
  fs::create_directory(place("empty"));
  good("store", {"backup", place("empty")});
  write_text(place("empty") + "/0002-default.jsonl", "mine");
  good("store", {"append", "fruit", "apple"});
  good("store", {"backup", place("empty")});
  EXPECT_EQ(text_of(place("empty") + "/0002-default.jsonl"), "mine");
  good("target", {"restore", place("empty")});
  expect_same_stores("store", "target");
}

TEST_F(BackupTest, IsOneAtATimeAndItsOwnersAlone) {
  fill("store");
  const std::string backup = place("backup");
  fs::create_directory(place("real"));
  fs::create_directory_symlink(place("real"), backup);
  good("store", {"backup", backup});
  for (const auto& entry : fs::directory_iterator(backup)) {
    EXPECT_EQ(entry.status().permissions(), fs::perms::owner_read | fs::perms::owner_write)
        << entry.path();
  }
  const int lock = ::open((backup + "/lock").c_str(), O_RDWR | O_CLOEXEC);
  ASSERT_EQ(::flock(lock, LOCK_EX | LOCK_NB), 0);
  expect_refusal(over("store", {"backup", backup}), 1, "another backup or restore");
  expect_refusal(over("target", {"restore", backup}), 1, "another backup or restore");
  ::close(lock);
  // A copy without its lock can be read, and written to.
  fs::remove(backup + "/lock");
  good("target", {"restore", backup});
  good("store", {"backup", backup});
  expect_same_stores("store", "target");
}

TEST_F(BackupTest, RestoresNothingOverABucketOfAnotherKind) {
  fill("store");
  good("store", {"backup", place("backup")});
  good("target", {"append", "fruit", "apple"});
  good("target", {"bucket", "create", "settings"});
  expect_refusal(over("target", {"restore", place("backup")}), 1, "'settings'");
  EXPECT_EQ(good("target", {"keys"}), "fruit\n");
  good("target", {"restore", place("backup"), "--bucket", "default"});
  EXPECT_EQ(good("target", {"count", "several"}), "3\n");
  EXPECT_EQ(good("target", {"keys", "--bucket", "settings"}), "");
  expect_refusal(over("target", {"restore", place("backup"), "--bucket", "nowhere"}), 2,
                 "default, settings");
  expect_refusal(over("target", {"backup", place("backup"), "--adopt"}), 1, "'settings'");
}

TEST_F(BackupTest, TellsWhatTheClusterHasLost) {
  fill("store");
  good("lossy", {"append", "fruit", "apple"});
  good("store", {"backup", place("backup")});
  const Finished told = over("lossy", {"backup", place("backup"), "--adopt", "-o", "json"});
  EXPECT_EQ(told.ended, (Ended{5, 0}));
  EXPECT_EQ(told.output, "");
  EXPECT_NE(told.errors.find("302 of bucket 'default', 4 of bucket 'settings'"), std::string::npos)
      << told.errors;
  // The remedy, as printed. The backup is done: it has both.
  EXPECT_NE(
      told.errors.find("`kipu restore " + place("backup") + " --embedded " + place("lossy") + "`"),
      std::string::npos)
      << told.errors;
  good("lossy", {"restore", place("backup")});
  good("lossy", {"backup", place("backup")});
  EXPECT_EQ(good("lossy", {"count", "several"}), "3\n");
  EXPECT_EQ(good("lossy", {"get", "fruit"}), "apple\n");
  good("target", {"restore", place("backup")});
  expect_same_stores("lossy", "target");
}

}  // namespace
}  // namespace kipu::test
