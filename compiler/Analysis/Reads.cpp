//===- Reads.cpp - what the elements of values read of the inputs
//------------------------------------===//
#include "Analysis/Reads.h"

using namespace mlir;
using namespace tril;
using namespace tril::analysis;

// More cases than that of one value are told apart no longer: it may read any position.
static constexpr size_t kMostAhead = 8, kMostCases = 64;
// A window is looked for up to here.
static constexpr int64_t kLargestWindow = int64_t(1) << 24;

StringRef tril::analysis::nameInText(Location location) {
  while (auto fused = dyn_cast<FusedLoc>(location)) {
    if (fused.getLocations().empty())
      return "";
    location = fused.getLocations().front();
  }
  auto named = dyn_cast<NameLoc>(location);
  return named ? named.getName().getValue() : "";
}

static NamedTensorType typeOf(Value value) { return cast<NamedTensorType>(value.getType()); }

ReadsAnalysis::ReadsAnalysis(ModelOp model) : solver(terms), model(model) {}

LogicalResult ReadsAnalysis::undecided(Operation *op, const Twine &why) {
  if (why_.empty()) {
    why_ = why.str();
    where_ = op;
  }
  return failure();
}

const Reads &ReadsAnalysis::of(Value value) const {
  auto found = values.find(value);
  assert(found != values.end() && "an operand is analysed before its users");
  return found->second;
}

LogicalResult ReadsAnalysis::run() {
  auto main = model.lookupSymbol<BodyOp>("main");
  if (!main)
    return undecided(model, "the model has no `@main`");
  return runBlock(main.getBody().front());
}

LogicalResult ReadsAnalysis::runBlock(Block &block) {
  for (Operation &op : block) {
    auto reader = dyn_cast<ReadsOpInterface>(op);
    if (!reader)
      return undecided(&op, "`" + op.getName().getStringRef() + "` says nothing of what it reads");
    if (failed(reader.reads(*this)))
      return undecided(&op, "`" + op.getName().getStringRef() + "` could not be followed");
    if (terms.exceeded())
      return undecided(&op, "its formulas grow beyond what is worked with");
  }
  return success();
}

const Step *ReadsAnalysis::step(Operation *op, const Step *inner, const Substitution &positions,
                                int64_t layer) {
  // A step worth telling of moves positions, or has a name of the text.
  if (positions.empty() && layer < 0 && inner) {
    StringRef name = nameInText(op->getLoc());
    if (name.empty() || name == nameInText(inner->op->getLoc()))
      return inner;
  }
  steps.push_back({op, inner, positions, layer, nullptr, inner && inner->afterAhead});
  return &steps.back();
}

Case ReadsAnalysis::existence(AxisAttr axis, const Affine &position, Formula when, Operation *op) {
  Substitution there;
  if (!isa<InputOp>(op))
    there.push_back({terms.axis(axis), position});
  return {when, position, axis.getRootName(), step(op, nullptr, there)};
}

void ReadsAnalysis::take(Reads &into, Role as, const Reads &from, Role of, Formula when,
                         const Substitution &positions, Operation *op) {
  if (when == kFalse)
    return;
  for (const Case &one : from.cases) {
    // Other sequences are the same in both runs, and of what they make a hole nobody is told.
    if (one.role != of || (as == Role::hole && one.sequence != kTime))
      continue;
    Formula now = terms.both(when, terms.replace(one.when, positions));
    if (now == kFalse)
      continue;
    Case moved = {now, terms.replace(one.position, positions), one.sequence, nullptr, as};
    if (llvm::is_contained(into.cases, moved))
      continue;
    moved.path = step(op, one.path, positions);
    into.cases.push_back(std::move(moved));
  }
}

void ReadsAnalysis::rename(Reads &into, const Reads &from, const Substitution &positions) {
  into.valid = terms.replace(from.valid, positions);
  into.hole = terms.replace(from.hole, positions);
  into.live = terms.replace(from.live, positions);
  into.facts = terms.replace(from.facts, positions);
  into.truth = terms.replace(from.truth, positions);
  if (from.number) {
    into.number = from.number;
    into.number->numerator = terms.replace(from.number->numerator, positions);
  }
}

Substitution ReadsAnalysis::anyPosition(ArrayRef<AxisAttr> axes) {
  Substitution result;
  for (AxisAttr axis : axes)
    result.push_back(
        {terms.axis(axis),
         Terms::of(terms.some(0, axis.isDynamic() ? std::nullopt
                                                  : std::optional<int64_t>(axis.getSize() - 1)))});
  return result;
}

Affine ReadsAnalysis::fresh(NamedTensorType type, std::optional<int64_t> least,
                            std::optional<int64_t> most) {
  std::vector<Affine> indices;
  for (AxisAttr axis : type.getAxes())
    indices.push_back(position(axis));
  return Terms::of(terms.datum(terms.freshSymbol(), std::move(indices), least, most));
}

void ReadsAnalysis::set(Value value, Reads reads) {
  NamedTensorType type = typeOf(value);
  if (!type.getHoles()) {
    reads.valid = kTrue;
    reads.hole = kFalse;
  }
  if (reads.hole == kFalse)
    llvm::erase_if(reads.cases, [](const Case &one) { return one.role == Role::hole; });
  // A whole number is at least one that the run decides.
  if (type.getElement().isInteger(32) && !reads.number)
    reads.number = Number{fresh(type)};
  if (observer)
    observer(value, reads);
  if (llvm::any_of(value.getUsers(), llvm::IsaPred<OutputOp>))
    unsettled[value] = reads;
  values[value] = settled(value, reads);
}

Atom ReadsAnalysis::anywhere(StringRef sequence) {
  auto [at, fresh] = anywheres.try_emplace(sequence.str(), 0);
  if (fresh)
    at->second = terms.some(0, std::nullopt);
  return at->second;
}

//===-------------------------------------------------------------------------------------------===//
// Making values small
//===-------------------------------------------------------------------------------------------===//

// A value over one sequence that reads nothing ahead may read anything up to its position: that is
// all that is kept of it.  So the first layer's values look like the second's, and the proof of one
// layer is that of all.
Reads ReadsAnalysis::settled(Value value, const Reads &reads) {
  if (reads.cases.empty())
    return reads;
  AxisAttr sequence;
  unsigned count = 0;
  for (AxisAttr axis : typeOf(value).getAxes())
    if (axis.isDynamic()) {
      sequence = axis;
      ++count;
    }
  Reads result = reads;
  if (count > 1 || (count == 0 && reads.cases.size() <= kMostAhead)) {
    if (reads.cases.size() <= kMostCases)
      return result;
  }
  result.cases.clear();
  if (count == 1)
    for (Role role : {Role::content, Role::hole})
      settleAhead(result, value, reads, sequence, role);
  llvm::SmallVector<std::pair<StringRef, Role>> done;
  for (const Case &one : reads.cases) {
    std::pair<StringRef, Role> what(one.sequence, one.role);
    if ((count == 1 && one.sequence == sequence.getRootName()) || llvm::is_contained(done, what))
      continue;
    done.push_back(what);
    result.cases.push_back(
        {kTrue, Terms::of(anywhere(one.sequence)), one.sequence, one.path, one.role});
  }
  return result;
}

void ReadsAnalysis::settleAhead(Reads &result, Value value, const Reads &reads, AxisAttr axis,
                                Role role) {
  if (llvm::none_of(reads.cases, [&](const Case &one) { return one.role == role; }))
    return;
  Affine t = position(axis);
  Formula matters = this->matters(reads, role);
  std::optional<int64_t> latest, earliest; // of position - t, over what is not ahead
  bool unbounded = false;
  const Step *path = nullptr, *oldest = nullptr;
  llvm::SmallVector<Case> ahead;
  for (const Case &one : reads.cases) {
    if (one.sequence != axis.getRootName() || one.role != role)
      continue;
    Affine distance = terms.add(one.position, t, -1);
    int64_t high, low;
    bool open = false;
    if (distance.isConstant() && distance.constant <= 0) {
      high = low = distance.constant;
    } else {
      Formula here = terms.both(matters, one.when);
      auto beyond = [&](int64_t d) { // may it read a position later than t + d?
        return solver.possible(terms.both(here, terms.below(Affine(d), distance)));
      };
      auto before = [&](int64_t d) {
        return solver.possible(terms.both(here, terms.below(distance, Affine(d))));
      };
      if (beyond(0)) {
        ahead.push_back(one);
        if (one.path && !one.path->afterAhead) {
          aheads.push_back({value, axis, here, one.position});
          steps.push_back({one.path->op, one.path, {}, -1, &aheads.back(), true});
          ahead.back().path = &steps.back();
        }
        continue;
      }
      high = 0;
      if (!beyond(-1)) {
        if (!solver.possible(here))
          continue; // nothing at all
        int64_t no = -1, yes = -2;
        while (yes > -kLargestWindow && !beyond(yes)) {
          no = yes;
          yes *= 2;
        }
        while (no - yes > 1) {
          int64_t middle = yes + (no - yes) / 2;
          (beyond(middle) ? yes : no) = middle;
        }
        high = no;
      }
      low = high;
      if (!keepWindows) {
        open = before(high);
      } else if (before(-kLargestWindow)) {
        open = true;
      } else {
        int64_t yes = -kLargestWindow,
                no = high + 1; // nothing is before `yes`, something before `no`
        while (no - yes > 1) {
          int64_t middle = yes + (no - yes) / 2;
          (before(middle) ? no : yes) = middle;
        }
        low = yes;
      }
    }
    if (!latest || high > *latest) {
      latest = high;
      path = one.path;
    }
    if (open && !unbounded)
      oldest = one.path;
    if (!open && !unbounded && (!earliest || low < *earliest))
      oldest = one.path;
    unbounded |= open;
    earliest = std::min(low, earliest.value_or(low));
  }
  if (ahead.size() > kMostAhead) {
    result.cases.push_back({kTrue, Terms::of(anywhere(axis.getRootName())), axis.getRootName(),
                            ahead.front().path, role});
    return;
  }
  for (Case &one : ahead)
    result.cases.push_back(std::move(one));
  if (!latest)
    return;
  if (!unbounded && *latest == *earliest) {
    result.cases.push_back({kTrue, terms.add(t, Affine(*latest)), axis.getRootName(), path, role});
    return;
  }
  Affine any = Terms::of(anywhere(axis.getRootName()));
  Formula when = terms.atMost(any, terms.add(t, Affine(*latest)));
  if (!unbounded && keepWindows) {
    Affine begin = terms.add(t, Affine(*earliest));
    if (*earliest < 0) { // perhaps the begin of a chunk
      Affine chunk = terms.scale(terms.quotient(t, 1 - *earliest), 1 - *earliest);
      bool inChunk = llvm::none_of(reads.cases, [&](const Case &one) {
        return one.sequence == axis.getRootName() && one.role == role &&
               solver.possible(
                   terms.both(terms.both(matters, one.when), terms.below(one.position, chunk)));
      });
      if (inChunk)
        begin = chunk;
    }
    when = terms.both(when, terms.atMost(begin, any));
  }
  result.cases.push_back({when, any, axis.getRootName(), keepWindows ? oldest : path, role});
}

//===-------------------------------------------------------------------------------------------===//
// Layers
//===-------------------------------------------------------------------------------------------===//

// What two calls make of data is not the same data, though the analysis is.
void ReadsAnalysis::hideData(Reads &reads) {
  if (reads.number && terms.dependsOnData(reads.number->numerator))
    reads.number.reset();
  if (terms.dependsOnData(reads.facts))
    reads.facts = kTrue;
  if (terms.dependsOnData(reads.hole) || terms.dependsOnData(reads.valid))
    reads.valid = reads.hole = kOpaque;
  if (terms.dependsOnData(reads.live))
    reads.live = kTrue;
  if (terms.dependsOnData(reads.truth))
    reads.truth = kOpaque;
}

// A value over one sequence is read at its own position.
void ReadsAnalysis::becomeInput(Reads &reads, NamedTensorType type) {
  AxisAttr sequence;
  for (AxisAttr axis : type.getAxes())
    if (axis.isDynamic()) {
      if (sequence)
        return;
      sequence = axis;
    }
  if (!sequence || reads.cases.empty())
    return;
  bool holes = llvm::any_of(reads.cases, [](const Case &one) { return one.role == Role::hole; });
  reads.cases = {{kTrue, position(sequence), sequence.getRootName(), nullptr}};
  if (holes)
    reads.cases.push_back({kTrue, position(sequence), sequence.getRootName(), nullptr, Role::hole});
}

LogicalResult ReadsAnalysis::call(CallOp op) {
  auto body = model.lookupSymbol<BodyOp>(op.getCallee());
  if (!body)
    return undecided(op, "there is no body `@" + op.getCallee() + "`");
  Block &block = body.getBody().front();
  std::vector<Reads> arguments;
  for (Value argument : op.getArguments()) {
    arguments.push_back(of(argument));
    if (layersAlone)
      becomeInput(arguments.back(), typeOf(argument));
  }
  std::vector<Known> &known = bodies[op.getCallee().str()];
  auto found = llvm::find_if(known, [&](const Known &one) { return one.arguments == arguments; });
  if (found == known.end()) {
    for (auto [argument, reads] : llvm::zip(block.getArguments(), arguments))
      values[argument] = reads;
    Known fresh;
    fresh.arguments = arguments;
    fresh.firstSymbol = terms.symbolsSoFar();
    if (failed(runBlock(block)))
      return failure();
    for (Value value : block.getTerminator()->getOperands()) {
      fresh.results.push_back(of(value));
      hideData(fresh.results.back());
    }
    known.push_back(std::move(fresh));
    found = std::prev(known.end());
  }
  llvm::DenseMap<unsigned, unsigned> data; // of this call
  for (auto [value, reads] : llvm::zip(op.getValues(), found->results)) {
    Reads result = reads;
    for (Case &one : result.cases) {
      one.when = terms.withData(one.when, data, found->firstSymbol);
      one.position = terms.withData(one.position, data, found->firstSymbol);
      one.path = step(op, one.path, {}, op.getLayer());
    }
    set(value, std::move(result));
  }
  return success();
}

//===-------------------------------------------------------------------------------------------===//
// Recurrences
//===-------------------------------------------------------------------------------------------===//

// Induction over time: what is earlier is assumed to read nothing later than itself, and the
// equations are looked at under that assumption.  Which sequences they read at all is found first.
LogicalResult ReadsAnalysis::recurrence(RecOp op) {
  AxisAttr time;
  for (Value value : op.getValues())
    if (typeOf(value).hasAxis(op.getAxis()))
      time = typeOf(value).axis(op.getAxis());
  if (!time || !time.isDynamic())
    return undecided(op, "`tril.rec` is along no sequence");
  StringRef root = time.getRootName();
  Block &block = op.getBody().front();
  assumed.push_back({op, false, {}});
  auto leave = [&](LogicalResult result) {
    assumed.pop_back();
    return result;
  };
  while (true) {
    if (failed(runBlock(block)))
      return leave(failure());
    bool reads = assumed.back().reads;
    llvm::SmallVector<StringRef> sequences = assumed.back().sequences;
    for (Value value : block.getTerminator()->getOperands())
      for (const Case &one : of(value).cases) {
        reads |= one.sequence == root;
        if (one.sequence != root && !llvm::is_contained(sequences, one.sequence))
          sequences.push_back(one.sequence);
      }
    if (reads == assumed.back().reads && sequences == assumed.back().sequences)
      break;
    assumed.back().reads = reads;
    assumed.back().sequences = sequences;
  }
  Affine t = position(time);
  // An equation that reads ahead at some time is read by all later ones.
  Reads ahead;
  for (Value value : block.getTerminator()->getOperands())
    for (const Case &one : of(value).cases) {
      Formula here = terms.both(matters(of(value), one.role), one.when);
      if (one.sequence == root && solver.possible(terms.both(here, terms.below(t, one.position)))) {
        Affine when = Terms::of(terms.some(0, std::nullopt));
        Substitution then = {{terms.axis(time), when}};
        // Other axes of an equation may be any.
        for (AxisAttr axis : typeOf(value).getAxes())
          if (axis != time)
            then.append(anyPosition(axis));
        Formula at = terms.both(terms.replace(here, then), terms.atMost(when, t));
        for (Role role : {Role::content, Role::hole})
          ahead.cases.push_back({at, terms.replace(one.position, then), one.sequence,
                                 step(op, one.path, then), role});
      }
    }
  for (auto [result, value] : llvm::zip(op.getValues(), block.getTerminator()->getOperands())) {
    Reads reads = ahead;
    const Reads &inside = of(value);
    if (assumed.back().reads) {
      Affine any = Terms::of(anywhere(root));
      const Step *path = nullptr;
      for (const Case &one : inside.cases)
        if (one.sequence == root)
          path = one.path;
      for (Role role : {Role::content, Role::hole})
        reads.cases.push_back({terms.atMost(any, t), any, root, step(op, path, {}), role});
    }
    for (StringRef sequence : assumed.back().sequences)
      reads.cases.push_back(
          {kTrue, Terms::of(anywhere(sequence)), sequence, step(op, nullptr, {})});
    reads.valid = inside.valid;
    reads.hole = inside.hole;
    set(result, std::move(reads));
  }
  return leave(success());
}

LogicalResult ReadsAnalysis::earlier(EarlierOp op) {
  if (assumed.empty() || assumed.back().op != op->getParentOfType<RecOp>())
    return undecided(op, "`tril.earlier` stands in no recurrence");
  const Assumed &now = assumed.back();
  NamedTensorType type = op.getResult().getType();
  RecOp rec = now.op;
  AxisAttr time = type.axis(rec.getAxis());
  Affine when = terms.add(position(time), Affine(-op.getLag()));
  Reads reads;
  if (now.reads) {
    Affine any = Terms::of(anywhere(time.getRootName()));
    for (Role role : {Role::content, Role::hole})
      reads.cases.push_back(
          {terms.atMost(any, when), any, time.getRootName(), step(op, nullptr, {}), role});
  }
  for (StringRef sequence : now.sequences)
    reads.cases.push_back({kTrue, Terms::of(anywhere(sequence)), sequence, step(op, nullptr, {})});
  reads.valid = terms.atLeastZero(when);
  if (typeOf(rec.getValues()[op.getEquation()]).getHoles())
    reads.valid = terms.both(reads.valid, kOpaque);
  reads.hole = terms.negate(reads.valid);
  set(op.getResult(), std::move(reads));
  return success();
}

void ReadsAnalysis::output(OutputOp op) {
  outputs_.push_back({op, unsettled.lookup(op.getValue())});
}
