//===- StateFile.cpp
//------------------------------------------------------------------------------------===//
#include "runtime/StateFile.h"
#include "runtime/Container.h"
#include "runtime/Error.h"
#include "runtime/OutputFile.h"
#include "runtime/SystemReason.h"
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <nlohmann/json.hpp>

using nlohmann::json;

namespace tril {
namespace {

constexpr size_t blockBytes = 64 << 10;

/// Blocks of bytes whose checksums are chained.
class Checksum {
public:
  void add(const char *data, size_t size) {
    while (size > 0) {
      size_t some = std::min(size, blockBytes - block.size());
      block.append(data, some);
      data += some;
      size -= some;
      if (block.size() == blockBytes)
        close();
    }
  }
  uint64_t value() {
    close();
    return sum;
  }

private:
  void close() {
    sum = containerChecksum(block, sum);
    block.clear();
  }
  std::string block;
  uint64_t sum = 0;
};

/// The saved file, read once from its beginning.
class Input {
public:
  explicit Input(const std::string &path) : path(path), file(std::fopen(path.c_str(), "re")) {
    if (!file)
      fail(errno);
  }
  ~Input() { std::fclose(file); }
  Input(const Input &) = delete;
  Input &operator=(const Input &) = delete;

  /// Fewer bytes only at the end.
  size_t some(char *data, size_t size) {
    size_t count = std::fread(data, 1, size, file);
    if (count < size && std::ferror(file))
      fail(errno);
    taken += count;
    return count;
  }
  void all(char *data, size_t size) {
    if (some(data, size) < size)
      throw Error("`" + path + "` is cut off: it ends after " + std::to_string(taken) + " bytes");
  }

private:
  [[noreturn]] void fail(int reason) const {
    throw Error("cannot read `" + path + "`: " + systemReason(reason));
  }

  const std::string &path;
  FILE *file;
  uint64_t taken = 0;
};

json description(const Session &session, size_t pending) {
  const Manifest &manifest = session.description();
  return {{"model", manifest.model},
          {"program", manifest.build.program},
          {"weights", manifest.build.weightsDigest},
          {"tril", manifest.build.tril},
          {"position", session.position()},
          {"pending", pending},
          {"lengths", session.sequenceLengths()}};
}

std::string textAt(const json &object, const char *key) {
  auto entry = object.find(key);
  return entry != object.end() && entry->is_string() ? entry->get<std::string>() : std::string();
}

/// -1 where there is no such number.
int64_t sizeOf(const json &value) {
  return value.is_number_integer() && value <= json(INT64_MAX)
             ? std::max<int64_t>(value.get<int64_t>(), -1)
             : -1;
}

int64_t sizeAt(const json &object, const char *key) {
  auto entry = object.find(key);
  return entry != object.end() ? sizeOf(*entry) : -1;
}

/// Throws unless the state is one of this product's model.
void checkModel(const json &saved, const Manifest &manifest, const std::string &path) {
  std::string model = textAt(saved, "model"), compiler = textAt(saved, "tril");
  if (model != manifest.model)
    throw Error("`" + path + "` is a state of `" + model + "`, and this product is `" +
                manifest.model + "`");
  if (textAt(saved, "weights") != manifest.build.weightsDigest)
    throw Error("`" + path + "` is a state of `" + model + "` with other weights: sha256 " +
                textAt(saved, "weights") + ", this product has " + manifest.build.weightsDigest);
  if (textAt(saved, "program") != manifest.build.program)
    throw Error("`" + path + "` is a state of another build of `" + model + "`: sha256 " +
                textAt(saved, "program") + " by tril " + compiler + ", this product is " +
                manifest.build.program + " by tril " + manifest.build.tril);
}

} // namespace

void saveState(const Session &session, std::span<const int32_t> pending, const std::string &path) {
  OutputFile file(path);
  std::string text =
      description(session, pending.size()).dump(-1, ' ', false, json::error_handler_t::replace);
  StateFilePrefix prefix{};
  std::memcpy(prefix.magic, StateFilePrefix::expectedMagic, sizeof prefix.magic);
  prefix.version = StateFilePrefix::currentVersion;
  prefix.jsonBytes = uint32_t(text.size());
  prefix.jsonChecksum = containerChecksum(text);
  file.write(&prefix, sizeof prefix);
  file.write(text.data(), text.size());
  Checksum checksum;
  auto write = [&](const char *data, size_t size) {
    checksum.add(data, size);
    file.write(data, size);
  };
  if (!pending.empty())
    write(reinterpret_cast<const char *>(pending.data()), pending.size_bytes());
  session.save(write);
  uint64_t sum = checksum.value();
  file.write(&sum, sizeof sum);
  file.commit();
}

std::vector<int32_t> loadState(Session &session, const std::string &path) {
  Input file(path);
  const Manifest &manifest = session.description();
  StateFilePrefix prefix;
  size_t count = file.some(reinterpret_cast<char *>(&prefix), sizeof prefix);
  if (count < sizeof prefix.magic ||
      std::memcmp(prefix.magic, StateFilePrefix::expectedMagic, sizeof prefix.magic) != 0)
    throw Error("`" + path + "` is not a saved state: it does not begin like one");
  if (count < sizeof prefix)
    throw Error("`" + path + "` is cut off: it ends after " + std::to_string(count) + " bytes");
  if (prefix.version != StateFilePrefix::currentVersion)
    throw Error("`" + path + "` is a saved state of version " + std::to_string(prefix.version) +
                "; this program reads version " + std::to_string(StateFilePrefix::currentVersion));
  auto damaged = [&](const std::string &what) {
    return Error("`" + path + "` is damaged: " + what);
  };
  if (prefix.jsonBytes > StateFilePrefix::mostJson)
    throw damaged("its description would have " + std::to_string(prefix.jsonBytes) + " bytes");
  std::string text(prefix.jsonBytes, '\0');
  file.all(text.data(), text.size());
  if (containerChecksum(text) != prefix.jsonChecksum)
    throw damaged("the checksum of its description is another");
  json saved = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!saved.is_object())
    throw damaged("its description is not a JSON object");
  checkModel(saved, manifest, path);

  int64_t position = sizeAt(saved, "position"), pendingCount = sizeAt(saved, "pending");
  std::vector<int64_t> lengths;
  if (auto entry = saved.find("lengths"); entry != saved.end() && entry->is_array())
    for (const json &length : *entry)
      lengths.push_back(sizeOf(length));
  if (position < 0 || pendingCount < 0 || lengths.size() != session.sequenceLengths().size())
    throw damaged("its description lacks a size");
  if (sumOrMost(position, pendingCount) > session.context())
    throw Error("`" + path + "` holds " + std::to_string(sumOrMost(position, pendingCount)) +
                " tokens; -c gives room for " + std::to_string(session.context()));

  Checksum checksum;
  auto read = [&](char *data, size_t size) {
    file.all(data, size);
    checksum.add(data, size);
  };
  std::vector<int32_t> pending(static_cast<size_t>(pendingCount));
  if (!pending.empty())
    read(reinterpret_cast<char *>(pending.data()), pending.size() * sizeof(int32_t));
  for (int32_t token : pending)
    if (token < 0 || token >= manifest.inputs[manifest.mainInput()].limit)
      throw damaged("it holds the token " + std::to_string(token));
  try {
    session.restore(position, lengths, read);
    uint64_t expected = checksum.value(), found;
    file.all(reinterpret_cast<char *>(&found), sizeof found);
    char more;
    if (found != expected)
      throw damaged("the checksum of its contents is another");
    if (file.some(&more, 1) > 0)
      throw damaged("it goes on after its end");
  } catch (const Error &) {
    session.reset();
    throw;
  }
  return pending;
}

} // namespace tril
