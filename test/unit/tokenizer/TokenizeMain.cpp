//===- TokenizeMain.cpp - tril-tokenize: the tokenizer by hand --------------------------------===//
// tril-tokenize TOKENIZER [--add-special] [--parse-special] [--records | --decode] [--time]
// TOKENIZER is a tokenizer.json or a JSON object of GGUF metadata.  Standard input is a text, and
// the tokens are printed; with --records it is many texts, each behind its length (u32,
// little-endian), and a line is printed for each; with --decode it is tokens, and their text is
// printed.
#include "runtime/Error.h"
#include "runtime/Tokenizer.h"
#include <chrono>
#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

using namespace tril;

namespace {

double millisecondsSince(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start)
      .count();
}

void print(const std::vector<int32_t> &tokens) {
  std::string line;
  for (int32_t token : tokens)
    line += (line.empty() ? "" : " ") + std::to_string(token);
  std::cout << line << '\n';
}

int run(const std::string &path, const std::set<std::string> &flags) {
  std::ifstream file(path);
  if (!file)
    throw Error("cannot read `" + path + "`");
  const nlohmann::json json = nlohmann::json::parse(file);
  const TokenizerData data = json.contains("tokenizer.ggml.model")
                                 ? TokenizerData::fromGguf(json)
                                 : TokenizerData::fromTokenizerJson(json);
  const std::vector<std::byte> bytes = data.serialize();
  auto start = std::chrono::steady_clock::now();
  const Tokenizer tokenizer(TokenizerView::deserialize(bytes));
  const double ready = millisecondsSince(start);

  const std::string input{std::istreambuf_iterator<char>(std::cin), {}};
  if (flags.contains("--decode")) {
    std::istringstream words(input);
    const std::vector<int32_t> tokens{std::istream_iterator<int32_t>(words), {}};
    std::cout << tokenizer.decode(tokens);
    return 0;
  }
  std::vector<std::string_view> texts{input};
  if (flags.contains("--records"))
    texts.clear();
  for (std::string_view rest = input; flags.contains("--records") && !rest.empty();) {
    uint32_t size = 0;
    if (rest.size() < 4)
      throw Error("the last record has no length");
    std::memcpy(&size, rest.data(), 4);
    if (size > rest.size() - 4)
      throw Error("the last record is cut short");
    texts.push_back(rest.substr(4, size));
    rest.remove_prefix(4 + size);
  }
  start = std::chrono::steady_clock::now();
  std::vector<std::vector<int32_t>> results;
  for (std::string_view text : texts)
    results.push_back(
        tokenizer.encode(text, flags.contains("--add-special"), flags.contains("--parse-special")));
  const double took = millisecondsSince(start);
  for (const auto &tokens : results)
    print(tokens);
  if (flags.contains("--time"))
    std::cerr << bytes.size() << " bytes, ready in " << ready << " ms, " << input.size()
              << " bytes of text in " << took << " ms\n";
  return 0;
}

} // namespace

int main(int argc, char **argv) {
  std::ios::sync_with_stdio(false);
  try {
    if (argc < 2)
      throw Error("usage: tril-tokenize TOKENIZER [--add-special] [--parse-special] [--records | "
                  "--decode] [--time]");
    return run(argv[1], {argv + 2, argv + argc});
  } catch (const std::exception &error) {
    std::cerr << "tril-tokenize: " << error.what() << '\n';
    return 1;
  }
}
