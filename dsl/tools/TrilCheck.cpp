//===- TrilCheck.cpp - checks a text against a configuration and the header of a checkpoint
//----------===//
// tril-check TEXT [--weights DIRECTORY] [--config FILE] [--std DIRECTORY] [--json] [--dump];
// tril-check std [NAME]
#include "dsl/CheckMain.h"
#include <cstring>
#include <fstream>
#include <iostream>

using namespace tril::dsl;
using Shapes = std::map<std::string, std::vector<int64_t>>;

/// The shapes in the header of a safetensors file: 8 bytes of length, then JSON.
static bool readShapes(const std::string &path, Shapes &shapes) {
  std::ifstream in(path, std::ios::binary);
  uint64_t length = 0;
  if (!in.read(reinterpret_cast<char *>(&length), sizeof length) || length > (1u << 28))
    return false;
  std::string text(length, '\0');
  if (!in.read(text.data(), static_cast<std::streamsize>(length)))
    return false;
  nlohmann::json header = nlohmann::json::parse(text, nullptr, false);
  if (!header.is_object())
    return false;
  for (auto &[name, entry] : header.items())
    if (name != "__metadata__")
      shapes[name] = entry.at("shape").get<std::vector<int64_t>>();
  return true;
}

static int usage() {
  std::cerr << "usage: tril-check TEXT [--weights DIRECTORY] [--config FILE] [--dialect NAME] "
               "[--std DIRECTORY] [--json] [--dump]\n"
               "       tril-check std [NAME]\n";
  return 2;
}

int main(int count, char **values) {
  std::vector<std::string> words(values + 1, values + count);
  CheckRequest request;
  std::string weights, configPath, shapesPath;
  bool dumped = false;
  std::vector<std::string> rest;
  for (size_t i = 0; i < words.size(); ++i) {
    auto take = [&](const char *name, std::string &into) {
      if (words[i] != name || i + 1 >= words.size())
        return false;
      into = words[++i];
      return true;
    };
    if (take("--weights", weights) || take("--config", configPath) ||
        take("--std", request.stdDirectory) || take("--dialect", request.dialect) ||
        take("--shapes", shapesPath))
      continue;
    if (words[i] == "--json")
      request.json = true;
    else if (words[i] == "--dump")
      dumped = true;
    else if (words[i].starts_with("--"))
      return usage();
    else
      rest.push_back(words[i]);
  }
  if (rest.empty())
    return usage();
  if (rest[0] == "std")
    return printStd(rest.size() > 1 ? rest[1] : "", request.stdDirectory, std::cout, std::cerr) ? 0
                                                                                                : 1;
  request.path = rest[0];
  Shapes shapes;
  nlohmann::json config;
  if (!weights.empty()) {
    if (configPath.empty())
      configPath = weights + "/config.json";
    if (!readShapes(weights + "/model.safetensors", shapes)) {
      std::cerr << "error: `" << weights << "/model.safetensors` has no readable header\n";
      return 1;
    }
    request.tensors = &shapes;
  }
  if (!shapesPath.empty()) { // {"name": [shape], ...}
    nlohmann::json json =
        nlohmann::json::parse(readTextFile(shapesPath).value_or(""), nullptr, false);
    if (!json.is_object()) {
      std::cerr << "error: `" << shapesPath << "` is no JSON object\n";
      return 1;
    }
    shapes = json.get<Shapes>();
    request.tensors = &shapes;
  }
  if (!configPath.empty()) {
    config = nlohmann::json::parse(readTextFile(configPath).value_or(""), nullptr, false);
    if (!config.is_object()) {
      std::cerr << "error: `" << configPath << "` is no JSON object\n";
      return 1;
    }
    request.config = &config;
  }
  std::optional<Model> model = checkFile(request, std::cerr);
  if (!model)
    return 1;
  if (dumped)
    dump(*model, std::cout);
  return 0;
}
