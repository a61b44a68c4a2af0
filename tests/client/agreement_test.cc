// Agreement: whatever the order in which participants take their turns, and wherever one of them
// dies, no two decide differently, and what they decide was proposed.
#include "client/agreement.h"

#include <optional>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/random.h"
#include "tests/support/seed.h"

namespace kipu::client {
namespace {

// One participant and what it does next: it reads the set, or adds what it has in hand.
struct Participant {
  Agreement agreement;
  std::optional<Mark> in_hand;
  bool has_ended() const { return agreement.decision().has_value(); }
};

void take_turn(Participant& participant, std::vector<Mark>& set) {
  if (participant.in_hand) {
    set.push_back(*participant.in_hand);
    participant.in_hand.reset();
  } else {
    participant.in_hand = participant.agreement.on_read(set);
  }
}

std::set<std::string> decisions_of(const std::vector<Participant>& participants) {
  std::set<std::string> here;
  for (const Participant& each : participants) {
    if (each.has_ended()) here.insert(*each.agreement.decision());
  }
  return here;
}

// Tries every order of turns of some participants, each up to a number of rounds; each may also
// take no further turn, which is how it dies.
class Orders {
 public:
  explicit Orders(std::uint32_t rounds) : rounds_(rounds) {}

  void explore(const std::vector<Participant>& participants, const std::vector<Mark>& set) {
    ++states_;
    note_decisions(participants);
    for (std::size_t i = 0; i < participants.size(); ++i) {
      if (participants[i].has_ended() || participants[i].agreement.round() >= rounds_) continue;
      std::vector<Participant> next = participants;
      std::vector<Mark> next_set = set;
      take_turn(next[i], next_set);
      explore(next, next_set);
    }
  }

  std::size_t states() const { return states_; }
  const std::set<std::string>& decisions() const { return decisions_; }

 private:
  void note_decisions(const std::vector<Participant>& participants) {
    const std::set<std::string> here = decisions_of(participants);
    ASSERT_LE(here.size(), 1U) << "two decided differently";
    decisions_.insert(here.begin(), here.end());
  }

  const std::uint32_t rounds_;
  std::size_t states_ = 0;
  std::set<std::string> decisions_;
};

std::vector<Participant> who_want(const std::vector<std::string>& values) {
  std::vector<Participant> made;
  for (const std::string& value : values) made.push_back({Agreement(value), std::nullopt});
  return made;
}

// Alone, until it has decided. False if it does not come to that.
bool run_alone(Participant& participant, std::vector<Mark>& set) {
  for (int turn = 0; turn < 100 && !participant.has_ended(); ++turn) {
    if (auto mark = participant.agreement.on_read(set)) set.push_back(*mark);
  }
  return participant.has_ended();
}

TEST(AgreementTest, DecidesAtOnceWhereOneIsAlone) {
  std::vector<Mark> set;
  auto alone = who_want({"mine"});
  ASSERT_TRUE(run_alone(alone[0], set));
  EXPECT_EQ(alone[0].agreement.decision(), "mine");
  EXPECT_EQ(alone[0].agreement.round(), 0U);
  auto later = who_want({"other"});
  ASSERT_TRUE(run_alone(later[0], set));
  EXPECT_EQ(later[0].agreement.decision(), "mine");
}

TEST(AgreementTest, OfTwoNeverDecidesTwoThings) {
  Orders orders(2);
  orders.explore(who_want({"a", "b"}), {});
  EXPECT_GT(orders.states(), 1000U);
  EXPECT_EQ(orders.decisions(), (std::set<std::string>{"a", "b"}));
}

TEST(AgreementTest, OfThreeNeverDecidesTwoThings) {
  std::set<std::string> decisions;
  Rng rng(test::drawn_seed());
  for (int order = 0; order < 20'000; ++order) {
    std::vector<Mark> set;
    auto three = who_want({"a", "b", "c"});
    for (int turn = 0; turn < 60; ++turn) {
      Participant& whose = three[rng.below(three.size())];
      if (!whose.has_ended()) take_turn(whose, set);
    }
    const std::set<std::string> here = decisions_of(three);
    ASSERT_LE(here.size(), 1U) << "order " << order;
    decisions.insert(here.begin(), here.end());
  }
  EXPECT_EQ(decisions, (std::set<std::string>{"a", "b", "c"}));
}

// Whatever two have said when both die, a third comes to a decision, and to that of theirs.
TEST(AgreementTest, GoesOnWhereOthersDied) {
  for (int turns = 0; turns < 1 << 12; ++turns) {
    std::vector<Mark> set;
    auto both = who_want({"a", "b"});
    for (int turn = 0; turn < 12; ++turn) {
      Participant& whose = both[static_cast<std::size_t>(turns >> turn) & 1U];
      if (!whose.has_ended()) take_turn(whose, set);
    }
    auto third = who_want({"c"});
    ASSERT_TRUE(run_alone(third[0], set)) << "order " << turns;
    for (const Participant& each : both) {
      if (each.has_ended()) {
        EXPECT_EQ(each.agreement.decision(), third[0].agreement.decision());
      }
    }
  }
}

TEST(AgreementTest, PassesOverWhatIsNoMark) {
  const Mark mark{MarkKind::sure, 7, "value"};
  const Values values = values_of(mark);
  const std::vector<std::string> words(values.begin(), values.end());
  EXPECT_EQ(mark_of(words), mark);
  EXPECT_FALSE(mark_of({"started"}));
  EXPECT_FALSE(mark_of({"sure", "7"}));
  EXPECT_FALSE(mark_of({"sure", "7x", "value"}));
  EXPECT_FALSE(mark_of({"certain", "7", "value"}));
}

}  // namespace
}  // namespace kipu::client
