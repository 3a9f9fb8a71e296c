//===- Append.cpp - new keys and values into their caches
//---------------------------------------===//
#include "Conversion/Kernels/Attention.h"

using namespace mlir;
using namespace tril;
using namespace tril::kernels;

/// The common loops: `copy` moves one group of one row.
static func::FuncOp
append(ModuleOp module, const Machine &machine, StringRef name,
       llvm::function_ref<void(Emitter &, Value from, Value cache, Value position, Value width)>
           copy) {
  return Emitter::function(
      module, machine, name, "pipiiiiii", [&](Emitter &e, ArrayRef<Value> arguments) {
        Value x = arguments[0], xStride = arguments[1], cache = arguments[2],
              capacity = arguments[3], position = arguments[4], width = arguments[5],
              groups = arguments[6];
        e.loop(arguments[7], arguments[8], 1, [&](Value row) {
          Value from = e.at(x, e.mul(row, xStride));
          e.loop(e.constant(0), groups, 1, [&](Value group) {
            Value bytes = e.mul(width, 4);
            copy(e, e.at(from, e.mul(group, bytes)),
                 e.at(cache, e.mul(e.mul(group, capacity), bytes)), e.add(position, row), width);
          });
        });
      });
}

func::FuncOp kernels::getOrCreateAppendKeys(ModuleOp module, const Machine &machine) {
  return append(module, machine, "tril_append_keys",
                [](Emitter &e, Value from, Value cache, Value position, Value width) {
                  // [position / 16][k][position % 16]
                  Value block = e.at(cache, e.mul(e.mul(e.div(position, 16), width), 64));
                  Value to = e.at(block, e.mul(e.rem(position, 16), 4));
                  e.loop(e.constant(0), width, 1, [&](Value k) {
                    e.store(e.load(e.at(from, e.mul(k, 4)), e.f32(), 4), e.at(to, e.mul(k, 64)), 4);
                  });
                });
}

func::FuncOp kernels::getOrCreateAppendValues(ModuleOp module, const Machine &machine) {
  return append(module, machine, "tril_append_values",
                [](Emitter &e, Value from, Value cache, Value position, Value width) {
                  Value to = e.at(cache, e.mul(e.mul(position, width), 4));
                  Value whole = e.mul(e.div(width, 16), 16);
                  auto move = [&](Value k, Type type) {
                    Value at = e.mul(k, 4);
                    e.store(e.load(e.at(from, at), type, 4), e.at(to, at), 4);
                  };
                  e.loop(e.constant(0), whole, 16, [&](Value k) { move(k, e.floats()); });
                  e.loop(whole, width, 1, [&](Value k) { move(k, e.f32()); });
                });
}
