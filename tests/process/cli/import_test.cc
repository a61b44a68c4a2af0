// import and export: exact into another cluster, without effect into the same, and honest about
// bad lines.
#include <algorithm>
#include <fstream>
#include <sstream>

#include "tests/process/cli/command_test.h"

namespace kipu::test {
namespace {

class ImportTest : public CommandTest {
 protected:
  static std::string sorted_lines(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) lines.push_back(line);
    std::sort(lines.begin(), lines.end());
    std::string out;
    for (const std::string& line : lines) out += line + "\n";
    return out;
  }
  // Keys and values with all that needs care, in buckets of both modes.
  static void fill(const std::string& worm, const std::string& wmrm) {
    output_of({"bucket", "create", worm});
    output_of({"bucket", "create", wmrm, "--mode", "wmrm"});
    std::string lines;
    for (int number = 0; number < 3000; ++number) {
      lines +=
          "key-" + std::to_string(number % 100) + "\tvalue " + std::to_string(number) + "\\t\\\\\n";
    }
    output_of({"import", "-", "--format", "tsv", "--bucket", worm}, lines);
    output_of({"append", "several", "one", "", "th\xffree", "--bucket", worm});
    output_of({"put", "kept", "old", "--bucket", wmrm});
    output_of({"put", "kept", "new", "--bucket", wmrm});
    output_of({"put", "removed", "value", "--bucket", wmrm});
    output_of({"remove", "removed", "--bucket", wmrm});
  }
};

TEST_F(ImportTest, OfAnExportIsExactElsewhereAndNothingHere) {
  fill("logs", "settings");
  const LocalCluster other(1);
  ASSERT_EQ(other.kipu({"bucket", "create", "logs"}).ended, (Ended{0, 0}));
  ASSERT_EQ(other.kipu({"bucket", "create", "settings", "--mode", "wmrm"}).ended, (Ended{0, 0}));
  for (const std::string bucket : {"logs", "settings"}) {
    const std::string exported = output_of({"export", "--bucket", bucket});
    for (int round = 0; round < 2; ++round) {
      const Finished there = other.kipu({"import", "-", "--bucket", bucket}, exported);
      EXPECT_EQ(there.ended, (Ended{0, 0})) << there.errors;
      output_of({"import", "-", "--bucket", bucket}, exported);
    }
    EXPECT_EQ(sorted_lines(other.kipu({"export", "--bucket", bucket}).output),
              sorted_lines(exported));
    EXPECT_EQ(output_of({"export", "--bucket", bucket}), exported);
  }
  EXPECT_EQ(other.kipu({"get", "kept", "--bucket", "settings"}).output, "new\n");
  EXPECT_EQ(other.kipu({"get", "removed", "--bucket", "settings"}).ended, (Ended{6, 0}));
}

TEST_F(ImportTest, AsTsvKeepsEveryByteAndTheOrderOfAKey) {
  output_of({"bucket", "create", "tsv"});
  const std::string lines = "a\\tb\tx\\ny\na\\tb\t\\\\\na\\tb\t\nk\tplain\n";
  output_of({"import", "-", "--format", "tsv", "--bucket", "tsv"}, lines);
  EXPECT_EQ(output_of({"get", "a\tb", "--bucket", "tsv"}), "x\ny\n\\\n\n");
  EXPECT_EQ(sorted_lines(output_of({"export", "--format", "tsv", "--bucket", "tsv"})),
            sorted_lines(lines));
}

TEST_F(ImportTest, StopsAtABadLineAndNamesIt) {
  output_of({"bucket", "create", "bad"});
  const std::string lines =
      "{\"key\":\"good\",\"value\":\"1\"}\n"
      "{\"key\":\"good\",\"value\":\"2\"}\n"
      "{\"key\":\"good\",\n"
      "{\"key\":\"good\",\"value\":\"4\"}\n";
  expect_error({"import", "-", "--bucket", "bad"}, 1, "line 3", lines);
  EXPECT_EQ(output_of({"get", "good", "--bucket", "bad"}), "1\n2\n");
}

TEST_F(ImportTest, PassesOverBadLinesWhereItIsTold) {
  output_of({"bucket", "create", "skip"});
  const std::string lines =
      "good\t1\n"
      "no tab in this line\n"
      "\tempty key\n"
      "large\t" +
      std::string(11'000, 'x') +
      "\n"
      "bad\\qescape\tvalue\n"
      "good\t2\n";
  const std::string summary = output_of(
      {"import", "-", "--format", "tsv", "--skip-bad", "-o", "json", "--bucket", "skip"}, lines);
  EXPECT_EQ(summary.find("{\"acknowledged\":2,\"lines\":6,\"skipped\":4,"), 0U) << summary;
  const Finished told =
      kipu({"import", "-", "--format", "tsv", "--skip-bad", "--bucket", "skip"}, lines);
  EXPECT_NE(told.errors.find("line 2 was skipped: "), std::string::npos) << told.errors;
  EXPECT_EQ(told.errors.find("more lines"), std::string::npos) << told.errors;
  EXPECT_EQ(output_of({"get", "good", "--bucket", "skip"}), "1\n2\n1\n2\n");
  EXPECT_EQ(output_of({"keys", "--bucket", "skip"}), "good\n");
}

TEST_F(ImportTest, ChecksTheDigestOfWhatWasExported) {
  output_of({"bucket", "create", "digest"});
  output_of({"append", "key", "value", "--bucket", "digest"});
  std::string altered = output_of({"export", "--bucket", "digest"});
  altered.replace(altered.find("\"value\":\"value\""), 15, "\"value\":\"other\"");
  expect_error({"import", "-", "--bucket", "digest"}, 1, "line 1", altered);
  EXPECT_EQ(output_of({"get", "key", "--bucket", "digest"}), "value\n");
}

TEST_F(ImportTest, GoesWhereEachRecordSays) {
  output_of({"bucket", "create", "here"});
  output_of({"bucket", "create", "there", "--mode", "wmrm"});
  output_of({"append", "key", "secret", "--bucket", "here"});
  output_of({"put", "key", "setting", "--bucket", "there"});
  const std::string both =
      output_of({"export", "--bucket", "here"}) + output_of({"export", "--bucket", "there"});
  output_of({"import", "-"}, both + R"({"key":"where","value":"default"})"
                                    "\n"
                                    R"({"key":"key","value":"other","bucket":"there"})"
                                    "\n");
  EXPECT_EQ(output_of({"get", "key", "--bucket", "here"}), "secret\n");
  EXPECT_EQ(output_of({"count", "key", "--bucket", "here"}), "1\n");
  EXPECT_EQ(output_of({"get", "key", "--bucket", "there"}), "other\n");
  EXPECT_EQ(output_of({"get", "where"}), "default\n");
  EXPECT_EQ(kipu({"exists", "key"}).ended, (Ended{6, 0}));
  // An explicit --bucket that says otherwise, and a bucket that is not there.
  expect_error({"import", "-", "--bucket", "default"}, 2,
               "line 1: the record is of bucket 'here', and --bucket says 'default'", both);
  expect_error({"import", "-", "--bucket", "default", "--skip-bad"}, 2, "line 1", both);
  const std::string nowhere = R"({"key":"a","value":"b","bucket":"nowhere","kind":"put"})"
                              "\n";
  expect_error({"import", "-"}, 1, "`kipu bucket create nowhere --mode wmrm`", nowhere);
  expect_error({"import", "-", "--skip-bad"}, 1, "line 1", nowhere);
  EXPECT_EQ(kipu({"exists", "key"}).ended, (Ended{6, 0}));
}

// A digest without its bucket is of the bucket that the record goes to.
TEST_F(ImportTest, WritesAnEntryAsItsDigestSaysOrNotAtAll) {
  output_of({"bucket", "create", "proved"});
  output_of({"append", "key", "value", "--bucket", "proved"});
  const std::string exported = output_of({"export", "--bucket", "proved"});
  const std::string named = R"("bucket":"proved",)";
  std::string unnamed = exported;
  unnamed.erase(unnamed.find(named), named.size());
  expect_error({"import", "-"}, 1, "line 1: the digest is not that of this entry", unnamed);
  output_of({"import", "-", "--bucket", "proved"}, unnamed);
  std::string elsewhere = exported;
  elsewhere.replace(elsewhere.find("\"proved\""), 8, "\"default\"");
  expect_error({"import", "-"}, 1, "line 1: the digest", elsewhere);
  EXPECT_EQ(output_of({"export", "--bucket", "proved"}), exported);
  EXPECT_EQ(kipu({"exists", "key"}).ended, (Ended{6, 0}));
}

TEST_F(ImportTest, TakesWhatWindowsWrites) {
  output_of({"bucket", "create", "windows"});
  const std::string mark = "\xEF\xBB\xBF";
  output_of({"import", "-", "--format", "tsv", "--bucket", "windows"},
            mark + "fruit\tapple\r\n\r\nfruit\tpear \r\nfruit\tplum\r");
  output_of({"import", "-", "--bucket", "windows"},
            mark + "{\"key\":\"fruit\",\"value\":\"fig\"}\r\n \t\r\n");
  EXPECT_EQ(output_of({"get", "fruit", "--bucket", "windows"}), "apple\npear \nplum\nfig\n");
  EXPECT_EQ(output_of({"keys", "--bucket", "windows"}), "fruit\n");
  const std::string utf16{"\xFF\xFEk\0\t\0v\0\r\0\n\0k\0\t\0w\0\r\0\n\0", 22};
  for (const std::string& text : {utf16, utf16.substr(2)}) {
    expect_error({"import", "-", "--format", "tsv", "--skip-bad"}, 1, "iconv -f UTF-16", text);
    expect_error({"import", "-", "--skip-bad"}, 1, "iconv -f UTF-16", text);
  }
}

TEST_F(ImportTest, RefusesWhatItWouldHaveToGuess) {
  const auto refused = [](const std::string& line, const std::string& what) {
    expect_error({"import", "-"}, 1, "line 3: " + what, "\n \n" + line + "\n");
  };
  refused(R"({"key":"e","value":"1","value":"2"})", "\"value\" is given twice");
  refused(R"({"key":"e","value":"1","stmap":"01a22ebd18a30000b522e818af04f5c6"})",
          "there is no field 'stmap': did you mean 'stamp'?");
  refused(R"({"key":"e","value":1})", "\"value\" is a number");
  expect_error({"import", "-", "--format", "tsv"}, 1, "line 2: a CR within", "\ne\ta\rb\n");
  EXPECT_EQ(kipu({"exists", "e"}).ended, (Ended{6, 0}));
}

TEST_F(ImportTest, ReadsWhatExportEndedWithNul) {
  output_of({"bucket", "create", "nul"});
  output_of({"import", "-", "--bucket", "nul"}, R"({"key":"\ufeffk","value":"a\u0000b\r\n"})"
                                                "\n");
  const std::string before = output_of({"export", "--bucket", "nul"});
  const std::string tsv = output_of({"export", "--format", "tsv", "-0", "--bucket", "nul"});
  EXPECT_EQ(tsv, std::string("\\xEF\\xBB\\xBFk\ta\\x00b\\r\\n\0", 25));
  output_of({"import", "-", "--format", "tsv", "-0", "--bucket", "nul"}, tsv);
  EXPECT_EQ(output_of({"get", "\xEF\xBB\xBFk", "-0", "--bucket", "nul"}),
            std::string("a\0b\r\n\0a\0b\r\n\0", 12));
  const std::string jsonl = output_of({"export", "-0", "--bucket", "nul"});
  output_of({"import", "-", "-0", "--bucket", "nul"}, jsonl);
  EXPECT_EQ(output_of({"count", "\xEF\xBB\xBFk", "--bucket", "nul"}), "2\n");
}

// It is one bucket's, which is told; and a bucket's name is no prefix.
TEST_F(ImportTest, ComesFromAnExportThatSaysWhatItIs) {
  output_of({"bucket", "create", "told", "--mode", "wmrm"});
  output_of({"put", "kept", "value", "--bucket", "told"});
  output_of({"remove", "kept", "--bucket", "told"});
  const Finished exported = kipu({"export", "--bucket", "told", "--format", "tsv"});
  EXPECT_EQ(exported.output, "kept\tvalue\n");
  EXPECT_EQ(exported.errors,
            "kipu: exported 2 entries of one bucket, 'told', without 1 removal, which tsv has no "
            "line for; `kipu backup DIR` takes all buckets\n");
  EXPECT_EQ(kipu({"export", "--bucket", "told", "--quiet"}).errors, "");
  const std::string meant = "no key of bucket 'default' begins with 'told', which is a bucket";
  const Finished other = kipu({"export", "told"});
  EXPECT_EQ(other.ended, (Ended{0, 0}));
  EXPECT_EQ(other.errors.find("kipu: " + meant + ": --bucket told\n"), 0U) << other.errors;
  EXPECT_NE(kipu({"keys", "told"}).errors.find(meant), std::string::npos);
  output_of({"append", "told:key", "value"});
  EXPECT_EQ(kipu({"keys", "told"}).errors, "");
}

TEST_F(ImportTest, TellsWhatWasThereAlready) {
  output_of({"bucket", "create", "again"});
  output_of({"append", "key", "first", "--bucket", "again"});
  output_of({"append", "key", "second", "--bucket", "again"});
  const std::string exported = output_of({"export", "--bucket", "again"});
  EXPECT_EQ(output_of({"import", "-"}, exported).find("imported 0 entries, 2 there already, in "),
            0U);
  const std::string more = exported + R"({"key":"key","value":"third","bucket":"again"})"
                                      "\n";
  const std::string summary = output_of({"import", "-", "-o", "json"}, more);
  EXPECT_EQ(summary.find(R"({"acknowledged":3,"lines":3,"skipped":0,"imported":1,)"
                         R"("there_already":2,"imported_or_there":0,)"),
            0U)
      << summary;
  EXPECT_EQ(output_of({"count", "key", "--bucket", "again"}), "3\n");
}

TEST_F(ImportTest, ReadsNoDocumentOfAnExport) {
  output_of({"bucket", "create", "document"});
  EXPECT_EQ(output_of({"export", "--bucket", "document", "-o", "json"}), "{\"entries\":[]}\n");
  output_of({"append", "key", "value", "--bucket", "document"});
  const std::string line = output_of({"export", "--bucket", "document"});
  const std::string document = output_of({"export", "--bucket", "document", "-o", "json"});
  EXPECT_EQ(document, "{\"entries\":[" + line.substr(0, line.size() - 1) + "]}\n");
  expect_error({"import", "-"}, 1, "no field 'entries'", document);
  expect_error({"export", "-o", "json", "--format", "tsv"}, 2, "leave out one");
}

TEST_F(ImportTest, OnceStoresNothingTwice) {
  output_of({"bucket", "create", "once"});
  std::string lines;
  for (int number = 0; number < 500; ++number) lines += "key\t" + std::to_string(number) + "\n";
  for (int round = 0; round < 3; ++round) {
    output_of(
        {"import", "-", "--format", "tsv", "--once", "words", "--jobs", "2", "--bucket", "once"},
        lines);
  }
  EXPECT_EQ(output_of({"count", "key", "--bucket", "once"}), "500\n");
  output_of({"import", "-", "--format", "tsv", "--once", "more", "--bucket", "once"}, lines);
  EXPECT_EQ(output_of({"count", "key", "--bucket", "once"}), "1000\n");
}

TEST_F(ImportTest, OfAStampFromTheFutureIsRefused) {
  const std::string line =
      "{\"key\":\"future\",\"value\":\"x\",\"stamp\":\"f0000000000000000000000000000001\"}\n";
  const Finished refused = kipu({"import", "-", "--timeout", "1s"}, line);
  expect_refusal(refused, 1, "line 1");
  EXPECT_NE(refused.errors.find("ahead"), std::string::npos) << refused.errors;
  EXPECT_EQ(kipu({"exists", "future"}).ended, (Ended{6, 0}));
  output_of({"append", "future", "now"});
}

TEST_F(ImportTest, OfAnythingElseIsRefusedInOneLine) {
  std::string bytes;
  for (int number = 0; number < 5000; ++number) bytes.push_back(static_cast<char>(number * 31));
  expect_error({"import", "-"}, 1, "line 1", bytes);
  expect_error({"import", "-"}, 1, "line 1", std::string(5'000'000, 'x'));
  expect_error({"import", "-"}, 1, "line 1", std::string(100'000, '['));
  expect_error({"import", "/"}, 2, "is a directory");
  EXPECT_EQ(kipu({"import", "-", "--quiet"}).output, "");
}

}  // namespace
}  // namespace kipu::test
