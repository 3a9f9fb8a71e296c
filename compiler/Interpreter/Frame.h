//===- Frame.h - what the meaning of an op is written against
//-------------------------------------===//
// To give a new op a meaning: write `LogicalResult f(Operation *, Frame<T> &)` that reads operands
// with `get` and sets results with `set`, add it to a registry in an `addX(Registry<T> &)`, and
// name that in `registry()` of Interpreter.cpp.
#pragma once
#include "Interpreter/Array.h"
#include "Interpreter/Interpreter.h"
#include "Interpreter/Symbolic.h"
#include "llvm/ADT/StringMap.h"

namespace tril::interpreter {

template <typename T> class Frame;
template <typename T> using Handler = mlir::LogicalResult (*)(mlir::Operation *, Frame<T> &);
template <typename T> using Shared = std::shared_ptr<const Array<T>>;

/// The meaning of each op by its name.
template <typename T> using Registry = llvm::StringMap<Handler<T>>;
template <typename T> const Registry<T> &registry();
template <typename T> void addSources(Registry<T> &registry);
template <typename T> void addElementwise(Registry<T> &registry);
template <typename T> void addReductions(Registry<T> &registry);
template <typename T> void addContractions(Registry<T> &registry);
template <typename T> void addReading(Registry<T> &registry);
template <typename T> void addRearranging(Registry<T> &registry);
template <typename T> void addStructure(Registry<T> &registry);

/// As what is stored in 16 bits is read.
double stored(double value, StateElement as);

/// What all bodies of one evaluation share.
struct Context {
  const std::map<std::string, InputArray> *inputs = nullptr;
  const ParamSource *params = nullptr;
  Options options;
  llvm::StringMap<int64_t> extents; // of sequence axes, by root
  Evaluation evaluation;
};

/// The values of one body or region while it is computed.
template <typename T> class Frame {
public:
  Frame(Context &context, int64_t layer) : context(context), layer(layer) {}
  /// A frame for the region of a recurrence at one position of its axis.
  Frame(Frame &outer, mlir::Operation *recurrence, llvm::StringRef axis)
      : context(outer.context), layer(outer.layer), outer(&outer), recurrence(recurrence),
        axis(axis) {}

  /// The value; in the region of a recurrence, values from outside are seen at the current
  /// position.
  Shared<T> get(mlir::Value value);
  /// For an op that reads `value` along `axes`: with all positions, also in the region of a
  /// recurrence that runs along one of them.
  Shared<T> getAlong(mlir::Value value, llvm::ArrayRef<llvm::StringRef> axes);
  void set(mlir::Value value, Array<T> array) {
    set(value, std::make_shared<const Array<T>>(std::move(array)));
  }
  void set(mlir::Value value, Shared<T> array) { values[value] = std::move(array); }
  bool has(mlir::Value value) const { return values.contains(value); }
  /// An array for `value` with room for all its elements.
  Array<T> make(mlir::Value value) { return make(llvm::cast<NamedTensorType>(value.getType())); }
  Array<T> make(NamedTensorType type);
  int64_t extent(AxisAttr axis) const;
  /// The position at which the axis starts: not 0 along the axis of a recurrence.
  int64_t first(AxisAttr axis) const {
    return recurrence && axis.getName() == this->axis ? position : 0;
  }

  /// Runs the operations of a block, forgetting values after their last use.  Values of the
  /// terminator stay.
  mlir::LogicalResult run(mlir::Block &block);

  Context &context;
  int64_t layer;
  Frame *outer = nullptr;
  mlir::Operation *recurrence = nullptr;
  llvm::StringRef axis; // of the recurrence
  int64_t position = 0; // along it
  std::vector<std::vector<Shared<T>>> *history =
      nullptr; // its equations' values at earlier positions

private:
  Array<T> slice(const Array<T> &array, unsigned along) const;
  llvm::DenseMap<mlir::Value, Shared<T>> values;
};

/// `value` with the axes of `type`, in its order; axes that it lacks are repeated.
template <typename T> Array<T> spread(Frame<T> &frame, const Array<T> &value, NamedTensorType type);

inline llvm::SmallVector<llvm::StringRef> strings(mlir::ArrayAttr list) {
  auto range = list.getAsValueRange<mlir::StringAttr>();
  return {range.begin(), range.end()};
}

} // namespace tril::interpreter
