//===- TokensFile.cpp
//---------------------------------------------------------------------------===//
#include "runtime/TokensFile.h"
#include "runtime/Error.h"
#include "runtime/TextFile.h"
#include <algorithm>
#include <nlohmann/json.hpp>

using nlohmann::json;

namespace tril {
namespace {

/// `tokens`[2][5]
std::string place(const std::string &key, size_t list, size_t index) {
  return "`" + key + "`[" + std::to_string(list) + "][" + std::to_string(index) + "]";
}

std::vector<int32_t> readList(const json &list, const std::string &key, size_t number,
                              const ManifestInput &input) {
  std::string where = "`" + key + "`[" + std::to_string(number) + "]";
  if (!list.is_array())
    throw Error(where + " is not a list of whole numbers");
  if (list.empty())
    throw Error(where + " is empty");
  std::vector<int32_t> values;
  values.reserve(list.size());
  for (const json &value : list) {
    if (!value.is_number_integer())
      throw Error(place(key, number, values.size()) + " is not a whole number");
    bool inside = value.is_number_unsigned() && value.get<uint64_t>() < uint64_t(input.limit);
    if (!inside)
      throw Error(place(key, number, values.size()) + " is " + value.dump() +
                  ", outside the vocabulary of " + std::to_string(input.limit));
    values.push_back(value.get<int32_t>());
  }
  return values;
}

} // namespace

TokensFile readTokensFile(const std::string &path, const Manifest &manifest) {
  std::string text = readTextFile(path);
  try {
    json root = json::parse(text, nullptr, /*allow_exceptions=*/false);
    if (root.is_discarded())
      throw Error("is not valid JSON");
    if (!root.is_object())
      throw Error("is not an object with the key `tokens`");

    std::vector<std::string> keys; // of each input
    for (size_t i = 0; i < manifest.inputs.size(); ++i) {
      const std::string &name = manifest.inputs[i].name;
      bool main = int(i) == manifest.mainInput();
      keys.push_back(main && !root.contains(name) ? "tokens" : name);
    }
    for (const auto &entry : root.items())
      if (std::find(keys.begin(), keys.end(), entry.key()) == keys.end()) {
        std::string known;
        for (const std::string &key : keys)
          known += (known.empty() ? "`" : ", `") + key + "`";
        throw Error("has the key `" + entry.key() + "`; the model's inputs are " + known);
      }

    TokensFile result;
    for (size_t i = 0; i < keys.size(); ++i) {
      auto found = root.find(keys[i]);
      if (found == root.end())
        throw Error("lacks the key `" + keys[i] + "`");
      if (!found->is_array() || found->empty())
        throw Error("`" + keys[i] + "` is not a list of lists of whole numbers");
      if (i == 0)
        result.lists.resize(found->size());
      if (found->size() != result.lists.size())
        throw Error("`" + keys[i] + "` has " + std::to_string(found->size()) + " lists, `" +
                    keys[0] + "` has " + std::to_string(result.lists.size()));
      for (size_t s = 0; s < found->size(); ++s)
        result.lists[s].push_back(readList((*found)[s], keys[i], s, manifest.inputs[i]));
    }
    for (size_t s = 0; s < result.lists.size(); ++s)
      for (size_t i = 0; i < keys.size(); ++i)
        for (size_t j = 0; j < i; ++j)
          if (manifest.inputs[i].axes == manifest.inputs[j].axes &&
              result.lists[s][i].size() != result.lists[s][j].size())
            throw Error("`" + keys[j] + "`[" + std::to_string(s) + "] has " +
                        std::to_string(result.lists[s][j].size()) + " values, `" + keys[i] + "`[" +
                        std::to_string(s) + "] has " + std::to_string(result.lists[s][i].size()));
    return result;
  } catch (const Error &error) {
    throw Error("`" + path + "`: " + error.what());
  }
}

} // namespace tril
