// What hands and disks do to the directory of a cluster: `kipu up` serves with what is left, says
// what is lost, and each remedy that it names works as it is printed.
#include "tests/process/up/recovery.h"

#include <algorithm>
#include <map>

#include <signal.h>
#include <unistd.h>

namespace kipu::test {
namespace {

// Every file below, with what is in it.
std::map<std::string, std::string> files_below(const fs::path& path) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(path)) {
    files[entry.path().string()] = entry.is_regular_file() ? text_of(entry.path()) : "";
  }
  return files;
}

TEST_F(RecoveryTest, ReplacesNothingThatNoOtherReplicaHolds) {
  make_cluster({"--workers", "1"});
  fs::remove_all(in("worker-1"));
  const Finished started = up();
  expect_refused(started, 3, "0 of 1 workers can serve");
  const Finished refused = type(command_in(started.errors, "worker replace"));
  expect_refused(refused, 1, "the only replica of its data");
  EXPECT_FALSE(fs::exists(in("worker-1")));
  expect_done(type(command_in(refused.errors, "--accept-loss")));
  EXPECT_TRUE(fs::exists(in("worker-1/store")));
  expect_done(up());
  EXPECT_TRUE(becomes_healthy()) << kipu({"status"}).output;
  expect_refused(kipu({"get", "fruit"}), 6, "no values");
  expect_done(kipu({"append", "fruit", "apple"}));
  expect_data();
}

// Of all three only one has what was stored. The two that begin anew must not wait for each other.
TEST_F(RecoveryTest, FillsTwoOfThreeFromTheThirdWhereLossIsAccepted) {
  make_cluster();
  for (const char* name : {"worker-1", "worker-2"}) {
    fs::remove_all(in(name));
    const Finished refused = kipu({"worker", "replace", name, "--data", data()});
    expect_done(type(command_in(refused.errors, "--accept-loss")));
  }
  expect_done(up());
  EXPECT_TRUE(becomes_healthy()) << kipu({"status"}).output;
  expect_data();
  expect_done(down());
  fs::remove_all(in("worker-3"));
  expect_done(kipu({"worker", "replace", "worker-3", "--data", data()}));
  expect_done(up());
  EXPECT_TRUE(becomes_healthy()) << kipu({"status"}).output;
  expect_data();
}

// Two of three that were put back from old copies know that they have lost something, and each
// waits for the other. One is told that what none of them has is lost; the other is filled from it.
TEST_F(RecoveryTest, ServesTwoOldCopiesOnceTheLossOfOneIsAccepted) {
  make_cluster();
  const std::vector<std::string> old{"worker-1", "worker-2"};
  for (const std::string& name : old) {
    fs::copy(in(name), data() + "-" + name, fs::copy_options::recursive);
  }
  expect_done(up());
  EXPECT_TRUE(becomes_healthy());
  const Finished refused = kipu({"worker", "accept-loss", "w1", "--data", data()});
  expect_refused(refused, 2, "lacks nothing that it knows of");
  // By all three, so that two of them have lost something of their own.
  for (int i = 0; i < 20; ++i) expect_done(kipu({"append", "later" + std::to_string(i), "pear"}));
  EXPECT_TRUE(becomes_healthy());
  expect_done(down());
  for (const std::string& name : old) {
    fs::remove_all(in(name));
    fs::rename(data() + "-" + name, in(name));
  }
  expect_done(up());
  std::string command;
  EXPECT_TRUE(eventually([&] {
    command = command_in(kipu({"status"}).output, "worker accept-loss");
    return !command.empty();
  })) << kipu({"status"}).output;
  const Finished warned = type(command);
  expect_refused(warned, 1, "will be missing for good");
  expect_done(type(command_in(warned.errors, "--yes")));
  EXPECT_TRUE(becomes_healthy()) << kipu({"status"}).output;
  expect_data();
  for (const char* worker : {"w1", "w2", "w3"}) {
    EXPECT_EQ(kipu({"get", "later7", "--from", worker}).output, "pear\n");
  }
  EXPECT_EQ(kipu({"keys", "later", "--count"}).output, "20\n");
}

TEST_F(RecoveryTest, ServesWithAllThreeBegunAnewWhereLossIsAccepted) {
  make_cluster();
  for (const char* name : {"worker-1", "worker-2", "worker-3"}) {
    fs::remove_all(in(name));
    expect_done(kipu({"worker", "replace", name, "--data", data(), "--accept-loss"}));
  }
  expect_done(up());
  EXPECT_TRUE(becomes_healthy()) << kipu({"status"}).output;
  expect_refused(kipu({"get", "fruit"}), 6, "no values");
  expect_done(kipu({"append", "fruit", "apple"}));
  expect_data();
}

TEST_F(RecoveryTest, ReplacesNoSecondOfThree) {
  make_cluster();
  fs::remove_all(in("worker-2"));
  fs::remove_all(in("worker-3"));
  const Finished refused = kipu({"worker", "replace", "worker-2", "--data", data()});
  expect_refused(refused, 1, "may be nowhere else");
  EXPECT_FALSE(fs::exists(in("worker-2")));
  const Finished started = up();
  expect_refused(started, 3, "1 of 3 workers can serve, and 2 are needed");
  for (const char* name : {"worker-2", "worker-3"}) {
    EXPECT_NE(started.errors.find(in(name).string() + " holds no store"), std::string::npos)
        << started.errors;
  }
  expect_done(type(command_in(refused.errors, "--accept-loss")));
  EXPECT_TRUE(fs::exists(in("worker-2/store")));
}

TEST_F(RecoveryTest, NamesWhatToTypeWhereNoClusterOfUpIs) {
  expect_refused(kipu({"worker", "replace", "w2", "--data", data()}), 1,
                 "kipu-worker init --data DIR --store ID");
  EXPECT_FALSE(fs::exists(data()));
}

TEST_F(RecoveryTest, SaysThatADirectoryHoldsNoClusterWhoeverElseAnswers) {
  make_cluster();
  expect_done(up());
  const std::string missing = (home_ / "missing").string();
  const Finished refused = kipu({"worker", "replace", "w1", "--data", missing});
  expect_refused(refused, 1, missing + " is not there, so it holds no cluster");
  EXPECT_EQ(refused.errors.find("alive"), std::string::npos) << refused.errors;
  fs::create_directories(missing);
  expect_refused(kipu({"worker", "replace", "w1", "--data", missing}), 1,
                 missing + " holds no cluster");
  if (::geteuid() == 0) return;
  fs::permissions(missing, fs::perms::none);
  expect_refused(kipu({"worker", "replace", "w1", "--data", missing}), 5,
                 missing + " cannot be looked at: Permission denied");
  fs::permissions(missing, fs::perms::owner_all);
}

TEST_F(RecoveryTest, MakesALostRecordAnewFromTheStores) {
  make_cluster();
  const std::string record = text_of(in("cluster"));
  for (const char* damage : {"", "\xff", "cluster=1\n"}) {
    std::ofstream(in("cluster"), std::ios::trunc) << damage;
    const Finished started = up();
    expect_done(started);
    EXPECT_NE(started.errors.find("is damaged: made anew from the stores"), std::string::npos)
        << started.errors;
    EXPECT_EQ(text_of(in("cluster")), record);
    expect_data();
    expect_done(down());
  }
  EXPECT_TRUE(fs::exists(in("cluster.damaged-3")));
  fs::remove(in("cluster"));
  expect_refused(up({"--workers", "2"}), 1, "was made with 3 workers");
  const Finished started = up();
  expect_done(started);
  EXPECT_NE(started.errors.find("is missing: made anew from the stores"), std::string::npos);
  EXPECT_EQ(text_of(in("cluster")), record);
  expect_data();
}

TEST_F(RecoveryTest, MakesARecordAnewThatTheStoresContradict) {
  make_cluster();
  const std::string record = text_of(in("cluster"));
  const std::vector<std::pair<std::string, std::string>> edits{
      {record.substr(8, 32), "000102030405060708090a0b0c0d0e0f"},
      {"workers=3", "workers=5"},
      {"workers=3\nreplicas=3", "workers=2\nreplicas=2"},
      {"workers=3", "workers=4000000000"},
      {"replicas=3", "replicas=1"},
      {"ready=yes", "ready=no"}};
  std::size_t kept = 0;
  for (const auto& [from, to] : edits) {
    std::string edited = record;
    edited.replace(record.find(from), from.size(), to);
    std::ofstream(in("cluster"), std::ios::trunc) << edited;
    const Finished started = up();
    expect_done(started);
    EXPECT_NE(started.errors.find("made anew from the stores"), std::string::npos)
        << edited << started.errors;
    EXPECT_EQ(text_of(in("cluster")), record);
    const std::string name = "cluster.damaged" + (kept == 0 ? "" : "-" + std::to_string(kept + 1));
    EXPECT_EQ(text_of(in(name)), edited);
    ++kept;
    expect_data();
    expect_done(down());
  }
}

TEST_F(RecoveryTest, ReplacesAStoreWhateverTheRecordSays) {
  make_cluster();
  const std::string worker = worker_in("worker-2");
  std::string record = text_of(in("cluster"));
  record.replace(record.find("workers=3"), 9, "workers=5");
  std::ofstream(in("cluster"), std::ios::trunc) << record;
  fs::remove_all(in("worker-2"));
  expect_done(kipu({"worker", "replace", worker, "--data", data()}));
  expect_done(up());
  EXPECT_TRUE(becomes_healthy());
  expect_data();
}

TEST_F(RecoveryTest, MakesNoRecordWhereTheStoresDoNotAgree) {
  make_cluster({"--workers", "2"});
  const auto elsewhere = home_ / "other";
  const std::vector<std::string> words{"up",     "--detach",         "--port",    "0",
                                       "--data", elsewhere.string(), "--workers", "2"};
  expect_done(kipu(words));
  expect_done(kipu({"down", "--data", elsewhere.string()}));
  fs::remove(in("cluster"));
  fs::remove_all(in("worker-2"));
  fs::rename(elsewhere / "worker-2", in("worker-2"));
  const auto before = files_below(in(""));
  expect_refused(up(), 5, "do not say enough");
  EXPECT_EQ(files_below(in("")), before);
}

TEST_F(RecoveryTest, TouchesNothingOfStrangers) {
  for (const char* file : {"broker/a.txt", "worker-1/b.txt", "worker-2/db/c", "main.cc", "pids/d",
                           "logs/e", "cluster"}) {
    fs::remove_all(in(""));
    fs::create_directories(in(file).parent_path());
    std::ofstream(in(file)) << "precious";
    const auto before = files_below(in(""));
    const Finished refused = up();
    EXPECT_NE(refused.ended, (Ended{0, 0})) << file;
    EXPECT_NE(refused.errors.find(data()), std::string::npos) << refused.errors;
    EXPECT_EQ(files_below(in("")), before) << file;
  }
}

TEST_F(RecoveryTest, NamesAnotherDirectoryWhereOneIsTaken) {
  fs::create_directories(in("broker"));
  std::ofstream(in("broker/a.txt")) << "precious";
  const Finished refused = up();
  const std::string remedy = command_in(refused.errors, "kipu up --data");
  expect_done(type(remedy + " --detach --port 0"));
  expect_done(kipu({"down", "--data", (home_ / "data" / "kipu-data").string()}));
}

TEST_F(RecoveryTest, BeginsInFoldersThatWereMadeReady) {
  fs::create_directories(in("worker-1"));
  fs::create_directories(home_ / "disk");
  fs::create_directories(in("broker"));
  fs::create_directory_symlink(home_ / "disk", in("worker-2"));
  make_cluster({"--workers", "2"});
  EXPECT_TRUE(fs::exists(home_ / "disk" / "store"));
}

TEST_F(RecoveryTest, GoesOnWithABirthThatWasInterrupted) {
  const std::string id = "000102030405060708090a0b0c0d0e0f";
  fs::create_directories(in("worker-2"));
  std::ofstream(in("cluster")) << "cluster=" << id
                               << "\nworkers=3\nreplicas=3\npartitions=8\nready=no\n";
  expect_done(run({program("kipu-broker"), "init", "--data", in("broker").string(), "--workers",
                   "3", "--partitions", "8", "--cluster-id", id}));
  expect_done(run({program("kipu-worker"), "init", "--data", in("worker-1").string()}));
  std::ofstream(in("worker-2/store.init")) << "torn";
  const std::string first = text_of(in("worker-1/store")).substr(12, 16);
  expect_done(up());
  EXPECT_EQ(text_of(in("worker-1/store")).substr(12, 16), first);
  EXPECT_NE(text_of(in("cluster")).find("cluster=" + id), std::string::npos);
  EXPECT_NE(text_of(in("cluster")).find("ready=yes"), std::string::npos);
  EXPECT_TRUE(becomes_healthy());
}

TEST_F(RecoveryTest, TouchesNothingOfStrangersInABirthThatWasInterrupted) {
  fs::create_directories(in("worker-2"));
  std::ofstream(in("cluster"))
      << "cluster=000102030405060708090a0b0c0d0e0f\nworkers=3\nreplicas=3\npartitions=8\n"
      << "ready=no\n";
  std::ofstream(in("worker-2/letter")) << "precious";
  expect_refused(up(), 1, "letter");
  EXPECT_EQ(text_of(in("worker-2/letter")), "precious");
  EXPECT_FALSE(fs::exists(in("worker-1")));
}

TEST_F(RecoveryTest, OnlyOneOfSeveralBeginsACluster) {
  std::vector<Process> all;
  for (int i = 0; i < 3; ++i) {
    all.emplace_back(std::vector<std::string>{program("kipu"), "up", "--detach", "--port", "0",
                                              "--data", data()},
                     options());
  }
  int served = 0;
  for (Process& each : all) {
    const Ended ended = each.wait();
    if (ended == Ended{0, 0}) {
      ++served;
    } else {
      EXPECT_NE(each.errors().find("already"), std::string::npos) << each.errors();
    }
  }
  EXPECT_EQ(served, 1);
  EXPECT_TRUE(becomes_healthy());
}

TEST_F(RecoveryTest, WritesAgainWhatIsRemovedWhileItRuns) {
  expect_done(up());
  const std::vector<std::string> known_by{"lock", "cluster", "stores", "endpoint", "processes"};
  const std::string endpoint = text_of(in("endpoint"));
  fs::remove_all(in("pids"));
  for (const std::string& name : known_by) fs::remove(in(name));
  EXPECT_TRUE(eventually([&] {
    return fs::exists(in("pids/worker-3")) &&
           std::all_of(known_by.begin(), known_by.end(),
                       [&](const std::string& name) { return fs::exists(in(name)); });
  }));
  expect_refused(up(), 1, "already");
  EXPECT_EQ(text_of(in("endpoint")), endpoint);
  EXPECT_TRUE(becomes_healthy());
  expect_done(down());
  expect_done(up());
  EXPECT_TRUE(becomes_healthy());
}

TEST_F(RecoveryTest, StopsWhereItsDirectoryIsTakenAway) {
  for (const bool moved : {false, true}) {
    Process supervisor({program("kipu"), "up", "--port", "0", "--data", data()}, options());
    EXPECT_TRUE(eventually([&] { return fs::exists(in("endpoint")); })) << supervisor.errors();
    moved ? fs::rename(data(), data() + "-elsewhere") : void(fs::remove_all(data()));
    EXPECT_EQ(supervisor.wait(), (Ended{5, 0})) << supervisor.errors();
    EXPECT_NE(supervisor.errors().find("was removed or moved away"), std::string::npos)
        << supervisor.errors();
    fs::remove_all(data());  // its daemons may have said something in their logs
  }
  // What was moved is as good as before.
  fs::rename(data() + "-elsewhere", data());
  expect_done(up());
  EXPECT_TRUE(becomes_healthy());
}

TEST_F(RecoveryTest, StartsAfterItsSupervisorWasKilledAtAnyMoment) {
  for (const char* moment : {"lock", "cluster", "broker", "worker-2", "pids/broker", "endpoint"}) {
    Process killed({program("kipu"), "up", "--port", "0", "--data", data()}, options());
    EXPECT_TRUE(
        eventually([&] { return fs::exists(in(moment)); }, kPatience, std::chrono::milliseconds(0)))
        << moment << ": " << killed.errors();
    killed.kill(SIGKILL);
    killed.wait();
  }
  expect_done(up());
  EXPECT_TRUE(becomes_healthy());
  expect_done(kipu({"append", "fruit", "apple"}));
  expect_data();
}

TEST_F(RecoveryTest, StartsOnlyOneOfTwoCopies) {
  make_cluster();
  const std::string worker = worker_in("worker-3");
  fs::remove_all(in("worker-3"));
  fs::copy(in("worker-1"), in("worker-3"), fs::copy_options::recursive);
  const Finished started = up();
  expect_done(started);
  EXPECT_NE(started.output.find("a copy of the store of worker-1"), std::string::npos)
      << started.output;
  const std::string remedy = command_in(started.output, "worker replace " + worker);
  EXPECT_NE(remedy, "") << started.output;
  expect_done(type(remedy));
  EXPECT_TRUE(becomes_healthy());
  expect_data();
}

TEST_F(RecoveryTest, MakesAnewWhatTheBrokerKeeps) {
  make_cluster();
  const std::string whole = text_of(in("broker/cluster.toml"));
  const std::size_t partitions = whole.find("partitions");
  for (const std::string& damage : {std::string("rubbish"), whole.substr(0, partitions)}) {
    std::ofstream(in("broker/cluster.toml")) << damage;
    expect_done(up());
    expect_data();
    expect_done(down());
    EXPECT_EQ(text_of(in("broker/cluster.toml")), whole);
  }
  EXPECT_TRUE(fs::exists(in("broker/cluster.toml.damaged-2")));
  fs::remove_all(in("broker"));
  expect_done(up());
  expect_data();
}

TEST_F(RecoveryTest, SaysWhereAStoreWasMovedTo) {
  make_cluster();
  fs::rename(in("worker-2"), in("old-2"));
  Finished started = up();
  expect_done(started);
  const std::string remedy = command_in(started.errors, "mv -T");
  expect_done(down());
  expect_done(type(remedy));
  expect_done(up());
  EXPECT_TRUE(becomes_healthy());
}

TEST_F(RecoveryTest, StartsAgainAWorkerThatIsKilledWhileItStarts) {
  make_cluster();
  for (int round = 0; round < 3; ++round) {
    std::vector<std::string> words{program("kipu"), "up",  "--detach", "--port", "0",
                                   "--data",        data()};
    Process starting(words, options());
    pid_t pid = 0;
    EXPECT_TRUE(eventually(
        [&] {
          std::ifstream(in("pids/worker-1")) >> pid;
          return pid > 0;
        },
        kPatience, std::chrono::milliseconds(0)));
    ::kill(pid, SIGKILL);
    EXPECT_EQ(starting.wait(), (Ended{0, 0})) << starting.errors();
    EXPECT_EQ(starting.output().find("info"), std::string::npos) << starting.output();
    EXPECT_TRUE(becomes_healthy());
    expect_done(down());
  }
}

TEST_F(RecoveryTest, ServesAgainWithoutARestartOnceItsDiskIsMended) {
  make_cluster();
  fs::rename(in("worker-2/db/CURRENT"), home_ / "CURRENT");
  expect_done(up());
  expect_data();
  fs::rename(home_ / "CURRENT", in("worker-2/db/CURRENT"));
  EXPECT_TRUE(becomes_healthy());
}

TEST_F(RecoveryTest, KeepsWhatItMakesFromOthers) {
  make_cluster({"--workers", "1"});
  for (const auto& entry : fs::recursive_directory_iterator(in(""))) {
    const fs::perms others = fs::perms::group_all | fs::perms::others_all;
    EXPECT_EQ(entry.symlink_status().permissions() & others, fs::perms::none) << entry.path();
  }
}

TEST_F(RecoveryTest, SaysAtOnceThatADiskHasTooLittleRoom) {
  const Finished started = up({"--workers", "1", "--reserve", "4000000GiB"});
  expect_done(started);
  EXPECT_NE(started.errors.find("the disk of worker-1"), std::string::npos) << started.errors;
  EXPECT_NE(started.errors.find("--reserve"), std::string::npos) << started.errors;
  EXPECT_NE(text_of(in("logs/up.log")).find("appends are refused"), std::string::npos);
  expect_refused(kipu({"append", "k", "v", "--timeout", "1s"}), 1, "nearly full");
  expect_done(down());
  expect_done(up({"--reserve", "1MiB"}));
  expect_done(kipu({"append", "k", "v"}));
}

TEST_F(RecoveryTest, EndsInTimeWhereTheSupervisorIsStuck) {
  make_cluster();
  expect_done(up());
  pid_t pid = 0;
  std::ifstream(in("lock")) >> pid;
  ::kill(pid, SIGSTOP);
  const Finished refused = down();
  expect_refused(refused, 4, "it is stopped (state T)");
  expect_refused(refused, 4, "has not taken the request to stop yet");
  expect_done(type(command_in(refused.errors, "kill -CONT")));
  EXPECT_TRUE(eventually([&] { return fs::is_empty(in("pids")) && !fs::exists(in("endpoint")); }));
  // It lets go of the directory last of all.
  EXPECT_TRUE(eventually([&] { return up().ended == Ended{0, 0}; }));
  std::ifstream(in("lock")) >> pid;
  ::kill(pid, SIGSTOP);
  expect_done(type(command_in(refused.errors, "--kill")));
  EXPECT_FALSE(fs::exists(in("processes")));
  expect_refused(down(), 0, "nothing runs");
  expect_done(up());
  expect_data();
}

}  // namespace
}  // namespace kipu::test
