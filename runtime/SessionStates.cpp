//===- SessionStates.cpp - a sequence that goes back, is copied, saved, restored
//------------------------===//
#include "runtime/Error.h"
#include "runtime/Session.h"
#include <algorithm>
#include <cassert>
#include <cstring>

namespace tril {

std::string Session::whyNotTruncate(int64_t n) const {
  if (n < 0 || n > reached)
    return "there is no position " + std::to_string(n) + " to go back to: the sequence has " +
           std::to_string(reached);
  if (!manifest.steps || n == 0 || n == reached || checkpointEvery > 0 ||
      (!checkpoints.empty() && checkpoints.front().position <= n))
    return {};
  return states.whyNotTruncate(n);
}

int64_t Session::computedAgainFrom(int64_t n) const {
  if (!manifest.steps || n == 0 || n == reached || states.whyNotTruncate(n).empty())
    return n;
  int64_t from = 0;
  for (const Checkpoint &entry : checkpoints)
    if (entry.position <= n)
      from = entry.position;
  return from;
}

bool Session::truncate(int64_t n) {
  if (std::string why = whyNotTruncate(n); !why.empty())
    throw Error(why);
  if (n == reached)
    return true;
  if (manifest.steps && n > 0 && !states.whyNotTruncate(n).empty())
    return goBackToCheckpoint(n);
  forgetAfter(n);
  if (n == 0)
    states.clear();
  return true;
}

void Session::forgetAfter(int64_t n) {
  reached = n;
  outputRows = 0;
  for (auto &values : history)
    values.resize(size_t(n));
  std::erase_if(checkpoints, [&](const Checkpoint &entry) { return entry.position > n; });
}

bool Session::goBackToCheckpoint(int64_t n) {
  std::vector<std::vector<int32_t>> again = history;
  for (auto &values : again)
    values.resize(size_t(n));
  forgetAfter(n);
  if (checkpoints.empty()) {
    states.clear();
    forgetAfter(0);
  } else {
    const Checkpoint &last = checkpoints.back();
    const char *from = last.rows.data();
    states.restore(last.position, States::Which::truncatedWithCheckpoints,
                   [&](char *rows, size_t size) {
                     std::memcpy(rows, from, size);
                     from += size;
                   });
    forgetAfter(last.position);
  }
  return advanceSilently(again);
}

/// Takes what `inputs` have after the session's position, without outputs.
bool Session::advanceSilently(const std::vector<std::vector<int32_t>> &inputs) {
  std::vector<std::span<const int32_t>> rest;
  rest.reserve(inputs.size());
  for (const auto &values : inputs)
    rest.push_back(std::span(values).subspan(size_t(reached)));
  bool whole = advance(rest, int64_t(rest[0].size()));
  outputRows = 0;
  return whole;
}

void Session::checkpoint() {
  if (!manifest.steps || states.alwaysTruncates() ||
      (!checkpoints.empty() && checkpoints.back().position >= reached))
    return;
  Checkpoint entry{reached, {}};
  entry.rows.reserve(size_t(states.savedBytes(reached, States::Which::truncatedWithCheckpoints)));
  states.save(reached, States::Which::truncatedWithCheckpoints, [&](const char *rows, size_t size) {
    entry.rows.insert(entry.rows.end(), rows, rows + size);
  });
  checkpoints.push_back(std::move(entry));
}

std::unique_ptr<Session> Session::fork() const {
  std::unique_ptr<Session> copy(
      new Session(manifest, frame.weights, step, pool, limit, batch, scratch));
  copy->interrupted = interrupted;
  copy->checkpointEvery = checkpointEvery;
  copy->checkpoints = checkpoints;
  copy->history = history;
  copy->sequences = sequences;
  std::copy(std::begin(frame.extents), std::end(frame.extents), std::begin(copy->frame.extents));
  copy->reached = reached;
  if (manifest.steps)
    copy->states.copy(states, reached);
  return copy;
}

std::vector<int64_t> Session::sequenceLengths() const {
  std::vector<int64_t> lengths;
  for (size_t i = 0; i < manifest.inputs.size(); ++i)
    if (!manifest.inputs[i].overTime())
      lengths.push_back(int64_t(sequences[i].size()));
  return lengths;
}

void Session::save(const States::Sink &sink) const {
  auto give = [&](const std::vector<int32_t> &values) {
    if (values.empty())
      return;
    sink(reinterpret_cast<const char *>(values.data()), values.size() * sizeof(int32_t));
  };
  for (const auto &values : history)
    give(values);
  for (const auto &values : sequences)
    give(values); // empty for inputs over time
  if (manifest.steps)
    states.save(reached, States::Which::all, sink);
}

void Session::restore(int64_t position, std::span<const int64_t> lengths,
                      const States::Source &source) {
  reset();
  try {
    restoreChecked(position, lengths, source);
  } catch (...) {
    reset();
    throw;
  }
}

void Session::restoreChecked(int64_t position, std::span<const int64_t> lengths,
                             const States::Source &source) {
  assert(position >= 0 && lengths.size() == sequenceLengths().size());
  if (position > limit)
    throw Error("the saved sequence has " + std::to_string(position) +
                " positions; -c gives room for " + std::to_string(limit));
  auto take = [&](int64_t count) {
    std::vector<int32_t> values(static_cast<size_t>(count));
    if (count > 0)
      source(reinterpret_cast<char *>(values.data()), values.size() * sizeof(int32_t));
    return values;
  };
  for (size_t i = 0; i < history.size(); ++i) {
    history[i] = take(position);
    checkValues(overTime[i], history[i], 0);
  }
  size_t next = 0;
  for (size_t i = 0; i < manifest.inputs.size(); ++i) {
    if (manifest.inputs[i].overTime())
      continue;
    int64_t length = lengths[next++];
    if (length < 0 || length > limit)
      throw Error("the saved `" + manifest.inputs[i].name + "` has " + std::to_string(length) +
                  " values; -c gives room for " + std::to_string(limit));
    if (length > 0)
      setSequence(int(i), take(length));
  }
  if (manifest.steps)
    states.restore(position, States::Which::all, source);
  reached = position;
  // Whole numbers in states may be indices, which generated code does not look at again: those of a
  // file are not taken, but computed from the inputs, which were looked at.
  if (manifest.steps &&
      std::any_of(manifest.states.begin(), manifest.states.end(),
                  [](const ManifestState &state) { return state.type == "i32"; })) {
    std::vector<std::vector<int32_t>> inputs = history;
    states.clear();
    forgetAfter(0);
    advanceSilently(inputs);
  }
}

} // namespace tril
