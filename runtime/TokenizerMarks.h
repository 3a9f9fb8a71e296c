//===- TokenizerMarks.h - characters that normalizers drop ------------------------------------===//
// By the tables of the `tokenizers` library, which are of an older Unicode.
#pragma once

namespace tril {

bool isDroppedControl(char32_t codePoint); ///< control, format and private characters
bool isDroppedAccent(char32_t codePoint);  ///< marks without a width of their own
bool isDroppedMark(char32_t codePoint);    ///< all combining marks

} // namespace tril
