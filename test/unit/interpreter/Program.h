//===- Program.h - evaluates a printed body
//------------------------------------------------------------===//
#pragma once
#include "Interpreter/Interpreter.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "gtest/gtest.h"

/// Evaluates a text of the dialect with given inputs and stored tensors; what is said goes to
/// `said`.
struct Program {
  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  std::map<std::string, tril::interpreter::InputArray> inputs;
  std::map<std::string, std::vector<float>> params;
  std::string said;

  /// `body`: the operations of @main; `others`: further bodies.
  explicit Program(const std::string &body, const std::string &others = "") {
    context.loadDialect<tril::TrilDialect>();
    std::string text =
        "tril.model @m {\ntril.body @main() {\n" + body + "\ntril.return\n}\n" + others + "\n}\n";
    module = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
    EXPECT_TRUE(module) << text;
  }
  Program &input(const std::string &name, std::vector<int32_t> values) {
    inputs[name] = {{static_cast<int64_t>(values.size())}, values};
    return *this;
  }
  Program &param(const std::string &name, std::vector<float> values) {
    params[name] = values;
    return *this;
  }
  /// The outputs, or nothing after an error.
  std::map<std::string, tril::interpreter::OutputArray>
  outputs(tril::interpreter::Options options = {}) {
    mlir::ScopedDiagnosticHandler handler(&context, [&](mlir::Diagnostic &d) { said = d.str(); });
    auto source = [&](llvm::StringRef name) -> mlir::FailureOr<std::vector<float>> {
      auto found = params.find(name.str());
      if (found == params.end())
        return mlir::failure();
      return found->second;
    };
    auto model = *module->getBody()->getOps<tril::ModelOp>().begin();
    auto result = tril::interpreter::evaluate(model, inputs, source, options);
    return mlir::failed(result) ? std::map<std::string, tril::interpreter::OutputArray>()
                                : result->outputs;
  }
  /// The numbers of output `y`.
  std::vector<double> y(tril::interpreter::Options options = {}) {
    auto all = outputs(options);
    EXPECT_TRUE(all.count("y")) << said;
    return all["y"].values;
  }
};
