//===- Scan.h - a text before and beside the grammar ----------------------------------------===//
#pragma once
#include "dsl/Diagnostic.h"

namespace tril::dsl {

/// How deep brackets may be nested.
constexpr int deepestBrackets = 200;
/// How many bytes a text may have.
constexpr size_t largestText = size_t(64) << 20;

/// Whether every byte belongs to a text, there is something in it, and its brackets are nested no
/// deeper than the parser recurses.  Tells what is wrong.
bool scan(const Source &source, Diagnostics &diagnostics);

/// The first byte at or after `at` that is neither blank nor comment.
size_t skipBlanks(std::string_view text, size_t at);
/// The end of the last word or sign before `at`.
size_t endOfLast(std::string_view text, size_t at);

/// How many bytes belong to the word, string or sign at `at`; 0 at the end of the text.
size_t tokenLength(std::string_view text, size_t at);
/// What a person sees there: "`word`", "the end of the text".
std::string tokenName(std::string_view text, size_t at);

/// Where the innermost bracket that is open at `at` was opened, counting from `from`; npos if none
/// is.
size_t openBracketBefore(std::string_view text, size_t from, size_t at);

/// Where the line of `at` begins, if it begins like `name =`, `name, name =` or `name[axes] =` and
/// that reaches to `at`; else npos.
size_t assignmentAround(std::string_view text, size_t at);

/// The first line after the one of `at` that begins like a statement; there the next may begin
/// after an error.
size_t nextStatement(std::string_view text, size_t at);

bool isKeyword(std::string_view word);
/// The words that begin statements.
const std::vector<std::string> &statementWords();

} // namespace tril::dsl
