// What is left of softmaxes becomes exponentials and sums; recognising them gives the softmaxes back.
// RUN: tril-opt %s -tril-expand-softmax | FileCheck %s
// RUN: tril-opt %s -tril-expand-softmax -tril-recognise | FileCheck %s --check-prefix=BACK

!t = !tril.tensor<time : f32>
!th = !tril.tensor<time : f32, holes>
!tabh = !tril.tensor<time, a=4, b=2 : f32, holes>
!ta = !tril.tensor<time, a=4 : f32>

tril.model @m {
  // CHECK-LABEL: tril.body @holes
  // CHECK-NEXT: %[[M:.*]] = tril.reduce max ["a", "b"] %arg0 : (!time_a_b_holes) -> !time_holes
  // CHECK-NEXT: %[[D:.*]] = tril.sub %arg0, %[[M]]
  // CHECK-NEXT: %[[E:.*]] = tril.exp %[[D]]
  // CHECK-NEXT: %[[S:.*]] = tril.reduce sum ["a", "b"] %[[E]] : (!time_a_b_holes) -> !time{{$}}
  // CHECK-NEXT: %[[Y:.*]] = tril.div %[[E]], %[[S]]
  // CHECK-NEXT: tril.return %[[Y]]
  // BACK-LABEL: tril.body @holes
  // BACK: tril.softmax ["a", "b"] %arg0
  tril.body @holes(%x: !tabh) -> !tabh {
    %y = tril.softmax ["a", "b"] %x : (!tabh) -> !tabh
    tril.return %y : !tabh
  }
  // CHECK-LABEL: tril.body @full
  // CHECK-NEXT: tril.reduce max ["a"] %arg0 : (!time_a) -> !time{{$}}
  // CHECK-NOT: holes
  // CHECK: tril.return
  // BACK-LABEL: tril.body @full
  // BACK: tril.softmax ["a"] %arg0
  tril.body @full(%x: !ta) -> !ta {
    %y = tril.softmax ["a"] %x : (!ta) -> !ta
    tril.return %y : !ta
  }

  // One more member of each row.
  // CHECK-LABEL: tril.body @sink
  // CHECK-NEXT: %[[M:.*]] = tril.reduce max ["a", "b"] %arg0 : (!time_a_b_holes) -> !time_holes
  // CHECK-NEXT: %[[F:.*]] = tril.else %[[M]], %arg1
  // CHECK-NEXT: %[[L:.*]] = tril.max %[[F]], %arg1
  // CHECK-NEXT: %[[D:.*]] = tril.sub %arg0, %[[L]]
  // CHECK-NEXT: %[[E:.*]] = tril.exp %[[D]]
  // CHECK-NEXT: %[[S:.*]] = tril.reduce sum ["a", "b"] %[[E]]
  // CHECK-NEXT: %[[G:.*]] = tril.sub %arg1, %[[L]]
  // CHECK-NEXT: %[[H:.*]] = tril.exp %[[G]]
  // CHECK-NEXT: %[[T:.*]] = tril.add %[[S]], %[[H]]
  // CHECK-NEXT: %[[Y:.*]] = tril.div %[[E]], %[[T]]
  // CHECK-NEXT: tril.return %[[Y]]
  // BACK-LABEL: tril.body @sink
  // BACK: tril.softmax ["a", "b"] %arg0 sink %arg1
  tril.body @sink(%x: !tabh, %s: !t) -> !tabh {
    %y = tril.softmax ["a", "b"] %x sink %s : (!tabh, !t) -> !tabh
    tril.return %y : !tabh
  }
}
