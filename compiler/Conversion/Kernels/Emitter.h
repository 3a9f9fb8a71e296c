//===- Emitter.h - short names for the operations that kernels are made of
//----------------------===//
// A kernel works on vectors of 16 lanes whatever the machine's registers are: LLVM splits them.
// Pointers are bare, offsets are bytes, sizes and indices are i64.
#pragma once
#include "Target/Machine.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace tril::kernels {

using mlir::Value;
using Values = llvm::SmallVector<Value>;

/// Marks a function whose divisions may be products with a reciprocal: tril-expand-math.
inline constexpr llvm::StringLiteral estimatesAttribute = "tril.estimates";

class Emitter {
public:
  Emitter(mlir::OpBuilder builder, mlir::Location loc, const Machine &machine)
      : machine(machine), builder(builder), loc(loc) {}

  const Machine &machine;
  mlir::OpBuilder builder;
  mlir::Location loc;

  // Types.
  mlir::Type f32() { return builder.getF32Type(); }
  mlir::Type i32() { return builder.getI32Type(); }
  mlir::Type i64() { return builder.getI64Type(); }
  mlir::VectorType vector(mlir::Type element, int64_t lanes = 16);
  mlir::VectorType floats() { return vector(f32()); }
  mlir::VectorType ints() { return vector(i32()); }

  // Constants.
  Value constant(int64_t value);
  Value constantF32(float value);
  Value splat(float value);
  Value splatInt(int64_t value, int bits = 32, int64_t lanes = 16);
  Value vectorOf(llvm::ArrayRef<float> values);
  Value laneNumbers();           ///< 0..15 as i32
  Value steps(int64_t step);     ///< 0, step, ... 15 * step as i32
  Value lanesBelow(Value count); ///< i1: lane < count (i64)

  // Sizes (i64).
  Value add(Value a, Value b);
  Value add(Value a, int64_t b);
  Value sub(Value a, Value b);
  Value mul(Value a, Value b);
  Value mul(Value a, int64_t b);
  Value div(Value a, int64_t b); ///< of values that are not negative
  Value rem(Value a, int64_t b);
  Value min(Value a, Value b);
  Value max(Value a, Value b);
  Value less(Value a, Value b);
  Value lessEqual(Value a, Value b);
  Value equal(Value a, int64_t b);

  // Memory.
  Value at(Value pointer, Value bytes);
  Value at(Value pointer, int64_t bytes);
  Value load(Value pointer, mlir::Type type, unsigned alignment);
  void store(Value value, Value pointer, unsigned alignment);
  void storeMasked(Value value, Value pointer, Value mask, unsigned alignment);
  Value loadMasked(Value pointer, Value mask, unsigned alignment); ///< floats, 0 where not read
  /// Into the second level of caches; any address.
  void prefetch(Value pointer);
  Value allocate(int64_t bytes); ///< in the entry block of the function, 64-byte aligned
  /// 16 halves at `pointer` as floats, exactly.
  Value loadHalves(Value pointer, unsigned alignment);

  // Vectors.
  Value broadcast(Value scalar);
  /// a * b + c, fused exactly where the machine can; vectors or scalars.
  Value fma(Value a, Value b, Value c);
  Value mulf(Value a, Value b);
  Value addf(Value a, Value b);
  Value subf(Value a, Value b);
  Value negf(Value a);
  Value maxf(Value a, Value b); ///< b where either is NaN
  /// Over 16 lanes, in one order on every machine.
  Value reduceAdd(Value a);
  Value reduceMax(Value a);
  /// Of two rows of a matrix, blocks of `size` lanes change places: what lies `size` below the
  /// diagonal with what lies above it.
  std::pair<Value, Value> exchange(Value a, Value b, int size);
  /// A 16 x 16 square of numbers of 32 bits: row i of the result is what was in lane i.
  void transpose(Values &rows);
  Value andi(Value a, Value b);
  Value ori(Value a, Value b);
  Value addi(Value a, Value b);
  Value subi(Value a, Value b);
  Value shiftLeft(Value a, int bits);
  Value shiftRight(Value a, int bits); ///< zeros come in
  Value shiftRightSigned(Value a, int bits);
  Value toFloat(Value ints); ///< signed
  Value extendUnsigned(Value a, mlir::Type type);
  Value extendSigned(Value a, mlir::Type type);
  Value truncate(Value a, mlir::Type type);
  Value bitcast(Value a, mlir::Type type);
  Value select(Value condition, Value a, Value b);
  Value intrinsic(llvm::StringRef name, llvm::ArrayRef<Value> arguments, mlir::Type result);
  void call(llvm::StringRef intrinsic, llvm::ArrayRef<Value> arguments); ///< without a result

  // Control.
  /// for (i = lo; i < hi; i += step) with carried values; the body returns the next ones.
  Values loop(Value lo, Value hi, int64_t step, llvm::ArrayRef<Value> init,
              llvm::function_ref<Values(Value, llvm::ArrayRef<Value>)> body);
  void loop(Value lo, Value hi, int64_t step, llvm::function_ref<void(Value)> body);
  void ifThen(Value condition, llvm::function_ref<void()> then);
  /// `otherwise` where the condition holds, else what `value` gives.
  Value when(Value condition, Value otherwise, llvm::function_ref<Value()> value);
  void ifElse(Value condition, llvm::function_ref<void()> then,
              llvm::function_ref<void()> otherwise);

  /// The function `name` of `module` with pointer (p) and i64 (i) parameters by `signature`; `body`
  /// is called with its arguments if it does not exist yet. Pointers do not alias.
  static mlir::func::FuncOp
  function(mlir::ModuleOp module, const Machine &machine, llvm::StringRef name,
           llvm::StringRef signature,
           llvm::function_ref<void(Emitter &, llvm::ArrayRef<Value>)> body);
};

} // namespace tril::kernels
