// Finding contractions and softmaxes changes no value: the text's form and the recognised one, through BLAS and without.
// RUN: tril-opt %s -tril-recognise -o %t.mlir
// RUN: FileCheck %s --check-prefix=RECOGNISED --input-file=%t.mlir
// RUN: tril-interpret %s --tokens %S/Inputs/tokens.json > %t.text
// RUN: tril-interpret %t.mlir --tokens %S/Inputs/tokens.json --blas-from=0 > %t.blas
// RUN: diff %t.text %t.blas
// RUN: FileCheck %s --input-file=%t.text

// RECOGNISED: tril.contract ["a"]
// RECOGNISED: tril.softmax ["past"]
// RECOGNISED: tril.softmax ["past"] %{{.*}} sink %
// CHECK: y.0 [time=3]: 3 2.30271 2.39165
tril.model @m {
  tril.body @main() {
    %token = tril.input "token" below 10 : !tril.tensor<time : i32>
    %f = tril.convert %token : (!tril.tensor<time : i32>) -> !tril.tensor<time : f32>
    %w = tril.table [0.25, 0.5] : !tril.tensor<a=2 : f32>
    %q = tril.mul %f, %w : (!tril.tensor<time : f32>, !tril.tensor<a=2 : f32>) -> !tril.tensor<time, a=2 : f32>
    %k = tril.rename %q "time" to "past" : (!tril.tensor<time, a=2 : f32>) -> !tril.tensor<past of time, a=2 : f32>
    %v = tril.rename %f "time" to "past" : (!tril.tensor<time : f32>) -> !tril.tensor<past of time : f32>
    %product = tril.mul %q, %k : (!tril.tensor<time, a=2 : f32>, !tril.tensor<past of time, a=2 : f32>) -> !tril.tensor<time, past of time, a=2 : f32>
    %score = tril.reduce sum ["a"] %product : (!tril.tensor<time, past of time, a=2 : f32>) -> !tril.tensor<time, past of time : f32>
    %time = tril.position : !tril.tensor<time : i32>
    %past = tril.position : !tril.tensor<past of time : i32>
    %p = tril.le %past, %time : (!tril.tensor<past of time : i32>, !tril.tensor<time : i32>) -> !tril.tensor<time, past of time : i1>
    %m = tril.where %score, %p : (!tril.tensor<time, past of time : f32>, !tril.tensor<time, past of time : i1>) -> !tril.tensor<time, past of time : f32, holes>
    %largest = tril.reduce max ["past"] %m : (!tril.tensor<time, past of time : f32, holes>) -> !tril.tensor<time : f32, holes>
    %shifted = tril.sub %m, %largest : (!tril.tensor<time, past of time : f32, holes>, !tril.tensor<time : f32, holes>) -> !tril.tensor<time, past of time : f32, holes>
    %e = tril.exp %shifted : (!tril.tensor<time, past of time : f32, holes>) -> !tril.tensor<time, past of time : f32, holes>
    %total = tril.reduce sum ["past"] %e : (!tril.tensor<time, past of time : f32, holes>) -> !tril.tensor<time : f32>
    %weight = tril.div %e, %total : (!tril.tensor<time, past of time : f32, holes>, !tril.tensor<time : f32>) -> !tril.tensor<time, past of time : f32, holes>
    %each = tril.mul %weight, %v : (!tril.tensor<time, past of time : f32, holes>, !tril.tensor<past of time : f32>) -> !tril.tensor<time, past of time : f32, holes>
    %y = tril.reduce sum ["past"] %each : (!tril.tensor<time, past of time : f32, holes>) -> !tril.tensor<time : f32>
    tril.output "y" %y ["time"] : !tril.tensor<time : f32>

    // With a sink.
    %some = tril.else %largest, %f : (!tril.tensor<time : f32, holes>, !tril.tensor<time : f32>) -> !tril.tensor<time : f32>
    %most = tril.max %some, %f : (!tril.tensor<time : f32>, !tril.tensor<time : f32>) -> !tril.tensor<time : f32>
    %shifted2 = tril.sub %m, %most : (!tril.tensor<time, past of time : f32, holes>, !tril.tensor<time : f32>) -> !tril.tensor<time, past of time : f32, holes>
    %e2 = tril.exp %shifted2 : (!tril.tensor<time, past of time : f32, holes>) -> !tril.tensor<time, past of time : f32, holes>
    %sum2 = tril.reduce sum ["past"] %e2 : (!tril.tensor<time, past of time : f32, holes>) -> !tril.tensor<time : f32>
    %below = tril.sub %f, %most : (!tril.tensor<time : f32>, !tril.tensor<time : f32>) -> !tril.tensor<time : f32>
    %sink = tril.exp %below : (!tril.tensor<time : f32>) -> !tril.tensor<time : f32>
    %total2 = tril.add %sum2, %sink : (!tril.tensor<time : f32>, !tril.tensor<time : f32>) -> !tril.tensor<time : f32>
    %weight2 = tril.div %e2, %total2 : (!tril.tensor<time, past of time : f32, holes>, !tril.tensor<time : f32>) -> !tril.tensor<time, past of time : f32, holes>
    %each2 = tril.mul %weight2, %v : (!tril.tensor<time, past of time : f32, holes>, !tril.tensor<past of time : f32>) -> !tril.tensor<time, past of time : f32, holes>
    %z = tril.reduce sum ["past"] %each2 : (!tril.tensor<time, past of time : f32, holes>) -> !tril.tensor<time : f32>
    tril.output "z" %z ["time"] : !tril.tensor<time : f32>
    tril.return
  }
}
