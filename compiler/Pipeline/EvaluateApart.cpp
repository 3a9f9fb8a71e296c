//===- EvaluateApart.cpp
//------------------------------------------------------------------------------------------===//
#include "Pipeline/EvaluateApart.h"
#include "runtime/Error.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"
#include <cstring>
#include <nlohmann/json.hpp>
#include <sys/wait.h>
#include <unistd.h>

using namespace tril;

namespace {

nlohmann::json parseTokens(const std::string &path) {
  auto file = llvm::MemoryBuffer::getFile(path);
  if (!file)
    throw Error("cannot read `" + path + "`: " + file.getError().message());
  auto tokens = nlohmann::json::parse((*file)->getBuffer(), nullptr, /*allow_exceptions=*/false);
  bool lists = tokens.is_object() && !tokens.empty();
  for (const auto &input : tokens)
    lists &= input.is_array() && input.size() == tokens.front().size();
  if (!lists)
    throw Error("`" + path + "` is not {\"tokens\": [[...], ...]}");
  return tokens;
}

void writeText(const std::string &path, const std::string &text) {
  std::error_code failed;
  llvm::raw_fd_ostream out(path, failed);
  out << text;
  out.close();
  if (failed || out.has_error())
    throw Error("cannot write `" + path + "`");
}

/// A process of its own, because evaluating replaces it by the product.
bool evaluated(const EvalRequest &request) {
  llvm::outs().flush();
  pid_t child = fork();
  if (child < 0)
    throw Error(std::string("cannot start a process: ") + std::strerror(errno));
  if (child == 0) {
    int status = 1;
    try {
      status = evaluateText(request);
    } catch (const std::exception &error) {
      llvm::errs() << "tril: " << error.what() << "\n";
    }
    llvm::outs().flush();
    _exit(status);
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0)
    if (errno != EINTR)
      return false;
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/// Safetensors files of one list each, `logits.0`, as one, `logits.0`, `logits.1`, ...
struct Outputs {
  nlohmann::json header = nlohmann::json::object();
  std::string data;

  void add(const std::string &path, size_t list) {
    auto file = llvm::MemoryBuffer::getFile(path);
    uint64_t size = 0;
    if (!file || (*file)->getBufferSize() < sizeof size)
      throw Error("cannot read `" + path + "`");
    llvm::StringRef bytes = (*file)->getBuffer();
    std::memcpy(&size, bytes.data(), sizeof size);
    auto tensors = nlohmann::json::parse(bytes.substr(sizeof size, size));
    for (auto &[name, tensor] : tensors.items()) {
      if (name == "__metadata__")
        continue;
      for (auto &offset : tensor["data_offsets"])
        offset = offset.get<uint64_t>() + data.size();
      header[name.substr(0, name.rfind('.') + 1) + std::to_string(list)] = tensor;
    }
    data += bytes.substr(sizeof size + size);
  }

  std::string text() const {
    std::string names = header.dump();
    names.append((8 - names.size() % 8) % 8, ' ');
    uint64_t size = names.size();
    return std::string(reinterpret_cast<const char *>(&size), sizeof size) + names + data;
  }
};

} // namespace

int tril::evaluateApart(const EvalRequest &request) {
  nlohmann::json tokens = parseTokens(request.tokens);
  llvm::SmallString<128> folder;
  if (std::error_code failed = llvm::sys::fs::createUniqueDirectory("tril-eval", folder))
    throw Error("cannot make a folder: " + failed.message());
  struct Remove {
    llvm::SmallString<128> &folder;
    ~Remove() { (void)llvm::sys::fs::remove_directories(folder); }
  } remove{folder};
  Outputs outputs;
  for (size_t list = 0; list < tokens.front().size(); ++list) {
    EvalRequest one = request;
    nlohmann::json alone = nlohmann::json::object();
    size_t longest = 1;
    for (auto &[input, lists] : tokens.items()) {
      alone[input] = {lists[list]};
      longest = std::max(longest, lists[list].size());
    }
    one.build.context = static_cast<int64_t>(longest);
    one.tokens = (folder + "/tokens.json").str();
    one.output = (folder + "/outputs.safetensors").str();
    writeText(one.tokens, alone.dump());
    if (!evaluated(one))
      return 1;
    outputs.add(one.output, list);
  }
  writeText(request.output, outputs.text());
  return 0;
}
