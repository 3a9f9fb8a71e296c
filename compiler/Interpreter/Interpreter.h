//===- Interpreter.h - the meaning of the tril dialect, by plain loops
//--------------------------===//
// Every lowering is compared with this.  An op is computed position by position over whole
// sequences; only contractions of two large factors go through BLAS, so that real models can be
// run.
#pragma once
#include "Dialect/Tril/TrilOps.h"
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace tril::interpreter {

/// What one input of the text is given: whole numbers, row-major over the axes of the `tril.input`.
struct InputArray {
  std::vector<int64_t> extents;
  std::vector<int32_t> values;
};

/// The elements of a stored tensor by its stored name, row-major, decoded to f32; failure after
/// telling why.
using ParamSource = std::function<mlir::FailureOr<std::vector<float>>(llvm::StringRef name)>;

/// Of real numbers.  `symbolic` gives, in the place of each number of an output, a whole number
/// below 2^53 that tells how it was computed from which inputs: what is the same for two inputs
/// does not depend on where they differ, by more than a coincidence of values.
enum class Precision { f32, f64, symbolic };

/// A named output of the model: its numbers, row-major in the order of the text's axes; holes are
/// 0.
struct OutputArray {
  std::vector<std::string> axes;
  std::vector<int64_t> extents;
  std::vector<double> values;
};

struct Evaluation {
  std::map<std::string, OutputArray> outputs;
};

struct Options {
  Precision precision = Precision::f64;
  /// Contractions of at least this many products use BLAS; -1: never.
  int64_t blasFrom = 1 << 15;
};

/// Computes the outputs of `@main` for whole sequences.  Errors (a missing input, inputs that
/// disagree on the length of a sequence, an op without a meaning here) are emitted as diagnostics.
mlir::FailureOr<Evaluation> evaluate(ModelOp model, const std::map<std::string, InputArray> &inputs,
                                     const ParamSource &params, const Options &options = {});

/// Values of ops over static axes that need no input: what `foldToTable` works with.  Computed in
/// f64.
class StaticEvaluator {
public:
  /// Values with more elements than `limit` are not computed.
  explicit StaticEvaluator(int64_t limit);
  ~StaticEvaluator();
  /// Computes the results of `op` if all its operands are known and it has a meaning without
  /// inputs; tells whether it did.
  bool run(mlir::Operation *op);
  bool known(mlir::Value value) const;
  /// The elements of a known value, row-major in the order of its type; nothing if it has a hole.
  std::optional<std::vector<double>> elements(mlir::Value value) const;

private:
  struct State;
  std::unique_ptr<State> state;
};

} // namespace tril::interpreter
