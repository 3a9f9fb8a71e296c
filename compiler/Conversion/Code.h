//===- Code.h - a short hand for emitting loops over raw memory
//-------------------------------------===//
// Generated code works on raw pointers with i64 arithmetic: the places of all values are known
// (plan-memory), shapes are static but for the rows of a call and the capacity of the context, and
// bare pointers keep what LLVM knows about them.
#pragma once
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Builders.h"

namespace tril {

/// A builder with a location, and the operations that emitters use most.  `Value`s of sizes and
/// positions are i64.
class Code {
public:
  Code(mlir::OpBuilder &builder, mlir::Location loc) : builder(builder), loc(loc) {}
  mlir::OpBuilder &builder;
  mlir::Location loc;

  mlir::Type i1() { return builder.getI1Type(); }
  mlir::Type i32() { return builder.getI32Type(); }
  mlir::Type i64() { return builder.getI64Type(); }
  mlir::Type f32() { return builder.getF32Type(); }
  mlir::Type ptr() { return mlir::LLVM::LLVMPointerType::get(builder.getContext()); }
  mlir::Type vec(mlir::Type element, int64_t width) {
    return mlir::VectorType::get({width}, element);
  }

  mlir::Value c64(int64_t value);
  mlir::Value c32(int32_t value);
  mlir::Value cf(double value);
  mlir::Value cb(bool value);

  // i64 arithmetic; constants are folded.
  mlir::Value add(mlir::Value a, mlir::Value b);
  mlir::Value add(mlir::Value a, int64_t b) { return b ? add(a, c64(b)) : a; }
  mlir::Value sub(mlir::Value a, mlir::Value b);
  mlir::Value mul(mlir::Value a, mlir::Value b);
  mlir::Value mul(mlir::Value a, int64_t b) { return mul(a, c64(b)); }
  mlir::Value divu(mlir::Value a, int64_t b);
  mlir::Value remu(mlir::Value a, int64_t b);
  mlir::Value min(mlir::Value a, mlir::Value b);
  mlir::Value max(mlir::Value a, mlir::Value b);
  mlir::Value compare(mlir::arith::CmpIPredicate predicate, mlir::Value a, mlir::Value b);
  mlir::Value select(mlir::Value condition, mlir::Value a, mlir::Value b);

  /// pointer + bytes
  mlir::Value at(mlir::Value pointer, mlir::Value bytes);
  mlir::Value at(mlir::Value pointer, int64_t bytes) {
    return bytes ? at(pointer, c64(bytes)) : pointer;
  }
  mlir::Value load(mlir::Type type, mlir::Value pointer, unsigned alignment = 4);
  void store(mlir::Value value, mlir::Value pointer, unsigned alignment = 4);
  mlir::Value broadcast(mlir::Value scalar, int64_t width); // as it is for width 1, and for vectors

  /// for (i = begin; i < end; i += step), with values carried from turn to turn; the body gives the
  /// next ones.
  using Body =
      llvm::function_ref<llvm::SmallVector<mlir::Value>(mlir::Value i, mlir::ValueRange carried)>;
  mlir::ResultRange loop(mlir::Value begin, mlir::Value end, int64_t step, mlir::ValueRange initial,
                         Body body);
  void loop(mlir::Value begin, mlir::Value end, int64_t step,
            llvm::function_ref<void(mlir::Value)> body);
  void when(mlir::Value condition, llvm::function_ref<void()> body);
};

/// The constant that `value` is, if it is one.
std::optional<int64_t> constantOf(mlir::Value value);

} // namespace tril
