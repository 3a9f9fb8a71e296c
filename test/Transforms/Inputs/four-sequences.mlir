!t = !tril.tensor<time : f32>
!a = !tril.tensor<a of time : f32>
!b = !tril.tensor<b of time : f32>
!c = !tril.tensor<c of time : f32>
!abc = !tril.tensor<a of time, b of time, c of time : f32>
tril.model @m is "causal" {
  tril.body @main() {
    %a = tril.position : !tril.tensor<a of time : i32>
    %b = tril.position : !tril.tensor<b of time : i32>
    %c = tril.position : !tril.tensor<c of time : i32>
    %ab = tril.add %a, %b : (!tril.tensor<a of time : i32>, !tril.tensor<b of time : i32>) -> !tril.tensor<a of time, b of time : i32>
    %abc = tril.add %ab, %c : (!tril.tensor<a of time, b of time : i32>, !tril.tensor<c of time : i32>) -> !tril.tensor<a of time, b of time, c of time : i32>
    %m = tril.materialize %abc : (!tril.tensor<a of time, b of time, c of time : i32>) -> !tril.tensor<a of time, b of time, c of time : i32>
    %s = tril.reduce max ["a", "b", "c"] %m : (!tril.tensor<a of time, b of time, c of time : i32>) -> !tril.tensor<i32>
    %i = tril.position : !tril.tensor<time : i32>
    %r = tril.add %i, %s : (!tril.tensor<time : i32>, !tril.tensor<i32>) -> !tril.tensor<time : i32>
    %f = tril.convert %r : (!tril.tensor<time : i32>) -> !t
    %o = tril.materialize %f : (!t) -> !t
    tril.output "y" %o ["time"] : !t
    tril.return
  }
}
