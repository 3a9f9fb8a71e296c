//===- FakeStep.h - sizes of the hand-written step
//----------------------------------------------===//
#pragma once

namespace tril::fake {
constexpr int vocabulary = 258, end = 256, begin = 257;
constexpr int weightCount = 16; // f32
} // namespace tril::fake
