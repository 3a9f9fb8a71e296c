//===- Manifest.h - what a product says of itself
//-----------------------------------------------===//
// The compiler writes the manifest into the product's tail; the program reads it to know how much
// memory a step needs, which inputs to feed and which outputs to expect.  JSON, so that a person
// can read it too (`--version` prints the part that a user asks for).  Sizes are in bytes unless
// said.
#pragma once
#include "runtime/Abi.h"
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tril {

/// States that keep a window: all of those that keep the same one.
struct ManifestRing {
  int64_t window = 0;   // positions before a query that it may read
  int64_t position = 0; // bytes for each position of the ring, all of these states together
  int64_t unit = 1;     // the ring has a multiple of so many positions, behind the pinned ones
  int64_t pinned = 0;   // the first positions, which stay in front of the ring; a multiple of 64

  /// Positions of the ring, with steps of at most `maxRows` and a context of `capacity` positions
  /// (a multiple of 64).
  int64_t positions(int64_t maxRows, int64_t capacity) const;
};

/// One kind of memory between steps: a linear cache, a ring, the last values of a recurrence.  It
/// exists once for each layer that has it.
struct ManifestState {
  std::string name;
  std::string kind;
  int64_t fixed = 0;    // bytes that do not depend on the context, all copies together
  int64_t position = 0; // bytes for each position of the capacity, or of the ring; all copies
  std::string place;    // file:line:col of the value in the text
  int64_t window = -1;  // of a ring: positions before a query that it may read
  int64_t pinned = 0;   // of a ring: the first positions, which stay

  // How a copy lies in memory: [group][position][width], or, in lanes, [group][position / 16]
  // [width][position % 16].  A ring has position p where p % its size would be, of those behind the
  // pinned ones; a recurrence has
  // its last `lag` values in place of positions.
  std::string type = "f32"; // of an element: f32, f16, bf16, i32, i1 (as 0 or 1 in 4 bytes)
  int64_t groups = 1, width = 0;
  bool lanes = false;
  int64_t step = 1;  // of each 64 * step positions first those that are 0 modulo step, then those
                     // that are 1, ...: position p lies in slot(p)
  int64_t ring = -1; // index among the rings
  int64_t lag = 0;   // of a recurrence
  int64_t sequence = -1; // index among the sequences other than time, whose positions it keeps
  std::string shape;     // of one copy, as a person reads it: [past, head=3, feature=64]

  /// Begins `fixed + position * capacity` bytes into the state; a ring `position * size` bytes into
  /// the rings of its size.
  struct Copy {
    int64_t fixed = 0, position = 0;
  };
  std::vector<Copy> copies;

  int64_t slot(int64_t p) const {
    int64_t rest = p % (64 * step);
    return p - rest + rest % step * 64 + rest / step;
  }
  int64_t elementBytes() const { return type == "f16" || type == "bf16" ? 2 : 4; }
  /// Of one position, or of one value of a recurrence.
  int64_t rowBytes() const { return groups * width * elementBytes(); }
};

/// Token ids (or other small integers) that a step reads.
struct ManifestInput {
  std::string name;
  int64_t limit = 0;             // 0 <= value < limit
  std::vector<std::string> axes; // {"time"}, or the name of another sequence

  bool overTime() const { return axes.size() == 1 && axes[0] == "time"; }
};

/// What a step writes: f32, row-major in the order of `axes`.
struct ManifestOutput {
  std::string name;
  std::vector<std::string> axes;
  std::vector<int64_t> shape; // one for each axis; -1 where a sequence decides
  bool inner = false;         // no output of the text: a named value that --probe looks at

  /// Rows of new positions; `time` is then the first axis.
  bool overTime() const { return !axes.empty() && axes[0] == "time"; }
};

/// What the product was built from.
struct ManifestBuild {
  std::string tril; // version of the compiler
  std::string text; // the model's text, and its SHA-256
  std::string textDigest;
  std::string weights; // the checkpoint, and the SHA-256 of the packed weights
  std::string weightsDigest;
  std::string program; // SHA-256 of the model with all of its sizes and places
  std::string cpu;
  std::vector<std::string> flags;
  bool blas = false;
  bool tileRegisters = false; // the code uses those of AMX
};

struct Manifest {
  static constexpr int64_t currentFormat = 1;
  static constexpr int64_t defaultContext = 4096;

  std::string model;
  std::string claim;      // what the text claims: "", "causal", ...
  bool unchecked = false; // the compiler was told not to prove it
  bool steps = true;      // can take a sequence in parts
  std::string why;        // if it cannot: the reason, for a person
  Extent arena;
  Extent state;                    // `fixed` and `position` only
  std::vector<ManifestRing> rings; // in the order of tril_context::rings
  std::vector<ManifestState> states;
  std::vector<ManifestInput> inputs;   // in the order of tril_context::inputs
  std::vector<ManifestOutput> outputs; // in the order of tril_context::outputs
  std::vector<std::string>
      sequences; // sequence axes other than time, in the order of tril_context::extents
  int64_t context = defaultContext; // positions, unless -c says otherwise
  int64_t longest =
      0;              // a table of the model is read at every position and has so many; 0: no limit
  int64_t start = -1; // the token that a text generated from another begins with; -1: none is known
  ManifestBuild build;

  /// The input that text is tokenised into, the first over time; -1 if there is none.
  int mainInput() const;
  /// The one input along another sequence, which a text can be tokenised into too; -1 if there is
  /// none, or several.
  int sourceInput() const;
  /// The output that tokens are sampled from: `logits`, else the first of one row a position whose
  /// length is the main input's limit; -1 if there is none.
  int logitsOutput() const;
  /// The output that is the vector of a text: `embedding`, else the first whose axes all have
  /// sizes; -1 if there is none.
  int vectorOutput() const;
  /// A later position never changes what an earlier one gives.
  bool causal() const {
    return claim == "causal" || claim == "strictly causal" || claim == "reads window";
  }

  /// The capacity is a multiple of so many positions.
  int64_t unit = 64; // keys of a tile (Abi.h)

  std::string toJson() const;
  /// Throws Error naming the key that is missing, of the wrong type, negative or out of the limits
  /// of Abi.h.
  static Manifest fromJson(std::string_view json);
};

} // namespace tril
