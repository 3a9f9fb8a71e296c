//===- Walk.cpp - a compiled text's states, back and forth
//------------------------------------------------===//
#include "CompiledText.h"
#include "runtime/ProgramProbe.h"

using namespace tril;
using namespace tril::test;

std::string CompiledText::walk(const Inputs &inputs, const OutputValues &whole,
                               uint64_t seed) const {
  std::mt19937_64 random(seed);
  ThreadPool pool(1 + static_cast<int>(random() % 4));
  auto every = static_cast<int64_t>(random() % 2 ? 1 + random() % 40 : 0);
  auto make = [&](int64_t context, int64_t batch) {
    auto session = std::make_unique<Session>(described, weights.get(), step, pool, context, batch);
    session->keepCheckpoints(every);
    return session;
  };
  StateChanges changes;
  probeStates({inputs, whole}, static_cast<int64_t>(inputs[0].size()), random, make, changes);
  if (changes.change.clean())
    return "";
  return changes.change.where + " changed by " + std::to_string(changes.change.largest) +
         " where states went back, were copied, saved and restored" +
         (every ? ", with checkpoints every " + std::to_string(every) : "");
}
