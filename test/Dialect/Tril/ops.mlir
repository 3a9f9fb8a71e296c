// Every operation is printed as a person would write it, and read back.
// RUN: tril-opt %s | tril-opt | FileCheck %s
// RUN: tril-opt --mlir-print-op-generic %s | tril-opt | FileCheck %s --check-prefix=GENERIC
// GENERIC: tril.contract ["half", "pair"]

// CHECK: tril.model @tiny is "causal"
tril.model @tiny is "causal" {
  // CHECK: tril.body @main()
  tril.body @main() {
    // CHECK: tril.constant 5.000000e-01 : <f32>
    %c = tril.constant 0.5 : !tril.tensor<f32>
    // CHECK: tril.table [1.000000e+00, 2.000000e+00] : !{{.*}}
    %t = tril.table [1.0, 2.0] : !tril.tensor<half=2 : f32>
    // All digits: a dump means the same as what was dumped.
    // CHECK: tril.table [1.000000e-01, 0.33333333333333331, 0x7FF0000000000000] : !{{.*}}
    %exact = tril.table [0.1, 0.33333333333333331, 0x7FF0000000000000] : !tril.tensor<three=3 : f32>
    // CHECK: tril.position
    %time = tril.position : !tril.tensor<time : i32>
    %past = tril.position : !tril.tensor<past of time : i32>
    // CHECK: tril.extent <time> : <i32>
    %n = tril.extent <time> : !tril.tensor<i32>
    // CHECK: tril.input "token" below 7
    %token = tril.input "token" below 7 : !tril.tensor<time : i32>
    // CHECK: tril.param "embed.weight" strides [4, 2, 1] of [7, 4]
    %e = tril.param "embed.weight" strides [4, 2, 1] of [7, 4] : !tril.tensor<vocab=7, half=2, pair=2 : f32>
    // CHECK: tril.param "e.{expert}.w" strides [0, 1] offset 2 stacked expert of [4] {names = {{\[}}["e.0.w", "e.1.w"]]}
    %w = tril.param "e.{expert}.w" strides [0, 1] offset 2 stacked expert of [4] {names = [["e.0.w", "e.1.w"]]} : !tril.tensor<expert=2, pair=2 : f32>
    // CHECK: tril.index %{{.*}} ["vocab"] at %
    %x = tril.index %e ["vocab"] at %token : (!tril.tensor<vocab=7, half=2, pair=2 : f32>, !tril.tensor<time : i32>) -> !tril.tensor<time, half=2, pair=2 : f32>

    // CHECK: tril.neg
    %neg = tril.neg %x : (!tril.tensor<time, half=2, pair=2 : f32>) -> !tril.tensor<time, half=2, pair=2 : f32>
    // CHECK: tril.exp
    %exp = tril.exp %t : (!tril.tensor<half=2 : f32>) -> !tril.tensor<half=2 : f32>
    // CHECK: tril.log
    %log = tril.log %t : (!tril.tensor<half=2 : f32>) -> !tril.tensor<half=2 : f32>
    // CHECK: tril.sqrt
    %sqrt = tril.sqrt %t : (!tril.tensor<half=2 : f32>) -> !tril.tensor<half=2 : f32>
    // CHECK: tril.sin
    %sin = tril.sin %t : (!tril.tensor<half=2 : f32>) -> !tril.tensor<half=2 : f32>
    // CHECK: tril.cos
    %cos = tril.cos %t : (!tril.tensor<half=2 : f32>) -> !tril.tensor<half=2 : f32>
    // CHECK: tril.tanh
    %tanh = tril.tanh %t : (!tril.tensor<half=2 : f32>) -> !tril.tensor<half=2 : f32>
    // CHECK: tril.erf
    %erf = tril.erf %t : (!tril.tensor<half=2 : f32>) -> !tril.tensor<half=2 : f32>
    // CHECK: tril.abs
    %abs = tril.abs %t : (!tril.tensor<half=2 : f32>) -> !tril.tensor<half=2 : f32>
    // CHECK: tril.floor
    %floor = tril.floor %t : (!tril.tensor<half=2 : f32>) -> !tril.tensor<half=2 : f32>
    // CHECK: tril.ceil
    %ceil = tril.ceil %t : (!tril.tensor<half=2 : f32>) -> !tril.tensor<half=2 : f32>
    // CHECK: tril.round
    %round = tril.round %t : (!tril.tensor<half=2 : f32>) -> !tril.tensor<half=2 : f32>
    // CHECK: tril.convert
    %ft = tril.convert %time : (!tril.tensor<time : i32>) -> !tril.tensor<time : f32>

    // CHECK: tril.add %{{.*}}, %{{.*}} : (!{{.*}}, !{{.*}}) -> !{{.*}}
    %add = tril.add %ft, %t : (!tril.tensor<time : f32>, !tril.tensor<half=2 : f32>) -> !tril.tensor<time, half=2 : f32>
    // CHECK: tril.sub
    %sub = tril.sub %time, %past : (!tril.tensor<time : i32>, !tril.tensor<past of time : i32>) -> !tril.tensor<time, past of time : i32>
    // CHECK: tril.mul
    %mul = tril.mul %t, %c : (!tril.tensor<half=2 : f32>, !tril.tensor<f32>) -> !tril.tensor<half=2 : f32>
    // CHECK: tril.div
    %div = tril.div %t, %c : (!tril.tensor<half=2 : f32>, !tril.tensor<f32>) -> !tril.tensor<half=2 : f32>
    // CHECK: tril.mod
    %mod = tril.mod %t, %c : (!tril.tensor<half=2 : f32>, !tril.tensor<f32>) -> !tril.tensor<half=2 : f32>
    // CHECK: tril.pow
    %pow = tril.pow %t, %c : (!tril.tensor<half=2 : f32>, !tril.tensor<f32>) -> !tril.tensor<half=2 : f32>
    // CHECK: tril.max
    %max = tril.max %t, %c : (!tril.tensor<half=2 : f32>, !tril.tensor<f32>) -> !tril.tensor<half=2 : f32>
    // CHECK: tril.min
    %min = tril.min %t, %c : (!tril.tensor<half=2 : f32>, !tril.tensor<f32>) -> !tril.tensor<half=2 : f32>
    // CHECK: tril.lt
    %lt = tril.lt %t, %c : (!tril.tensor<half=2 : f32>, !tril.tensor<f32>) -> !tril.tensor<half=2 : i1>
    // CHECK: tril.le
    %le = tril.le %past, %time : (!tril.tensor<past of time : i32>, !tril.tensor<time : i32>) -> !tril.tensor<time, past of time : i1>
    // CHECK: tril.gt
    %gt = tril.gt %t, %c : (!tril.tensor<half=2 : f32>, !tril.tensor<f32>) -> !tril.tensor<half=2 : i1>
    // CHECK: tril.ge
    %ge = tril.ge %t, %c : (!tril.tensor<half=2 : f32>, !tril.tensor<f32>) -> !tril.tensor<half=2 : i1>
    // CHECK: tril.eq
    %eq = tril.eq %t, %c : (!tril.tensor<half=2 : f32>, !tril.tensor<f32>) -> !tril.tensor<half=2 : i1>
    // CHECK: tril.ne
    %ne = tril.ne %t, %c : (!tril.tensor<half=2 : f32>, !tril.tensor<f32>) -> !tril.tensor<half=2 : i1>
    // CHECK: tril.and
    %and = tril.and %lt, %ne : (!tril.tensor<half=2 : i1>, !tril.tensor<half=2 : i1>) -> !tril.tensor<half=2 : i1>
    // CHECK: tril.or
    %or = tril.or %lt, %ne : (!tril.tensor<half=2 : i1>, !tril.tensor<half=2 : i1>) -> !tril.tensor<half=2 : i1>
    // CHECK: tril.not
    %not = tril.not %lt : (!tril.tensor<half=2 : i1>) -> !tril.tensor<half=2 : i1>
    // CHECK: tril.select
    %select = tril.select %lt, %t, %c : (!tril.tensor<half=2 : i1>, !tril.tensor<half=2 : f32>, !tril.tensor<f32>) -> !tril.tensor<half=2 : f32>

    // CHECK: tril.rename %{{.*}} "time" to "past"
    %k = tril.rename %x "time" to "past" : (!tril.tensor<time, half=2, pair=2 : f32>) -> !tril.tensor<past of time, half=2, pair=2 : f32>
    // CHECK: tril.contract ["half", "pair"] %{{.*}}, %
    %score = tril.contract ["half", "pair"] %x, %k : (!tril.tensor<time, half=2, pair=2 : f32>, !tril.tensor<past of time, half=2, pair=2 : f32>) -> !tril.tensor<time, past of time : f32>
    // CHECK: tril.where
    %masked = tril.where %score, %le : (!tril.tensor<time, past of time : f32>, !tril.tensor<time, past of time : i1>) -> !tril.tensor<time, past of time : f32, holes>
    // CHECK: tril.softmax ["past"]
    %weight = tril.softmax ["past"] %masked : (!tril.tensor<time, past of time : f32, holes>) -> !tril.tensor<time, past of time : f32, holes>
    // CHECK: tril.else
    %filled = tril.else %weight, %c : (!tril.tensor<time, past of time : f32, holes>, !tril.tensor<f32>) -> !tril.tensor<time, past of time : f32>
    // CHECK: tril.reduce mean ["past"]
    %mean = tril.reduce mean ["past"] %masked : (!tril.tensor<time, past of time : f32, holes>) -> !tril.tensor<time : f32, holes>
    // CHECK: tril.reduce count ["past"]
    %count = tril.reduce count ["past"] %le : (!tril.tensor<time, past of time : i1>) -> !tril.tensor<time : i32>
    // CHECK: tril.top "pair" to "choice"
    %v, %i = tril.top "pair" to "choice" %x : (!tril.tensor<time, half=2, pair=2 : f32>) -> (!tril.tensor<time, half=2, choice=1 : f32>, !tril.tensor<time, half=2, choice=1 : i32>)

    // CHECK: tril.merge %{{.*}} ["half", "pair"] to "feature"
    %merged = tril.merge %x ["half", "pair"] to "feature" : (!tril.tensor<time, half=2, pair=2 : f32>) -> !tril.tensor<time, feature=4 : f32>
    // CHECK: tril.split %{{.*}} "feature" to ["pair", "half"] strides [2, 1] offset 0
    %split = tril.split %merged "feature" to ["pair", "half"] strides [2, 1] offset 0 : (!tril.tensor<time, feature=4 : f32>) -> !tril.tensor<time, half=2, pair=2 : f32>
    // CHECK: tril.stack "which" %{{.*}}, %
    %stack = tril.stack "which" %t, %c : (!tril.tensor<half=2 : f32>, !tril.tensor<f32>) -> !tril.tensor<which=2, half=2 : f32>
    // CHECK: tril.join "all" ["half", "pair"] %{{.*}}, %
    %join = tril.join "all" ["half", "pair"] %t, %w : (!tril.tensor<half=2 : f32>, !tril.tensor<expert=2, pair=2 : f32>) -> !tril.tensor<expert=2, all=4 : f32>

    // CHECK: tril.rec "time"
    %rec = tril.rec "time" : !tril.tensor<time, feature=4 : f32> {
      // CHECK: tril.earlier 0 ago 1
      %h = tril.earlier 0 ago 1 : !tril.tensor<time, feature=4 : f32, holes>
      %h0 = tril.else %h, %c : (!tril.tensor<time, feature=4 : f32, holes>, !tril.tensor<f32>) -> !tril.tensor<time, feature=4 : f32>
      %new = tril.add %h0, %merged : (!tril.tensor<time, feature=4 : f32>, !tril.tensor<time, feature=4 : f32>) -> !tril.tensor<time, feature=4 : f32>
      // CHECK: tril.yield
      tril.yield %new : !tril.tensor<time, feature=4 : f32>
    }
    // CHECK: tril.call @layer(%{{.*}}) layer 1
    %called = tril.call @layer(%rec) layer 1 : (!tril.tensor<time, feature=4 : f32>) -> !tril.tensor<time, feature=4 : f32>
    // CHECK: tril.output "y" %{{.*}} ["time", "feature"]
    tril.output "y" %called ["time", "feature"] : !tril.tensor<time, feature=4 : f32>
    // CHECK: tril.return
    tril.return
  }
  // CHECK: tril.body @layer(%{{.*}}: !{{.*}}) -> !{{.*}} {
  tril.body @layer(%x: !tril.tensor<time, feature=4 : f32>) -> !tril.tensor<time, feature=4 : f32> {
    // CHECK: tril.layer_constant [1.000000e+00, 2.000000e+00]
    %c = tril.layer_constant [1.0, 2.0] : !tril.tensor<f32>
    %y = tril.mul %x, %c : (!tril.tensor<time, feature=4 : f32>, !tril.tensor<f32>) -> !tril.tensor<time, feature=4 : f32>
    // CHECK: tril.return %{{.*}} : !
    tril.return %y : !tril.tensor<time, feature=4 : f32>
  }
}
