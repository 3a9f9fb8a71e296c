//===- Container.h - one file that holds code, weights, tokenizer and manifest
//------------------===//
// A product is an ELF executable followed by a tail that the loader does not look at:
//
//   ELF | zeros up to a page | weights | zeros up to 8 | tokenizer | zeros up to 8 | manifest |
//   trailer
//
// The trailer is the last 80 bytes of the file.  Numbers are little-endian, offsets count from the
// start of the file. The checksum covers tokenizer, manifest and trailer (with the checksum taken
// as 0): what the program parses is what the compiler wrote.  The weights are covered by the
// SHA-256 in the manifest, which nothing verifies at start, because nothing but the first step
// should read them.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace tril {

struct ContainerSection {
  uint64_t offset = 0;
  uint64_t size = 0;
};

struct ContainerTrailer {
  static constexpr char expectedMagic[8] = {'\x7f', 't', 'r', 'i', 'l', '\r', '\n', '\x1a'};
  static constexpr uint32_t currentVersion = 1;

  char magic[8];
  uint32_t version;
  uint32_t reserved; // 0
  uint64_t checksum;
  ContainerSection weights, tokenizer, manifest;
  uint64_t fileSize;
};
static_assert(sizeof(ContainerTrailer) == 80);

/// A product's tail, mapped read-only.  Pages of the weights are read when they are touched first.
class Container {
public:
  /// Maps the file at `path`.  Throws Error (naming the file) if it has no tail, or one that is cut
  /// off or damaged.
  static Container open(const std::string &path);
  /// The running program's own file.
  static Container openSelf() { return open("/proc/self/exe"); }

  Container(Container &&) noexcept;
  Container &operator=(Container &&) = delete;
  ~Container();

  const char *weights() const { return base + (trailer.weights.offset - start); } // page aligned
  uint64_t weightsSize() const { return trailer.weights.size; }
  /// Empty if the product has no tokenizer.
  std::string_view tokenizer() const { return view(trailer.tokenizer); }
  std::string_view manifest() const { return view(trailer.manifest); }

private:
  Container() = default;
  std::string_view view(const ContainerSection &section) const {
    return {base + (section.offset - start), size_t(section.size)};
  }

  char *base = nullptr; // the file from `start` to its end
  uint64_t start = 0;   // page aligned
  uint64_t mapped = 0;
  ContainerTrailer trailer{};
};

/// Takes bytes in order.
using ByteSink = std::function<void(const void *, size_t)>;

/// What the compiler adds to an executable.
struct ProductSections {
  /// Called once; gives the packed weights to the sink, piece by piece.  Absent: no weights.
  std::function<void(const ByteSink &)> weights;
  std::vector<std::byte> tokenizer; // as TokenizerData::serialize gives it; empty: none
  /// Called after `weights`, so that the manifest can hold their digest.
  std::function<std::string()> manifest;
};

/// Writes the executable at `elfPath` and the sections to `outPath`, mode 0755.  The file appears
/// under its name when it is complete; until then, and on any error, what was there before stays as
/// it was.  A tail that `elfPath` already has is left out.  Throws Error for anything that cannot
/// be read or written (a full disk by name).
void writeProduct(const std::string &elfPath, const ProductSections &sections,
                  const std::string &outPath);

/// FNV-1a over 64-bit little-endian words, the last one filled up with zeros, then over the length.
/// Any change inside one word changes the result; found in microseconds for a tokenizer of a
/// megabyte.
uint64_t containerChecksum(std::string_view bytes, uint64_t seed = 0xcbf29ce484222325);

} // namespace tril
