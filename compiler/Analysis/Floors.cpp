//===- Floors.cpp
//-----------------------------------------------------------------------------------===//
#include "Analysis/Floors.h"

using namespace mlir::presburger;
using llvm::ArrayRef;
using llvm::DynamicAPInt;
using llvm::SmallVector;

static IntegerRelation withFloors(const IntegerRelation &relation) {
  unsigned fixed = relation.getNumVars() - relation.getNumLocalVars(),
           locals = relation.getNumLocalVars();
  DivisionRepr floors = relation.getLocalReprs();
  IntegerRelation result(relation.getSpaceWithoutLocals());
  // Locals in an order in which each is made of earlier ones; place[i]: where local i is now.
  SmallVector<int> place(locals, -1);
  auto translate = [&](ArrayRef<DynamicAPInt> row) {
    SmallVector<DynamicAPInt> to(result.getNumCols(), DynamicAPInt(0));
    for (unsigned i = 0; i < fixed; ++i)
      to[i] = row[i];
    for (unsigned i = 0; i < locals; ++i)
      if (row[fixed + i] != 0)
        to[fixed + place[i]] = row[fixed + i];
    to.back() = row.back();
    return to;
  };
  unsigned placed = 0;
  for (bool progress = true; progress && placed < locals;) {
    progress = false;
    for (unsigned i = 0; i < locals; ++i) {
      if (place[i] >= 0 || !floors.hasRepr(i))
        continue;
      ArrayRef<DynamicAPInt> dividend = floors.getDividend(i);
      bool ready = true;
      for (unsigned j = 0; j < locals; ++j)
        ready &= dividend[fixed + j] == 0 || place[j] >= 0;
      if (!ready)
        continue;
      result.addLocalFloorDiv(translate(dividend), floors.getDenom(i));
      place[i] = static_cast<int>(placed++);
      progress = true;
    }
  }
  assert(placed == locals && "a local variable is no floor");
  for (unsigned i = 0; i < relation.getNumEqualities(); ++i)
    result.addEquality(translate(relation.getEquality(i)));
  for (unsigned i = 0; i < relation.getNumInequalities(); ++i)
    result.addInequality(translate(relation.getInequality(i)));
  return result;
}

PresburgerRelation tril::withFloors(const PresburgerRelation &relation) {
  PresburgerRelation floors = relation.computeReprWithOnlyDivLocals();
  PresburgerRelation result = PresburgerRelation::getEmpty(relation.getSpace());
  for (const IntegerRelation &disjunct : floors.getAllDisjuncts())
    result.unionInPlace(::withFloors(disjunct));
  return result;
}
