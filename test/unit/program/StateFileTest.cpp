//===- StateFileTest.cpp - going back, copies, checkpoints and files, with the hand-written step
//------------------------===//
#include "runtime/StateFile.h"
#include "runtime/Container.h"
#include "runtime/Error.h"
#include "test/unit/program/FakeStep.h"
#include "test/unit/program/Support.h"
#include <cstring>
#include <gtest/gtest.h>

using namespace tril;

namespace {

class StateFileTest : public testing::Test {
protected:
  std::unique_ptr<Session> make(const Manifest &manifest, int64_t context = 100,
                                int64_t batch = 8) {
    return std::make_unique<Session>(manifest,
                                     reinterpret_cast<const char *>(fake::weights().data()),
                                     tril_step, pool, context, batch);
  }
  /// The logits after `tokens`, computed once.
  std::vector<float> expected(const std::vector<int32_t> &tokens) {
    auto session = make(fake::manifest());
    return after(*session, tokens);
  }
  static std::vector<float> after(Session &session, std::span<const int32_t> tokens) {
    session.advance(tokens, int64_t(tokens.size()) - 1);
    std::span<const float> row = session.lastRow(0);
    return {row.begin(), row.end()};
  }
  static std::string messageOf(const std::function<void()> &action) {
    try {
      action();
    } catch (const Error &error) {
      return error.what();
    }
    return "no error";
  }
  /// The message of loading a file with these bytes, into a session that had begun.
  std::string messageOfBytes(const std::string &bytes) {
    std::string path = folder / "changed";
    fake::writeFile(path, bytes);
    auto session = make(fake::manifest());
    session->advance(std::vector<int32_t>{1, 2, 3}, 0);
    std::string message = messageOf([&] { loadState(*session, path); });
    if (message != "no error") {
      EXPECT_EQ(session->position() == 0 || session->position() == 3, true);
      EXPECT_EQ(after(*session, std::vector<int32_t>{7}).size(), size_t(fake::vocabulary));
    }
    size_t at = message.find(path);
    return at == std::string::npos ? message : message.replace(at, path.size(), "F");
  }

  ThreadPool pool{2};
  fake::Folder folder;
  const std::vector<int32_t> tokens = {10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110, 120};
};

TEST_F(StateFileTest, RecurrencesDoNotGoBack) {
  auto session = make(fake::manifest());
  session->advance(tokens, 0);
  std::string why = "`sum` (fake.tril:2:1) is a recurrence, which keeps its last value only; with "
                    "checkpoints (--checkpoint-every) it can";
  EXPECT_EQ(session->whyNotTruncate(5), why);
  EXPECT_EQ(messageOf([&] { session->truncate(5); }), why);
  EXPECT_EQ(session->position(), 12);
  EXPECT_EQ(session->whyNotTruncate(12), "");
  EXPECT_EQ(session->whyNotTruncate(13),
            "there is no position 13 to go back to: the sequence has 12");
  EXPECT_TRUE(session->truncate(0));
  EXPECT_EQ(after(*session, tokens), expected(tokens));
}

TEST_F(StateFileTest, CheckpointsGoBack) {
  for (int64_t every : {1, 3, 5, 50}) {
    auto session = make(fake::manifest());
    session->keepCheckpoints(every);
    EXPECT_EQ(after(*session, tokens), expected(tokens));
    for (int64_t n : {12, 9, 8, 4, 0}) {
      EXPECT_EQ(session->computedAgainFrom(n), n == 12 ? 12 : n / every * every);
      EXPECT_TRUE(session->truncate(n));
      EXPECT_EQ(session->position(), n);
      EXPECT_EQ(session->taken().size(), size_t(n));
      auto copy = session->fork();
      std::vector<int32_t> other(tokens.begin(), tokens.begin() + n);
      other.insert(other.end(), {7, 8, 9, 7});
      std::vector<float> found = after(*copy, std::span(other).subspan(size_t(n)));
      EXPECT_EQ(found, expected(other)) << every << " " << n;
      EXPECT_TRUE(copy->truncate(n)) << "checkpoints are copied too";
      EXPECT_EQ(after(*copy, std::span(other).subspan(size_t(n))), found);
    }
  }
}

TEST_F(StateFileTest, AsksWhetherToStop) {
  auto session = make(fake::manifest());
  session->keepCheckpoints(50);
  session->advance(tokens, 0);
  session->interrupted = [] { return true; };
  EXPECT_FALSE(session->truncate(5));
}

TEST_F(StateFileTest, WholeModelsGoBack) {
  auto session = make(fake::wholeManifest());
  session->advance(tokens, 0);
  EXPECT_TRUE(session->truncate(5));
  EXPECT_EQ(after(*session, std::span(tokens).subspan(5)), expected(tokens));
}

TEST_F(StateFileTest, GoesOn) {
  std::string path = folder / "state";
  auto first = make(fake::manifest());
  first->advance(std::span(tokens).first(7), 7);
  saveState(*first, std::vector<int32_t>{80}, path);
  auto second = make(fake::manifest(), 12, 3);
  EXPECT_EQ(loadState(*second, path), std::vector<int32_t>{80});
  EXPECT_EQ(second->position(), 7);
  EXPECT_TRUE(std::ranges::equal(second->taken(), std::span(tokens).first(7)));
  EXPECT_EQ(after(*second, std::span(tokens).subspan(7)), expected(tokens));
  // The filled rows only: 7 tokens as inputs, as a state, one pending, the recurrence, checksum.
  std::string bytes = fake::readFile(path);
  uint32_t json;
  std::memcpy(&json, bytes.data() + 12, 4);
  EXPECT_EQ(bytes.size(), sizeof(StateFilePrefix) + json + 4 + 7 * 4 + 16 + 7 * 4 + 8);
  // Whole models keep their inputs.
  auto whole = make(fake::wholeManifest());
  whole->advance(std::span(tokens).first(7), 7);
  saveState(*whole, {}, path);
  auto again = make(fake::wholeManifest());
  EXPECT_TRUE(loadState(*again, path).empty());
  EXPECT_EQ(after(*again, std::span(tokens).subspan(7)), expected(tokens));
}

TEST_F(StateFileTest, SequencesOfTheirOwn) {
  std::string path = folder / "state";
  std::vector<int32_t> source = {5, 6, 7};
  auto once = make(fake::sourceManifest()), first = make(fake::sourceManifest()),
       second = make(fake::sourceManifest());
  once->setSequence(1, source);
  first->setSequence(1, source);
  first->advance(std::span(tokens).first(7), 7);
  auto copy = first->fork();
  saveState(*first, {}, path);
  loadState(*second, path);
  std::vector<float> all = after(*once, tokens);
  EXPECT_EQ(after(*second, std::span(tokens).subspan(7)), all);
  EXPECT_EQ(after(*copy, std::span(tokens).subspan(7)), all);
  auto small = make(fake::sourceManifest(), 7);
  source.assign(9, 1);
  first->reset();
  first->setSequence(1, source);
  saveState(*first, {}, path);
  EXPECT_EQ(messageOf([&] { loadState(*small, path); }),
            "the saved `source` has 9 values; -c gives room for 7");
}

TEST_F(StateFileTest, WholeNumbersAreComputedAgain) {
  // A file may hold any numbers, and generated code trusts those that are indices.
  Manifest manifest = fake::manifest();
  manifest.states[1].type = "i32";
  std::string path = folder / "state";
  auto first = make(manifest), second = make(manifest);
  first->advance(std::span(tokens).first(7), 7);
  saveState(*first, {}, path);
  int steps = 0;
  second->interrupted = [&] { return ++steps < 0; };
  loadState(*second, path);
  EXPECT_EQ(steps, 1);
  EXPECT_EQ(after(*second, std::span(tokens).subspan(7)), expected(tokens));
}

TEST_F(StateFileTest, OtherModels) {
  std::string path = folder / "state";
  auto first = make(fake::manifest());
  first->advance(tokens, 0);
  saveState(*first, {}, path);
  auto message = [&](const std::function<void(Manifest &)> &change, int64_t context = 100) {
    Manifest manifest = fake::manifest();
    change(manifest);
    auto session = make(manifest, context);
    std::string text = messageOf([&] { loadState(*session, path); });
    EXPECT_EQ(text.find("`" + path), 0u);
    return text.substr(path.size() + 3);
  };
  EXPECT_EQ(message([](Manifest &m) { m.model = "other"; }),
            "is a state of `fake`, and this product is `other`");
  EXPECT_EQ(message([](Manifest &m) { m.build.weightsDigest = "b0b0"; }),
            "is a state of `fake` with other weights: sha256 bb22, this product has b0b0");
  EXPECT_EQ(message([](Manifest &m) { m.build.program = "c0c0"; }),
            "is a state of another build of `fake`: sha256 cc33 by tril 0.1.0, this product is "
            "c0c0 by tril 0.1.0");
  EXPECT_EQ(message([](Manifest &) {}, 11), "holds 12 tokens; -c gives room for 11");
}

TEST_F(StateFileTest, FilesThatAreNot) {
  std::string path = folder / "state";
  auto first = make(fake::manifest());
  first->advance(tokens, 0);
  saveState(*first, {}, path);
  std::string good = fake::readFile(path);
  EXPECT_EQ(messageOfBytes(good), "no error");
  EXPECT_EQ(messageOfBytes(""), "`F` is not a saved state: it does not begin like one");
  EXPECT_EQ(messageOfBytes("{\"tokens\": [[1]]}, and so on"),
            "`F` is not a saved state: it does not begin like one");
  EXPECT_EQ(messageOfBytes(good.substr(0, 20)), "`F` is cut off: it ends after 20 bytes");
  EXPECT_EQ(messageOfBytes(good.substr(0, 40)), "`F` is cut off: it ends after 40 bytes");
  EXPECT_EQ(messageOfBytes(good.substr(0, good.size() - 1)),
            "`F` is cut off: it ends after " + std::to_string(good.size() - 1) + " bytes");
  EXPECT_EQ(messageOfBytes(good + "x"), "`F` is damaged: it goes on after its end");
  std::string other = good;
  other[8] = 2;
  EXPECT_EQ(messageOfBytes(other),
            "`F` is a saved state of version 2; this program reads version 1");
  EXPECT_EQ(messageOf([&] { loadState(*first, folder / "none"); }),
            "cannot read `" + (folder / "none") + "`: no such file or directory");
  EXPECT_EQ(messageOf([&] { loadState(*first, folder.path); }),
            "cannot read `" + folder.path + "`: is a directory");
  EXPECT_EQ(messageOf([&] { saveState(*first, {}, folder / "no/such"); }),
            "cannot write `" + (folder / "no/such") + "`: no such file or directory");
}

TEST_F(StateFileTest, EveryChangedByteIsFound) {
  std::string path = folder / "state";
  auto first = make(fake::manifest());
  first->advance(tokens, 0);
  saveState(*first, std::vector<int32_t>{7}, path);
  std::string good = fake::readFile(path);
  for (size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = char(bad[i] ^ (1 << i % 8));
    EXPECT_NE(messageOfBytes(bad), "no error") << "byte " << i;
    if (i % 7 == 0) {
      EXPECT_NE(messageOfBytes(good.substr(0, i)), "no error") << "cut after " << i;
    }
  }
}

/// With the right checksums, as somebody would make it on purpose.
std::string made(const std::string &json, const std::string &contents) {
  StateFilePrefix prefix{};
  std::memcpy(prefix.magic, StateFilePrefix::expectedMagic, 8);
  prefix.version = StateFilePrefix::currentVersion;
  prefix.jsonBytes = uint32_t(json.size());
  prefix.jsonChecksum = containerChecksum(json);
  uint64_t sum = containerChecksum(contents, 0);
  return std::string(reinterpret_cast<char *>(&prefix), sizeof prefix) + json + contents +
         std::string(reinterpret_cast<char *>(&sum), 8);
}

TEST_F(StateFileTest, MadeOnPurpose) {
  auto json = [](const std::string &sizes) {
    return R"({"model":"fake","program":"cc33","weights":"bb22","tril":"0.1.0",)" + sizes + "}";
  };
  std::string lacks = "`F` is damaged: its description lacks a size";
  EXPECT_EQ(messageOfBytes(made("[]", "")), "`F` is damaged: its description is not a JSON object");
  EXPECT_EQ(messageOfBytes(made(std::string(100000, '['), "")),
            "`F` is damaged: its description is not a JSON object");
  EXPECT_EQ(messageOfBytes(made("{}", "")), "`F` is a state of ``, and this product is `fake`");
  EXPECT_EQ(messageOfBytes(made(json(R"("position":1,"pending":0)"), "")),
            "`F` is cut off: it ends after " +
                std::to_string(made(json(R"("position":1,"pending":0)"), "").size()) + " bytes");
  for (const char *sizes :
       {R"("position":-1,"pending":0,"lengths":[])", R"("position":1.5,"pending":0,"lengths":[])",
        R"("position":18446744073709551615,"pending":0,"lengths":[])",
        R"("pending":0,"lengths":[])", R"("position":1,"pending":"0","lengths":[])",
        R"("position":1,"pending":0,"lengths":[1])", R"("position":1,"pending":-7,"lengths":[])"})
    EXPECT_EQ(messageOfBytes(made(json(sizes), "")), lacks) << sizes;
  EXPECT_EQ(
      messageOfBytes(made(json(R"("position":9223372036854775807,"pending":9,"lengths":[])"), "")),
      "`F` holds 9223372036854775807 tokens; -c gives room for 100");
  std::string one(4, '\x7f'); // a token outside of the vocabulary
  EXPECT_EQ(messageOfBytes(made(json(R"("position":0,"pending":1,"lengths":[])"), one)),
            "`F` is damaged: it holds the token 2139062143");
  EXPECT_EQ(messageOfBytes(
                made(json(R"("position":1,"pending":0,"lengths":[])"), one + std::string(12, 0))),
            "`token` 2139062143 at position 0 is outside the vocabulary of 258");
}

} // namespace
