#include "examples/files/questions.h"

#include <algorithm>
#include <vector>

#include <gtest/gtest.h>

namespace files {
namespace {

using Step = Questions::Step;

// What becomes of chunks that are there or not, each answered before the next.
std::vector<Step> steps_for(Questions& questions, const std::vector<bool>& chunks) {
  std::vector<Step> steps;
  for (const bool there : chunks) {
    steps.push_back(questions.next());
    if (steps.back() == Step::ask) questions.answered(there);
  }
  return steps;
}

std::size_t count(const std::vector<Step>& steps, Step step) {
  return static_cast<std::size_t>(std::ranges::count(steps, step));
}

TEST(QuestionsTest, AsksAboutEachChunkWhileSomeAreThere) {
  Questions questions;
  std::vector<bool> chunks;
  for (std::uint32_t i = 0; i < 100; ++i) chunks.push_back(i % Questions::kProof == 0);
  EXPECT_EQ(count(steps_for(questions, chunks), Step::ask), chunks.size());
}

TEST(QuestionsTest, AsksAboutFewOfMostlyNewChunks) {
  Questions questions;
  const auto steps = steps_for(questions, std::vector<bool>(1000, false));
  EXPECT_LT(count(steps, Step::ask), 100U);
  EXPECT_GE(count(steps, Step::ask), 1000U / (Questions::kMostUnasked + 1));
}

TEST(QuestionsTest, AsksAboutEachAgainOnceOneIsThere) {
  Questions questions;
  (void)steps_for(questions, std::vector<bool>(1000, false));
  const auto steps = steps_for(questions, std::vector<bool>(100, true));
  EXPECT_LE(count(steps, Step::send), Questions::kMostUnasked);
  EXPECT_EQ(count(steps_for(questions, std::vector<bool>(100, true)), Step::send), 0U);
}

TEST(QuestionsTest, WaitsForAnswersBeforeItAsksMore) {
  Questions questions;
  for (std::uint32_t i = 0; i < Questions::kMostAsked; ++i) {
    EXPECT_EQ(questions.next(), Step::ask);
  }
  EXPECT_EQ(questions.next(), Step::wait);
  questions.answered(true);
  EXPECT_EQ(questions.next(), Step::ask);
  EXPECT_EQ(questions.next(), Step::wait);
  questions.failed();
  EXPECT_EQ(questions.next(), Step::ask);
}

}  // namespace
}  // namespace files
