//===- CheckLibrary.cpp - the library std, read from beside the compiler or built in
//--------------===//
#include "dsl/Check.h"
#include "dsl/Parser.h"
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

using namespace tril::dsl;

namespace tril::dsl {
struct StdFile {
  const char *name;
  const char *text;
};
extern const StdFile stdFiles[]; // made of dsl/std/*.tril by the build; ends with a null name
} // namespace tril::dsl

Library tril::dsl::loadStd(const std::string &directory, Diagnostics &diagnostics) {
  std::vector<std::pair<std::string, std::string>> files;
  std::error_code none;
  if (!directory.empty() && std::filesystem::is_directory(directory, none)) {
    for (const auto &entry : std::filesystem::directory_iterator(directory, none)) {
      if (entry.path().extension() != ".tril")
        continue;
      std::ifstream in(entry.path());
      std::stringstream text;
      text << in.rdbuf();
      files.emplace_back(entry.path().filename().string(), text.str());
    }
  }
  if (files.empty())
    for (const StdFile *file = stdFiles; file->name; ++file)
      files.emplace_back(file->name, file->text);
  std::sort(files.begin(), files.end());
  Library library;
  for (auto &[name, text] : files)
    library.programs.push_back(
        parse(std::make_shared<Source>(Source{"std/" + name, std::move(text)}), diagnostics));
  return library;
}

static const ast::Function *functionOf(const ast::StatementPtr &statement) {
  return std::get_if<ast::Function>(&statement->node);
}

std::vector<std::string> Library::names() const {
  std::vector<std::string> names;
  for (const ast::Program &program : programs)
    for (const ast::StatementPtr &statement : program.statements)
      if (const ast::Function *function = functionOf(statement))
        names.push_back(function->name.text);
  std::sort(names.begin(), names.end());
  return names;
}

std::optional<std::string> Library::text(const std::string &name) const {
  for (const ast::Program &program : programs)
    for (const ast::StatementPtr &statement : program.statements) {
      const ast::Function *function = functionOf(statement);
      if (!function || function->name.text != name)
        continue;
      const std::string &text = program.source->text;
      // The comment is the lines above that begin with `#`.
      size_t begin = text.rfind('\n', statement->span.begin);
      begin = begin == std::string::npos ? 0 : begin + 1;
      while (begin > 1) {
        size_t line = text.rfind('\n', begin - 2);
        line = line == std::string::npos ? 0 : line + 1;
        if (text[line] != '#')
          break;
        begin = line;
      }
      return text.substr(begin, statement->span.end - begin) + "\n";
    }
  return std::nullopt;
}
