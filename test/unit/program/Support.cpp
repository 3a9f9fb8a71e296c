//===- Support.cpp
//------------------------------------------------------------------------------===//
#include "test/unit/program/Support.h"
#include "runtime/TokenizerData.h"
#include "test/unit/program/FakeStep.h"
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <poll.h>
#include <sstream>
#include <sys/wait.h>
#include <unistd.h>

namespace tril::fake {

Manifest manifest() {
  Manifest m;
  m.model = "fake";
  m.claim = "causal";
  m.arena = {8, 8, 4, 1, 1, 1};
  m.state = {16, 0, 4, 0};
  ManifestState sum, tokens;
  sum.name = "sum";
  sum.kind = "recurrence";
  sum.fixed = 16;
  sum.place = "fake.tril:2:1";
  sum.type = "i1"; // halves of numbers that are no indices
  sum.width = 4;
  sum.lag = 1;
  sum.copies = {{0, 0}};
  tokens.name = "tokens";
  tokens.kind = "linear";
  tokens.position = 4;
  tokens.place = "fake.tril:3:1";
  tokens.type = "i1"; // compared, no index
  tokens.width = 1;
  tokens.copies = {{16, 0}};
  m.states = {sum, tokens};
  m.inputs = {{"token", vocabulary, {"time"}}};
  m.outputs = {{"logits", {"time", "vocab"}, {-1, vocabulary}},
               {"sums", {"time", "pair"}, {-1, 2}},
               {"ends", {"lane"}, {3}}};
  m.build = {"0.1.0", "fake.tril", "aa11",     "fake.gguf", "bb22",
             "cc33",  "x86-64",    {"--fake"}, false};
  return m;
}

Manifest wholeManifest() {
  Manifest m = manifest();
  m.steps = false;
  m.why = "the value `x` reads later positions";
  return m;
}

Manifest sourceManifest() {
  Manifest m = manifest();
  m.inputs.push_back({"source", 100, {"words"}});
  m.sequences = {"words"};
  return m;
}

const std::vector<float> &weights() {
  static const std::vector<float> values = [] {
    std::vector<float> result;
    result.reserve(weightCount);
    for (int i = 0; i < weightCount; ++i)
      result.push_back(0.001f * float(i + 1));
    return result;
  }();
  return values;
}

std::vector<std::byte> tokenizer(bool addsBegin) {
  TokenizerData data;
  for (int byte = 0; byte < 256; ++byte)
    data.vocabulary.push_back(std::string(1, char(byte)));
  data.vocabulary.push_back("<end>");
  data.vocabulary.push_back("<begin>");
  data.kinds.assign(258, TokenKind::normal);
  data.kinds[end] = data.kinds[begin] = TokenKind::control;
  data.words.assign(258, true);
  data.words[end] = data.words[begin] = false;
  for (int id : {end, begin}) {
    AddedToken added;
    added.id = id;
    added.text = data.vocabulary[id];
    added.special = true;
    data.added.push_back(added);
  }
  data.bos = begin;
  data.eos = end;
  data.endOfGeneration = {end};
  if (addsBegin)
    data.prefix = {begin};
  return data.serialize();
}

Folder::Folder() {
  std::string name = (std::filesystem::temp_directory_path() / "tril-program-XXXXXX").string();
  path = mkdtemp(name.data());
}

Folder::~Folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path, ignored);
}

std::string readFile(const std::string &path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

void writeFile(const std::string &path, const std::string &text) {
  std::ofstream(path, std::ios::binary) << text;
}

void makeProduct(const std::string &path, const Manifest &manifest,
                 std::vector<std::byte> tokenizer) {
  ProductSections sections;
  sections.weights = [](const ByteSink &sink) {
    for (float value : weights())
      sink(&value, sizeof value);
  };
  sections.tokenizer = std::move(tokenizer);
  sections.manifest = [&] { return manifest.toJson(); };
  writeProduct(TRIL_FAKE_PRODUCT, sections, path);
}

Result run(const std::vector<std::string> &arguments, const std::string &input) {
  int in[2], out[2], err[2];
  if (pipe(in) || pipe(out) || pipe(err))
    std::abort();
  pid_t child = fork();
  if (child == 0) {
    dup2(in[0], 0);
    dup2(out[1], 1);
    dup2(err[1], 2);
    for (int fd : {in[0], in[1], out[0], out[1], err[0], err[1]})
      close(fd);
    std::vector<char *> argv;
    argv.reserve(arguments.size() + 1);
    for (const std::string &argument : arguments)
      argv.push_back(const_cast<char *>(argument.c_str()));
    argv.push_back(nullptr);
    execv(argv[0], argv.data());
    _exit(127);
  }
  close(in[0]);
  close(out[1]);
  close(err[1]);
  if (write(in[1], input.data(), input.size()) != ssize_t(input.size()))
    std::abort();
  close(in[1]);
  Result result;
  pollfd polled[2] = {{out[0], POLLIN, 0}, {err[0], POLLIN, 0}};
  std::string *texts[2] = {&result.out, &result.err};
  for (int open = 2; open > 0;) {
    poll(polled, 2, -1);
    for (int i = 0; i < 2; ++i) {
      if (polled[i].fd < 0 || polled[i].revents == 0)
        continue;
      char buffer[4096];
      ssize_t count = read(polled[i].fd, buffer, sizeof buffer);
      if (count > 0) {
        texts[i]->append(buffer, size_t(count));
      } else {
        close(polled[i].fd);
        polled[i].fd = -1;
        --open;
      }
    }
  }
  int status;
  waitpid(child, &status, 0);
  result.status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  return result;
}

Result ProductTest::run(const Manifest &manifest, std::vector<std::string> arguments,
                        const std::string &input) {
  makeProduct(folder / "product", manifest, tokenizer(begin));
  arguments.insert(arguments.begin(), folder / "product");
  return fake::run(arguments, input);
}

void ProductTest::expectError(const Manifest &manifest, std::vector<std::string> arguments,
                              int status, const std::string &message) {
  Result result = run(manifest, std::move(arguments));
  EXPECT_EQ(result.err, "error: " + message + "\n");
  EXPECT_EQ(result.status, status);
  EXPECT_EQ(result.out, "");
}

std::map<std::string, Tensor> readTensors(const std::string &path) {
  std::string file = readFile(path);
  uint64_t length = 0;
  std::memcpy(&length, file.data(), std::min(file.size(), sizeof length));
  std::map<std::string, Tensor> result;
  if (file.size() < 8 + length)
    return result;
  auto header = nlohmann::json::parse(file.substr(8, length));
  for (auto &[name, entry] : header.items()) {
    size_t begin = entry["data_offsets"][0], stop = entry["data_offsets"][1];
    result[name] = {entry["dtype"], entry["shape"], file.substr(8 + length + begin, stop - begin)};
  }
  return result;
}

} // namespace tril::fake
