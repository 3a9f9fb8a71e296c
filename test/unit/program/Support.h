//===- Support.h - products with the hand-written step, and running them
//------------------------===//
#pragma once
#include "runtime/Container.h"
#include "runtime/Manifest.h"
#include <gtest/gtest.h>
#include <map>
#include <string>
#include <vector>

namespace tril::fake {

/// What the compiler would say of FakeStep.cpp.
Manifest manifest();
/// The same, for a model that is computed whole only.
Manifest wholeManifest();
/// With a second input along a sequence of its own.
Manifest sourceManifest();

/// Page-aligned weights of FakeStep.cpp.
const std::vector<float> &weights();
/// Bytes, an end and a begin.
std::vector<std::byte> tokenizer(bool addsBegin = false);

/// A folder of its own, removed with everything in it.
class Folder {
public:
  Folder();
  ~Folder();
  std::string operator/(const std::string &name) const { return path + "/" + name; }
  std::string path;
};

std::string readFile(const std::string &path);
void writeFile(const std::string &path, const std::string &text);

/// Writes a product to `path`.
void makeProduct(const std::string &path, const Manifest &manifest,
                 std::vector<std::byte> tokenizer = {});

struct Result {
  int status = -1; // exit status, or 128 + the signal
  std::string out, err;
};

/// Runs a program, with `input` on standard input.
Result run(const std::vector<std::string> &arguments, const std::string &input = "");

/// Makes a product for each run of it.
class ProductTest : public testing::Test {
protected:
  explicit ProductTest(bool begin = false) : begin(begin) {}
  Result run(const Manifest &manifest, std::vector<std::string> arguments,
             const std::string &input = "");
  /// Nothing but this message, with this exit status.
  void expectError(const Manifest &manifest, std::vector<std::string> arguments, int status,
                   const std::string &message);

  Folder folder;
  bool begin; ///< the tokenizer puts one in front of a text
};

/// Tensors of a safetensors file: shape and bytes.
struct Tensor {
  std::string dtype;
  std::vector<int64_t> shape;
  std::string bytes;
  bool operator==(const Tensor &) const = default;
};
std::map<std::string, Tensor> readTensors(const std::string &path);

} // namespace tril::fake
